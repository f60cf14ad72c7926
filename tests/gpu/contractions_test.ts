// Compositions of contractions, normalisations and losses (gradients against central differences), rewritings
// against the ops they replace, values worked out by hand, and what bad shapes and attributes raise.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { normals, type Shape, sizeOf } from "../../gpu/base/mod.ts";
import {
  constant,
  createGraph,
  emit,
  input,
  opRecord,
  type RefArray,
  type Tensor,
} from "../../gpu/graph/mod.ts";
import { multiHeadAttention } from "../../gpu/ops/attention.ts";
import { conv2d, conv2dDW, conv2dDX } from "../../gpu/ops/conv.ts";
import { groupNorm, l2Normalize, layerNorm } from "../../gpu/ops/layer_norm.ts";
import { contrastiveLoss, crossEntropy, crossEntropySoft } from "../../gpu/ops/loss.ts";
import { headsPV, headsQK, linear, matmul } from "../../gpu/ops/matmul.ts";
import { batchNorm, bnFold, bnStats } from "../../gpu/ops/norm.ts";
import { avgPool, avgPoolGrad } from "../../gpu/ops/pool.ts";
import { logSoftmax, softmax } from "../../gpu/ops/softmax.ts";
import { interpret } from "../../gpu/run/reference.ts";
import { gradcheck } from "../../gpu/testing/gradcheck.ts";

function constants(...arrays: [Shape, number[]][]) {
  const graph = createGraph();
  return arrays.map(([shape, values]) => constant(graph, values, shape));
}

function leaves(...shapes: Shape[]) {
  const graph = createGraph();
  return shapes.map((shape, i) => input(graph, `x${i}`, shape));
}

/** Standard normal values plus `offset`, the same for the same stream. */
function drawn(shape: Shape, stream: number, offset = 0): RefArray {
  return { data: normals(sizeOf(shape), 7, stream).map((v) => v + offset), shape };
}

/** Gradients of a composition, for every element of every input, against central differences. */
function checkComposition(build: (inputs: Tensor[]) => Tensor, values: readonly RefArray[]): void {
  const graph = createGraph();
  const inputs = values.map((value, i) => input(graph, `x${i}`, value.shape));
  const named = new Map(values.map((value, i) => [`x${i}`, value]));
  const { failures } = gradcheck(build(inputs), inputs, named, { elements: 1000 });
  assertEquals(failures, []);
}

const at = (array: RefArray, i: number) => array.data[i];

for (
  const [name, shape, offset] of [["images", [2, 3, 2, 5], 0], ["rows far from zero", [6, 3], 100]] as const
) {
  Deno.test(`training batch norm differentiates through its statistics: ${name}`, () => {
    const c = shape[shape.length - 1];
    checkComposition(([x, gamma, beta]) => {
      return batchNorm(x, bnStats(x, gamma, beta, { eps: 1e-3 }), gamma, beta, { train: true });
    }, [drawn(shape, 1, offset), drawn([c], 2), drawn([c], 3)]);
  });
}

Deno.test("evaluation batch norm differentiates for gamma and beta through the folded statistics", () => {
  checkComposition(([x, gamma, beta]) => {
    const mean = constant(x.graph, [1, -2, 0.5], [3]), variance = constant(x.graph, [0.5, 2, 1], [3]);
    const stats = bnFold(mean, variance, gamma, beta, { eps: 1e-5 });
    return batchNorm(x, stats, gamma, beta, { train: false });
  }, [drawn([2, 2, 2, 3], 1), drawn([3], 2), drawn([3], 3)]);
});

Deno.test("group norm differentiates", () => {
  checkComposition(
    ([x, gamma, beta]) => groupNorm(x, gamma, beta, { groups: 3, eps: 1e-3 }),
    [drawn([2, 2, 2, 6], 1), drawn([6], 2), drawn([6], 3)],
  );
});

Deno.test("linear differentiates, with and without leading dimensions", () => {
  for (const shape of [[2, 3, 5], [3, 5], [5]]) {
    checkComposition(([x, w, b]) => linear(x, w, b), [drawn(shape, 1), drawn([4, 5], 2), drawn([4], 3)]);
  }
});

Deno.test("attention differentiates, plain and causal", () => {
  for (const causal of [false, true]) {
    checkComposition(
      ([q, k, v]) => multiHeadAttention({ q, k, v }, 2, { causal }),
      [drawn([2, 3, 8], 1), drawn([2, 3, 8], 2), drawn([2, 3, 8], 3)],
    );
  }
});

Deno.test("softmax along another axis differentiates", () => {
  for (const axis of [0, 1, -1]) checkComposition(([x]) => softmax(x, { axis }), [drawn([3, 4, 2], 1)]);
  checkComposition(([x]) => logSoftmax(x, { axis: 1 }), [drawn([3, 4, 2], 1)]);
  checkComposition(([x]) => l2Normalize(x, { axis: 1 }), [drawn([3, 4, 2], 1)]);
});

Deno.test("soft cross entropy differentiates for logits and targets", () => {
  checkComposition(([x, t]) => crossEntropySoft(x, t), [drawn([3, 5], 1), drawn([3, 5], 2)]);
});

Deno.test("the contrastive loss differentiates, and is log 3 for three equal pairs", () => {
  checkComposition(
    ([image, text, scale]) => contrastiveLoss(image, text, scale),
    [drawn([3, 4], 1), drawn([3, 4], 2), drawn([], 3)],
  );
  const [image, scale] = constants([[3, 2], [1, 0, 1, 0, 1, 0]], [[], [10]]);
  const [loss] = interpret([contrastiveLoss(image, image, scale)], { inputs: new Map() });
  assertEquals(loss.shape, []);
  assertAlmostEquals(at(loss, 0), Math.log(3), 1e-12);
});

Deno.test("what replaces an op on the device means the same", () => {
  let compared = 0;
  for (const name of ["batchNorm", "bnInputGrad"]) {
    for (const one of opRecord(name).cases) {
      const graph = createGraph();
      const values = new Map<string, RefArray>();
      const inputs = one.inputs.map(({ shape, values: given }, i) => {
        const value = given ? { data: Float64Array.from(given), shape } : drawn(shape, i);
        values.set(`x${i}`, value);
        return input(graph, `x${i}`, shape);
      });
      const node = emit(graph, name, inputs, one.attrs);
      const [direct, rewritten] = interpret([node, opRecord(name).expand!(node)], { inputs: values });
      assertEquals(rewritten.shape, direct.shape);
      direct.data.forEach((v, i) =>
        assertAlmostEquals(at(rewritten, i), v, 1e-9 * (1 + Math.abs(v)), `${name} ${one.name}`)
      );
      compared++;
    }
  }
  assertEquals(compared, 24);
});

Deno.test("a matrix on the right takes all rows at once", () => {
  const [a, b] = leaves([2, 3, 5], [5, 4]);
  const product = matmul(a, b);
  assertEquals(product.shape, [2, 3, 4]);
  assertEquals(product.inputs[0].shape, [6, 4]);
  assertEquals(opRecord("matmul").flops!(product.inputs[0]), 2 * 6 * 5 * 4);
});

Deno.test("a 2x2 convolution by hand, and its work", () => {
  const [x, w] = constants([[1, 3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9]], [[2, 2, 1, 1], [1, 10, 100, 1000]]);
  const y = conv2d(x, w);
  const [result, padded] = interpret([y, conv2d(x, w, { padding: 1, stride: 2 })], { inputs: new Map() });
  assertEquals([...result.data], [5421, 6532, 8754, 9865]);
  assertEquals([...padded.data], [1000, 3200, 7040, 9865]);
  assertEquals(opRecord("conv2d").flops!(y), 2 * 4 * 4);
});

Deno.test("an oblong kernel meets rows and columns in order", () => {
  const [x, w] = constants([[1, 2, 3, 1], [1, 2, 3, 4, 5, 6]], [[2, 3, 1, 1], [1, 10, 1e2, 1e3, 1e4, 1e5]]);
  assertEquals([...interpret([conv2d(x, w)], { inputs: new Map() })[0].data], [654321]);
});

Deno.test("causal softmax sees only the past", () => {
  const [x] = constants([[3, 3], [0, 9, 9, 0, 0, 9, 1e4, 1e4, 1e4]]);
  const [y] = interpret([softmax(x, { causal: true })], { inputs: new Map() });
  const third = at(y, 8);
  assertEquals([...y.data], [1, 0, 0, 0.5, 0.5, 0, third, third, third]);
  assertAlmostEquals(third, 1 / 3, 1e-12);
});

Deno.test("cross entropy by hand: ignored rows are zero, other targets must be classes", () => {
  const [x] = constants([[3, 2], [0, Math.log(3), 5, 5, 1, 2]]);
  const target = (values: number[]) => constant(x.graph, values, [3], "i32");
  const losses = crossEntropy(x, target([1, 0, -100]), { smoothing: 0.5 });
  const [y] = interpret([losses], { inputs: new Map() });
  assertAlmostEquals(at(y, 0), 0.75 * Math.log(4 / 3) + 0.25 * Math.log(4), 1e-12);
  assertAlmostEquals(at(y, 1), Math.log(2), 1e-12);
  assertEquals(at(y, 2), 0);
  for (const bad of [2, -1]) {
    const wrong = crossEntropy(x, target([0, 0, bad]));
    assertThrows(() => interpret([wrong], { inputs: new Map() }), RangeError, `Target ${bad} in row 2`);
  }
});

Deno.test("zero rows stay zero when normalised", () => {
  const [x] = constants([[2, 2], [0, 0, 3, -4]]);
  assertEquals([...interpret([l2Normalize(x)], { inputs: new Map() })[0].data], [0, 0, 0.6, -0.8]);
});

Deno.test("shapes that do not fit raise TypeError with the shapes", () => {
  const [a, b] = leaves([64, 2048], [1024, 2048]);
  assertThrows(() => matmul(a, b), TypeError, "[matmul] Inner sizes differ: [64,2048] x [1024,2048]");
  const [c, d, v] = leaves([2, 3, 4], [5, 4, 3], [4]);
  assertThrows(() => matmul(c, d), TypeError, "do not broadcast");
  assertThrows(() => matmul(v, d), TypeError, "at least 2 dimensions");
  assertThrows(() => headsQK(c, d, { heads: 1 }), TypeError, "do not fit together");
  const [x, w, dy] = leaves([1, 8, 8, 3], [3, 3, 4, 5], [1, 8, 8, 5]);
  assertThrows(() => conv2d(x, w), TypeError, "Image [1,8,8,3] has 3 channels, weights [3,3,4,5] take 4");
  const [flat, filter] = leaves([8, 8, 3], [3, 3, 3, 5]);
  assertThrows(() => conv2d(flat, filter), TypeError, "The image is [8,8,3], wanted [N,H,W,C]");
  const options = { stride: 1, padding: 0, height: 8, width: 8 };
  assertThrows(() => conv2dDX(dy, w, options), TypeError, "The gradient is [1,8,8,5], wanted [1,6,6,5]");
  assertThrows(() => conv2dDW(x, dy, { stride: 1, padding: 0, kh: 3, kw: 3 }), TypeError, "wanted [1,6,6,5]");
  assertThrows(() => layerNorm(c, v, d), TypeError, "The shift is [5,4,3], wanted [4]");
  assertThrows(() => softmax(c, { causal: true }), TypeError, "square");
  assertThrows(() => bnStats(c, v, d, { eps: 1e-5 }), TypeError, "The shift is [5,4,3], wanted [4]");
  assertThrows(() => avgPoolGrad(dy, { kernel: 2, stride: 2, height: 8, width: 8 }), TypeError, "[1,4,4,5]");
});

Deno.test("values out of range raise RangeError that names them", () => {
  const [q, p] = leaves([2, 3, 12], [2, 2, 3, 3]);
  assertThrows(() => headsQK(q, q, { heads: 5 }), RangeError, "12 channels do not split into 5 heads");
  assertThrows(
    () => headsPV(p, q),
    RangeError,
    "12 channels in 2 heads give heads of 6, wanted a multiple of 4",
  );
  assertEquals(headsQK(q, q, { heads: 1 }).shape, [2, 1, 3, 3]);
  const [x, w, b] = leaves([1, 4, 4, 6], [5, 5, 6, 2], [6]);
  assertThrows(() => conv2d(x, w), RangeError, "Kernel 5x5 does not fit [1,4,4,6] padded by 0");
  assertThrows(() => conv2d(x, w, { stride: 0 }), RangeError, "stride");
  assertThrows(() => conv2d(x, w, { padding: 0.5 }), RangeError, "padding");
  assertThrows(() => avgPool(x, { kernel: 5 }), RangeError, "does not fit an image of 4x4");
  assertThrows(() => groupNorm(x, b, b, { groups: 4 }), RangeError, "6 channels do not split into 4 groups");
  assertThrows(() => layerNorm(x, b, b, { eps: 0 }), RangeError, "eps");
  assertThrows(() => softmax(q, { axis: 0, causal: true }), RangeError, "last axis");
  const [logits] = leaves([3, 5]), target = input(logits.graph, "t", [3], "i32");
  assertThrows(() => crossEntropy(logits, target, { smoothing: 1 }), RangeError, "smoothing");
});

Deno.test("indices are not taken for floats, nor floats for indices", () => {
  const [x] = leaves([3, 5]), index = input(x.graph, "t", [3], "i32");
  assertThrows(() => softmax(index), TypeError, "holds i32");
  assertThrows(() => crossEntropy(x, input(x.graph, "f", [3])), TypeError, "wanted i32");
});
