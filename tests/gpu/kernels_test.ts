// Second rung of checking: every case of every op on the device against its float64 reference, with the kernels of
// both device classes. All cases of an op are one program, which exercises fusion and the storage plan besides.

import { assertEquals } from "@std/assert";
import { f32, type HostArray, i32, streamOf, uniforms } from "../../gpu/base/mod.ts";
import { type Gpu, openGpu } from "../../gpu/device/mod.ts";
import { allOps, createGraph, type Graph, type OpRecord, type RefArray } from "../../gpu/graph/mod.ts";
import "../../gpu/ops/mod.ts";
import { evaluate } from "../../gpu/run/evaluate.ts";
import { interpret } from "../../gpu/run/reference.ts";
import { buildCase } from "../../gpu/testing/case_inputs.ts";
import { agreement, kernelTolerance, showAgreement } from "../../gpu/testing/tolerance.ts";

type Values = ReadonlyMap<string, RefArray>;

function toHost(graph: Graph, values: Values): Record<string, HostArray> {
  return Object.fromEntries([...values].map(([name, { data, shape }]) => {
    const indices = graph.inputs.get(name)!.dtype === "i32";
    return [name, indices ? i32(Int32Array.from(data), shape) : f32(Float32Array.from(data), shape)];
  }));
}

/** The values as another rounding of them to float32 might have been; indices stay. */
function roundedAnew(graph: Graph, values: Values, draw: number): Map<string, RefArray> {
  return new Map([...values].map(([name, { data, shape }]) => {
    if (graph.inputs.get(name)!.dtype === "i32") return [name, { data, shape }];
    const signs = uniforms(data.length, draw, streamOf(name));
    return [name, { data: data.map((v, i) => v * (1 + (2 * signs[i] - 1) * 2 ** -24)), shape }];
  }));
}

/** What is wrong with an op's cases on a device, a line each. */
async function checkOp(gpu: Gpu, record: OpRecord): Promise<string[]> {
  const graph = createGraph(), values = new Map<string, RefArray>();
  const outputs = record.cases.map((test, i) => {
    const built = buildCase(record, test, graph, `case ${i} `);
    for (const [name, value] of built.values) values.set(name, value);
    return built.output;
  });
  const [want, ...moved] = [values, roundedAnew(graph, values, 1), roundedAnew(graph, values, 2)]
    .map((inputs) => interpret(outputs, { inputs }));
  const got = await evaluate(gpu, outputs, { inputs: toHost(graph, values) });
  return record.cases.flatMap((test, i) => {
    const tolerance = kernelTolerance(record.name, want[i].data, moved.map((arrays) => arrays[i].data));
    const found = agreement(got[i].data, want[i].data, tolerance);
    return found.factor > 1 ? [showAgreement(test.name, found)] : [];
  });
}


for (const deviceClass of ["software", "gpu"] as const) {
  Deno.test(`kernels of class ${deviceClass}`, async (t) => {
    const gpu = await openGpu({ deviceClass });
    for (const record of allOps()) {
      await t.step(record.name, async () => assertEquals(await checkOp(gpu, record), []));
    }
    gpu.close();
  });
}
