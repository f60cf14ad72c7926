// How far a result may be from its reference: an absolute and a relative part, as the golden files state them, and one
// factor for everything. The factor that would just have been enough is what reports print.

export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

/** Result of a comparison; `factor` is the smallest one with which all elements agree, Infinity for NaN. */
export interface Agreement {
  readonly factor: number;
  /** The element that needs it, its value and the wanted one. */
  readonly at: number;
  readonly got: number;
  readonly want: number;
}

/** Compares |got - want| with atol + rtol |want| element by element. Throws TypeError when the lengths differ. */
export function agreement(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: Tolerance): Agreement {
  if (got.length !== want.length) throw new TypeError(`${got.length} values, wanted ${want.length}`);
  let worst: Agreement = { factor: 0, at: 0, got: got[0], want: want[0] };
  for (let i = 0; i < got.length; i++) {
    const difference = Math.abs(got[i] - want[i]);
    const allowed = tolerance.atol + tolerance.rtol * Math.abs(want[i]);
    const factor = Object.is(got[i], want[i]) || difference === 0
      ? 0
      : Number.isFinite(difference)
      ? difference / allowed
      : Infinity;
    if (factor > worst.factor) worst = { factor, at: i, got: got[i], want: want[i] };
  }
  return worst;
}

/**
 * A tolerance for float32 against float64 where nothing was measured: `ulps` units of the largest value, as absolute
 * and as relative part.
 */
export function ulpTolerance(want: ArrayLike<number>, ulps: number): Tolerance {
  let largest = 0;
  for (let i = 0; i < want.length; i++) largest = Math.max(largest, Math.abs(want[i]));
  const unit = 2 ** -23;
  return { atol: ulps * unit * largest, rtol: ulps * unit };
}

/** One line about a comparison, for failures and reports. */
export function showAgreement(name: string, { factor, at, got, want }: Agreement): string {
  return `${name}: factor ${factor.toPrecision(3)} at element ${at} (got ${got}, want ${want})`;
}

/** Ops whose results float32 holds exactly: they move, choose or compare, or draw 24 random bits. */
const EXACT = new Set([
  ...["reshape", "permute", "slice", "sliceGrad", "broadcastTo", "concat", "collect", "straightThrough"],
  ...["embedding", "gather", "indexRows", "indexRowsGrad", "argmax", "topkIndices", "max", "randomUniform"],
  ...["neg", "relu", "reluGrad", "clampGrad", "greater", "equal", "where", "nonFinite"],
]);

/** Ops that take terms of about one off each other where the exact result is nothing, so that their rounding is left. */
const CANCELLING = new Set(["l2NormalizeGrad"]);

/** Units of the largest value that rounding inside a kernel may cost, and how many roundings of other values besides. */
const UNITS = 8;

/** The same where whole graphs are compared, whose ops round several times each. */
const UNITS_OF_GRAPHS = 32;

/**
 * The tolerance of a float32 kernel, or of a graph of them where `op` is null: exact results for the ops that compute
 * nothing; for all others 8 units of the largest wanted value (1e-6 of it), plus 8 times what rounding the values on
 * the way once more would change, as `moved` shows, so that ill-conditioned cases (a mean of a thousand deviations) ask
 * of a kernel what float32 can give.
 */
export function kernelTolerance(
  op: string | null,
  want: ArrayLike<number>,
  moved: readonly ArrayLike<number>[],
): Tolerance {
  if (op !== null && EXACT.has(op)) return { atol: 0, rtol: 0 };
  let largest = op !== null && CANCELLING.has(op) ? 1 : 0, shift = 0;
  for (let i = 0; i < want.length; i++) {
    largest = Math.max(largest, Math.abs(want[i]));
    for (const other of moved) shift = Math.max(shift, Math.abs(other[i] - want[i]));
  }
  return { atol: (op === null ? UNITS_OF_GRAPHS : UNITS) * (2 ** -23 * largest + shift), rtol: 0 };
}
