// A run in a few words and numbers, the same in the list, on its own page and in comparisons. What a run has not
// written yet, or wrote in another form, is null.
import { type JsonRecord, percent, rhoText, type RunSummary } from "../../data_utils/mod.ts";

/** What a run is and how far it is; accuracies are fractions. */
export interface RunFacts {
  readonly dir: string;
  readonly arm: string | null;
  readonly law: string | null;
  readonly seed: number | null;
  readonly step: number | null;
  readonly steps: number | null;
  readonly loss: number | null;
  readonly top1: number | null;
  readonly top5: number | null;
  readonly head: number | null;
  readonly middle: number | null;
  readonly tail: number | null;
  readonly rhoAccuracy: number | null;
  readonly rhoPredictions: number | null;
  readonly imagesPerSecond: number | null;
  readonly state: RunSummary["state"];
}

/** The facts of a run. Arm, law and seed come from its configuration, or else from its folder's name. */
export function runFacts({ dir, state, config, last, evaluation, result }: RunSummary): RunFacts {
  const name = /^(.+?)-(?:([^-]+)-)?seed(\d+)$/.exec(dir.split("/").at(-1)!);
  const scores = (result?.top1 === undefined ? evaluation : { ...result }) ?? {};
  const step = number(last, "step") ?? number(result, "steps");
  const seconds = number(last, "seconds"), batch = number(config, "batchSize");
  const speed = step && seconds && batch ? step * batch / seconds : null;
  return {
    ...{ dir, state, step },
    arm: text(config, "arm") ?? name?.[1] ?? null,
    law: text(config, "law") ?? name?.[2] ?? null,
    seed: number(config, "seed") ?? (name ? Number(name[3]) : null),
    steps: number(config, "steps") ?? number(result, "steps"),
    loss: number(last, "loss"),
    ...{ top1: number(scores, "top1"), top5: number(scores, "top5") },
    ...{ head: number(scores, "head"), middle: number(scores, "middle"), tail: number(scores, "tail") },
    rhoAccuracy: number(scores, "rho_freq_acc"),
    rhoPredictions: number(scores, "rho_freq_pred"),
    imagesPerSecond: number(result, "images_per_second") ?? speed,
  };
}

/** The facts that change while a run trains, as they are shown, by the name that the page gives their places. */
export function liveTexts(facts: RunFacts): Record<string, string> {
  return {
    step: stepText(facts),
    loss: decimal(facts.loss, 3),
    top1: percent(facts.top1),
    rhoAccuracy: rho(facts.rhoAccuracy),
    rhoPredictions: rho(facts.rhoPredictions),
    speed: decimal(facts.imagesPerSecond, 0),
    state: facts.state,
  };
}

/** "300 of 600" */
export function stepText({ step, steps }: Pick<RunFacts, "step" | "steps">): string {
  if (step === null) return steps === null ? "-" : `0 of ${steps}`;
  return steps === null ? String(step) : `${step} of ${steps}`;
}

export function decimal(value: number | null, digits: number): string {
  return value === null ? "-" : value.toFixed(digits);
}

/** A correlation with two digits and a real minus sign. */
export function rho(value: number | null): string {
  const shown = rhoText(value);
  return shown === "-" ? shown : shown.replace(/^-(?=0\.00$)/, "").replace("-", "−");
}

/** A field of a record that is a finite number. */
export function number(record: object | null, key: string): number | null {
  const value = (record as JsonRecord | null)?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function text(record: object | null, key: string): string | null {
  const value = (record as JsonRecord | null)?.[key];
  return typeof value === "string" && value !== "" ? value : null;
}
