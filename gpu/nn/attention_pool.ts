// Attention pooling of CLIP's ResNet: the mean of all positions asks, the positions answer. It turns the last feature
// map into the image embedding.

import type { Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { attend } from "./attention.ts";
import { normal } from "./init.ts";
import { linear } from "./layers.ts";
import { type ParamScope, within } from "./params.ts";

export interface AttentionPoolOptions {
  readonly heads: number;
  readonly outputDim: number;
}

/**
 * x [N,H,W,C] to [N,outputDim]. Tokens are the mean and the H W positions, row by row, plus a learned embedding; only
 * the mean token queries. Weights are N(0, 1/C), biases PyTorch's (spec section 4.1).
 */
export function attentionPool(s: ParamScope, x: Tensor, options: AttentionPoolOptions): Tensor {
  const [n, h, w, c] = x.shape;
  const { heads, outputDim } = options;
  const init = { weight: normal(c ** -0.5) };
  const embedding = s.param("positional_embedding", [h * w + 1, c], normal(c ** -0.5));
  const rows = (from: number, to: number) => ops.slice(embedding, { starts: [from], ends: [to] });

  const positions = ops.reshape(x, [n, h * w, c]);
  const query = ops.add(ops.mean(positions, { axes: [1], keep: true }), rows(0, 1));
  const tokens = ops.concat([query, ops.add(positions, rows(1, h * w + 1))], 1);

  const q = within(s, "q_proj", (p) => linear(p, query, c, { init }));
  const k = within(s, "k_proj", (p) => linear(p, tokens, c, { init }));
  const v = within(s, "v_proj", (p) => linear(p, tokens, c, { init }));
  const pooled = ops.reshape(attend({ q, k, v }, heads), [n, c]);
  return within(s, "c_proj", (p) => linear(p, pooled, outputDim, { init }));
}
