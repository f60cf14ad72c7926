// Pre-norm transformer blocks under open_clip's names (ln_1, attn.in_proj_weight, attn.out_proj, ln_2, mlp.c_fc,
// mlp.c_proj), shared by the image and the text tower.

import type { Init, Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { attend } from "./attention.ts";
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
}

/** Self-attention of x [B,T,D] with the packed projection of torch's MultiheadAttention (rows q, k, v). */
export function selfAttention(s: ParamScope, x: Tensor, options: BlockOptions): Tensor {
  const { heads, causal = false, init = {} } = options;
  const width = x.shape[2];
  const w = s.param("in_proj_weight", [3 * width, width], init.attention ?? xavierUniform);
  const b = s.param("in_proj_bias", [3 * width], zeros);
  const part = (t: Tensor, i: number) => ops.slice(t, { starts: [i * width], ends: [(i + 1) * width] });
  const [q, k, v] = [0, 1, 2].map((i) => ops.linear(x, part(w, i), part(b, i)));
  const mixed = attend({ q, k, v }, heads, { causal });
  return within(
    s,
    "out_proj",
    (o) => linear(o, mixed, width, { init: { weight: init.attentionOut, bias: zeros } }),
  );
}

/** x + attention(ln_1 x), then + mlp(ln_2 x); x [B,T,D]. */
export function residualBlock(s: ParamScope, x: Tensor, options: BlockOptions): Tensor {
  const { activation = "gelu", mlpRatio = 4, init = {} } = options;
  const width = x.shape[2];
  const normed = within(s, "ln_1", (l) => layerNorm(l, x));
  const attended = ops.add(x, within(s, "attn", (a) => selfAttention(a, normed, options)));
  const entering = within(s, "ln_2", (l) => layerNorm(l, attended));
  const changed = within(s, "mlp", (m) => {
    const hidden = within(
      m,
      "c_fc",
      (l) => linear(l, entering, Math.floor(width * mlpRatio), { init: { weight: init.mlpIn } }),
    );
    return within(
      m,
      "c_proj",
      (l) => linear(l, activate(hidden, activation), width, { init: { weight: init.mlpOut } }),
    );
  });
  return ops.add(attended, changed);
}

/** `layers` blocks one after the other, named resblocks.0, resblocks.1, ... */
export function transformer(s: ParamScope, x: Tensor, layers: number, options: BlockOptions): Tensor {
  return within(s, "transformer", (t) =>
    within(t, "resblocks", (blocks) => {
      let y = x;
      for (let i = 0; i < layers; i++) y = within(blocks, i, (b) => residualBlock(b, y, options));
      return y;
    }));
}
