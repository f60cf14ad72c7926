// The functions that JavaScript's Math lacks, in float64, for the references of activations.

/** The logistic function, without overflow. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** The standard normal distribution function, to about 1e-15 relative also far in the lower tail. */
export function normalCdf(x: number): number {
  const half = 0.5 * erfc(Math.abs(x) / Math.SQRT2);
  return x < 0 ? half : 1 - half;
}

/** The complementary error function for z >= 0: a series below 2, a continued fraction above (DLMF 7.6.2, 7.9.3). */
export function erfc(z: number): number {
  const scale = Math.exp(-z * z) / Math.sqrt(Math.PI);
  if (z < 2) {
    let term = 2 * z, sum = term;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= 2 * z * z / (2 * n + 1);
      sum += term;
    }
    return 1 - scale * sum;
  }
  let fraction = z;
  for (let n = 200; n >= 1; n--) fraction = z + n / 2 / fraction;
  return scale / fraction;
}
