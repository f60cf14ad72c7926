// What the ops that work along the last dimension share: moving another axis there, and their stable sum of
// exponentials in float64. Not part of the public list of ops.

import { axisOf } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import { permute } from "./shape.ts";

/** Applies `build`, an op over the last dimension that keeps the shape, along another axis. */
export function overLast(x: Tensor, axis: number, build: (t: Tensor) => Tensor): Tensor {
  const rank = x.shape.length, at = axisOf(axis, rank);
  if (at >= rank - 1) return build(x);
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[at], perm[rank - 1]] = [perm[rank - 1], perm[at]];
  return permute(build(permute(x, perm)), perm);
}

/** log sum exp of the first `count` values from `start`. */
export function logSumExp(data: Float64Array, start: number, count: number): number {
  let top = -Infinity, total = 0;
  for (let i = start; i < start + count; i++) top = Math.max(top, data[i]);
  for (let i = start; i < start + count; i++) total += Math.exp(data[i] - top);
  return top + Math.log(total);
}
