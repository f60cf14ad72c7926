// Multi-head attention for heads of any width and with any mask. The engine's head products read heads in place when a
// head is a whole number of vec4s; other widths, which only odd models have, go through permuted copies.

import { constant, type Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";

export interface AttendOptions {
  /** Position t sees positions up to t. */
  readonly causal?: boolean;
  /** Added to the scores [B,H,T,S], with broadcasting: -1e30 hides a position. */
  readonly bias?: Tensor;
}

/**
 * softmax(q k^T / sqrt(D / heads) + bias) v per head: q [B,T,D], k and v [B,S,D] give [B,T,D].
 * Throws RangeError when D does not split into the heads.
 */
export function attend(
  parts: { q: Tensor; k: Tensor; v: Tensor },
  heads: number,
  options: AttendOptions = {},
): Tensor {
  const { causal = false, bias } = options;
  const [n, t, d] = parts.q.shape, width = d / heads;
  if (!Number.isInteger(width)) throw new RangeError(`${d} channels do not split into ${heads} heads`);
  const inPlace = heads === 1 || width % 4 === 0;
  if (inPlace && bias === undefined) return ops.multiHeadAttention(parts, heads, { causal });
  const apart = (x: Tensor) => ops.permute(ops.reshape(x, [n, x.shape[1], heads, width]), [0, 2, 1, 3]);
  const products = inPlace
    ? ops.headsQK(parts.q, parts.k, { heads })
    : ops.matmul(apart(parts.q), apart(parts.k), { tb: true });
  const scores = ops.mulScalar(products, width ** -0.5);
  const weights = ops.softmax(bias === undefined ? scores : ops.add(scores, bias), { causal });
  if (inPlace) return ops.headsPV(weights, parts.v);
  return ops.reshape(ops.permute(ops.matmul(weights, apart(parts.v)), [0, 2, 1, 3]), [n, t, d]);
}

/** The bias [B,1,1,S] that lets example b see positions up to `last` [B] (i32) only. */
export function upTo(last: Tensor, length: number): Tensor {
  const places = Array.from({ length }, (_, i) => i);
  const all = constant(last.graph, places, [1, 1, 1, length], "i32");
  return ops.mulScalar(ops.greater(all, ops.reshape(last, [last.shape[0], 1, 1, 1])), -1e30);
}
