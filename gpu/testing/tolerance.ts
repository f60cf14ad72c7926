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
