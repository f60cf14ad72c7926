// Pre-norm transformer blocks under open_clip's names (ln_1, attn.in_proj_weight, attn.out_proj, ln_2, mlp.c_fc,
// mlp.c_proj), shared by the image and the text tower. Where one row of each example is all that is read of the last
// block, only that row passes it: its keys and values are needed everywhere, nothing else is.

import type { Init, Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { attend, upTo } from "./attention.ts";
import { xavierUniform, zeros } from "./init.ts";
import { activate, type Activation, layerNorm, linear } from "./layers.ts";
import { type ParamScope, within } from "./params.ts";

/** Initial weights where they differ from PyTorch's own. */
export interface BlockInits {
  readonly attention?: Init;
  readonly attentionOut?: Init;
  readonly mlpIn?: Init;
  readonly mlpOut?: Init;
}

export interface BlockOptions {
  readonly heads: number;
  readonly causal?: boolean;
  readonly activation?: Activation;
  /** Width of the hidden layer over the model's width; default 4. */
  readonly mlpRatio?: number;
  readonly init?: BlockInits;
  /** Row of each example [B] (i32) that alone is wanted; the result is then [B,1,D]. */
  readonly only?: Tensor;
}

/** x [B,T,D], or its row `only` as [B,1,D]. */
function chosen(x: Tensor, only: Tensor | undefined): Tensor {
  return only === undefined ? x : ops.reshape(ops.indexRows(x, only), [x.shape[0], 1, x.shape[2]]);
}

/** Self-attention of x [B,T,D] with the packed projection of torch's MultiheadAttention (rows q, k, v). */
export function selfAttention(s: ParamScope, x: Tensor, options: BlockOptions): Tensor {
  const { heads, causal = false, only, init = {} } = options;
  const [, length, width] = x.shape;
  const w = s.param("in_proj_weight", [3 * width, width], init.attention ?? xavierUniform);
  const b = s.param("in_proj_bias", [3 * width], zeros);
  const project = (t: Tensor, i: number) => {
    const part = { starts: [i * width], ends: [(i + 1) * width] };
    return ops.linear(t, ops.slice(w, part), ops.slice(b, part));
  };
  const q = project(chosen(x, only), 0), k = project(x, 1), v = project(x, 2);
  const mixed = attend({ q, k, v }, heads, {
    causal: causal && only === undefined,
    bias: causal && only !== undefined ? upTo(only, length) : undefined,
  });
  const out = { weight: init.attentionOut, bias: zeros };
  return within(s, "out_proj", (o) => linear(o, mixed, width, { init: out }));
}

/** x + attention(ln_1 x), then + mlp(ln_2 x); x [B,T,D] gives [B,T,D], or [B,1,D] with `only`. */
export function residualBlock(s: ParamScope, x: Tensor, options: BlockOptions): Tensor {
  const { activation = "gelu", mlpRatio = 4, init = {}, only } = options;
  const width = x.shape[2], hidden = Math.floor(width * mlpRatio);
  const normed = within(s, "ln_1", (l) => layerNorm(l, x));
  const attended = ops.add(chosen(x, only), within(s, "attn", (a) => selfAttention(a, normed, options)));
  const entering = within(s, "ln_2", (l) => layerNorm(l, attended));
  const changed = within(s, "mlp", (m) => {
    const wide = within(m, "c_fc", (l) => linear(l, entering, hidden, { init: { weight: init.mlpIn } }));
    return within(
      m,
      "c_proj",
      (l) => linear(l, activate(wide, activation), width, { init: { weight: init.mlpOut } }),
    );
  });
  return ops.add(attended, changed);
}

/** `layers` blocks one after the other, named resblocks.0, resblocks.1, ...; `only` concerns the last. */
export function transformer(s: ParamScope, x: Tensor, layers: number, options: BlockOptions): Tensor {
  const { only, ...inner } = options;
  if (layers === 0) return chosen(x, only);
  return within(s, "transformer", (t) =>
    within(t, "resblocks", (blocks) => {
      let y = x;
      for (let i = 0; i < layers; i++) {
        const before = y, last = i === layers - 1;
        y = within(blocks, i, (b) => residualBlock(b, before, last ? options : inner));
      }
      return y;
    }));
}
