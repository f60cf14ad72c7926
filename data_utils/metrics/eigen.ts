/**
 * Eigenvalues and eigenvectors of real symmetric matrices in float64, and the pseudo-inverse made from them.
 * Householder reflections bring the matrix to tridiagonal form, rotations with Wilkinson's shift to diagonal form
 * (Golub and Van Loan, Matrix Computations, sections 8.3.1 and 8.3.4). A 1000 x 1000 matrix takes some seconds.
 */

/** Eigenvalues in no particular order, and the unit eigenvector of value i as row i of `vectors` [n, n]. */
export interface Eigen {
  values: Float64Array<ArrayBuffer>;
  vectors: Float64Array<ArrayBuffer>;
}

function checkSquare(matrix: ArrayLike<number>, n: number): void {
  if (matrix.length !== n * n) throw new TypeError(`A matrix of ${matrix.length} values is not ${n} x ${n}`);
  for (let i = 0; i < matrix.length; i++) {
    if (!Number.isFinite(matrix[i])) throw new RangeError(`The matrix holds ${matrix[i]} at place ${i}`);
  }
}

/**
 * Diagonalises a symmetric matrix [n, n], row-major. Only symmetry up to rounding is assumed.
 * Throws TypeError when it is not n x n and RangeError when a value is not finite.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): Eigen {
  checkSquare(matrix, n);
  const a = Float64Array.from(matrix);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  tridiagonalise(a, vectors, n);
  const values = Float64Array.from({ length: n }, (_, i) => a[i * n + i]);
  const side = Float64Array.from({ length: n }, (_, i) => i + 1 < n ? a[i * n + i + 1] : 0);
  diagonalise(values, side, vectors, n);
  return { values, vectors };
}

/** Turns `a` into a tridiagonal matrix by reflections from both sides and applies them to the rows of `vectors`. */
function tridiagonalise(a: Float64Array, vectors: Float64Array, n: number): void {
  const v = new Float64Array(n), w = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm = Math.hypot(norm, a[k * n + i]);
    if (norm === 0) continue;
    // v reflects row k's tail onto its first axis; its length is sqrt(2), so the reflection is 1 - v v^T.
    const first = a[k * n + k + 1];
    const head = first + (first < 0 ? -norm : norm);
    const scale = 1 / Math.sqrt(norm * Math.abs(head));
    v[k + 1] = head * scale;
    for (let i = k + 2; i < n; i++) v[i] = a[k * n + i] * scale;

    // a <- (1 - v v^T) a (1 - v v^T) = a - v w^T - w v^T with w = a v - (v^T a v / 2) v, over the block from k.
    let curvature = 0;
    for (let i = k; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j] * v[j];
      w[i] = sum;
      if (i > k) curvature += v[i] * sum;
    }
    for (let i = k + 1; i < n; i++) w[i] -= curvature / 2 * v[i];
    v[k] = 0;
    for (let i = k; i < n; i++) {
      for (let j = k; j < n; j++) a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
    }
    w.fill(0);
    for (let i = k + 1; i < n; i++) {
      for (let j = 0; j < n; j++) w[j] += v[i] * vectors[i * n + j];
    }
    for (let i = k + 1; i < n; i++) {
      for (let j = 0; j < n; j++) vectors[i * n + j] -= v[i] * w[j];
    }
  }
}

/** Rotates the tridiagonal matrix (diagonal `d`, beside it `e`) until `e` vanishes, and the rows of `vectors` with it. */
function diagonalise(d: Float64Array, e: Float64Array, vectors: Float64Array, n: number): void {
  const vanishes = (i: number) => Math.abs(e[i]) <= Number.EPSILON * (Math.abs(d[i]) + Math.abs(d[i + 1]));
  let sweeps = 0;
  for (let end = n - 1; end > 0;) {
    if (vanishes(end - 1)) {
      e[--end] = 0;
      continue;
    }
    let start = end - 1;
    while (start > 0 && !vanishes(start - 1)) start--;
    if (sweeps++ > 60 * n) throw new RangeError("The eigenvalues of the matrix did not converge");
    rotateBlock(d, e, vectors, n, start, end);
  }
}

/** One implicit QR step with Wilkinson's shift on the rows start .. end, which are not yet coupled to the others. */
function rotateBlock(
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
  n: number,
  start: number,
  end: number,
): void {
  const half = (d[end - 1] - d[end]) / 2, last = e[end - 1];
  const shift = d[end] - last * last / (half + (half < 0 ? -1 : 1) * Math.hypot(half, last));
  let x = d[start] - shift, bulge = e[start];
  for (let k = start; k < end; k++) {
    // The rotation of rows k, k + 1 that turns (x, bulge) into (r, 0).
    const r = Math.hypot(x, bulge);
    const c = r === 0 ? 1 : x / r, s = r === 0 ? 0 : bulge / r;
    if (k > start) e[k - 1] = r;
    const p = d[k], q = d[k + 1], m = e[k];
    d[k] = c * c * p + 2 * c * s * m + s * s * q;
    d[k + 1] = s * s * p - 2 * c * s * m + c * c * q;
    e[k] = c * s * (q - p) + (c * c - s * s) * m;
    x = e[k];
    if (k + 1 < end) {
      bulge = s * e[k + 1];
      e[k + 1] *= c;
    }
    for (let j = 0, upper = k * n, lower = upper + n; j < n; j++, upper++, lower++) {
      const u = vectors[upper], l = vectors[lower];
      vectors[upper] = c * u + s * l;
      vectors[lower] = c * l - s * u;
    }
  }
}

/**
 * Pseudo-inverse of a symmetric positive semi-definite matrix [n, n]. Eigenvalues up to `rcond` times the largest count
 * as zero; the default n * 2^-23 is what torch.linalg.pinv takes for float32. Throws like {@link symmetricEigen}.
 */
export function pseudoInverse(
  matrix: ArrayLike<number>,
  n: number,
  rcond: number = n * 2 ** -23,
): Float64Array<ArrayBuffer> {
  const { values, vectors } = symmetricEigen(matrix, n);
  const cut = rcond * values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  const inverse = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    if (Math.abs(values[k]) <= cut) continue;
    const vector = vectors.subarray(k * n, (k + 1) * n);
    for (let i = 0; i < n; i++) {
      const factor = vector[i] / values[k];
      for (let j = 0; j < n; j++) inverse[i * n + j] += factor * vector[j];
    }
  }
  return inverse;
}
