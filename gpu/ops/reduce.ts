// Reductions: sum is the one kernel; mean and sumTo are made of it. max shares its gradient among ties, argmax and
// top-k take the lowest index first, all as PyTorch does.

import { lowerReduction, splitReduction } from "./lowering_reduce.ts";
import { axesOf, axisOf, lastOf, type Shape, sizeOf, stridesOf } from "../base/mod.ts";
import { defineOp, emit, type OpCase, type RefArray, type Tensor } from "../graph/mod.ts";
import { div, equal, mul, mulScalar } from "./elementwise.ts";
import { reducedShape, walk } from "./reference_tools.ts";
import { expectFloats } from "./expect.ts";
import { lowerArgmax, lowerTopk } from "./lowering_index.ts";
import { broadcastTo, reshape } from "./shape.ts";

export { sumTo } from "./sum_to.ts";

/** `axes` null = all dimensions; `keep` leaves reduced dimensions as 1. */
export interface ReduceOptions {
  readonly axes: readonly number[] | null;
  readonly keep?: boolean;
}

const patterns: { shape: Shape; axes: number[]; keep: boolean }[] = [
  { shape: [2, 5, 7, 3], axes: [0, 1, 2, 3], keep: false },
  { shape: [2, 5, 7, 3], axes: [0], keep: false },
  { shape: [2, 5, 7, 3], axes: [1], keep: false },
  { shape: [2, 5, 7, 3], axes: [0, 2], keep: false },
  { shape: [2, 5, 7, 3], axes: [0, 2, 3], keep: true },
  { shape: [2, 5, 7, 3], axes: [3], keep: true },
  { shape: [2, 3, 3, 8], axes: [0, 1, 2], keep: false },
  { shape: [3, 17], axes: [1], keep: false },
  { shape: [17], axes: [0], keep: false },
  { shape: [70, 5], axes: [0], keep: false },
  { shape: [2, 1, 4], axes: [1], keep: false },
];

function reduceCases(range: { low: number; high: number }): OpCase[] {
  return patterns.map(({ shape, axes, keep }) => ({
    name: `[${shape}] over ${axes}${keep ? " kept" : ""}`,
    inputs: [{ shape, ...range }],
    attrs: { axes, keep },
  }));
}

function inferReduce([t]: readonly Tensor[], attrs: Tensor["attrs"]) {
  expectFloats([t]);
  const axes = axesOf(attrs.axes as number[], t.shape.length);
  return { shape: reducedShape(t.shape, axes, attrs.keep as boolean), dtype: "f32" as const };
}

/** Folds every group of elements that meet in one result. */
function fold(
  input: RefArray,
  node: Tensor,
  first: number,
  step: (sum: number, value: number) => number,
): RefArray {
  const axes = node.attrs.axes as number[];
  const kept = reducedShape(input.shape, axes, true);
  const strides = stridesOf(kept).map((stride, d) => axes.includes(d) ? 0 : stride);
  const target = walk(input.shape, strides, 0);
  const data = new Float64Array(sizeOf(node.shape)).fill(first);
  for (let i = 0; i < target.length; i++) data[target[i]] = step(data[target[i]], input.data[i]);
  return { data, shape: node.shape };
}

/** The tensor of a reduction's result with the reduced dimensions back as 1. */
function withAxes(t: Tensor, node: Tensor): Tensor {
  return reshape(t, reducedShape(node.inputs[0].shape, node.attrs.axes as number[], true));
}

defineOp({
  name: "sum",
  exact: "result",
  expand: splitReduction,
  lower: (node, target) => lowerReduction("sum", node, target),
  infer: inferReduce,
  vjp: (node, dy) => [broadcastTo(withAxes(dy, node), node.inputs[0].shape)],
  ref: ([t], node) => fold(t, node, 0, (sum, value) => sum + value),
  flops: (node) => sizeOf(node.inputs[0].shape),
  cases: reduceCases({ low: -2, high: 2 }),
});

defineOp({
  name: "max",
  exact: "result",
  expand: splitReduction,
  lower: (node, target) => lowerReduction("max", node, target),
  infer: inferReduce,
  vjp(node, dy) {
    const [t] = node.inputs;
    const axes = node.attrs.axes as number[];
    const ties = equal(t, withAxes(node, node));
    const shared = div(withAxes(dy, node), sum(ties, { axes, keep: true }));
    return [mul(ties, shared)];
  },
  ref: ([t], node) => fold(t, node, -Infinity, Math.max),
  flops: (node) => sizeOf(node.inputs[0].shape),
  cases: [
    ...reduceCases({ low: -5, high: 5 }),
    {
      name: "all negative",
      inputs: [{ shape: [3, 5], low: -4, high: -1 }],
      attrs: { axes: [1], keep: false },
    },
  ],
});

defineOp({
  name: "argmax",
  lower: lowerArgmax,
  infer([t], attrs) {
    const axis = axisOf(attrs.axis as number, t.shape.length);
    if (sizeOf(t.shape) === 0) throw new TypeError("argmax of an empty tensor");
    return { shape: reducedShape(t.shape, [axis], false), dtype: "i32" };
  },
  vjp: () => [null],
  ref([t], node) {
    const axis = node.attrs.axis as number;
    const length = t.shape[axis], inner = sizeOf(t.shape.slice(axis + 1));
    const data = new Float64Array(sizeOf(node.shape));
    for (let i = 0; i < data.length; i++) {
      const start = Math.floor(i / inner) * length * inner + i % inner;
      let best = 0;
      for (let j = 1; j < length; j++) {
        if (t.data[start + j * inner] > t.data[start + best * inner]) best = j;
      }
      data[i] = best;
    }
    return { data, shape: node.shape };
  },
  flops: (node) => sizeOf(node.inputs[0].shape),
  cases: [
    { name: "rows", inputs: [{ shape: [4, 23], gradient: false }], attrs: { axis: 1 } },
    { name: "columns", inputs: [{ shape: [5, 7], gradient: false }], attrs: { axis: 0 } },
    { name: "middle", inputs: [{ shape: [2, 3, 5], gradient: false }], attrs: { axis: 1 } },
    { name: "vector", inputs: [{ shape: [17], gradient: false }], attrs: { axis: 0 } },
    { name: "one column", inputs: [{ shape: [3, 1], gradient: false }], attrs: { axis: 1 } },
    {
      name: "all negative, ties",
      inputs: [{ shape: [2, 3], values: [-2, -1, -1, -3, -3, -4], gradient: false }],
      attrs: { axis: 1 },
    },
    { name: "tokens", inputs: [{ shape: [3, 9], dtype: "i32", low: 0, high: 50 }], attrs: { axis: 1 } },
  ],
});

defineOp({
  name: "topkIndices",
  lower: lowerTopk,
  infer([t], attrs) {
    const k = attrs.k as number;
    if (t.shape.length === 0) throw new TypeError("Top-k of a scalar");
    if (!Number.isInteger(k) || k < 1 || k > lastOf(t.shape)) {
      throw new RangeError(`k is ${k}, wanted 1 to ${lastOf(t.shape)}`);
    }
    return { shape: [...t.shape.slice(0, -1), k], dtype: "i32" };
  },
  vjp: () => [null],
  ref([t], node) {
    const k = node.attrs.k as number, columns = lastOf(t.shape);
    const data = new Float64Array(sizeOf(node.shape));
    for (let row = 0; row * k < data.length; row++) {
      const values = t.data.subarray(row * columns, (row + 1) * columns);
      const order = Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b);
      data.set(order.slice(0, k), row * k);
    }
    return { data, shape: node.shape };
  },
  flops: (node) => sizeOf(node.inputs[0].shape) * (node.attrs.k as number),
  cases: [
    { name: "5 of 23", inputs: [{ shape: [4, 23], gradient: false }], attrs: { k: 5 } },
    { name: "all", inputs: [{ shape: [3, 6], gradient: false }], attrs: { k: 6 } },
    { name: "1 of 1", inputs: [{ shape: [2, 1], gradient: false }], attrs: { k: 1 } },
    { name: "three dimensions", inputs: [{ shape: [2, 3, 9], gradient: false }], attrs: { k: 4 } },
    { name: "vector", inputs: [{ shape: [7], gradient: false }], attrs: { k: 2 } },
    {
      name: "ties and negatives",
      inputs: [{ shape: [2, 5], values: [1, 3, 3, 1, 3, -1, -2, -1, -3, -1], gradient: false }],
      attrs: { k: 4 },
    },
  ],
});

/** Sum over `axes`; the result is a scalar [] when all go and `keep` is false. Throws RangeError for a wrong axis. */
export function sum(t: Tensor, options: ReduceOptions = { axes: null }): Tensor {
  return reduce("sum", t, options);
}

/** Mean over `axes`. */
export function mean(t: Tensor, options: ReduceOptions = { axes: null }): Tensor {
  const total = sum(t, options);
  return mulScalar(total, sizeOf(total.shape) / sizeOf(t.shape));
}

/** Largest value over `axes`; equal largest values share the gradient evenly. */
export function max(t: Tensor, options: ReduceOptions = { axes: null }): Tensor {
  return reduce("max", t, options);
}

function reduce(op: string, t: Tensor, { axes, keep = false }: ReduceOptions): Tensor {
  const over = axesOf(axes, t.shape.length);
  if (over.every((axis) => t.shape[axis] === 1)) return reshape(t, reducedShape(t.shape, over, keep));
  return emit(t.graph, op, [t], { axes: over, keep });
}

/** Index (i32) of the first largest value along `axis`, which is dropped: [4,23] over 1 -> [4]. */
export function argmax(t: Tensor, axis: number): Tensor {
  return emit(t.graph, "argmax", [t], { axis: axisOf(axis, t.shape.length) });
}

/** Indices (i32) of the k largest values of the last axis, largest first, equal ones by index: [R,C] -> [R,k]. */
export function topkIndices(t: Tensor, k: number): Tensor {
  return emit(t.graph, "topkIndices", [t], { k });
}
