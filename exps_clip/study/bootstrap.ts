// Bootstrap intervals for weighted sums of mean rank correlations. Two things vary between studies: the classes that
// happen to be in the world, and the seeds (data, initialisation, which class is frequent). Both are resampled, crossed:
// one draw of classes serves every seed and arm, so that what the arms share cancels in their difference.

import { averageRanks, randomStream } from "../../data_utils/mod.ts";

/** Resamples behind an interval. */
export const RESAMPLES = 2000;

/** Where a correlation is undefined in a resample (all values equal), the next one is taken; so many are tried. */
const MOST_TRIES = 2 * RESAMPLES;

/** Any fixed number: the same report comes of the same runs. */
const BOOTSTRAP_SEED = 20_240_531;

const [CLASSES, SEEDS] = [0, 1]; // streams of random numbers

/** A run's values per class, in class order; NaN leaves a class out. */
export interface Pairs {
  readonly frequencies: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** The runs of an arm in a sum: one per seed, seeds in the same order in every arm. */
export interface WeightedArm {
  readonly weight: number;
  readonly runs: readonly Pairs[];
}

/** An interval, or why there is none. */
export type Interval =
  | { readonly interval: readonly [number, number] }
  | { readonly interval: null; readonly reason: string };

/**
 * Draws of `classes` classes with replacement, the same ones for every sum, and 95 % percentile intervals over them.
 * Rank correlations of resamples are kept: a run that stands in several sums is ranked once.
 */
export class ClassBootstrap {
  readonly #classes: number;
  readonly #draws: Uint16Array[] = [];
  readonly #kept = new WeakMap<Pairs, { rho: (counts: ArrayLike<number>) => number; of: number[] }>();

  /** Throws RangeError unless there are 2 to 65535 classes. */
  constructor(classes: number) {
    if (!(classes >= 2 && classes <= 65_535)) {
      throw new RangeError(`A bootstrap over ${classes} classes is not possible: 2 to 65535`);
    }
    this.#classes = classes;
  }

  /**
   * Interval of the sum of `weight` times the mean over seeds of each arm's correlation. With one seed only classes are
   * drawn. Throws TypeError when arms differ in their number of seeds.
   */
  interval(arms: readonly WeightedArm[]): Interval {
    const seeds = arms[0].runs.length;
    if (arms.some(({ runs }) => runs.length !== seeds)) {
      throw new TypeError(`Arms of a sum need the same seeds, got ${arms.map(({ runs }) => runs.length)}`);
    }
    const sums: number[] = [];
    for (let draw = 0; draw < MOST_TRIES && sums.length < RESAMPLES; draw++) {
      const stream = randomStream(BOOTSTRAP_SEED, SEEDS, draw);
      const drawn = Array.from({ length: seeds }, () => stream.int(seeds));
      let sum = 0;
      for (const { weight, runs } of arms) {
        for (const seed of drawn) sum += weight * this.#rho(runs[seed], draw) / seeds;
      }
      if (!Number.isNaN(sum)) sums.push(sum);
    }
    if (sums.length < RESAMPLES) {
      return { interval: null, reason: "a correlation is undefined in most resamples of the classes" };
    }
    const sorted = Float64Array.from(sums).sort();
    return { interval: [quantile(sorted, 0.025), quantile(sorted, 0.975)] };
  }

  /** How often each class stands in a draw. */
  #counts(draw: number): Uint16Array {
    const known = this.#draws[draw];
    if (known) return known;
    const counts = new Uint16Array(this.#classes), stream = randomStream(BOOTSTRAP_SEED, CLASSES, draw);
    for (let i = 0; i < this.#classes; i++) counts[stream.int(this.#classes)]++;
    return this.#draws[draw] = counts;
  }

  #rho(run: Pairs, draw: number): number {
    let kept = this.#kept.get(run);
    if (!kept) this.#kept.set(run, kept = { rho: resampledSpearman(run), of: [] });
    return kept.of[draw] ??= kept.rho(this.#counts(draw));
  }
}

/**
 * Spearman's correlation of a resample in which class i stands counts[i] times, as a function of the counts: Pearson's of
 * average ranks, copies of a class tied among themselves. NaN where all frequencies or all values are equal.
 * Both lists are sorted once, so a resample costs a few passes over the classes.
 * Throws TypeError for lists of different length.
 */
export function resampledSpearman({ frequencies, values }: Pairs): (counts: ArrayLike<number>) => number {
  if (frequencies.length !== values.length) {
    throw new TypeError(`${frequencies.length} frequencies do not go with ${values.length} values`);
  }
  const known = Array.from(values, (_, c) => c).filter((c) => !Number.isNaN(values[c] + frequencies[c]));
  const [byFrequency, byValue] = [frequencies, values].map((list) => ranker(known.map((c) => list[c])));
  const own = new Float64Array(known.length);
  return (counts) => {
    known.forEach((c, i) => own[i] = counts[c]);
    const x = byFrequency(own), y = byValue(own);
    let xx = 0, yy = 0, xy = 0;
    for (let i = 0; i < own.length; i++) {
      xx += own[i] * x[i] * x[i];
      yy += own[i] * y[i] * y[i];
      xy += own[i] * x[i] * y[i];
    }
    return xx === 0 || yy === 0 ? NaN : Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
  };
}

/** Average ranks less their mean, when value i stands counts[i] times; the result is overwritten by the next call. */
function ranker(values: readonly number[]): (counts: Float64Array) => Float64Array {
  const ranks = averageRanks(values), order = values.map((_, i) => i).sort((a, b) => ranks[a] - ranks[b]);
  const centred = new Float64Array(values.length);
  return (counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    for (let start = 0, end, below = 0; start < order.length; start = end) {
      let equal = 0;
      for (end = start; end < order.length && ranks[order[end]] === ranks[order[start]]; end++) {
        equal += counts[order[end]];
      }
      for (let i = start; i < end; i++) centred[order[i]] = below + (equal - total) / 2;
      below += equal;
    }
    return centred;
  };
}

/** A quantile of sorted values, linear between neighbours. */
function quantile(sorted: Float64Array, at: number): number {
  const place = at * (sorted.length - 1), low = Math.floor(place), high = Math.ceil(place);
  return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
}
