/**
 * NumPy's legacy `RandomState`, which `numpy.random.seed` and pandas' `random_state` stand on, to the last bit: what older
 * programs drew with it can be drawn again. Methods follow `numpy/random/mtrand.pyx` and `legacy-distributions.c`.
 *
 * Normal deviates go through a logarithm. It is rounded correctly here, and in C libraries but for one value in some
 * thousands, where a deviate may differ in its last bit; they differ among themselves in the same way.
 */
import { drawnIndices } from "./weighted_draws.ts";
import { maskOf, twisterOfWord } from "./twister.ts";

/** What can be shuffled in place: an array or a typed array. */
export interface Shuffled {
  readonly length: number;
  [index: number]: unknown;
}

/** How {@link RandomState.choice} draws. */
export interface ChoiceOptions {
  /** Whether an item may come again (default: it may). */
  replace?: boolean;
  /** The items' probabilities, which sum to 1. */
  p?: ArrayLike<number>;
}

/** A stream of draws as `numpy.random.RandomState(seed)` gives them. A method of `size` gives as many draws. */
export interface RandomState {
  /** The next 32 random bits as an unsigned integer; `sample` takes two of these. */
  next(): number;
  /** `random_sample()`: uniform in [0, 1), a multiple of 2^-53. */
  sample(): number;
  /** Fills `samples` with what as many calls of `sample` would give. */
  fill(samples: Float64Array): void;
  /** `random_sample(size)`. */
  randomSample(size: number): Float64Array;
  /** `uniform(low, high, size)`. */
  uniform(low: number, high: number, size: number): Float64Array;
  /** `randint(low, high, size)`: whole numbers from `low` to `high - 1`, which are at most 2^53 - 1 apart. */
  randint(low: number, high: number, size: number): Float64Array;
  /** `randn(size)` or `standard_normal(size)`. They come in pairs, of which the second waits for its call. */
  randn(size: number): Float64Array;
  /** `normal(mean, deviation, size)`. */
  normal(mean: number, deviation: number, size: number): Float64Array;
  /** `permutation(size)`: 0 .. size-1 in a random order. */
  permutation(size: number): Int32Array;
  /** `shuffle(items)`, in place; returns the items. */
  shuffle<T extends Shuffled>(items: T): T;
  /** `choice(count, size, replace, p)`: positions in 0 .. count-1. Throws RangeError where NumPy raises ValueError. */
  choice(count: number, size: number, options?: ChoiceOptions): Int32Array;
}

function checkSize(size: number, what = "number of draws"): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new RangeError(`The ${what} must be a whole number of at least 0, got ${size}`);
  }
}

/**
 * The stream of `numpy.random.RandomState(seed)`. Throws RangeError, as NumPy does, unless the seed is a whole number
 * from 0 to 2^32 - 1.
 */
export function randomState(seed: number): RandomState {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new RangeError(`The seed must be a whole number from 0 to 2^32 - 1, got ${seed}`);
  }
  const { next, double } = twisterOfWord(seed);
  let waiting: number | null = null;

  /** A whole number from 0 to `most`: draws until one, cut to as many bits, is no larger. */
  function interval(most: number): number {
    const mask = maskOf(Math.min(most, 0xffff_ffff)), high = maskOf(Math.floor(most / 4294967296));
    for (;;) {
      const upper = most > 0xffff_ffff ? (next() & high) >>> 0 : 0;
      const drawn = upper * 4294967296 + ((next() & mask) >>> 0);
      if (drawn <= most) return drawn;
    }
  }

  function gauss(): number {
    if (waiting !== null) {
      const second = waiting;
      waiting = null;
      return second;
    }
    let x: number, y: number, square: number;
    do {
      x = 2 * double() - 1;
      y = 2 * double() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const scale = Math.sqrt(-2 * Math.log(square) / square);
    waiting = scale * x;
    return scale * y;
  }

  function draws(size: number, draw: () => number): Float64Array {
    checkSize(size);
    const drawn = new Float64Array(size);
    for (let i = 0; i < size; i++) drawn[i] = draw();
    return drawn;
  }

  function randint(low: number, high: number, size: number): Float64Array {
    const most = high - 1 - low;
    if (
      !Number.isSafeInteger(low) || !Number.isSafeInteger(high) || most < 0 || !Number.isSafeInteger(most)
    ) {
      throw new RangeError(`Cannot draw whole numbers from ${low} to below ${high}`);
    }
    return draws(size, most === 0 ? () => low : () => low + interval(most));
  }

  function shuffle<T extends Shuffled>(items: T): T {
    const list: Shuffled = items;
    for (let i = list.length - 1; i > 0; i--) {
      const j = interval(i);
      [list[i], list[j]] = [list[j], list[i]];
    }
    return items;
  }

  function permutation(size: number): Int32Array {
    checkSize(size, "length of a permutation");
    return shuffle(Int32Array.from({ length: size }, (_, i) => i));
  }

  const randomSample = (size: number) => draws(size, double);

  function choice(count: number, size: number, { replace = true, p }: ChoiceOptions = {}): Int32Array {
    checkSize(size);
    checkSize(count, "number of items to choose from");
    if (count === 0 && size > 0) throw new RangeError("There is nothing to choose from");
    if (!replace && size > count) {
      throw new RangeError(`Cannot choose ${size} of ${count} items without taking one twice`);
    }
    if (p !== undefined) return drawnIndices({ count, size, replace, p, randomSample });
    return replace ? Int32Array.from(randint(0, count, size)) : permutation(count).subarray(0, size);
  }

  return {
    next,
    sample: double,
    fill(samples) {
      for (let i = 0; i < samples.length; i++) samples[i] = double();
    },
    randomSample,
    uniform(low, high, size) {
      const range = high - low;
      if (!Number.isFinite(range)) throw new RangeError(`Cannot draw numbers from ${low} to ${high}`);
      return draws(size, () => low + range * double());
    },
    randint,
    randn: (size) => draws(size, gauss),
    normal(mean, deviation, size) {
      if (!(deviation >= 0)) throw new RangeError(`A standard deviation is at least 0, got ${deviation}`);
      return draws(size, () => mean + deviation * gauss());
    },
    permutation,
    shuffle,
    choice,
  };
}
