/** Draws of positions with given probabilities, as `RandomState.choice(count, size, replace, p)` makes them. */

/** What {@link drawnIndices} needs to know. */
interface WeightedDraw {
  count: number;
  size: number;
  replace: boolean;
  p: ArrayLike<number>;
  randomSample(size: number): Float64Array;
}

/** How far from 1 the sum of probabilities may be: NumPy's square root of the float64 spacing at 1. */
const SUM_TOLERANCE = Math.sqrt(2 ** -52);

/** Sum of values that loses no low bits (Kahan), as NumPy checks probabilities. */
function kahanSum(values: Float64Array): number {
  let sum = values[0], lost = 0;
  for (let i = 1; i < values.length; i++) {
    const term = values[i] - lost, next = sum + term;
    lost = (next - sum) - term;
    sum = next;
  }
  return sum;
}

/** Running sums, of which the last is 1. */
function cumulative(p: Float64Array): Float64Array {
  const sums = new Float64Array(p.length);
  let sum = 0;
  for (let i = 0; i < p.length; i++) sums[i] = sum += p[i];
  return sums.map((value) => value / sum);
}

/** The first position whose sum is above `value`: `searchsorted(sums, value, side="right")`. */
function positionOf(sums: Float64Array, value: number): number {
  let low = 0, high = sums.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value < sums[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

function checkedProbabilities(p: ArrayLike<number>, count: number): Float64Array {
  if (p.length !== count) throw new RangeError(`${p.length} probabilities are given for ${count} items`);
  const values = Float64Array.from(p), odd = values.findIndex((value) => !(value >= 0));
  if (odd >= 0) throw new RangeError(`Probability ${odd} is ${values[odd]}; it must be at least 0`);
  const sum = kahanSum(values);
  if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) throw new RangeError(`Probabilities sum to ${sum} instead of 1`);
  return values;
}

/**
 * Draws positions. Without replacement, what is drawn twice is drawn again with the probabilities of what is left, in
 * rounds. Throws RangeError for probabilities that are none, and for more draws than items of a probability above 0.
 */
export function drawnIndices({ count, size, replace, p, randomSample }: WeightedDraw): Int32Array {
  const left = checkedProbabilities(p, count);
  if (replace) {
    const sums = cumulative(left);
    return Int32Array.from(randomSample(size), (value) => positionOf(sums, value));
  }
  const possible = left.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  if (possible < size) {
    throw new RangeError(`Cannot draw ${size} items once each: only ${possible} have a probability above 0`);
  }
  const found = new Set<number>();
  while (found.size < size) {
    const values = randomSample(size - found.size);
    for (const taken of found) left[taken] = 0;
    const sums = cumulative(left);
    for (const value of values) found.add(positionOf(sums, value));
  }
  return Int32Array.from(found);
}
