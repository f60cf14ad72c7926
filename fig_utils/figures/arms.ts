// A report's runs gathered by law and arm, as figures and tables go through them.
import type { ArmAbout, ReportedRun, StudyReport } from "../../data_utils/mod.ts";
import { familyColours } from "./palette.ts";

/** The runs of one arm under one law, one per seed. */
export interface ArmRuns extends ArmAbout {
  readonly colour: string;
  readonly runs: readonly ReportedRun[];
}

/** The laws of a report, in the order in which they first appear. */
export function lawsOf({ arms }: StudyReport): string[] {
  return [...new Set(arms.map(({ law }) => law))];
}

/** The law asked for, else the report's first. Throws RangeError where the report has no run under it. */
export function chosenLaw(report: StudyReport, law?: string): string {
  const laws = lawsOf(report);
  if (laws.length === 0) throw new RangeError("The report has no run to draw");
  if (law === undefined || laws.includes(law)) return law ?? laws[0];
  throw new RangeError(`The report has no law ${law}: it has ${laws.join(", ")}`);
}

/**
 * The arms trained under a law, in the legend's order, or those of `names` in theirs. Throws RangeError for a name that
 * the report does not have under the law.
 */
export function armsOf(report: StudyReport, law: string, names?: readonly string[]): ArmRuns[] {
  const runs = report.arms.filter((run) => run.law === law), trained = new Set(runs.map(({ arm }) => arm));
  const known = report.legend.filter(({ arm }) => trained.has(arm)).map(({ arm }) => arm);
  const order = names ?? [...known, ...[...trained].filter((arm) => !known.includes(arm))];
  return order.map((arm) => {
    if (!trained.has(arm)) throw new RangeError(`The report has no arm ${arm}: it has ${known.join(", ")}`);
    const about = aboutArm(report, arm);
    return {
      ...{ ...about, colour: familyColours[about.family] ?? familyColours.sl },
      runs: runs.filter((run) => run.arm === arm),
    };
  });
}

/** What the legend says of an arm; one that it leaves out goes by its name. */
export function aboutArm({ legend }: StudyReport, arm: string): ArmAbout {
  return legend.find((about) => about.arm === arm) ?? { arm, title: arm, family: "sl", balanced: false };
}
