// The numbers of one contrast: the arms' means, the weighted sum, and its interval, over the seeds that all its arms have.

import type { ReportedContrast, ReportedRun } from "../../data_utils/mod.ts";
import type { ClassBootstrap, Pairs } from "./bootstrap.ts";
import type { Contrast } from "./hypotheses.ts";

type Measure = "rho_freq_pred" | "rho_freq_acc";

/** A contrast's numbers, and what stands in the way of a verdict. */
export interface Measured {
  readonly contrast: Omit<ReportedContrast, "verdict">;
  /** Seeds that all its arms have. */
  readonly seeds: readonly number[];
  /** Arms that were not trained. */
  readonly missing: readonly string[];
  /** Why there is no estimate or no interval, where all arms were trained. */
  readonly reason: string | null;
}

/** Estimate and interval of a sum, or why one is missing. */
interface Sum {
  readonly estimate: number | null;
  readonly interval: readonly [number, number] | null;
  readonly reason: string | null;
}

/** Frequencies with predictions or accuracies of runs: the same objects for the same run, so that ranks are kept. */
export type PairsOf = (run: ReportedRun, measure: Measure) => Pairs;

/** Makes a {@link PairsOf}. */
export function pairsOfRuns(): PairsOf {
  const kept = new Map<ReportedRun, Record<Measure, Pairs>>();
  return (run, measure) => {
    let pairs = kept.get(run);
    if (!pairs) {
      const frequencies = run.per_class.map(({ freq }) => freq);
      pairs = {
        rho_freq_pred: { frequencies, values: run.per_class.map(({ pred }) => pred) },
        rho_freq_acc: { frequencies, values: run.per_class.map(({ acc }) => acc ?? NaN) },
      };
      kept.set(run, pairs);
    }
    return pairs[measure];
  };
}

/** Measures a contrast among the runs of one law. */
export function measureContrast(
  contrast: Contrast,
  runs: readonly ReportedRun[],
  tools: { readonly bootstrap: ClassBootstrap; readonly pairsOf: PairsOf },
): Measured {
  const weights = withStandIn(contrast, runs), arms = Object.keys(weights);
  const own = arms.map((arm) => runs.filter((run) => run.arm === arm));
  const missing = arms.filter((_, a) => own[a].length === 0);
  const seeds = own[0].map(({ seed }) => seed)
    .filter((seed) => own.every((list) => list.some((run) => run.seed === seed))).sort((a, b) => a - b);
  // Where an arm is missing, the others' means are over all their seeds.
  const rows = own.map((list) =>
    missing.length > 0 ? list : seeds.map((seed) => list.find((run) => run.seed === seed)!)
  );
  const values = Object.fromEntries(
    arms.map((arm, a) => [arm, mean(rows[a].map((run) => run.rho_freq_pred))]),
  );

  const sum = (measure: Measure): Sum => {
    if (missing.length > 0) return { estimate: null, interval: null, reason: null };
    if (seeds.length === 0) return { estimate: null, interval: null, reason: "no seed has all arms" };
    const without = rows.flat().find((run) => run[measure] === null);
    if (without) return { estimate: null, interval: null, reason: whyUndefined(without, measure) };
    const estimate = arms.reduce(
      (total, arm, a) => total + weights[arm] * mean(rows[a].map((run) => run[measure]))!,
      0,
    );
    const resampled = tools.bootstrap.interval(
      arms.map((arm, a) => ({
        weight: weights[arm],
        runs: rows[a].map((run) => tools.pairsOf(run, measure)),
      })),
    );
    return { estimate, interval: resampled.interval, reason: resampled.interval ? null : resampled.reason };
  };
  const { reason, ...predictions } = sum("rho_freq_pred"), { reason: _, ...accuracy } = sum("rho_freq_acc");
  return {
    contrast: { statement: contrast.statement, weights, values, ...predictions, accuracy },
    seeds,
    missing,
    reason,
  };
}

function withStandIn({ weights, standIn }: Contrast, runs: readonly ReportedRun[]): Record<string, number> {
  if (!standIn || runs.some(({ arm }) => arm === standIn.of)) return { ...weights };
  return Object.fromEntries(
    Object.entries(weights).map(([arm, weight]) => [arm === standIn.of ? standIn.by : arm, weight]),
  );
}

function whyUndefined({ arm, seed, undefined_because }: ReportedRun, measure: Measure): string {
  return `${arm} has no correlation in seed ${seed}: ${
    undefined_because?.[measure] ?? "no reason is stored"
  }`;
}

const mean = (values: readonly (number | null)[]) =>
  values.length === 0 || values.includes(null)
    ? null
    : values.reduce<number>((sum, value) => sum + value!, 0) / values.length;
