// Softmax and its logarithm over the last dimension, shifted by the row's maximum so that large logits are safe.
// Another axis is moved to the end and back.

import { lowerLogSoftmax, lowerLogSoftmaxGrad, lowerSoftmax, lowerSoftmaxGrad } from "./lowering_rows.ts";
import { axisOf, lastOf, type Shape, showShape, sizeOf } from "../base/mod.ts";
import { defineOp, emit, type RefArray, type Tensor } from "../graph/mod.ts";
import { expectFloats, expectRank, expectShape } from "./expect.ts";
import { logSumExp, overLast } from "./last_axis.ts";

/**
 * exp(x) / sum exp(x) along `axis` (default the last). With `causal`, x is [..,T,T] and entry s of row t is masked
 * (zero in the result) for s > t; throws TypeError when those two sizes differ, RangeError with another axis.
 */
export function softmax(x: Tensor, options: { axis?: number; causal?: boolean } = {}): Tensor {
  const { axis = -1, causal = false } = options;
  if (causal && axisOf(axis, x.shape.length) !== x.shape.length - 1) {
    throw new RangeError(`Causal softmax works along the last axis, not along ${axis}`);
  }
  return overLast(x, axis, (t) => emit(t.graph, "softmax", [t], { causal }));
}

/** Gradient of `softmax` over the last dimension, from its result y: y (dy - sum dy y). */
export function softmaxGrad(dy: Tensor, y: Tensor): Tensor {
  return emit(y.graph, "softmaxGrad", [dy, y]);
}

/** x - log sum exp(x) along `axis` (default the last). */
export function logSoftmax(x: Tensor, options: { axis?: number } = {}): Tensor {
  return overLast(x, options.axis ?? -1, (t) => emit(t.graph, "logSoftmax", [t]));
}

/** Gradient of `logSoftmax` over the last dimension, from its result y: dy - exp(y) sum dy. */
export function logSoftmaxGrad(dy: Tensor, y: Tensor): Tensor {
  return emit(y.graph, "logSoftmaxGrad", [dy, y]);
}

function softmaxReference([x]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += c) {
    const seen = node.attrs.causal ? (start / c) % c + 1 : c;
    const norm = logSumExp(x.data, start, seen);
    for (let i = start; i < start + seen; i++) data[i] = Math.exp(x.data[i] - norm);
  }
  return { data, shape: node.shape };
}

function logSoftmaxReference([x]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += c) {
    const norm = logSumExp(x.data, start, c);
    for (let i = start; i < start + c; i++) data[i] = x.data[i] - norm;
  }
  return { data, shape: node.shape };
}

/** Both gradients: of each row's dy and y, given the row's sum of `term`. */
function rowGradient(
  [dy, y]: readonly RefArray[],
  term: (dy: number, y: number) => number,
  gradient: (dy: number, y: number, total: number) => number,
): RefArray {
  const c = lastOf(y.shape), data = new Float64Array(y.data.length);
  for (let start = 0; start < data.length; start += c) {
    let total = 0;
    for (let i = start; i < start + c; i++) total += term(dy.data[i], y.data[i]);
    for (let i = start; i < start + c; i++) data[i] = gradient(dy.data[i], y.data[i], total);
  }
  return { data, shape: y.shape };
}

const rows: readonly Shape[] = [[5, 1], [2, 5, 3], [3, 4], [3, 17], [2, 3, 33], [17], [1, 257]];
const large = { shape: [3, 17], low: -2000, high: 2000 };

const plainCases = rows.map((shape) => ({ name: showShape(shape), inputs: [{ shape }] }));

defineOp({
  name: "softmax",
  exact: "inputs",
  lower: lowerSoftmax,
  infer: (inputs, attrs) => {
    const [x] = inputs;
    expectFloats(inputs);
    expectRank("input", x, attrs.causal ? 2 : 1);
    if (attrs.causal && lastOf(x.shape) !== x.shape[x.shape.length - 2]) {
      throw new TypeError(`Causal softmax wants square scores, not ${showShape(x.shape)}`);
    }
    return { shape: x.shape, dtype: "f32" };
  },
  vjp: (node, dy) => [softmaxGrad(dy, node)],
  ref: softmaxReference,
  flops: (node) => 4 * sizeOf(node.shape),
  cases: [
    ...plainCases.map((plain) => ({ ...plain, attrs: { causal: false } })),
    { name: "large logits", inputs: [{ ...large, gradient: false }], attrs: { causal: false } },
    { name: "causal, one token", inputs: [{ shape: [2, 1, 1] }], attrs: { causal: true } },
    { name: "causal, 5 tokens", inputs: [{ shape: [5, 5] }], attrs: { causal: true } },
    { name: "causal, heads, 8 tokens", inputs: [{ shape: [1, 2, 8, 8] }], attrs: { causal: true } },
    { name: "causal, 17 tokens", inputs: [{ shape: [2, 17, 17] }], attrs: { causal: true } },
    {
      name: "causal, large logits",
      inputs: [{ shape: [5, 5], low: -2000, high: 2000, gradient: false }],
      attrs: { causal: true },
    },
  ],
});

defineOp({
  name: "logSoftmax",
  exact: "both",
  lower: lowerLogSoftmax,
  infer: (inputs) => {
    expectFloats(inputs);
    expectRank("input", inputs[0], 1);
    return { shape: inputs[0].shape, dtype: "f32" };
  },
  vjp: (node, dy) => [logSoftmaxGrad(dy, node)],
  ref: logSoftmaxReference,
  flops: (node) => 4 * sizeOf(node.shape),
  cases: [...plainCases, { name: "large logits", inputs: [{ ...large, gradient: false }] }],
});

function inferGradient(inputs: readonly Tensor[]): { shape: Shape; dtype: "f32" } {
  const [dy, y] = inputs;
  expectFloats(inputs);
  expectRank("result", y, 1);
  expectShape("gradient", dy, y.shape);
  return { shape: y.shape, dtype: "f32" };
}

defineOp({
  name: "softmaxGrad",
  lower: lowerSoftmaxGrad,
  infer: inferGradient,
  ref: (inputs) => rowGradient(inputs, (dy, y) => dy * y, (dy, y, total) => y * (dy - total)),
  flops: (node) => 4 * sizeOf(node.shape),
  cases: rows.map((shape) => ({
    name: showShape(shape),
    inputs: [{ shape }, { shape, low: 0, high: 1 }],
  })),
});

defineOp({
  name: "logSoftmaxGrad",
  lower: lowerLogSoftmaxGrad,
  infer: inferGradient,
  ref: (inputs) => rowGradient(inputs, (dy) => dy, (dy, y, total) => dy - Math.exp(y) * total),
  flops: (node) => 4 * sizeOf(node.shape),
  cases: rows.map((shape) => ({
    name: showShape(shape),
    inputs: [{ shape }, { shape, low: -4, high: 0 }],
  })),
});
