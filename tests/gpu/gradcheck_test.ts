// Every op of the table, every case: gradients against central differences in float64. An op may lack a gradient only
// for a reason given here.

import { assert, assertEquals } from "@std/assert";
import "../../gpu/ops/mod.ts";
import { allOps, createGraph, emit, input } from "../../gpu/graph/mod.ts";
import { gradcheck, gradcheckCase } from "../../gpu/testing/gradcheck.ts";

const gradientOfGradient = "is a gradient itself; nothing differentiates twice";
const statistics = "gives statistics; the gradient of the normalisation goes around them";
const withoutGradient: Record<string, string> = {
  clampGrad: gradientOfGradient,
  reluGrad: gradientOfGradient,
  sigmoidGrad: gradientOfGradient,
  tanhGrad: gradientOfGradient,
  geluGrad: gradientOfGradient,
  geluTanhGrad: gradientOfGradient,
  quickGeluGrad: gradientOfGradient,
  softmaxGrad: gradientOfGradient,
  logSoftmaxGrad: gradientOfGradient,
  crossEntropyGrad: gradientOfGradient,
  l2NormalizeGrad: gradientOfGradient,
  layerNormGrad: gradientOfGradient,
  layerNormSums: gradientOfGradient,
  bnGradStats: gradientOfGradient,
  bnInputGrad: gradientOfGradient,
  bnInputGradRows: gradientOfGradient,
  layerNormStats: statistics,
  bnStats: statistics,
  bnFold: statistics,
  bnApply: "is what batchNorm becomes after differentiation",
  collect: "gathers gradients for the optimiser",
};

for (const record of allOps()) {
  Deno.test(`gradient of ${record.name}`, () => {
    assert(record.cases.length > 0, `${record.name} has no cases`);
    if (record.vjp === undefined) {
      assert(withoutGradient[record.name], `${record.name} has no gradient and no reason is given`);
      return;
    }
    assert(!(record.name in withoutGradient), `${record.name} has a gradient: take it off the list`);
    const failures = record.cases.flatMap((test) =>
      gradcheckCase(record, test, { elements: 64 }).failures.map((line) => `${test.name}: ${line}`)
    );
    assertEquals(failures, []);
  });
}

Deno.test("case names are unique within an op", () => {
  for (const { name, cases } of allOps()) {
    assertEquals(new Set(cases.map((test) => test.name)).size, cases.length, name);
  }
});

Deno.test("gradcheck notices a wrong gradient", () => {
  const graph = createGraph();
  const x = input(graph, "x", [3]);
  const values = new Map([["x", { data: Float64Array.of(-1, 0.5, 2), shape: [3] }]]);
  const right = emit(graph, "mul", [x, x]);
  assertEquals(gradcheck(right, [x], values).failures, []);
  // The gradient of `greater` is zero by decree, so a jump at the checked point must be noticed.
  const other = createGraph();
  const y = input(other, "x", [3]);
  const step = emit(other, "mul", [y, emit(other, "greater", [emit(other, "mul", [y, y]), y])]);
  const jump = new Map([["x", { data: Float64Array.of(-1, 1, 2), shape: [3] }]]);
  assert(gradcheck(step, [y], jump).failures.length > 0);
});
