// Single ops beyond their gradients: values worked out by hand, what is free on the device, rewritings of functions to
// other ops, randomness, and what wrong shapes and attributes raise.

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type DType, type Shape, uniforms } from "../../gpu/base/mod.ts";
import { createGraph, gradients, input, opRecord, slab, type Tensor } from "../../gpu/graph/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { interpret } from "../../gpu/run/reference.ts";
import { agreement, showAgreement, ulpTolerance } from "../../gpu/testing/tolerance.ts";

/** Leaves x0, x1, ... of one graph. */
function leaves(...specs: (Shape | [Shape, DType])[]): Tensor[] {
  const graph = createGraph();
  return specs.map((spec, i) => {
    const [shape, dtype] = typeof spec[0] === "object"
      ? spec as [Shape, DType]
      : [spec as Shape, "f32" as const];
    return input(graph, `x${i}`, shape, dtype);
  });
}

function evaluate(output: Tensor, ...values: number[][]): number[] {
  const inputs = new Map(values.map((v, i) => {
    return [`x${i}`, { data: Float64Array.from(v), shape: output.graph.inputs.get(`x${i}`)!.shape }];
  }));
  const scalars = new Map([["seed", 7], ["step", 3]]);
  return [...interpret([output], { inputs, scalars })[0].data];
}

Deno.test("ties: max shares its gradient evenly, argmax and top-k take the first", () => {
  const [x, dy] = leaves([1, 5], [1]);
  const values = [3, 1, 3, 3, 2];
  const [dx] = gradients([ops.max(x, { axes: [1] })], [dy], [x]);
  evaluate(dx!, values, [6]).forEach((v, i) => assertAlmostEquals(v, [2, 0, 2, 2, 0][i]));
  assertEquals(evaluate(ops.argmax(x, -1), values), [0]);
  assertEquals(evaluate(ops.topkIndices(x, 4), values), [0, 2, 3, 4]);
  assertEquals(evaluate(ops.topkValues(x, 4), values), [3, 3, 3, 2]);
});

Deno.test("slice takes nulls, negative numbers, steps and ends past the size", () => {
  const [x] = leaves([3, 5]);
  const values = Array.from({ length: 15 }, (_, i) => i);
  assertEquals(evaluate(ops.slice(x, { starts: [1, -3], ends: [null, -1], steps: [1, 1] }), values), [
    7,
    8,
    12,
    13,
  ]);
  assertEquals(evaluate(ops.slice(x, { starts: [null, 1], ends: [99, null], steps: [2, 3] }), values), [
    1,
    4,
    11,
    14,
  ]);
  assert(ops.slice(x, { ends: [null, 5] }) === x);
  assertThrows(
    () => ops.slice(x, { starts: [2], ends: [2] }),
    RangeError,
    "[slice] slice 2:2:1 of dimension 0",
  );
  assertThrows(() => ops.slice(x, { steps: [0] }), RangeError);
});

Deno.test("split makes equal parts, the last smaller, or parts of given sizes", () => {
  const [x] = leaves([2, 7]);
  const shapes = (parts: Tensor[]) => parts.map((t) => t.shape[1]);
  assertEquals(shapes(ops.split(x, 3, 1)), [3, 3, 1]);
  assertEquals(shapes(ops.split(x, [2, 4, 1], -1)), [2, 4, 1]);
  assertThrows(() => ops.split(x, [2, 4], 1), RangeError, "sizes [2,4]");
  assertThrows(() => ops.split(x, 5, 1), RangeError);
  const back = ops.concat(ops.split(x, 3, 1), 1);
  const values = Array.from({ length: 14 }, (_, i) => i);
  assertEquals(evaluate(back, values), values);
});

Deno.test("what keeps the padded layout is an alias, what does not is not", () => {
  const offset = (t: Tensor) => opRecord(t.op).alias!(t)?.rowOffset ?? null;
  const [x, y] = leaves([6, 4, 8], [6, 5]);
  assertEquals(offset(ops.reshape(x, [24, 8])), 0);
  assertEquals(offset(ops.reshape(x, [12, 16])), 0);
  assertEquals(offset(ops.reshape(x, [64, 3])), null);
  assertEquals(offset(ops.reshape(y, [5, 6])), null);
  assertEquals(offset(ops.slice(x, { starts: [2], ends: [5] })), 8);
  assertEquals(offset(ops.slice(y, { starts: [3] })), 3);
  assertEquals(offset(ops.slice(y, { steps: [2] })), null);
  assertEquals(offset(ops.slice(x, { starts: [0, 1] })), null);
  assertEquals(offset(ops.slice(ops.reshape(x, [1, 24, 8]), { starts: [0, 5] })), 5);
  const row = ops.row(y, 4);
  assertEquals(row.shape, [5]);
  assertEquals([offset(row), offset(row.inputs[0])], [0, 4]);
  const [vector] = leaves([9]);
  assertEquals(offset(ops.slice(vector, { starts: [4] })), null);
});

Deno.test("functions that change nothing add no node", () => {
  const [x, column] = leaves([3, 5], [3, 1]);
  assert(ops.reshape(x, [3, -1]) === x);
  assert(ops.permute(x, [0, 1]) === x);
  assert(ops.broadcastTo(x, [3, 5]) === x);
  assert(ops.sumTo(x, [3, 5]) === x);
  assert(ops.mulScalar(ops.addScalar(x, 0), 1) === x);
  assert(ops.dropout(x, 0, { stream: 1 }) === x);
  assert(ops.concat([x], 0) === x);
  assert(ops.sum(column, { axes: [1], keep: true }) === column);
  assertEquals(ops.permute(column, [1, 0]).op, "reshape");
  assertEquals(ops.max(column, { axes: [1] }).op, "reshape");
});

Deno.test("a permutation that repeats a dimension is refused", () => {
  const [x] = leaves([3, 1, 5]);
  assertThrows(() => ops.permute(x, [0, 1, 1]), TypeError, "no permutation");
  assertThrows(() => ops.permute(x, [0, 2]), TypeError, "no permutation");
  assertThrows(() => ops.permute(x, [0, 1, 3]), RangeError, "Axis 3");
  assertThrows(() => ops.transpose(ops.reshape(x, [15])), TypeError);
});

Deno.test("wrong shapes and types name the op and the sizes", () => {
  const [x, y, idx] = leaves([3, 5], [4, 5], [[3], "i32"]);
  assertThrows(() => ops.add(x, y), TypeError, "[add] Shapes [3,5] and [4,5] do not broadcast");
  assertThrows(() => ops.exp(idx), TypeError, "[exp] Input [3] holds i32, wanted f32");
  assertThrows(() => ops.sum(idx), TypeError, "[sum] Input [3] holds i32");
  assertThrows(() => ops.sum(x, { axes: [2] }), RangeError, "Axis 2 is outside a tensor of 2 dimensions");
  assertThrows(() => ops.reshape(x, [4, 4]), TypeError, "[reshape] Cannot reshape [3,5] to [4,4]");
  assertThrows(() => ops.reshape(x, [4, -1]), TypeError, "Cannot reshape");
  assertThrows(() => ops.broadcastTo(x, [5]), TypeError, "does not broadcast");
  assertThrows(() => ops.sumTo(x, [4]), TypeError);
  assertThrows(() => ops.concat([x, y], 1), TypeError, "[concat] concat along 1 of [3,5] and [4,5]");
  assertThrows(() => ops.concat([], 0), TypeError);
  assertThrows(() => ops.row(x, 3), RangeError);
  assertThrows(() => ops.topkIndices(x, 6), RangeError, "k is 6, wanted 1 to 5");
  assertThrows(() => ops.clamp(x, { min: 2, max: 1 }), RangeError, "[2, 1] is empty");
  assertThrows(() => ops.embedding(x, y), TypeError, "wanted i32");
  assertThrows(() => ops.embedding(idx, ops.reshape(x, [15])), TypeError, "wanted [V,D]");
  assertThrows(() => ops.gather(x, idx, 1), TypeError, "[3] for [3,5]");
  assertThrows(() => ops.indexRows(x, idx), TypeError, "wanted [B,T,D]");
  assertThrows(() => ops.dropout(x, 1, { stream: 0 }), RangeError, "Dropout probability is 1");
  assertThrows(
    () => ops.collect([x, y], { blocks: 1 }),
    RangeError,
    "[collect] 2 blocks do not fit into 1",
  );
  assertThrows(() => ops.resize(x, { height: 2, width: 2, mode: "bilinear" }), TypeError, "[N,H,W,C]");
  const image = ops.reshape(x, [1, 3, 5, 1]);
  assertThrows(() => ops.resize(image, { height: 0, width: 2, mode: "bicubic" }), RangeError);
  assertThrows(() => ops.resize(image, { height: 2, width: 2, mode: "bicubic", scale: [0, 1] }), RangeError);
});

Deno.test("an index outside its table is an error of the reference", () => {
  const [w, idx] = leaves([3, 2], [[2], "i32"]);
  const rows = ops.embedding(idx, w);
  assertEquals(evaluate(rows, [1, 2, 3, 4, 5, 6], [2, 0]), [5, 6, 1, 2]);
  assertThrows(() => evaluate(rows, [1, 2, 3, 4, 5, 6], [0, 3]), RangeError, "Index 3 at position 1");
  assertThrows(() => evaluate(rows, [1, 2, 3, 4, 5, 6], [-1, 0]), RangeError);
});

Deno.test("gather reads along any axis, also with fewer indices than rows", () => {
  const [x, idx] = leaves([2, 3], [[1, 2], "i32"]);
  assertEquals(evaluate(ops.gather(x, idx, 1), [1, 2, 3, 4, 5, 6], [2, 0]), [3, 1]);
  assertEquals(evaluate(ops.gather(x, idx, 0), [1, 2, 3, 4, 5, 6], [1, 0]), [4, 2]);
  const [y, chosen] = leaves([2, 3], [[4], "i32"]);
  assertEquals(evaluate(ops.indexSelect(y, chosen, 1), [1, 2, 3, 4, 5, 6], [2, 2, 0, 1]), [
    3,
    3,
    1,
    2,
    6,
    6,
    4,
    5,
  ]);
});

Deno.test("random tensors are Philox of seed, stream and step in logical order", () => {
  const graph = createGraph();
  const drawn = ops.randomUniform(graph, [5, 7], { stream: 11 });
  assertEquals(evaluate(drawn), [...uniforms(35, 7, 11, 3)]);
  assert(ops.randomUniform(graph, [5, 7], { stream: 11 }) === drawn);
  assert(ops.randomUniform(graph, [5, 7], { stream: 12 }) !== drawn);
  const normal = evaluate(ops.randomNormal(graph, [4001], { stream: 2 }));
  const mean = normal.reduce((a, b) => a + b) / normal.length;
  const variance = normal.reduce((a, b) => a + (b - mean) ** 2, 0) / normal.length;
  assert(Math.abs(mean) < 0.05 && Math.abs(variance - 1) < 0.08, `mean ${mean}, variance ${variance}`);
});

Deno.test("dropout keeps the expectation, and its gradient uses the same mask", () => {
  const [x, dy] = leaves([100, 41], [100, 41]);
  const y = ops.dropout(x, 0.3, { stream: 5 });
  const ones = new Array<number>(4100).fill(1);
  const kept = evaluate(y, ones, ones);
  assert(kept.every((v) => v === 0 || Math.abs(v - 1 / 0.7) < 1e-12));
  assertAlmostEquals(kept.reduce((a, b) => a + b) / 4100, 1, 0.04);
  const [dx] = gradients([y], [dy], [x]);
  assertEquals(evaluate(dx!, ones, ones), kept);
});

Deno.test("collect lays tensors out as slabs do: padded rows, whole blocks, zeros between", () => {
  const [a, b] = leaves([2, 3], [5]);
  const laid = ops.collect([a, b], { blocks: 3 });
  assertEquals(laid.shape, slab(a.graph, "grad", 3).shape);
  const data = evaluate(laid, [1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11]);
  assertEquals(data.slice(0, 9), [1, 2, 3, 0, 4, 5, 6, 0, 0]);
  assertEquals(data.slice(255, 263), [0, 7, 8, 9, 10, 11, 0, 0]);
  assertEquals(data.filter((v) => v !== 0).length, 11);
});

Deno.test("resize weights: identity at the same size, rows sum to one, known bicubic taps", () => {
  assertEquals(ops.resizeWeights(3, 3, { mode: "bicubic" }), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  for (const mode of ["bilinear", "bicubic"] as const) {
    for (const antialias of [false, true]) {
      for (const [from, to] of [[13, 5], [4, 9], [1, 3], [7, 1]]) {
        const w = ops.resizeWeights(from, to, { mode, antialias });
        for (let i = 0; i < to; i++) {
          assertAlmostEquals(w.slice(i * from, (i + 1) * from).reduce((a, b) => a + b), 1, 1e-12);
        }
      }
    }
  }
  // Halving 8 to 4 samples midway between two pixels: Keys' kernel at 1.5, 0.5, 0.5, 1.5 with a = -0.75.
  const half = ops.resizeWeights(8, 4, { mode: "bicubic" }).slice(8, 16);
  [0, -0.09375, 0.59375, 0.59375, -0.09375, 0, 0, 0].forEach((v, i) => assertAlmostEquals(half[i], v, 1e-12));
});

Deno.test("nonFinite sees NaN and both infinities", () => {
  const [x] = leaves([4]);
  assertEquals(evaluate(ops.nonFinite(x), [1, NaN, -Infinity, 3e38]), [0, 1, 1, 0]);
});

Deno.test("agreement gives the factor a tolerance needs", () => {
  const tolerance = { atol: 0.1, rtol: 0.01 };
  const found = agreement([1, 12, 3], [1, 10, 3.1], tolerance);
  assertAlmostEquals(found.factor, 10);
  assertEquals(showAgreement("y", found), "y: factor 10.0 at element 1 (got 12, want 10)");
  assertEquals(agreement([NaN], [1], tolerance).factor, Infinity);
  assertEquals(agreement([NaN, Infinity], [NaN, Infinity], tolerance).factor, 0);
  assertThrows(() => agreement([1], [1, 2], tolerance), TypeError);
  assertEquals(ulpTolerance([-4, 2], 2).atol, 2 ** -20);
});
