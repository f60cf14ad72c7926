/** Lines that the training programs share: how far a training is, and what a classifier scored. */
import type { ImbalanceScores } from "../metrics/imbalance_scores.ts";
import type { TrainingReport } from "../runs/training_run.ts";
import { clockTime } from "./progress.ts";

/** "step 120 of 625, loss 3.214, 702 images/s, 0:46 left" */
export function stepLine({ step, steps, loss, rate }: TrainingReport, imagesPerStep: number): string {
  const left = clockTime((steps - step) * imagesPerStep / rate);
  return `step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${rate.toFixed(0)} images/s, ${left} left`;
}

/** "memory of the step: 812 MiB" */
export function memoryLine(part: string, bytes: number): string {
  return `memory of the ${part}: ${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** A fraction in percent with one digit behind the point, or a dash where there is none. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? "-" : (value * 100).toFixed(1);
}

/** A correlation with two digits, or a dash. */
export function rhoText(value: number | null | undefined): string {
  return value === null || value === undefined ? "-" : value.toFixed(2);
}

/** Scores as lines of name and value. */
export function scoreLines(scores: Partial<ImbalanceScores>): string[] {
  const rows: [string, string][] = [
    ["top-1", `${percent(scores.top1)} %`],
    ["top-5", `${percent(scores.top5)} %`],
    ["head third", `${percent(scores.head)} %`],
    ["middle third", `${percent(scores.middle)} %`],
    ["tail third", `${percent(scores.tail)} %`],
    ["rho(frequency, accuracy)", rhoText(scores.rho_freq_acc)],
    ["rho(frequency, predictions)", rhoText(scores.rho_freq_pred)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(28)}${value}`);
}
