// Multi-head attention for heads of any width. The engine's head products read heads in place when a head is a whole
// number of vec4s; other widths, which only odd models have, go through permuted copies.

import type { Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";

/**
 * softmax(q k^T / sqrt(D / heads)) v per head: q [B,T,D], k and v [B,S,D] give [B,T,D]; with `causal`, position t
 * sees positions up to t. Throws RangeError when D does not split into the heads.
 */
export function attend(
  parts: { q: Tensor; k: Tensor; v: Tensor },
  heads: number,
  options: { causal?: boolean } = {},
): Tensor {
  const [n, t, d] = parts.q.shape, width = d / heads;
  if (!Number.isInteger(width)) throw new RangeError(`${d} channels do not split into ${heads} heads`);
  if (heads === 1 || width % 4 === 0) return ops.multiHeadAttention(parts, heads, options);
  const apart = (x: Tensor) => ops.permute(ops.reshape(x, [n, x.shape[1], heads, width]), [0, 2, 1, 3]);
  const q = ops.mulScalar(apart(parts.q), width ** -0.5);
  const weights = ops.softmax(ops.matmul(q, apart(parts.k), { tb: true }), options);
  return ops.reshape(ops.permute(ops.matmul(weights, apart(parts.v)), [0, 2, 1, 3]), [n, t, d]);
}
