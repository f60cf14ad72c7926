// The study's report.json (README.md documents it) and the table that is printed at the end.

import { nullSpread, percent, type RunResult, type Skipped } from "../../data_utils/mod.ts";
import { armNamed } from "./arms.ts";
import { type Hypothesis, judge } from "./hypotheses.ts";
import { runFolder, type RunName, type StudySettings } from "./settings.ts";
import { type ArmResult, type ArmSummary, type MeanAndSpread, summarise } from "./summary.ts";

/** The layout's version. */
export const REPORT_FORMAT = "beyond-tail-study/1";

/** A run in the report. */
export type ReportedRun = RunName & Required<Omit<RunResult, "skipped">> & { readonly run: string };

/** What report.json holds. */
export interface StudyReport {
  readonly format: typeof REPORT_FORMAT;
  readonly settings: StudySettings;
  readonly classes: number;
  /** Runs, arm by arm. */
  readonly arms: readonly ReportedRun[];
  readonly summary: readonly ArmSummary[];
  readonly hypotheses: readonly Hypothesis[];
  /** Standard deviation of one rank correlation where frequency plays no role. */
  readonly null_spread: number;
  /** Samples left out of the sets of the first seed. */
  readonly skipped: Readonly<Record<"train" | "test", readonly Skipped[]>>;
  /** Seconds spent in training steps by all runs together, and images per second of these. */
  readonly seconds: number;
  readonly images_per_second: number;
}

/** Puts the results of all runs together. Throws TypeError for a run without scores. */
export function makeReport(
  settings: StudySettings,
  results: readonly ArmResult[],
): StudyReport {
  const inOrder = settings.arms.flatMap((arm) => results.filter((result) => result.arm === arm));
  const arms = inOrder.map(({ skipped: _, ...result }): ReportedRun => {
    const run = runFolder(result);
    if (!result.per_class) throw new TypeError(`The run ${run} has no scores`);
    return { run, ...result } as ReportedRun;
  });
  const classes = arms[0].per_class.length, summary = summarise(arms);
  const seconds = arms.reduce((sum, run) => sum + run.seconds, 0);
  return {
    format: REPORT_FORMAT,
    settings,
    classes,
    arms,
    summary,
    hypotheses: judge(summary, classes),
    null_spread: nullSpread(classes),
    skipped: results[0].skipped ?? { train: [], test: [] },
    seconds,
    images_per_second: arms.reduce((sum, run) => sum + run.images_seen, 0) / seconds,
  };
}

const rho = (value: number) => value.toFixed(2);
const whole = (value: number) => value.toFixed(0);

function cell({ mean, sd }: MeanAndSpread, show: (value: number) => string): string {
  if (mean === null) return "-";
  return sd === null ? show(mean) : `${show(mean)}±${show(sd)}`;
}

/** Narrow enough, with spreads over seeds, for a terminal of 80 columns. */
const columns: readonly [title: string, of: (summary: ArmSummary) => string][] = [
  ["arm", ({ arm }) => arm],
  ["top-1 %", ({ means }) => cell(means.top1, percent)],
  ["top-5 %", ({ means }) => cell(means.top5, percent)],
  ["rho acc", ({ means }) => cell(means.rho_freq_acc, rho)],
  ["rho pred", ({ means }) => cell(means.rho_freq_pred, rho)],
  ["head %", ({ means }) => cell(means.head, percent)],
  ["middle %", ({ means }) => cell(means.middle, percent)],
  ["tail %", ({ means }) => cell(means.tail, percent)],
];

/** The table of arms: means over seeds, ± standard deviation where there are several. */
export function armTable(summary: readonly ArmSummary[]): string {
  const rows = [columns.map(([title]) => title), ...summary.map((arm) => columns.map(([, of]) => of(arm)))];
  const widths = columns.map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  const line = (row: string[]) =>
    row.map((text, c) => c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c])).join("  ").trimEnd();
  return rows.map(line).join("\n");
}

/** The report as text: what was run, the table, and what became of the hypotheses. */
export function reportText(report: StudyReport): string {
  const { settings, summary, hypotheses, classes } = report, { steps, batchSize, law } = settings;
  const seen = steps * batchSize;
  const about = `${classes} classes, ${law}, ${
    trainingImages(report)
  } training images, ${seen} seen by each run`;
  const titles = summary.map(({ arm, seeds, means }) => {
    const { seconds, images_per_second: rate } = means;
    const runs = `${seeds} ${seeds === 1 ? "seed" : "seeds"}`;
    const speed = `${whole(seconds.mean!)} s each at ${whole(rate.mean!)} images/s`;
    return wrapped(`${arm}: ${armNamed(arm).title} (${runs}, ${speed})`, "  ");
  });
  const verdicts = hypotheses.map(({ holds, statement, values, difference, noise }) => {
    const word = holds === null ? "open " : holds ? "yes  " : "no   ";
    const numbers = Object.entries(values).map(([arm, v]) => `${arm} ${v === null ? "-" : v.toFixed(2)}`)
      .join(", ");
    const slight = difference !== null && noise !== null && Math.abs(difference) < 2 * noise;
    const doubt = noise === null
      ? " (one seed: spread unknown)"
      : ` (noise ${noise.toFixed(2)}${slight ? "; may be chance" : ""})`;
    return wrapped(`${word}${statement}: ${numbers}${doubt}`, " ".repeat(word.length));
  });
  return [
    about,
    ...titles,
    "",
    armTable(summary),
    "rho acc, rho pred: rank correlation of frequency with accuracy, predictions",
    `Null spread of one rho: ${report.null_spread.toFixed(3)}`,
    "",
    ...verdicts,
  ].join("\n");
}

/** Words in lines of at most 80 columns, all but the first indented. */
function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    if (line !== "" && line.length + 1 + word.length > 80) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/** Different training images of a run. */
function trainingImages({ arms: [first] }: StudyReport): number {
  return first.per_class.reduce((sum, { freq }) => sum + freq, 0);
}
