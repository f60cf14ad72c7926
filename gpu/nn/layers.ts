// The layers that models are made of. A layer is a function of (scope, input, sizes): it asks the scope for its
// weights under PyTorch's names and returns the output. Whatever a training forward changes goes to scope.updates.

import { rowsOf } from "../base/mod.ts";
import type { Init, Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { biasUniform, fanIn, kaimingUniform, ones, zeros } from "./init.ts";
import type { ParamScope } from "./params.ts";

export interface WeightInits {
  readonly weight?: Init;
  readonly bias?: Init;
}

/** y = x w^T + b: x [..,in] gives [..,out]. Parameters weight [out,in] and, unless `bias` is false, bias [out]. */
export function linear(
  s: ParamScope,
  x: Tensor,
  out: number,
  options: { bias?: boolean; init?: WeightInits } = {},
): Tensor {
  const { bias = true, init = {} } = options;
  const inputs = x.shape[x.shape.length - 1];
  const w = s.param("weight", [out, inputs], init.weight ?? kaimingUniform);
  return ops.linear(x, w, bias ? s.param("bias", [out], init.bias ?? biasUniform(inputs)) : undefined);
}

export interface ConvShape {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly bias?: boolean;
}

/** Convolution of x [N,H,W,C] to `out` channels. Parameters weight (OIHW on disk) and, if asked for, bias. */
export function conv(s: ParamScope, x: Tensor, out: number, shape: ConvShape): Tensor {
  const { kernel, stride = 1, padding = 0, bias = false } = shape;
  const size = [kernel, kernel, x.shape[3], out];
  const w = s.param("weight", size, kaimingUniform, { layout: "oihw" });
  const y = ops.conv2d(x, w, { stride, padding });
  return bias ? ops.add(y, s.param("bias", [out], biasUniform(fanIn(size)))) : y;
}

/**
 * Batch normalisation over all but the last dimension. In training it uses the batch's mean and biased variance, and
 * asks for the running ones to be moved towards the mean and the unbiased variance.
 */
export function batchNorm(
  s: ParamScope,
  x: Tensor,
  options: { eps?: number; momentum?: number; gamma?: Init } = {},
): Tensor {
  const { eps = 1e-5, momentum = 0.1 } = options;
  const channels = [x.shape[x.shape.length - 1]];
  const gamma = s.param("weight", channels, options.gamma ?? ones);
  const beta = s.param("bias", channels, zeros);
  const mean = s.buffer("running_mean", channels, zeros);
  const variance = s.buffer("running_var", channels, ones);
  if (!s.train) {
    return ops.batchNorm(x, ops.bnFold(mean, variance, gamma, beta, { eps }), gamma, beta, { train: false });
  }
  const stats = ops.bnStats(x, gamma, beta, { eps });
  const n = rowsOf(x.shape);
  const { running, counters } = s.updates;
  running.push({ buffer: s.path("running_mean"), value: ops.row(stats, 0), correction: 1, momentum });
  running.push({
    buffer: s.path("running_var"),
    value: ops.row(stats, 1),
    correction: n / Math.max(1, n - 1),
    momentum,
  });
  const counter = s.path("num_batches_tracked");
  counters.set(counter, (counters.get(counter) ?? 0) + 1);
  return ops.batchNorm(x, stats, gamma, beta, { train: true });
}

/** Layer normalisation over the last dimension. */
export function layerNorm(s: ParamScope, x: Tensor, eps = 1e-5): Tensor {
  const width = [x.shape[x.shape.length - 1]];
  return ops.layerNorm(x, s.param("weight", width, ones), s.param("bias", width, zeros), { eps });
}

/** The bend of an MLP: exact GELU, its tanh form, OpenAI's x sigmoid(1.702 x), or ReLU. */
export type Activation = "gelu" | "gelu_tanh" | "quick_gelu" | "relu";

export function activate(x: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case "gelu":
      return ops.gelu(x);
    case "gelu_tanh":
      return ops.geluTanh(x);
    case "quick_gelu":
      return ops.quickGelu(x);
    case "relu":
      return ops.relu(x);
  }
}
