// How a computed value is held against a wanted one. The outcome is a factor: by how much the fixture's tolerance must
// be widened for every element to pass. 0 is exact, above the runner's factor is a failure, infinite is wrong.

import type { Tolerance } from "./fixture.ts";

export interface Check {
  /** What was compared, e.g. `out/y`. */
  readonly what: string;
  readonly factor: number;
}

/** A least tolerance of eight units in the last place of the largest value, for what the sidecar says nothing about. */
function floorTolerance(want: ArrayLike<number>): Tolerance {
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    if (Number.isFinite(want[i])) largest = Math.max(largest, Math.abs(want[i]));
  }
  const unit = 2 ** -23;
  return { atol: 8 * unit * largest, rtol: 8 * unit };
}

/** Largest |got - want| / (atol + rtol |want|); NaN matches NaN only. `null` in `want` stands for NaN. */
export function closeness(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number | null>,
  tolerance?: Tolerance,
): Check {
  if (got.length !== want.length) {
    return { what: `${what} (${got.length} values for ${want.length})`, factor: Infinity };
  }
  const wanted = Float64Array.from(want as ArrayLike<number>, (v) => v === null ? NaN : v);
  const { atol, rtol, zero } = tolerance ?? floorTolerance(wanted);
  let factor = 0;
  for (let i = 0; i < wanted.length; i++) {
    const g = got[i], w = wanted[i];
    if (Object.is(g, w) || g === w) continue;
    const room = zero ? atol : atol + rtol * Math.abs(w);
    const needed = Math.abs(g - w) / room;
    factor = Math.max(factor, Number.isNaN(needed) ? Infinity : needed);
  }
  return { what, factor };
}

/** Whole numbers, which must agree. */
export function exactness(what: string, got: ArrayLike<number>, want: ArrayLike<number>): Check {
  let same = got.length === want.length;
  for (let i = 0; same && i < want.length; i++) same = got[i] === want[i];
  return { what, factor: same ? 0 : Infinity };
}

/** Values of which only finiteness is asked. */
export function finiteness(what: string, got: ArrayLike<number>): Check {
  return { what, factor: Array.from(got).every(Number.isFinite) ? 0 : Infinity };
}
