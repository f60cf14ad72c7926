// Means over the seeds of an arm under a law.

import {
  type ArmSummary,
  type MeanAndSpread,
  type ReportedRun,
  STUDY_MEASURES,
} from "../../data_utils/mod.ts";

/** The mean of values; null when one of them is missing, since a mean over the others would be of something else. */
export function meanAndSpread(values: readonly (number | null | undefined)[]): MeanAndSpread {
  const known = values.filter((value) => typeof value === "number");
  if (known.length === 0 || known.length < values.length) return { mean: null, sd: null };
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  if (known.length < 2) return { mean, sd: null };
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (known.length - 1)) };
}

/** One summary per law and arm, in the order in which they first appear. */
export function summarise(runs: readonly ReportedRun[]): ArmSummary[] {
  const groups = new Map<string, ReportedRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.law, run.arm]);
    groups.set(key, [...groups.get(key) ?? [], run]);
  }
  return [...groups.values()].map((own) => {
    const means = Object.fromEntries(
      STUDY_MEASURES.map((measure) => [measure, meanAndSpread(own.map((run) => run[measure]))]),
    );
    const [{ law, arm }] = own;
    return { law, arm, seeds: own.length, means: means as ArmSummary["means"] };
  });
}
