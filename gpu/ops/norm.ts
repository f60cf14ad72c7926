// Batch normalisation over the last dimension (channels of NHWC images, features of rows). Statistics are an op of
// their own, [5,C], because the running averages need them too; normalising is then one multiply-add per element.

import { lowerBnFold, lowerBnGradStats, lowerBnStats } from "./lowering_norm.ts";
import { lastOf, type Shape, showShape, sizeOf } from "../base/mod.ts";
import { defineOp, emit, type OpCase, type RefArray, type Tensor } from "../graph/mod.ts";
import { mul } from "./elementwise.ts";
import { expectFloats, expectPositive, expectRank, expectShape, expectWhole } from "./expect.ts";
import { row } from "./shape.ts";

/** Rows of the [5,C] statistics that `bnStats` and `bnFold` give. */
export const BN = { mean: 0, variance: 1, scale: 2, shift: 3, invStd: 4 } as const;

/**
 * Statistics of x [..,C] over all dimensions but the last, for training: [5,C] with rows mean, biased variance,
 * scale = gamma invstd, shift = beta - mean scale, and invstd = 1 / sqrt(variance + eps). It has no gradient:
 * `batchNorm` accounts for the dependence on x, gamma and beta itself.
 */
export function bnStats(x: Tensor, gamma: Tensor, beta: Tensor, options: { eps: number }): Tensor {
  return emit(x.graph, "bnStats", [x, gamma, beta], { eps: options.eps });
}

/** The same [5,C] from running statistics [C] instead of a batch, for evaluation. */
export function bnFold(
  mean: Tensor,
  variance: Tensor,
  gamma: Tensor,
  beta: Tensor,
  options: { eps: number },
): Tensor {
  return emit(mean.graph, "bnFold", [mean, variance, gamma, beta], { eps: options.eps });
}

/**
 * (x - mean) invstd gamma + beta with the statistics of `bnStats` (`train` true: they were taken from this x, and the
 * gradient goes through them) or of `bnFold` (false: they are constants). x [..,C], stats [5,C], gamma and beta [C].
 * Ioffe and Szegedy 2015, Algorithm 1.
 */
export function batchNorm(
  x: Tensor,
  stats: Tensor,
  gamma: Tensor,
  beta: Tensor,
  options: { train: boolean },
): Tensor {
  return emit(x.graph, "batchNorm", [x, stats, gamma, beta], { train: options.train });
}

/** Sums over rows for the gradients: [2,C] with rows sum dy, sum dy (x - mean) invstd. */
export function bnGradStats(dy: Tensor, x: Tensor, stats: Tensor): Tensor {
  return emit(x.graph, "bnGradStats", [dy, x, stats]);
}

/**
 * Gradient of training-mode `batchNorm` for x, given `sums` of `bnGradStats` over `count` rows:
 * scale (dy - sums[0] / count - (x - mean) invstd sums[1] / count).
 */
export function bnInputGrad(
  dy: Tensor,
  x: Tensor,
  stats: Tensor,
  sums: Tensor,
  options: { count: number },
): Tensor {
  return emit(x.graph, "bnInputGrad", [dy, x, stats, sums], { count: options.count });
}

function expectChannels(name: string, tensor: Tensor, x: Tensor): void {
  expectShape(name, tensor, [lastOf(x.shape)]);
}

/** [5,C] from means, variances, gamma and beta; `into` already holds the first two rows. */
function finishStats(into: Float64Array, gamma: Float64Array, beta: Float64Array, eps: number): void {
  const c = gamma.length;
  for (let i = 0; i < c; i++) {
    const invStd = 1 / Math.sqrt(into[BN.variance * c + i] + eps), scale = gamma[i] * invStd;
    into[BN.scale * c + i] = scale;
    into[BN.shift * c + i] = beta[i] - into[BN.mean * c + i] * scale;
    into[BN.invStd * c + i] = invStd;
  }
}

function statsReference([x, gamma, beta]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), count = x.data.length / c;
  const data = new Float64Array(5 * c);
  for (let i = 0; i < x.data.length; i++) data[i % c] += x.data[i] / count;
  for (let i = 0; i < x.data.length; i++) {
    const centred = x.data[i] - data[i % c];
    data[BN.variance * c + i % c] += centred * centred / count;
  }
  finishStats(data, gamma.data, beta.data, node.attrs.eps as number);
  return { data, shape: node.shape };
}

function foldReference([mean, variance, gamma, beta]: readonly RefArray[], node: Tensor): RefArray {
  const c = mean.data.length;
  const data = new Float64Array(5 * c);
  data.set(mean.data, BN.mean * c);
  data.set(variance.data, BN.variance * c);
  finishStats(data, gamma.data, beta.data, node.attrs.eps as number);
  return { data, shape: node.shape };
}

function gradStatsReference([dy, x, stats]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), data = new Float64Array(2 * c);
  for (let i = 0; i < x.data.length; i++) {
    const at = i % c;
    data[at] += dy.data[i];
    data[c + at] += dy.data[i] * (x.data[i] - stats.data[BN.mean * c + at]) * stats.data[BN.invStd * c + at];
  }
  return { data, shape: node.shape };
}

function inputGradReference([dy, x, stats, sums]: readonly RefArray[], node: Tensor): RefArray {
  const c = lastOf(x.shape), count = node.attrs.count as number;
  const data = x.data.map((value, i) => {
    const at = i % c;
    const normal = (value - stats.data[BN.mean * c + at]) * stats.data[BN.invStd * c + at];
    const centred = dy.data[i] - sums.data[at] / count - normal * sums.data[c + at] / count;
    return stats.data[BN.scale * c + at] * centred;
  });
  return { data, shape: node.shape };
}

/** Shapes of x in the cases, and whether its values sit far from zero. */
const images: readonly [string, Shape, boolean][] = [
  ["one channel", [2, 3, 3, 1], false],
  ["3 channels", [2, 5, 3, 3], false],
  ["4 channels", [3, 2, 2, 4], false],
  ["17 channels, rows only", [5, 17], false],
  ["one row per image", [3, 1, 1, 5], false],
  ["33 channels", [2, 3, 1, 33], false],
  ["many rows", [3, 17, 17, 5], false],
  ["large offset", [2, 5, 4, 5], true],
];

const values = (shape: Shape, offset: boolean) => offset ? { shape, low: 999, high: 1001 } : { shape };
const channels = (shape: Shape) => ({ shape: [lastOf(shape)] });

/** Statistics as `bnStats` might give them for values around 0 or 1000, written out so that cases need no op. */
function statsInput(c: number, offset: boolean): OpCase["inputs"][number] {
  const table = new Float64Array(5 * c);
  const rows = new Float64Array(c).fill(0);
  rows.forEach((_, i) => {
    table[BN.mean * c + i] = (offset ? 1000 : 0) + 0.25 * (i % 5 - 2);
    table[BN.variance * c + i] = 0.5 + 0.25 * (i % 3);
  });
  const gamma = rows.map((_, i) => 1.5 - 0.5 * (i % 4)), beta = rows.map((_, i) => 0.25 * (i % 7) - 0.5);
  finishStats(table, gamma, beta, 1e-5);
  return { shape: [5, c], values: [...table], gradient: false };
}

defineOp({
  name: "bnStats",
  exact: "result",
  lower: lowerBnStats,
  infer: (inputs, attrs) => {
    const [x, gamma, beta] = inputs;
    expectFloats(inputs);
    expectRank("input", x, 2);
    expectChannels("scale", gamma, x);
    expectChannels("shift", beta, x);
    expectPositive("eps", attrs.eps);
    return { shape: [5, lastOf(x.shape)], dtype: "f32" };
  },
  ref: statsReference,
  flops: ({ inputs: [x] }) => 4 * sizeOf(x.shape),
  cases: images.map(([name, shape, offset]) => ({
    name,
    inputs: [values(shape, offset), channels(shape), channels(shape)],
    attrs: { eps: 1e-5 },
  })),
});

defineOp({
  name: "bnFold",
  exact: "result",
  lower: lowerBnFold,
  infer: (inputs, attrs) => {
    const [mean, variance, gamma, beta] = inputs;
    expectFloats(inputs);
    expectRank("mean", mean, 1);
    expectChannels("mean", mean, mean);
    expectChannels("variance", variance, mean);
    expectChannels("scale", gamma, mean);
    expectChannels("shift", beta, mean);
    expectPositive("eps", attrs.eps);
    return { shape: [5, lastOf(mean.shape)], dtype: "f32" };
  },
  ref: foldReference,
  cases: [1, 3, 4, 17, 33].map((c) => ({
    name: `${c} channels`,
    inputs: [{ shape: [c] }, { shape: [c], low: 0.1, high: 3 }, { shape: [c] }, { shape: [c] }],
    attrs: { eps: 1e-5 },
  })),
});

defineOp({
  name: "batchNorm",
  infer: (inputs) => {
    const [x, stats, gamma, beta] = inputs;
    expectFloats(inputs);
    expectRank("input", x, 2);
    expectShape("statistics", stats, [5, lastOf(x.shape)]);
    expectChannels("scale", gamma, x);
    expectChannels("shift", beta, x);
    return { shape: x.shape, dtype: "f32" };
  },
  vjp: (node, dy) => {
    const [x, stats] = node.inputs, sums = bnGradStats(dy, x, stats);
    const dx = node.attrs.train
      ? bnInputGrad(dy, x, stats, sums, { count: sizeOf(x.shape) / lastOf(x.shape) })
      : mul(dy, row(stats, BN.scale));
    return [dx, null, row(sums, 1), row(sums, 0)];
  },
  ref: ([x, stats, , beta], node) => {
    const c = lastOf(x.shape);
    const data = x.data.map((value, i) =>
      (value - stats.data[BN.mean * c + i % c]) * stats.data[BN.scale * c + i % c] + beta.data[i % c]
    );
    return { data, shape: node.shape };
  },
  expand: ({ inputs: [x, stats, , beta] }) =>
    emit(x.graph, "bnApply", [x, row(stats, BN.mean), row(stats, BN.scale), beta]),
  // The gradient in training mode is that of the pair with bnStats, which no case of one op can show; the tests
  // check the pair. In evaluation mode gamma and beta act through the folded statistics, so only x is checked here.
  cases: images.flatMap(([name, shape, offset]) =>
    [true, false].map((train) => ({
      name: `${name}, ${train ? "training" : "evaluation"}`,
      inputs: [
        { ...values(shape, offset), gradient: !train },
        statsInput(lastOf(shape), offset),
        { ...channels(shape), gradient: false },
        { ...channels(shape), gradient: false },
      ],
      attrs: { train },
    }))
  ),
});

defineOp({
  name: "bnGradStats",
  exact: "result",
  lower: lowerBnGradStats,
  infer: (inputs) => {
    const [dy, x, stats] = inputs;
    expectFloats(inputs);
    expectRank("input", x, 2);
    expectShape("gradient", dy, x.shape);
    expectShape("statistics", stats, [5, lastOf(x.shape)]);
    return { shape: [2, lastOf(x.shape)], dtype: "f32" };
  },
  ref: gradStatsReference,
  flops: ({ inputs: [x] }) => 5 * sizeOf(x.shape),
  cases: images.map(([name, shape, offset]) => ({
    name,
    inputs: [{ shape }, values(shape, offset), statsInput(lastOf(shape), offset)],
  })),
});

defineOp({
  name: "bnInputGrad",
  expand: ({ inputs: [dy, x, stats, sums], attrs }) => {
    const rows = [BN.mean, BN.invStd, BN.scale].map((j) => row(stats, j));
    const inputs = [dy, x, ...rows, row(sums, 0), row(sums, 1)];
    return emit(x.graph, "bnInputGradRows", inputs, { share: 1 / (attrs.count as number) });
  },
  infer: (inputs, attrs) => {
    const [dy, x, stats, sums] = inputs, c = lastOf(x.shape);
    expectFloats(inputs);
    expectRank("input", x, 2);
    expectShape("gradient", dy, x.shape);
    expectShape("statistics", stats, [5, c]);
    expectShape("sums", sums, [2, c]);
    expectWhole("count", attrs.count, 1);
    return { shape: x.shape, dtype: "f32" };
  },
  ref: inputGradReference,
  flops: ({ inputs: [x] }) => 7 * sizeOf(x.shape),
  cases: images.map(([name, shape, offset]) => ({
    name,
    inputs: [
      { shape },
      values(shape, offset),
      statsInput(lastOf(shape), offset),
      { shape: [2, lastOf(shape)] },
    ],
    attrs: { count: sizeOf(shape) / lastOf(shape) },
  })),
});

/**
 * (x - mean) scale + beta along the rows. Not x scale + shift: near zero, where ReLU decides, the centred form keeps
 * the digits that the products would cancel.
 */
defineOp({
  name: "bnApply",
  infer: (inputs) => {
    const [x, ...rows] = inputs;
    expectFloats(inputs);
    for (const vector of rows) expectChannels("row", vector, x);
    return { shape: x.shape, dtype: "f32" };
  },
  ref: ([x, mean, scale, beta]) => {
    const c = lastOf(x.shape);
    const data = x.data.map((value, i) => (value - mean.data[i % c]) * scale.data[i % c] + beta.data[i % c]);
    return { data, shape: x.shape };
  },
  elementwise: {
    wgsl: ([x, mean, scale, beta]) => `fma(${x} - ${mean}, ${scale}, ${beta})`,
    keepsZero: true,
  },
  flops: ({ inputs: [x] }) => 3 * sizeOf(x.shape),
  cases: [[4, 5], [2, 3, 8], [5, 1]].map((shape) => ({
    name: showShape(shape),
    inputs: [{ shape }, ...[0, 1, 2].map(() => ({ shape: shape.slice(-1) }))],
  })),
});

/** scale (dy - s0 share - (x - mean) invStd s1 share), the five [C] vectors broadcast along the rows. */
defineOp({
  name: "bnInputGradRows",
  infer: (inputs) => {
    const [dy, x, ...rows] = inputs;
    expectFloats(inputs);
    expectShape("gradient", dy, x.shape);
    for (const vector of rows) expectChannels("row", vector, x);
    return { shape: x.shape, dtype: "f32" };
  },
  ref: ([dy, x, mean, invStd, scale, s0, s1], node) => {
    const c = lastOf(x.shape), share = node.attrs.share as number;
    const data = x.data.map((value, i) => {
      const j = i % c, along = (value - mean.data[j]) * invStd.data[j];
      return scale.data[j] * (dy.data[i] - s0.data[j] * share - along * s1.data[j] * share);
    });
    return { data, shape: x.shape };
  },
  elementwise: {
    wgsl: ([dy, x, mean, inv, scale, s0, s1], [share]) =>
      `${scale} * (${dy} - ${s0} * ${share} - (${x} - ${mean}) * ${inv} * (${s1} * ${share}))`,
    constants: ["share"],
    keepsZero: true,
  },
  flops: ({ inputs: [x] }) => 7 * sizeOf(x.shape),
  cases: [[4, 5], [2, 3, 8]].map((shape) => ({
    name: showShape(shape),
    inputs: [{ shape }, { shape }, ...[0, 1, 2, 3, 4].map(() => ({ shape: shape.slice(-1) }))],
    attrs: { share: 0.25 },
  })),
});
