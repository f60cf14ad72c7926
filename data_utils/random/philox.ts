/**
 * Counter-based randomness for everything that is sampled on the CPU: shuffles, crops, imbalance laws, rendered images.
 * A draw is a pure function of a seed and a path of numbers such as (epoch, index), so any part of a run can be
 * repeated, resumed or computed by another worker without replaying what came before.
 * The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 */

/** Four 32-bit words. */
export type Words4 = [number, number, number, number];
/** Two 32-bit words. */
export type Words2 = [number, number];

/** High 32 bits of the unsigned product `a * b`. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536);
}

/** Philox4x32 with ten rounds: 128 random bits for a 128-bit counter and a 64-bit key, as unsigned words. */
export function philox4x32(counter: Readonly<Words4>, key: Readonly<Words2>): Words4 {
  let [c0, c1, c2, c3] = [counter[0] >>> 0, counter[1] >>> 0, counter[2] >>> 0, counter[3] >>> 0];
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, c0), low0 = Math.imul(0xd2511f53, c0);
    const high1 = mulHigh(0xcd9e8d57, c2), low1 = Math.imul(0xcd9e8d57, c2);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1 >>> 0, (high0 ^ c3 ^ k1) >>> 0, low0 >>> 0];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0, c1, c2, c3];
}

/** A reproducible sequence of draws; see {@link randomStream}. */
export interface RandomStream {
  /** The next 32 random bits as an unsigned integer. */
  next(): number;
  /** Uniform in [0, 1), a multiple of 2^-24, hence exact in float32. */
  uniform(): number;
  /** Standard normal deviate (Box-Muller, one per two draws). */
  normal(): number;
  /** Uniform integer in 0 .. n-1 without modulo bias. Throws RangeError unless n is an integer in 1 .. 2^32. */
  int(n: number): number;
  /** Shuffles `items` in place (Fisher-Yates) and returns it. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T;
}

function words(value: number, what: string): Words2 {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`The ${what} must be a non-negative integer, got ${value}`);
  }
  return [value >>> 0, Math.floor(value / 4294967296)];
}

/**
 * The stream of draws at a place: `randomStream(seed, epoch, index)` always gives the same sequence, and different
 * places give independent ones. Each step of the path derives a new key, so paths of different length never meet.
 * Throws RangeError unless the seed and every step are non-negative safe integers.
 */
export function randomStream(seed: number, ...path: number[]): RandomStream {
  let key = words(seed, "seed");
  path.forEach((step, depth) => {
    const [low, high] = words(step, "step of the random path");
    const derived = philox4x32([low, high, depth, 0xffffffff], key);
    key = [derived[0], derived[1]];
  });

  let block: Words4 = [0, 0, 0, 0], used = 4, count = 0;
  const next = (): number => {
    if (used === 4) {
      block = philox4x32([count >>> 0, Math.floor(count / 4294967296), 0, 0], key);
      count++;
      used = 0;
    }
    return block[used++];
  };
  const uniform = () => (next() >>> 8) / 16777216;
  const normal = () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  };
  const int = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > 4294967296) {
      throw new RangeError(`Cannot draw an integer below ${n}: the bound must be in 1 .. 2^32`);
    }
    const limit = 4294967296 - 4294967296 % n;
    let draw = next();
    while (draw >= limit) draw = next();
    return draw % n;
  };
  const shuffle = <T extends { length: number; [index: number]: unknown }>(items: T): T => {
    const list = items as { length: number; [index: number]: unknown };
    for (let i = list.length - 1; i > 0; i--) {
      const j = int(i + 1);
      [list[i], list[j]] = [list[j], list[i]];
    }
    return items;
  };
  return { next, uniform, normal, int, shuffle };
}
