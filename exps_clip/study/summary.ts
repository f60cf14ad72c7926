// Means over the seeds of an arm.

import type { RunResult } from "../../data_utils/mod.ts";
import type { RunName } from "./settings.ts";

/** Measures of a run that are averaged. */
export const measures = [
  "top1",
  "top5",
  "rho_freq_acc",
  "rho_freq_pred",
  "head",
  "middle",
  "tail",
  "seconds",
  "images_per_second",
] as const;

export type Measure = typeof measures[number];

/** A mean over seeds, and the standard deviation (n - 1) where there are two or more. */
export interface MeanAndSpread {
  readonly mean: number | null;
  readonly sd: number | null;
}

/** An arm over its seeds. */
export interface ArmSummary {
  readonly arm: string;
  readonly seeds: number;
  readonly means: Readonly<Record<Measure, MeanAndSpread>>;
}

/** A run of an arm with its result. */
export type ArmResult = RunName & RunResult;

/** The mean of values; null when one of them is missing. */
export function meanAndSpread(values: readonly (number | null | undefined)[]): MeanAndSpread {
  const known = values.filter((value) => typeof value === "number");
  if (known.length === 0 || known.length < values.length) return { mean: null, sd: null };
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  if (known.length < 2) return { mean, sd: null };
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (known.length - 1)) };
}

/** One summary per arm, in the order in which arms first appear. */
export function summarise(results: readonly ArmResult[]): ArmSummary[] {
  return [...new Set(results.map(({ arm }) => arm))].map((arm) => {
    const own = results.filter((result) => result.arm === arm);
    const means = Object.fromEntries(
      measures.map((measure) => [measure, meanAndSpread(own.map((result) => result[measure]))]),
    );
    return { arm, seeds: own.length, means: means as ArmSummary["means"] };
  });
}

/** Standard deviation of a sum or difference of means, each over so many values that each deviate by `spread`. */
export function noiseOfMeans(spread: number, counts: readonly number[]): number {
  return spread * Math.sqrt(counts.reduce((sum, count) => sum + 1 / count, 0));
}
