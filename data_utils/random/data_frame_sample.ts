/**
 * Rows as pandas draws them: `DataFrame.sample(n | frac, random_state, weights, replace)` of a whole-number random state,
 * to the row. Source: pandas 3's `core/sample.py`.
 */
import { randomState } from "./mt19937.ts";

/** What is drawn; exactly one of `n` and `frac`. */
export interface RowSampleOptions {
  /** Number of rows. */
  n?: number;
  /** Part of all rows; what is no whole number of rows is rounded, a half to the even one. */
  frac?: number;
  /** The seed. */
  randomState: number;
  /** One weight per row, in any unit; NaN counts as 0. */
  weights?: ArrayLike<number>;
  /** Whether a row may come again (default: it may not). */
  replace?: boolean;
}

/** Rounds as Python's `round`: a half goes to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value), rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Sum in the order of NumPy's `sum`: eight running sums in blocks of at most 128, and halves of longer lists. */
function pairwiseSum(values: Float64Array): number {
  const n = values.length;
  if (n > 128) {
    const half = (n >>> 1) - (n >>> 1) % 8;
    return pairwiseSum(values.subarray(0, half)) + pairwiseSum(values.subarray(half));
  }
  if (n < 8) return values.reduce((sum, value) => sum + value, 0);
  const [...r] = values.subarray(0, 8), whole = n - n % 8;
  for (let i = 8; i < whole; i++) r[i % 8] += values[i];
  let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  for (let i = whole; i < n; i++) sum += values[i];
  return sum;
}

function sampleSize(rows: number, { n, frac, replace = false }: RowSampleOptions): number {
  if (n !== undefined && frac !== undefined) {
    throw new RangeError("Both a number and a part of rows are given");
  }
  if (frac !== undefined) {
    if (!(frac >= 0) || (frac > 1 && !replace) || !Number.isFinite(frac)) {
      throw new RangeError(`A part of the rows is from 0 to 1, got ${frac}`);
    }
    return roundHalfEven(frac * rows);
  }
  const size = n ?? 1;
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new RangeError(`The number of rows to draw is a whole number of at least 0, got ${size}`);
  }
  if (size > rows && !replace) throw new RangeError(`Cannot draw ${size} of ${rows} rows once each`);
  return size;
}

function probabilitiesOf(weights: ArrayLike<number>, rows: number, most: number): Float64Array {
  if (weights.length !== rows) throw new RangeError(`${weights.length} weights are given for ${rows} rows`);
  const values = Float64Array.from(weights, (value) => Number.isNaN(value) ? 0 : value);
  const odd = values.findIndex((value) => !(value >= 0 && value < Infinity));
  if (odd >= 0) {
    throw new RangeError(`The weight of row ${odd} is ${values[odd]}; weights are finite and not negative`);
  }
  const sum = pairwiseSum(values);
  if (sum === 0) throw new RangeError("All weights are 0");
  const p = values.map((value) => value / sum), heaviest = p.reduce((a, b) => Math.max(a, b), 0);
  if (most * heaviest > 1) {
    throw new RangeError(
      `A row has ${heaviest} of all weight: among ${most} rows drawn once each it cannot be drawn that often`,
    );
  }
  return p;
}

/**
 * Positions of the drawn rows of a table of `rows`, in drawn order. Throws RangeError where pandas raises: for more rows
 * than there are, both or no whole sizes, and weights that are negative, infinite, all 0 or too uneven for drawing
 * without replacement.
 */
export function sampleRows(rows: number, options: RowSampleOptions): Int32Array {
  const size = sampleSize(rows, options), { replace = false, weights } = options;
  const p = weights && probabilitiesOf(weights, rows, replace ? 0 : size);
  return randomState(options.randomState).choice(rows, size, { replace, p });
}
