// Normalisation of each row by itself: layer normalisation, group normalisation composed of other ops, and division
// by the Euclidean length.

import {
  lowerL2Normalize,
  lowerL2NormalizeGrad,
  lowerLayerNorm,
  lowerLayerNormGrad,
  lowerLayerNormStats,
} from "./lowering_rows.ts";
import { lastOf, rowsOf, type Shape, sizeOf } from "../base/mod.ts";
import { lowerLayerNormSums } from "./lowering_norm.ts";
import { defineOp, emit, type RefArray, type Tensor } from "../graph/mod.ts";
import { add, addScalar, mul, rsqrt, square, sub } from "./elementwise.ts";
import { expectFloats, expectPositive, expectRank, expectShape } from "./expect.ts";
import { overLast } from "./last_axis.ts";
import { mean } from "./reduce.ts";
import { reshape, row } from "./shape.ts";

/** (x - mean) / sqrt(variance + eps) gamma + beta over the last dimension: x [..,C], gamma and beta [C]. */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, options: { eps?: number } = {}): Tensor {
  return emit(x.graph, "layerNorm", [x, gamma, beta], { eps: options.eps ?? 1e-5 });
}

/** Mean and 1 / sqrt(biased variance + eps) of every row of x [..,C], as [..,2]. It has no gradient. */
export function layerNormStats(x: Tensor, options: { eps: number }): Tensor {
  return emit(x.graph, "layerNormStats", [x], { eps: options.eps });
}

/** Gradient of `layerNorm` for x: dy and x [..,C], gamma [C], stats [..,2] of `layerNormStats`. */
export function layerNormGrad(dy: Tensor, x: Tensor, gamma: Tensor, stats: Tensor): Tensor {
  return emit(x.graph, "layerNormGrad", [dy, x, gamma, stats]);
}

/** Gradients of `layerNorm` for beta and gamma: [2,C] with rows sum dy, sum dy (x - mean) rstd. */
export function layerNormSums(dy: Tensor, x: Tensor, stats: Tensor): Tensor {
  return emit(x.graph, "layerNormSums", [dy, x, stats]);
}

/**
 * Normalisation over pixels and the channels of each of `groups` groups: x [N,..,C] with channels last, gamma and
 * beta [C]. Throws RangeError when C does not split into the groups. Wu and He 2018.
 */
export function groupNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  options: { groups: number; eps?: number },
): Tensor {
  const { groups, eps = 1e-5 } = options, c = lastOf(x.shape);
  if (!Number.isInteger(groups) || groups < 1 || c % groups !== 0) {
    throw new RangeError(`${c} channels do not split into ${groups} groups`);
  }
  const pixels = rowsOf(x.shape) / x.shape[0];
  const grouped = reshape(x, [x.shape[0], pixels, groups, c / groups]);
  const centred = sub(grouped, mean(grouped, { axes: [1, 3], keep: true }));
  const variance = mean(square(centred), { axes: [1, 3], keep: true });
  const normal = mul(centred, rsqrt(addScalar(variance, eps)));
  return add(mul(reshape(normal, x.shape), gamma), beta);
}

/** x / max(|x|, eps) along `axis` (default the last), |x| the Euclidean length. */
export function l2Normalize(x: Tensor, options: { eps?: number; axis?: number } = {}): Tensor {
  const { eps = 1e-12, axis = -1 } = options;
  return overLast(x, axis, (t) => emit(t.graph, "l2Normalize", [t], { eps }));
}

/** Gradient of `l2Normalize` over the last dimension; dy / eps in rows shorter than eps. */
export function l2NormalizeGrad(dy: Tensor, x: Tensor, options: { eps: number }): Tensor {
  return emit(x.graph, "l2NormalizeGrad", [dy, x], { eps: options.eps });
}

function rowStats(data: Float64Array, start: number, c: number, eps: number): [number, number] {
  let average = 0, variance = 0;
  for (let i = 0; i < c; i++) average += data[start + i] / c;
  for (let i = 0; i < c; i++) variance += (data[start + i] - average) ** 2 / c;
  return [average, 1 / Math.sqrt(variance + eps)];
}

function layerNormReference([x, gamma, beta]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += c) {
    const [average, rstd] = rowStats(x.data, start, c, node.attrs.eps as number);
    for (let i = 0; i < c; i++) {
      data[start + i] = (x.data[start + i] - average) * rstd * gamma.data[i] + beta.data[i];
    }
  }
  return { data, shape: node.shape };
}

function statsReference([x]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), data = new Float64Array(sizeOf(node.shape));
  for (let r = 0; r < data.length / 2; r++) {
    data.set(rowStats(x.data, r * c, c, node.attrs.eps as number), 2 * r);
  }
  return { data, shape: node.shape };
}

function gradReference([dy, x, gamma, stats]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), data = new Float64Array(x.data.length);
  for (let r = 0; r < data.length / c; r++) {
    const average = stats.data[2 * r], rstd = stats.data[2 * r + 1], start = r * c;
    let plain = 0, along = 0;
    for (let i = 0; i < c; i++) {
      const scaled = dy.data[start + i] * gamma.data[i];
      plain += scaled / c;
      along += scaled * (x.data[start + i] - average) * rstd / c;
    }
    for (let i = 0; i < c; i++) {
      const normal = (x.data[start + i] - average) * rstd;
      data[start + i] = rstd * (dy.data[start + i] * gamma.data[i] - plain - normal * along);
    }
  }
  return { data, shape: node.shape };
}

function sumsReference([dy, x, stats]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), data = new Float64Array(2 * c);
  for (let i = 0; i < x.data.length; i++) {
    const r = Math.floor(i / c), at = i % c;
    data[at] += dy.data[i];
    data[c + at] += dy.data[i] * (x.data[i] - stats.data[2 * r]) * stats.data[2 * r + 1];
  }
  return { data, shape: node.shape };
}

/** Shapes of x in the cases, and whether its values sit far from zero. */
const shapes: readonly [string, Shape, boolean][] = [
  ["one feature", [3, 1], false],
  ["3 features", [2, 5, 3], false],
  ["4 features", [5, 4], false],
  ["17 features", [3, 17], false],
  ["33 features, images", [1, 2, 3, 33], false],
  ["one long row", [1, 257], false],
  ["large offset", [3, 20], true],
];

const values = (shape: Shape, offset: boolean) => offset ? { shape, low: 999, high: 1001 } : { shape };

/** Means and inverse deviations of rows around 0 or 1000, written out so that cases need no op. */
function statsInput(shape: Shape, offset: boolean) {
  const table = Array.from({ length: rowsOf(shape) }, (_, i) => [
    (offset ? 1000 : 0) + 0.25 * (i % 5 - 2),
    0.75 + 0.25 * (i % 3),
  ]);
  return { shape: [...shape.slice(0, -1), 2], values: table.flat() };
}

defineOp({
  name: "layerNorm",
  lower: lowerLayerNorm,
  infer: (inputs, attrs) => {
    const [x, gamma, beta] = inputs;
    expectFloats(inputs);
    expectRank("input", x, 1);
    expectShape("scale", gamma, [lastOf(x.shape)]);
    expectShape("shift", beta, [lastOf(x.shape)]);
    expectPositive("eps", attrs.eps);
    return { shape: x.shape, dtype: "f32" };
  },
  vjp: (node, dy) => {
    const [x, gamma] = node.inputs, stats = layerNormStats(x, { eps: node.attrs.eps as number });
    const sums = layerNormSums(dy, x, stats);
    return [layerNormGrad(dy, x, gamma, stats), row(sums, 1), row(sums, 0)];
  },
  ref: layerNormReference,
  flops: ({ inputs: [x] }) => 7 * sizeOf(x.shape),
  cases: [
    ...shapes.map(([name, shape, offset]) => ({
      name,
      inputs: [values(shape, offset), { shape: [lastOf(shape)] }, { shape: [lastOf(shape)] }],
      attrs: { eps: 1e-5 },
    })),
    {
      name: "other eps",
      inputs: [{ shape: [3, 5] }, { shape: [5] }, { shape: [5] }],
      attrs: { eps: 0.5 },
    },
  ],
});

defineOp({
  name: "layerNormStats",
  exact: "result",
  lower: lowerLayerNormStats,
  infer: (inputs, attrs) => {
    expectFloats(inputs);
    expectRank("input", inputs[0], 1);
    expectPositive("eps", attrs.eps);
    return { shape: [...inputs[0].shape.slice(0, -1), 2], dtype: "f32" };
  },
  ref: statsReference,
  flops: ({ inputs: [x] }) => 4 * sizeOf(x.shape),
  cases: shapes.map(([name, shape, offset]) => ({
    name,
    inputs: [values(shape, offset)],
    attrs: { eps: 1e-5 },
  })),
});

function expectRows(dy: Tensor, x: Tensor, stats: Tensor): void {
  expectRank("input", x, 1);
  expectShape("gradient", dy, x.shape);
  expectShape("statistics", stats, [...x.shape.slice(0, -1), 2]);
}

defineOp({
  name: "layerNormGrad",
  lower: lowerLayerNormGrad,
  infer: (inputs) => {
    const [dy, x, gamma, stats] = inputs;
    expectFloats(inputs);
    expectRows(dy, x, stats);
    expectShape("scale", gamma, [lastOf(x.shape)]);
    return { shape: x.shape, dtype: "f32" };
  },
  ref: gradReference,
  flops: ({ inputs: [, x] }) => 12 * sizeOf(x.shape),
  cases: shapes.map(([name, shape, offset]) => ({
    name,
    inputs: [{ shape }, values(shape, offset), { shape: [lastOf(shape)] }, statsInput(shape, offset)],
  })),
});

defineOp({
  name: "layerNormSums",
  exact: "result",
  infer: (inputs) => {
    const [dy, x, stats] = inputs;
    expectFloats(inputs);
    expectRows(dy, x, stats);
    return { shape: [2, lastOf(x.shape)], dtype: "f32" };
  },
  ref: sumsReference,
  lower: lowerLayerNormSums,
  cases: shapes.map(([name, shape, offset]) => ({
    name,
    inputs: [{ shape }, values(shape, offset), statsInput(shape, offset)],
  })),
});

function expectEps(inputs: readonly Tensor[], eps: unknown): void {
  expectFloats(inputs);
  expectRank("input", inputs[0], 1);
  expectPositive("eps", eps);
}

defineOp({
  name: "l2Normalize",
  lower: lowerL2Normalize,
  infer: (inputs, attrs) => {
    expectEps(inputs, attrs.eps);
    return { shape: inputs[0].shape, dtype: "f32" };
  },
  vjp: (node, dy) => [l2NormalizeGrad(dy, node.inputs[0], { eps: node.attrs.eps as number })],
  ref: ([x], node) => {
    const c = lastOf(x.shape), data = new Float64Array(x.data.length);
    for (let start = 0; start < data.length; start += c) {
      const part = x.data.subarray(start, start + c);
      const length = Math.max(Math.sqrt(part.reduce((t, v) => t + v * v, 0)), node.attrs.eps as number);
      part.forEach((value, i) => data[start + i] = value / length);
    }
    return { data, shape: node.shape };
  },
  flops: ({ inputs: [x] }) => 3 * sizeOf(x.shape),
  cases: [
    ...[[3, 1], [2, 5, 3], [5, 4], [3, 17], [1, 2, 3, 33]].map((shape) => ({
      name: `${lastOf(shape)} features`,
      inputs: [{ shape }],
      attrs: { eps: 1e-12 },
    })),
    {
      name: "a zero row",
      inputs: [{ shape: [3, 3], values: [1, -2, 2, 0, 0, 0, 3, 0, -4], gradient: false }],
      attrs: { eps: 1e-12 },
    },
    {
      name: "rows on both sides of eps",
      inputs: [{ shape: [3, 3], values: [1, -2, 2, 0, 0, 0, 0.25, 0.5, -0.25] }],
      attrs: { eps: 1 },
    },
  ],
});

defineOp({
  name: "l2NormalizeGrad",
  lower: lowerL2NormalizeGrad,
  infer: (inputs, attrs) => {
    expectEps(inputs, attrs.eps);
    expectShape("gradient", inputs[0], inputs[1].shape);
    return { shape: inputs[1].shape, dtype: "f32" };
  },
  ref: ([dy, x], node) => {
    const c = lastOf(x.shape), eps = node.attrs.eps as number, data = new Float64Array(x.data.length);
    for (let start = 0; start < data.length; start += c) {
      let squares = 0, along = 0;
      for (let i = start; i < start + c; i++) {
        squares += x.data[i] * x.data[i];
        along += x.data[i] * dy.data[i];
      }
      const length = Math.sqrt(squares), part = length > eps ? along / squares : 0;
      for (let i = start; i < start + c; i++) {
        data[i] = (dy.data[i] - x.data[i] * part) / Math.max(length, eps);
      }
    }
    return { data, shape: node.shape };
  },
  flops: ({ inputs: [x] }) => 7 * sizeOf(x.shape),
  cases: [
    ...[[3, 1], [2, 5, 3], [5, 4], [3, 17], [1, 2, 3, 33]].map((shape) => ({
      name: `${lastOf(shape)} features`,
      inputs: [{ shape }, { shape }],
      attrs: { eps: 1e-12 },
    })),
    {
      name: "rows on both sides of eps",
      inputs: [{ shape: [3, 3] }, { shape: [3, 3], values: [1, -2, 2, 0, 0, 0, 0.25, 0.5, -0.25] }],
      attrs: { eps: 1 },
    },
  ],
});
