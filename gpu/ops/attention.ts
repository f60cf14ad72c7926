// Multi-head attention over projected queries, keys and values (Vaswani et al. 2017, section 3.2), composed of the
// head products and softmax. It is no op of its own: the projections around it are linear layers of the caller.

import { lastOf } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import { mulScalar } from "./elementwise.ts";
import { headsPV, headsQK } from "./matmul.ts";
import { softmax } from "./softmax.ts";

/**
 * softmax(q k^T / sqrt(D / heads)) v per head: q [B,T,D], k and v [B,S,D] give [B,T,D]. With `causal`, position t
 * sees positions up to t only, and T must equal S. Throws RangeError when D does not split into `heads` parts of a
 * multiple of 4 (any size with one head).
 */
export function multiHeadAttention(
  { q, k, v }: { q: Tensor; k: Tensor; v: Tensor },
  heads: number,
  options: { causal?: boolean } = {},
): Tensor {
  const scores = mulScalar(headsQK(q, k, { heads }), 1 / Math.sqrt(lastOf(q.shape) / heads));
  return headsPV(softmax(scores, { causal: options.causal ?? false }), v);
}
