/**
 * Pearson's and Spearman's correlation with two-sided p values (Student's t, as scipy.stats computes them).
 * The study asks how closely a model's per-class accuracy and predictions follow class frequency.
 */

/** A correlation and the probability of one at least as strong without any relation; NaN where it is undefined. */
export interface Correlation {
  statistic: number;
  p: number;
}

/** Ranks from 1 upwards; equal values share the mean of their ranks. */
export function averageRanks(values: ArrayLike<number>): Float64Array<ArrayBuffer> {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(values.length);
  for (let start = 0, end; start < order.length; start = end) {
    end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let i = start; i < end; i++) ranks[order[i]] = (start + 1 + end) / 2;
  }
  return ranks;
}

function centred(values: ArrayLike<number>): Float64Array {
  const list = Float64Array.from(values);
  const mean = list.reduce((sum, v) => sum + v, 0) / list.length;
  return list.map((v) => v - mean);
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);
const isConstant = (x: ArrayLike<number>) => Array.from(x).every((v) => v === x[0]);

/**
 * Pearson's correlation of two equally long lists. NaN when either is constant, shorter than two, or holds NaN.
 * Throws TypeError for lists of different length.
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): Correlation {
  if (x.length !== y.length) {
    throw new TypeError(`Lists of ${x.length} and ${y.length} values cannot be correlated`);
  }
  if (x.length < 2 || isConstant(x) || isConstant(y)) return { statistic: NaN, p: NaN };
  const dx = centred(x), dy = centred(y);
  const r = dot(dx, dy) / Math.sqrt(dot(dx, dx) * dot(dy, dy));
  const statistic = Math.max(-1, Math.min(1, r));
  return { statistic, p: correlationP(statistic, x.length) };
}

/**
 * Spearman's rank correlation: Pearson's of average ranks. NaN when either list is constant or holds NaN.
 * Throws TypeError for lists of different length.
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): Correlation {
  const hasNaN = (list: ArrayLike<number>) => Array.from(list).some(Number.isNaN);
  if (hasNaN(x) || hasNaN(y)) return { statistic: NaN, p: NaN };
  return pearson(averageRanks(x), averageRanks(y));
}

/** Two-sided p of a correlation of n pairs: Student's t with n - 2 degrees of freedom, t^2 = r^2 (n - 2) / (1 - r^2). */
function correlationP(r: number, n: number): number {
  if (Number.isNaN(r)) return NaN;
  return n === 2 ? 1 : incompleteBeta((n - 2) / 2, 0.5, 1 - r * r);
}

/** A correlation with frequency over the classes that have a value; null, with the reason, where there is none. */
export interface FrequencyCorrelation {
  rho: number | null;
  p: number | null;
  classes: number;
  reason?: string;
}

/** Spearman's correlation between class frequencies and a value per class, leaving out classes whose value is NaN. */
export function frequencyCorrelation(
  frequencies: ArrayLike<number>,
  values: ArrayLike<number>,
): FrequencyCorrelation {
  if (frequencies.length !== values.length) {
    throw new TypeError(`${frequencies.length} frequencies do not go with ${values.length} values`);
  }
  const kept = Array.from(values, (_, c) => c).filter((c) => !Number.isNaN(values[c] + frequencies[c]));
  const x = kept.map((c) => frequencies[c]), y = kept.map((c) => values[c]);
  const none = (reason: string) => ({ rho: null, p: null, classes: kept.length, reason });
  if (kept.length < 2) return none("fewer than two classes have a value");
  if (isConstant(x)) return none("all classes are equally frequent");
  if (isConstant(y)) return none("all classes have the same value");
  const { statistic, p } = spearman(x, y);
  return { rho: statistic, p, classes: kept.length };
}

/** Standard deviation of a rank correlation of `classes` unrelated pairs: 1 / sqrt(classes - 1). */
export function nullSpread(classes: number): number {
  return 1 / Math.sqrt(classes - 1);
}

/** Regularised incomplete beta function I_x(a, b) for 0 <= x <= 1, by its continued fraction (DLMF 8.17.22). */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x); // the fraction converges fast below
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  ) / a;
  // Lentz's method: convergents as products of ratios of successive numerators and of successive denominators.
  const tiny = 1e-300;
  let numerator = 1, denominator = 0, fraction = 1;
  for (let term = 1; term < 1000; term++) {
    const m = term >> 1;
    const coefficient = term % 2 === 1
      ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    numerator = 1 + coefficient / numerator || tiny;
    denominator = 1 / (1 + coefficient * denominator || tiny);
    fraction *= numerator * denominator;
    if (Math.abs(numerator * denominator - 1) < 1e-16) break;
  }
  return front / fraction;
}

/** Logarithm of the gamma function for x > 0: recurrence up to 15, then Stirling's series (DLMF 5.11.1). */
function logGamma(x: number): number {
  let shift = 0;
  for (; x < 15; x++) shift += Math.log(x);
  const inverse = 1 / x, square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
