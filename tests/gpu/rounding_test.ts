// How much the kernels round: long sums keep what their additions lose, and compensated contractions round their
// results only. Plain arithmetic fails each of these bounds. And a NaN is not rounded away.

import { assert, assertEquals } from "@std/assert";
import { f32, normals, type Shape, sizeOf } from "../../gpu/base/mod.ts";
import { type Gpu, openGpu } from "../../gpu/device/mod.ts";
import { createGraph, type Graph, input, type Tensor } from "../../gpu/graph/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { type CompileOptions, evaluate } from "../../gpu/run/mod.ts";
import { interpret } from "../../gpu/run/reference.ts";

/** Root of the mean square of a single rounding to f32, relative, and what two of them and a little may take. */
const TWO_ROUNDINGS = 5e-8;

/** Inputs of any shapes by name, normal values. */
function leaf(graph: Graph): (name: string, ...shape: number[]) => Tensor {
  return (name, ...shape) => input(graph, name, shape);
}

function drawn(shape: Shape, stream: number) {
  return { data: Float64Array.from(normals(sizeOf(shape), 3, stream), Math.fround), shape };
}

/** For each output, the root mean square of its error on the device over that of its values. */
async function errors(gpu: Gpu, outputs: Tensor[], options: CompileOptions = {}): Promise<number[]> {
  const { inputs } = outputs[0].graph;
  const values = new Map([...inputs].map(([name, { shape }], i) => [name, drawn(shape, i)]));
  const host = Object.fromEntries([...values].map(([name, { data, shape }]) => [name, f32(data, shape)]));
  const want = interpret(outputs, { inputs: values });
  const got = await evaluate(gpu, outputs, { inputs: host }, options);
  const square = (x: number) => x * x;
  return want.map(({ data }, i) => {
    const off = data.reduce((sum, value, j) => sum + square(value - got[i].data[j]), 0);
    return Math.sqrt(off / data.reduce((sum, value) => sum + square(value), 0));
  });
}

/** Matrix products in every orientation, of long sums; a head's; the three convolutions. */
function contractions(): Tensor[] {
  const at = leaf(createGraph());
  const a = at("a", 17, 515), aT = at("aT", 515, 17), b = at("b", 515, 13), bT = at("bT", 13, 515);
  const x = at("x", 2, 9, 9, 21), w = at("w", 3, 3, 21, 10), dy = at("dy", 2, 5, 5, 10);
  const window = { stride: 2, padding: 1 };
  return [
    ops.matmul(a, b),
    ops.matmul(a, bT, { tb: true }),
    ops.matmul(aT, b, { ta: true }),
    ops.matmul(aT, bT, { ta: true, tb: true }),
    ops.headsQK(at("q", 2, 5, 96), at("k", 2, 7, 96), { heads: 2 }),
    ops.conv2d(x, w, window),
    ops.conv2dDX(dy, w, { ...window, height: 9, width: 9 }),
    ops.conv2dDW(x, dy, { ...window, kh: 3, kw: 3 }),
  ];
}

for (const deviceClass of ["software", "gpu"] as const) {
  Deno.test(`compensated contractions round their results only: class ${deviceClass}`, async () => {
    const gpu = await openGpu({ deviceClass });
    const outputs = contractions();
    const found = await errors(gpu, outputs, { precision: "compensated" });
    found.forEach((error, i) => assert(error < TWO_ROUNDINGS, `${outputs[i].op} ${i}: ${error}`));
    const [plain] = await errors(gpu, outputs.slice(0, 1));
    assert(plain > TWO_ROUNDINGS && plain < 1e-6, `plain: ${plain}`);
    gpu.close();
  });

  Deno.test(`batch-norm statistics and gradient sums of many rows: class ${deviceClass}`, async () => {
    const gpu = await openGpu({ deviceClass });
    const at = leaf(createGraph()), c = 6;
    const x = at("x", 20000, c), stats = ops.bnStats(x, at("gamma", c), at("beta", c), { eps: 1e-5 });
    const outputs = [ops.row(stats, 1), ops.row(stats, 4), ops.bnGradStats(at("dy", 20000, c), x, stats)];
    for (const [i, error] of (await errors(gpu, outputs)).entries()) {
      assert(error < 2 * TWO_ROUNDINGS, `${outputs[i].op} ${i}: ${error}`);
    }
    gpu.close();
  });
}

Deno.test("a sum of ones behind 2^24, where f32 has no odd numbers, misses none", async () => {
  const gpu = await openGpu({ deviceClass: "software" });
  const rows = 4001, graph = createGraph(), total = ops.sum(input(graph, "x", [rows, 3]), { axes: [0] });
  const x = f32(Float32Array.from({ length: rows * 3 }, (_, i) => i < 3 ? 2 ** 24 : 1), [rows, 3]);
  const [got] = await evaluate(gpu, [total], { inputs: { x } });
  assertEquals([...got.data], [0, 1, 2].map(() => 2 ** 24 + rows - 1));
  gpu.close();
});

for (const deviceClass of ["software", "gpu"] as const) {
  Deno.test(`relu lets a NaN through, alone and within a fused expression: class ${deviceClass}`, async () => {
    const gpu = await openGpu({ deviceClass });
    const x = input(createGraph(), "x", [5]), twice = ops.relu(ops.add(x, x));
    const values = f32(Float64Array.of(NaN, -1, 2, 0, -Infinity), [5]);
    const [alone, fused] = await evaluate(gpu, [ops.relu(x), twice], { inputs: { x: values } });
    assertEquals(Array.from(alone.data), [NaN, 0, 2, 0, 0]);
    assertEquals(Array.from(fused.data), [NaN, 0, 4, 0, 0]);
    gpu.close();
  });
}
