// CLIP's ResNet: three convolutions and a pool instead of a stem of one, average pooling before every strided step
// (so nothing is sub-sampled without blurring), attention pooling at the end. Any width, depth and input size.

import type { Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { attentionPool } from "./attention_pool.ts";
import { ones, zeros } from "./init.ts";
import { batchNorm, conv, type ConvShape } from "./layers.ts";
import { type ParamScope, within } from "./params.ts";

export interface ModifiedResNetOptions {
  /** Bottlenecks per stage, e.g. [3, 4, 6, 3] for RN50. */
  readonly layers: readonly number[];
  /** Channels of the stem; 64 for RN50. The last stage ends with width * 32 of them. */
  readonly width: number;
  readonly heads: number;
  readonly outputDim: number;
  /** First stride of each stage; default 1 then 2. [1, 1, 2, 2] suits 32-pixel images. */
  readonly strides?: readonly number[];
  /** The 2x2 average pool that ends the stem; default true. */
  readonly stemPool?: boolean;
}

/** Pools k x k with stride k; k = 1 is nothing. */
function pool(x: Tensor, k: number): Tensor {
  return k === 1 ? x : ops.avgPool(x, { kernel: k, stride: k });
}

/** conv{i}, bn{i} and ReLU, as the stem and the bottlenecks name them. */
function convBnRelu(s: ParamScope, x: Tensor, i: number, out: number, shape: ConvShape): Tensor {
  const y = within(s, `conv${i}`, (c) => conv(c, x, out, shape));
  return ops.relu(within(s, `bn${i}`, (b) => batchNorm(b, y)));
}

/**
 * 1x1 to `planes`, 3x3, average pool by the stride, 1x1 to 4 planes, added to the input (pooled and projected where
 * its shape differs), ReLU. The last batch norm starts with gamma 0 where `zeroInit` (default).
 */
export function bottleneck(
  s: ParamScope,
  x: Tensor,
  planes: number,
  stride: number,
  options: { zeroInit?: boolean } = {},
): Tensor {
  const out = planes * 4;
  const inner = convBnRelu(s, convBnRelu(s, x, 1, planes, { kernel: 1 }), 2, planes, {
    kernel: 3,
    padding: 1,
  });
  const wide = within(s, "conv3", (c) => conv(c, pool(inner, stride), out, { kernel: 1 }));
  const gamma = options.zeroInit ?? true ? zeros : ones;
  const branch = within(s, "bn3", (b) => batchNorm(b, wide, { gamma }));
  if (stride === 1 && x.shape[3] === out) return ops.relu(ops.add(branch, x));
  const shortcut = within(s, "downsample", (d) => {
    const projected = within(d, 0, (c) => conv(c, pool(x, stride), out, { kernel: 1 }));
    return within(d, 1, (b) => batchNorm(b, projected));
  });
  return ops.relu(ops.add(branch, shortcut));
}

/** The feature map before pooling: x [N,H,W,3] to [N,h,w,32 width]. */
export function modifiedResNetMap(s: ParamScope, x: Tensor, options: ModifiedResNetOptions): Tensor {
  const { layers, width, stemPool = true } = options;
  const strides = options.strides ?? layers.map((_, stage) => stage === 0 ? 1 : 2);
  let y = convBnRelu(s, x, 1, width / 2, { kernel: 3, stride: 2, padding: 1 });
  y = convBnRelu(s, y, 2, width / 2, { kernel: 3, padding: 1 });
  y = pool(convBnRelu(s, y, 3, width, { kernel: 3, padding: 1 }), stemPool ? 2 : 1);
  layers.forEach((blocks, stage) => {
    y = within(s, `layer${stage + 1}`, (layer) => {
      for (let i = 0; i < blocks; i++) {
        const before = y, stride = i === 0 ? strides[stage] : 1;
        y = within(layer, i, (b) => bottleneck(b, before, width * 2 ** stage, stride));
      }
      return y;
    });
  });
  return y;
}

/**
 * Images [N,H,W,3] to embeddings [N,outputDim] (spec section 4.1; Radford et al. 2021).
 * Throws RangeError when the width is odd or the strides do not fit the stages.
 */
export function modifiedResNet(s: ParamScope, x: Tensor, options: ModifiedResNetOptions): Tensor {
  const { layers, width, heads, outputDim, strides } = options;
  if (!Number.isInteger(width) || width < 2 || width % 2 !== 0) {
    throw new RangeError(`Width ${width} of the ResNet is not an even whole number`);
  }
  if (strides !== undefined && strides.length !== layers.length) {
    throw new RangeError(`${strides.length} strides given for ${layers.length} stages of the ResNet`);
  }
  const map = modifiedResNetMap(s, x, options);
  return within(s, "attnpool", (p) => attentionPool(p, map, { heads, outputDim }));
}
