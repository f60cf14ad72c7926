// Whatever shares a kernel, the values are those of the graph: random graphs with their gradients, fused and planned
// as programs are, against the float64 interpreter; and what contractions compute on the way in, whose padding lanes
// must not leak.

import { assertEquals } from "@std/assert";
import { type Shape, sizeOf, streamOf, uniforms } from "../../gpu/base/mod.ts";
import { openGpu } from "../../gpu/device/mod.ts";
import { createGraph, input, type RefArray, type Tensor } from "../../gpu/graph/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { type Checked, checkOnDevice, type Values } from "./device_check.ts";
import { randomGraph } from "./random_graphs.ts";

/** Products and convolutions of 1/x and x + column, whose padding lanes are infinite or not zero before they are masked. */
function computedOnTheWayIn(): { checked: Checked[]; inputs: Values } {
  const graph = createGraph(), inputs = new Map<string, RefArray>(), checked: Checked[] = [];
  const leaf = (...shape: Shape): Tensor => {
    const name = `x${inputs.size}`;
    const data = uniforms(sizeOf(shape), 4, streamOf(name)).map((u) => Math.fround(u + 0.5));
    inputs.set(name, { data, shape });
    return input(graph, name, shape);
  };
  const add = (name: string, output: Tensor) => checked.push({ name, op: output.op, output });
  for (const [m, k, n] of [[17, 3, 12], [6, 9, 5]]) {
    for (const [ta, tb] of [[false, false], [false, true], [true, false], [true, true]]) {
      const shape = ta ? [k, m] : [m, k];
      const shifted = ops.mulScalar(ops.add(leaf(shape[0], 1), leaf(...shape)), 0.5);
      for (const a of [ops.reciprocal(leaf(...shape)), shifted]) {
        add(`${m}x${k}x${n} ${a.op} ${ta} ${tb}`, ops.matmul(a, leaf(...(tb ? [n, k] : [k, n])), { ta, tb }));
      }
    }
  }
  for (const [from, to] of [[3, 5], [6, 2]]) {
    const x = ops.reciprocal(leaf(2, 5, 4, from)), dy = ops.reciprocal(leaf(2, 5, 4, to));
    const w = leaf(3, 3, from, to), window = { stride: 1, padding: 1 };
    add(`convolution ${from} to ${to}`, ops.conv2d(x, w, window));
    add(`its input gradient`, ops.conv2dDX(dy, w, { ...window, height: 5, width: 4 }));
    add(`its weight gradient`, ops.conv2dDW(x, leaf(2, 5, 4, to), { ...window, kh: 3, kw: 3 }));
  }
  return { checked, inputs };
}

for (const [deviceClass, seeds] of [["software", 12], ["gpu", 4]] as const) {
  Deno.test(`fusion on class ${deviceClass}`, async (t) => {
    const gpu = await openGpu({ deviceClass });
    for (let seed = 0; seed < seeds; seed++) {
      await t.step(`random graph ${seed}`, async () => {
        const { outputs, inputs, scalars } = randomGraph(seed, 6 + seed % 11);
        const checked = outputs.map((output, i) => ({ name: `${output.op}, output ${i}`, op: null, output }));
        assertEquals(await checkOnDevice(gpu, checked, inputs, scalars), []);
      });
    }
    await t.step("what contractions compute on the way in", async () => {
      const { checked, inputs } = computedOnTheWayIn();
      assertEquals(await checkOnDevice(gpu, checked, inputs), []);
    });
    gpu.close();
  });
}

Deno.test("a split weight gradient that is collected and wanted for itself is whole in both places", async () => {
  const graph = createGraph(), inputs = new Map<string, RefArray>();
  const leaf = (name: string, ...shape: number[]): Tensor => {
    const data = uniforms(sizeOf(shape), 4, streamOf(name)).map((u) => Math.fround(u - 0.5));
    inputs.set(name, { data, shape });
    return input(graph, name, shape);
  };
  const window = { stride: 1, padding: 1, kh: 3, kw: 3 };
  const dw = ops.conv2dDW(leaf("x", 4, 16, 16, 4), leaf("dy", 4, 16, 16, 8), window);
  const product = ops.matmul(leaf("a", 4096, 8), leaf("b", 4096, 12), { ta: true });
  const again = ops.mulScalar(product, 2);
  const checked = [
    dw,
    again,
    ops.collect([dw, product], { blocks: 3 }),
    ops.collect([product], { blocks: 1 }),
  ]
    .map((output, i): Checked => ({ name: `${output.op} ${i}`, op: null, output }));
  for (const deviceClass of ["software", "gpu"] as const) {
    const gpu = await openGpu({ deviceClass });
    assertEquals(await checkOnDevice(gpu, checked, inputs), [], deviceClass);
    gpu.close();
  }
});
