// Second rung of checking: every case of every op on the device against its float64 reference, with the kernels of
// both device classes. All cases of an op are one program, which exercises the storage plan besides. Then sizes that
// the small cases do not reach: several workgroups, several rows of a texture, long rows, many inputs.

import { assertEquals, assertNotEquals } from "@std/assert";
import { type DType, type Shape, sizeOf, streamOf, uniforms } from "../../gpu/base/mod.ts";
import { openGpu } from "../../gpu/device/mod.ts";
import {
  allOps,
  createGraph,
  input,
  type OpRecord,
  type RefArray,
  type Tensor,
} from "../../gpu/graph/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { buildCase } from "../../gpu/testing/case_inputs.ts";
import { agreement, kernelTolerance } from "../../gpu/testing/tolerance.ts";
import { type Checked, checkOnDevice, type Values } from "./device_check.ts";

/** All cases of an op in one graph. */
function casesOf(record: OpRecord): { checked: Checked[]; inputs: Values } {
  const graph = createGraph(), inputs = new Map<string, RefArray>();
  const checked = record.cases.map((test, i): Checked => {
    const { output, values } = buildCase(record, test, graph, `case ${i} `);
    for (const [name, value] of values) inputs.set(name, value);
    return { name: test.name, op: record.name, output };
  });
  return { checked, inputs };
}

/** Large inputs of one graph: floats in [-2, 2), indices below `size`. */
function largeCases(): { checked: Checked[]; inputs: Values } {
  const graph = createGraph(), inputs = new Map<string, RefArray>();
  const leaf = (shape: Shape, dtype: DType = "f32", size = 0): Tensor => {
    const name = `x${inputs.size}`;
    const drawn = uniforms(sizeOf(shape), 2, streamOf(name));
    const data = drawn.map((u) => dtype === "i32" ? Math.floor(u * u * size) : Math.fround(4 * u - 2));
    inputs.set(name, { data, shape });
    return input(graph, name, shape, dtype);
  };
  const image = leaf([3, 5, 7, 2, 12]), odd = leaf([70, 331]), tall = leaf([5000, 3]);
  const tokens = leaf([9, 70], "i32", 4000), dy = leaf([9, 70, 18]);
  const short = leaf([2100], "i32", 800), dz = leaf([2100, 6]);
  const columns = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((width) => leaf([40, width]));
  const outputs: [string, Tensor][] = [
    ["five dimensions turned", ops.permute(image, [3, 0, 2, 1, 4])],
    ["five dimensions reversed", ops.permute(image, [4, 3, 2, 1, 0])],
    [
      "a slice of every dimension",
      ops.slice(image, { starts: [1, 1, 0, 0, 2], ends: [3, 5, 6, 1, 11], steps: [1, 2, 3, 1, 4] }),
    ],
    [
      "and back",
      ops.sliceGrad(leaf([2, 2, 2, 1, 3]), {
        starts: [1, 1, 0, 0, 2],
        steps: [1, 2, 3, 1, 4],
        shape: image.shape,
      }),
    ],
    ["a large transpose", ops.transpose(odd)],
    ["long rows cut up", ops.reshape(odd, [331, 70])],
    ["a tall table as rows", ops.reshape(tall, [30, 500])],
    ["nine odd widths", ops.concat(columns, 1)],
    ["many rows", ops.concat([tall, ops.mulScalar(tall, -1), leaf([1, 3])], 0)],
    ["top of long rows", ops.topkIndices(odd, 9)],
    ["largest of long rows", ops.argmax(odd, 1)],
    ["largest down", ops.argmax(tall, 0)],
    ["rows of a table", ops.embedding(short, tall)],
    ["a large table's gradient, as large as a GPU wants", ops.embeddingGrad(tokens, dy, { rows: 40000 })],
    ["a middling one", ops.embeddingGrad(short, dz, { rows: 800 })],
    ["uniform numbers of odd rows", ops.randomUniform(graph, [211, 31], { stream: 5 })],
    ["normal numbers", ops.randomNormal(graph, [97, 64], { stream: 6 })],
    ["dropout", ops.dropout(odd, 0.25, { stream: 7 })],
    ["a large pool", ops.avgPool(leaf([2, 33, 40, 9]), { kernel: 3, stride: 2 })],
  ];
  return { checked: outputs.map(([name, output]) => ({ name, op: output.op, output })), inputs };
}

for (const deviceClass of ["software", "gpu"] as const) {
  Deno.test(`kernels of class ${deviceClass}`, async (t) => {
    const gpu = await openGpu({ deviceClass });
    for (const record of allOps()) {
      await t.step(record.name, async () => {
        const { checked, inputs } = casesOf(record);
        assertEquals(await checkOnDevice(gpu, checked, inputs), []);
      });
    }
    await t.step("large", async () => {
      const { checked, inputs } = largeCases();
      assertEquals(await checkOnDevice(gpu, checked, inputs, { seed: 3141592, step: 27 }), []);
    });
    gpu.close();
  });
}

Deno.test("the tolerance lets nothing through but rounding", () => {
  const want = [1, -3, 0.5], moved = [[1, -3.0000001, 0.5]];
  const factor = (op: string, got: number[]) => agreement(got, want, kernelTolerance(op, want, moved)).factor;
  assertEquals(factor("matmul", want), 0);
  assertEquals(factor("matmul", [1, -3.000002, 0.5]) < 1, true);
  assertEquals(factor("matmul", [1, -3, 0.50001]) > 1, true);
  assertNotEquals(factor("permute", [1, -3, 0.50000006]), 0);
});
