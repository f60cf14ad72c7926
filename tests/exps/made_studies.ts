// Made runs of a study whose truth is known: how far predictions follow frequency is set, and noise is of the kinds that
// real runs have: of a class (hard to see, in any seed and arm), of a seed's images (shared by its arms), of a single
// model, and of the bias itself from seed to seed.

import {
  frequencyCorrelation,
  meanByThird,
  type RandomStream,
  randomStream,
  type ReportedRun,
} from "../../data_utils/mod.ts";
import type { Pairs } from "../../exps_clip/study/bootstrap.ts";

/** Standard deviations, in the unit in which standardised log frequency has 1. */
export interface Noise {
  readonly ofClass: number;
  readonly ofImages: number;
  readonly ofModel: number;
  /** Of the slope from seed to seed, drawn for each arm. */
  readonly ofBias: number;
}

export const someNoise: Noise = { ofClass: 0.5, ofImages: 0.3, ofModel: 0.5, ofBias: 0 };

export interface MadeStudy {
  /** How far an arm's predictions follow frequency: the slope on standardised log frequency. */
  readonly arms: Readonly<Record<string, number>>;
  readonly classes: number;
  readonly seeds: number;
  readonly noise?: Noise;
  /** Which study of its kind. */
  readonly draw?: number;
}

/** Frequencies and numbers of predictions by arm and seed; each seed deals the frequencies out anew. */
export function madePairs({ arms, classes, seeds, noise = someNoise, draw = 0 }: MadeStudy): Pairs[][] {
  const random = randomStream(11, draw);
  const sizes = Array.from({ length: classes }, (_, k) => Math.round(1000 / (k + 1) ** 0.6));
  const hardness = deviates(classes, random);
  const runs = Object.keys(arms).map((): Pairs[] => []);
  for (let seed = 0; seed < seeds; seed++) {
    const frequencies = random.shuffle([...sizes]), x = standardised(frequencies.map(Math.log));
    const images = deviates(classes, random);
    Object.values(arms).forEach((follow, a) => {
      const slope = follow + noise.ofBias * random.normal();
      const values = x.map((of, c) => {
        const other = noise.ofClass * hardness[c] + noise.ofImages * images[c];
        return Math.round(50 * Math.exp(0.5 * (slope * of + other + noise.ofModel * random.normal())));
      });
      runs[a].push({ frequencies, values });
    });
  }
  return runs;
}

/** The same as runs of a report; accuracy is the number of predictions over the largest one. */
export function madeRuns(study: MadeStudy, law = "ratio:10"): ReportedRun[] {
  const arms = Object.keys(study.arms);
  return madePairs(study).flatMap((seeds, a) =>
    seeds.map((pairs, seed) => madeRun(arms[a], seed, pairs, law))
  );
}

/** A run with these predictions. */
export function madeRun(
  arm: string,
  seed: number,
  { frequencies, values }: Pairs,
  law = "ratio:10",
): ReportedRun {
  const predictions = Array.from(values), most = Math.max(...predictions);
  const accuracy = predictions.map((pred) => pred / most);
  const acc = frequencyCorrelation(frequencies, accuracy), pred = frequencyCorrelation(frequencies, values);
  const why = {
    ...(acc.rho === null ? { rho_freq_acc: acc.reason } : {}),
    ...(pred.rho === null ? { rho_freq_pred: pred.reason } : {}),
  };
  return {
    ...{ arm, law, seed, run: `${arm}-${law.replace(":", "")}-seed${seed}` },
    ...{ top1: 0.5 + 0.1 * seed, top5: 0.9, rho_freq_acc: acc.rho, rho_freq_pred: pred.rho },
    ...meanByThird(frequencies, accuracy),
    per_class: predictions.map((count, c) => ({
      class: `c${c}`,
      freq: frequencies[c],
      acc: accuracy[c],
      pred: count,
    })),
    ...(Object.keys(why).length > 0 ? { undefined_because: why } : {}),
    ...{ steps: 10, images_seen: 640, seconds: 10, images_per_second: 64, collapse: null, curve: [] },
  };
}

const deviates = (count: number, random: RandomStream) =>
  Array.from({ length: count }, () => random.normal());

function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return values.map((value) => (value - mean) / sd);
}
