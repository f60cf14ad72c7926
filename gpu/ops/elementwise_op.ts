// How an elementwise op becomes a record: from one formula in WGSL, the same formula in float64 and the gradient.
// Broadcasting, its inverse in the gradient, shapes and test cases are the same for all of them and stand here.

import { broadcastShapes, type Shape, showShape, sizeOf } from "../base/mod.ts";
import { defineOp, type Elementwise, type OpCase, type OpRecord, type Tensor } from "../graph/mod.ts";
import { expectFloats } from "./expect.ts";
import { broadcastIndex } from "./reference_tools.ts";
import { sumTo } from "./sum_to.ts";

export interface ElementwiseSpec extends Elementwise {
  readonly name: string;
  /** One element in float64; `k` holds the numeric attributes. */
  readonly value: (a: number, b: number, c: number, k: Readonly<Record<string, number>>) => number;
  /** Gradients in the result's shape; summing back over broadcast dimensions is done for them. */
  readonly vjp?: OpRecord["vjp"];
  /** Replaces the check that all inputs are float. */
  readonly infer?: OpRecord["infer"];
  readonly cases: readonly OpCase[];
  /** Floating-point operations per element; default 1. */
  readonly cost?: number;
}

function broadcastFloats(inputs: readonly Tensor[]) {
  expectFloats(inputs);
  return { shape: broadcastShapes(...inputs.map((t) => t.shape)), dtype: "f32" as const };
}

/** Adds an elementwise op with NumPy broadcasting to the table. */
export function defineElementwise(spec: ElementwiseSpec): OpRecord {
  const { name, value, vjp, cases, cost = 1, wgsl, constants, helpers, keepsZero } = spec;
  return defineOp({
    name,
    infer: spec.infer ?? broadcastFloats,
    vjp: vjp && ((node, dy) => vjp(node, dy).map((part, i) => part && sumTo(part, node.inputs[i].shape))),
    ref(inputs, node) {
      const data = new Float64Array(sizeOf(node.shape));
      const index = inputs.map((array) => broadcastIndex(array.shape, node.shape));
      const k = node.attrs as Readonly<Record<string, number>>;
      const at = (operand: number, i: number) => {
        const array = inputs[operand];
        return array === undefined ? 0 : array.data[index[operand]?.[i] ?? i];
      };
      for (let i = 0; i < data.length; i++) data[i] = value(at(0, i), at(1, i), at(2, i), k);
      return { data, shape: node.shape };
    },
    elementwise: { wgsl, constants, helpers, keepsZero },
    flops: (node: Tensor) => cost * sizeOf(node.shape),
    cases,
  });
}

/** Drawn range and attributes of the cases of one op. */
export interface CaseOptions {
  readonly low?: number;
  readonly high?: number;
  readonly attrs?: OpCase["attrs"];
  readonly gradient?: boolean;
  /** Added to the names, where an op has two sets. */
  readonly label?: string;
}

const unaryShapes: Shape[] = [[5], [3, 17], [2, 1, 3], [1], [], [4, 8], [2, 2, 3, 5]];

/** Odd and even sizes, one to four dimensions, a scalar. */
export function unaryCases(options: CaseOptions = {}): OpCase[] {
  return sameShapeCases(1, options);
}

/** As `unaryCases`, for ops of several operands that never broadcast. */
export function sameShapeCases(operands: number, { attrs, label, ...range }: CaseOptions = {}): OpCase[] {
  return unaryShapes.map((shape) => ({
    name: showShape(shape) + (label === undefined ? "" : ` ${label}`),
    inputs: Array.from({ length: operands }, () => ({ shape, ...range })),
    attrs,
  }));
}

const pairs: [Shape, Shape][] = [
  [[3, 4, 5], [3, 4, 5]],
  [[4, 7], [7]],
  [[4, 7], [1, 7]],
  [[4, 7], [4, 1]],
  [[4, 5], []],
  [[], [3, 3]],
  [[1], [17]],
  [[5, 1], [1, 7]],
  [[3, 1, 5], [2, 1, 4, 1]],
  [[2, 6, 4, 3], [6, 1, 1]],
  [[2, 3, 3, 6], [6]],
  [[2, 3, 8], [2, 1, 8]],
  [[1, 1], [1, 1]],
];

/** Every broadcast pattern of two operands; `second` gives the range of the second one. */
export function binaryCases(options: CaseOptions = {}, second: CaseOptions = options): OpCase[] {
  return pairs.map(([a, b]) => ({
    name: `${showShape(a)} with ${showShape(b)}`,
    inputs: [{ shape: a, ...range(options) }, { shape: b, ...range(second) }],
    attrs: options.attrs,
  }));
}

function range({ low, high, gradient }: CaseOptions): CaseOptions {
  return { low, high, gradient };
}
