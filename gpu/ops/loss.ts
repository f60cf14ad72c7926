// Cross entropy against class indices (an op: the one-hot rows are never written out) or against distributions, and
// the contrastive loss composed of it. Losses come per row; callers sum or average them.

import { lowerCrossEntropy, lowerCrossEntropyGrad } from "./lowering_rows.ts";
import { showShape, sizeOf } from "../base/mod.ts";
import { constant, defineOp, emit, type OpCase, type RefArray, type Tensor } from "../graph/mod.ts";
import { add, mul, mulScalar, neg } from "./elementwise.ts";
import { expectFloats, expectLayout, expectShape } from "./expect.ts";
import { logSumExp } from "./last_axis.ts";
import { matmul } from "./matmul.ts";
import { mean, sum } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";

export interface CrossEntropyOptions {
  /** Share of the target mass spread evenly over all classes, in [0, 1); default 0. */
  readonly smoothing?: number;
  /** Rows with this target have loss and gradient zero; default -100, as in PyTorch. */
  readonly ignore?: number;
}

/**
 * Loss of every row: x [R,C] logits and target [R] class indices give [R]. The reference throws RangeError for a
 * target outside [0, C) that is not `ignore`. Label smoothing: Szegedy et al. 2016, section 7.
 */
export function crossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { smoothing = 0, ignore = -100 } = options;
  return emit(x.graph, "crossEntropy", [x, target], { smoothing, ignore });
}

/** Gradient of `crossEntropy` for the logits: x [R,C], target [R], dy [R] give [R,C]. */
export function crossEntropyGrad(
  x: Tensor,
  target: Tensor,
  dy: Tensor,
  options: Required<CrossEntropyOptions>,
): Tensor {
  const { smoothing, ignore } = options;
  return emit(x.graph, "crossEntropyGrad", [x, target, dy], { smoothing, ignore });
}

/** Loss of every row against distributions: x and targets [..,C] give [..], - sum targets logSoftmax(x). */
export function crossEntropySoft(x: Tensor, targets: Tensor): Tensor {
  return neg(sum(mul(targets, logSoftmax(x)), { axes: [-1] }));
}

/**
 * Symmetric contrastive loss of CLIP (Radford et al. 2021, figure 3), a scalar: image and text [B,D] of unit length,
 * `scale` the factor of their dot products (shape []); row i of one belongs to row i of the other.
 */
export function contrastiveLoss(image: Tensor, text: Tensor, scale: Tensor): Tensor {
  const rows = image.shape[0];
  const target = constant(image.graph, Array.from({ length: rows }, (_, i) => i), [rows], "i32");
  const side = (from: Tensor, to: Tensor) =>
    mean(crossEntropy(mul(matmul(from, to, { tb: true }), scale), target), { axes: null });
  return mulScalar(add(side(image, text), side(text, image)), 0.5);
}

function inferLogits([x, target]: readonly Tensor[], smoothing: unknown): void {
  expectFloats([x]);
  expectLayout("logits", x, "[R,C]");
  expectShape("target", target, [x.shape[0]]);
  if (target.dtype !== "i32") throw new TypeError(`The target holds ${target.dtype}, wanted i32`);
  if (typeof smoothing !== "number" || !(smoothing >= 0 && smoothing < 1)) {
    throw new RangeError(`Label smoothing is ${smoothing}, wanted a number in [0, 1)`);
  }
}

/** Calls `visit` for every row that is not ignored. */
function eachRow(
  [x, target]: readonly RefArray[],
  ignore: number,
  visit: (row: number, start: number, classes: number, target: number) => void,
): void {
  const [rows, classes] = x.shape;
  for (let row = 0; row < rows; row++) {
    const wanted = target.data[row];
    if (wanted === ignore) continue;
    if (!(wanted >= 0 && wanted < classes)) {
      throw new RangeError(`Target ${wanted} in row ${row} of logits ${showShape(x.shape)} is no class`);
    }
    visit(row, row * classes, classes, wanted);
  }
}

function lossReference(inputs: readonly RefArray[], node: Tensor): RefArray {
  const data = new Float64Array(sizeOf(node.shape)), x = inputs[0].data;
  const { smoothing, ignore } = node.attrs as { smoothing: number; ignore: number };
  eachRow(inputs, ignore, (row, start, classes, target) => {
    const norm = logSumExp(x, start, classes);
    let spread = 0;
    for (let i = start; i < start + classes; i++) spread += (norm - x[i]) / classes;
    data[row] = (1 - smoothing) * (norm - x[start + target]) + smoothing * spread;
  });
  return { data, shape: node.shape };
}

function gradReference(inputs: readonly RefArray[], node: Tensor): RefArray {
  const data = new Float64Array(sizeOf(node.shape)), x = inputs[0].data, dy = inputs[2].data;
  const { smoothing, ignore } = node.attrs as { smoothing: number; ignore: number };
  eachRow(inputs, ignore, (row, start, classes, target) => {
    const norm = logSumExp(x, start, classes);
    for (let i = 0; i < classes; i++) {
      const wanted = smoothing / classes + (i === target ? 1 - smoothing : 0);
      data[start + i] = dy[row] * (Math.exp(x[start + i] - norm) - wanted);
    }
  });
  return { data, shape: node.shape };
}

interface LossCase {
  readonly name: string;
  readonly classes: number;
  readonly target: readonly number[];
  readonly smoothing?: number;
  readonly ignore?: number;
  readonly large?: boolean;
}

const lossCases: readonly LossCase[] = [
  { name: "one class", classes: 1, target: [0, 0, 0] },
  { name: "3 classes", classes: 3, target: [2, 0, 1, 2, 0] },
  { name: "17 classes", classes: 17, target: [16, 0, 15, 3] },
  { name: "33 classes, one row", classes: 33, target: [32] },
  { name: "many classes", classes: 1003, target: [1002, 1000, 7] },
  { name: "smoothed", classes: 5, target: [4, 1, 0], smoothing: 0.1 },
  { name: "smoothed one class", classes: 1, target: [0, 0], smoothing: 0.25 },
  { name: "ignored rows", classes: 5, target: [-100, 3, -100, 0, 4] },
  { name: "ignored class, smoothed", classes: 4, target: [2, 3, 0, 2], smoothing: 0.2, ignore: 2 },
  { name: "large logits", classes: 17, target: [1, 16, 8], large: true },
];

function opCase({ name, classes, target, smoothing = 0, ignore = -100, large }: LossCase): OpCase {
  const shape = [target.length, classes];
  return {
    name,
    inputs: [
      large ? { shape, low: -1000, high: 1000, gradient: false } : { shape },
      { shape: [target.length], dtype: "i32", values: target, gradient: false },
    ],
    attrs: { smoothing, ignore },
  };
}

defineOp({
  name: "crossEntropy",
  exact: "both",
  lower: lowerCrossEntropy,
  infer: (inputs, attrs) => {
    inferLogits(inputs, attrs.smoothing);
    return { shape: [inputs[0].shape[0]], dtype: "f32" };
  },
  vjp: (node, dy) => {
    const [x, target] = node.inputs;
    return [crossEntropyGrad(x, target, dy, node.attrs as { smoothing: number; ignore: number }), null];
  },
  ref: lossReference,
  flops: ({ inputs: [x] }) => 4 * sizeOf(x.shape),
  cases: lossCases.map(opCase),
});

defineOp({
  name: "crossEntropyGrad",
  lower: lowerCrossEntropyGrad,
  infer: (inputs, attrs) => {
    const [x, , dy] = inputs;
    inferLogits(inputs, attrs.smoothing);
    expectFloats([dy]);
    expectShape("gradient", dy, [x.shape[0]]);
    return { shape: x.shape, dtype: "f32" };
  },
  ref: gradReference,
  flops: ({ inputs: [x] }) => 5 * sizeOf(x.shape),
  cases: lossCases.map((one) => {
    const { inputs, ...rest } = opCase(one);
    return { ...rest, inputs: [...inputs, { shape: [one.target.length] }] };
  }),
});
