// The vision transformer of open_clip: patches, a class token, learned positions, pre-norm blocks, projection.

import { constant, type Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { normal } from "./init.ts";
import { type Activation, conv, layerNorm } from "./layers.ts";
import { type ParamScope, within } from "./params.ts";
import { transformer } from "./transformer.ts";

export interface VitOptions {
  readonly patchSize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly outputDim: number;
  readonly activation?: Activation;
  readonly mlpRatio?: number;
}

/**
 * Images [N,H,W,3] to embeddings [N,outputDim]: the class token after the last block, normalised and projected
 * (Dosovitskiy et al. 2021, with CLIP's ln_pre). H and W lose what does not fill a patch.
 */
export function vit(s: ParamScope, x: Tensor, options: VitOptions): Tensor {
  const { patchSize, width, layers, heads, outputDim, activation, mlpRatio } = options;
  const scale = width ** -0.5;
  const grid = within(s, "conv1", (c) => conv(c, x, width, { kernel: patchSize, stride: patchSize }));
  const [n, h, w] = grid.shape;
  const classToken = s.param("class_embedding", [width], normal(scale));
  const embedding = s.param("positional_embedding", [h * w + 1, width], normal(scale));
  const rows = (from: number, to: number) => ops.slice(embedding, { starts: [from], ends: [to] });

  const first = ops.broadcastTo(ops.add(rows(0, 1), classToken), [n, 1, width]);
  const patches = ops.add(ops.reshape(grid, [n, h * w, width]), rows(1, h * w + 1));
  const entering = within(s, "ln_pre", (l) => layerNorm(l, ops.concat([first, patches], 1)));
  const only = constant(x.graph, new Array(n).fill(0), [n], "i32");
  const y = transformer(s, entering, layers, { heads, activation, mlpRatio, only });
  const token = ops.reshape(y, [n, width]);
  const normed = within(s, "ln_post", (l) => layerNorm(l, token));
  return ops.matmul(normed, s.param("proj", [width, outputDim], normal(scale)));
}
