// Puts a study's report together: the runs in the order of tables, means over seeds, and the answers. report_text.ts
// prints it; the layout is data_utils' study_report.ts.

import {
  type ArmAbout,
  nullSpread,
  type ReportedRun,
  type Skipped,
  STUDY_FORMAT,
  type StudyReport,
} from "../../data_utils/mod.ts";
import { summarise } from "./summary.ts";
import { judge } from "./verdicts.ts";

export interface ReportParts {
  /** All that decides the numbers. */
  readonly settings: object;
  /** Every arm that a run may have, in the order of tables and figures. */
  readonly legend: readonly ArmAbout[];
  /** Runs in any order; laws stand in the report in the order in which they first appear here. */
  readonly runs: readonly ReportedRun[];
  readonly skipped: Readonly<Record<"train" | "test", readonly Skipped[]>>;
  /** What was left out or is missing, in sentences. */
  readonly notes: readonly string[];
}

/**
 * The report. Deterministic. Throws TypeError without runs, for a run whose arm is not in the legend, and for runs
 * that differ in their number of classes.
 */
export function makeReport({ settings, legend, runs, skipped, notes }: ReportParts): StudyReport {
  const stranger = runs.find(({ arm }) => !legend.some((about) => about.arm === arm));
  if (stranger) throw new TypeError(`The legend has no arm ${stranger.arm}`);
  if (runs.length === 0) throw new TypeError("A report needs at least one run");
  const classes = runs[0].per_class.length;
  const other = runs.find(({ per_class }) => per_class.length !== classes);
  if (other) {
    throw new TypeError(`${other.run} has ${other.per_class.length} classes, ${runs[0].run} has ${classes}`);
  }
  const laws = [...new Set(runs.map(({ law }) => law))];
  const arms = laws.flatMap((law) =>
    legend.flatMap(({ arm }) =>
      runs.filter((run) => run.law === law && run.arm === arm).sort((a, b) => a.seed - b.seed)
    )
  );
  const { seconds, images } = trainingOf(arms);
  return {
    format: STUDY_FORMAT,
    settings: { ...settings },
    classes,
    legend: legend.filter(({ arm }) => runs.some((run) => run.arm === arm)),
    arms,
    summary: summarise(arms),
    hypotheses: judge(arms, classes),
    null_spread: nullSpread(classes),
    notes,
    skipped,
    seconds,
    images_per_second: seconds > 0 ? images / seconds : 0,
  };
}

/** Training of all run folders: a model at an earlier step (matched accuracy) shares the folder of the trained one. */
function trainingOf(runs: readonly ReportedRun[]): { seconds: number; images: number } {
  const longest = new Map<string, ReportedRun>();
  for (const run of runs) {
    if (run.images_seen > (longest.get(run.run)?.images_seen ?? -1)) longest.set(run.run, run);
  }
  const total = (of: (run: ReportedRun) => number) =>
    [...longest.values()].reduce((sum, run) => sum + of(run), 0);
  return { seconds: total((run) => run.seconds), images: total((run) => run.images_seen) };
}
