/**
 * Python's `random.Random(seed)` for whole-number seeds, to the last bit, as CPython 3.9 and later draw; `random.seed(s)`
 * followed by the functions of the module is the same stream. Source: CPython's `Lib/random.py` and `_randommodule.c`.
 */
import { twisterOfWords } from "./twister.ts";

/** What can be shuffled in place: an array or a typed array. */
interface Items {
  readonly length: number;
  [index: number]: unknown;
}

/** Weights of {@link PythonRandom.choices}, one per item: each, or already summed up. */
export interface ChoicesOptions {
  weights?: readonly number[];
  cumWeights?: readonly number[];
  /** How many are drawn (default 1). */
  k?: number;
}

/** A stream of draws as Python's `random` gives them. */
export interface PythonRandom {
  /** `random()`: uniform in [0, 1), a multiple of 2^-53. */
  random(): number;
  /** `getrandbits(bits)` of 0 to 53 bits. */
  getrandbits(bits: number): number;
  /** `getrandbits(bits)` of any number of bits. */
  wideBits(bits: number): bigint;
  /** A whole number from 0 to `n - 1`; 1 <= n <= 2^53 - 1. */
  randbelow(n: number): number;
  /** `randrange(stop)` or `randrange(start, stop, step)`. */
  randrange(start: number, stop?: number, step?: number): number;
  /** `randint(low, high)`, both ends included. */
  randint(low: number, high: number): number;
  /** `uniform(low, high)`. */
  uniform(low: number, high: number): number;
  /** `gauss(mean, deviation)`. They come in pairs, of which the second waits for its call. */
  gauss(mean?: number, deviation?: number): number;
  /** `shuffle(items)`, in place; returns the items. */
  shuffle<T extends Items>(items: T): T;
  /** `choice(items)`. */
  choice<T>(items: ArrayLike<T>): T;
  /** `sample(items, k)`: k different positions' items in drawn order. */
  sample<T>(items: ArrayLike<T>, k: number): T[];
  /** `sample(range(n), k)`. */
  sampleRange(n: number, k: number): number[];
  /** `choices(items, weights, cum_weights, k)`, with replacement. */
  choices<T>(items: ArrayLike<T>, options?: ChoicesOptions): T[];
}

function wordsOf(seed: number | bigint): number[] {
  if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
    throw new RangeError(`The seed must be a whole number (a bigint beyond 2^53), got ${seed}`);
  }
  let left = BigInt(seed);
  if (left < 0n) left = -left;
  const words = [Number(left & 0xffff_ffffn)];
  while ((left >>= 32n) > 0n) words.push(Number(left & 0xffff_ffffn));
  return words;
}

/** How many bits a whole number from 1 to 2^53 - 1 has. */
function bitLength(n: number): number {
  const high = Math.floor(n / 4294967296);
  return high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(n);
}

/** How many of the running sums, from 0 to `last - 1`, are at most `value`: `bisect(sums, value, 0, last)`. */
function bisect(sums: readonly number[], value: number, last: number): number {
  let low = 0, high = last;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value < sums[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

function runningSums(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => sum += weight);
}

function checkedSums({ weights, cumWeights }: ChoicesOptions, count: number): readonly number[] | undefined {
  if (weights && cumWeights) throw new RangeError("Weights are given twice: each and summed up");
  const sums = weights ? runningSums(weights) : cumWeights;
  if (sums === undefined) return undefined;
  if (sums.length !== count) throw new RangeError(`${sums.length} weights are given for ${count} items`);
  const total = sums[count - 1];
  if (!(total > 0) || !Number.isFinite(total)) {
    throw new RangeError(`Weights must sum to a finite number above 0, got ${total}`);
  }
  return sums;
}

/** The stream of `random.Random(seed)`. Throws RangeError unless the seed is a whole number; its sign does not count. */
export function pythonRandom(seed: number | bigint): PythonRandom {
  const { next, double } = twisterOfWords(wordsOf(seed));
  let waiting: number | null = null;

  function getrandbits(bits: number): number {
    if (!Number.isInteger(bits) || bits < 0 || bits > 53) {
      throw new RangeError(`A number holds 0 to 53 random bits, got ${bits}: see wideBits`);
    }
    if (bits === 0) return 0;
    if (bits <= 32) return next() >>> (32 - bits);
    const low = next();
    return (next() >>> (64 - bits)) * 4294967296 + low;
  }

  function wideBits(bits: number): bigint {
    if (!Number.isSafeInteger(bits) || bits < 0) {
      throw new RangeError(`The number of bits is at least 0, got ${bits}`);
    }
    let drawn = 0n;
    for (let at = 0; at < bits; at += 32) {
      drawn |= BigInt(next() >>> Math.max(0, 32 - (bits - at))) << BigInt(at);
    }
    return drawn;
  }

  function randbelow(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new RangeError(`Cannot draw a whole number below ${n}: nothing to choose from`);
    }
    const bits = bitLength(n);
    for (;;) {
      const drawn = getrandbits(bits);
      if (drawn < n) return drawn;
    }
  }

  function randrange(start: number, stop?: number, step = 1): number {
    const [from, to] = stop === undefined ? [0, start] : [start, stop];
    if (![from, to, step].every(Number.isSafeInteger) || step === 0) {
      throw new RangeError(`A range has whole numbers and a step other than 0, got ${from}, ${to}, ${step}`);
    }
    const count = Math.ceil((to - from) / step);
    if (count < 1) throw new RangeError(`The range from ${from} to below ${to} is empty`);
    return from + step * randbelow(count);
  }

  function sampleRange(n: number, k: number): number[] {
    if (!Number.isSafeInteger(k) || k < 0 || k > n) {
      throw new RangeError(`Cannot sample ${k} of ${n} items`);
    }
    // Python draws from a list where that takes less memory than a set of what was taken.
    let listed = 21;
    if (k > 5) {
      let power = 1;
      while (power < 3 * k) power *= 4;
      listed += power;
    }
    if (n <= listed) {
      const pool = Array.from({ length: n }, (_, i) => i);
      return Array.from({ length: k }, (_, i) => {
        const j = randbelow(n - i), drawn = pool[j];
        pool[j] = pool[n - i - 1];
        return drawn;
      });
    }
    const taken = new Set<number>();
    while (taken.size < k) taken.add(randbelow(n));
    return [...taken];
  }

  return {
    random: double,
    getrandbits,
    wideBits,
    randbelow,
    randrange,
    randint: (low, high) => randrange(low, high + 1),
    uniform: (low, high) => low + (high - low) * double(),
    gauss(mean = 0, deviation = 1) {
      let deviate = waiting;
      waiting = null;
      if (deviate === null) {
        const angle = double() * (2 * Math.PI), radius = Math.sqrt(-2 * Math.log(1 - double()));
        deviate = Math.cos(angle) * radius;
        waiting = Math.sin(angle) * radius;
      }
      return mean + deviate * deviation;
    },
    shuffle<T extends Items>(items: T): T {
      const list: Items = items;
      for (let i = list.length - 1; i > 0; i--) {
        const j = randbelow(i + 1);
        [list[i], list[j]] = [list[j], list[i]];
      }
      return items;
    },
    choice: (items) => items[randbelow(items.length)],
    sample: (items, k) => sampleRange(items.length, k).map((i) => items[i]),
    sampleRange,
    choices(items, options = {}) {
      const count = items.length, sums = checkedSums(options, count);
      if (count === 0) throw new RangeError("There is nothing to choose from");
      const draw = sums
        ? () => items[bisect(sums, double() * sums[count - 1], count - 1)]
        : () => items[Math.floor(double() * count)];
      return Array.from({ length: options.k ?? 1 }, draw);
    },
  };
}
