// The GPU contraction on whatever adapter there is: every tile with every orientation and window over odd sizes, with
// NaN around the operands and marks around the results; then whole graphs whose neighbours ride along in its kernel.

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  f32,
  rowsOf,
  type Shape,
  sizeOf,
  streamOf,
  uniforms,
  vec4sOf,
  vec4sPerRow,
} from "../../gpu/base/mod.ts";
import {
  bindGroupOf,
  createStorage,
  createUniform,
  destroyStorage,
  type Gpu,
  openGpu,
  pipelineOf,
  readStorages,
  writeStorage,
} from "../../gpu/device/mod.ts";
import { createGraph, input, opRecord, type RefArray, type Tensor } from "../../gpu/graph/mod.ts";
import {
  assemble,
  type ContractLowered,
  type ContractPlan,
  FIRST_OPERAND,
  type Launch,
  rowTiles,
  type Tile,
  uniformNames,
} from "../../gpu/kernels/mod.ts";
import { contractGpu } from "../../gpu/kernels/contract_gpu.ts";
import * as ops from "../../gpu/ops/mod.ts";
import {
  compile,
  createStore,
  destroyProgram,
  destroyStore,
  interpret,
  read,
  run,
} from "../../gpu/run/mod.ts";
import { padRows, unpadRows } from "../../gpu/run/host_layout.ts";
import { chooseTile, GPU_TILES } from "../../gpu/run/tiles.ts";
import { agreement, showAgreement, ulpTolerance } from "../../gpu/testing/tolerance.ts";

/** Words of NaN (or marks) before and behind every operand. */
const MARGIN = 9, MARK = 12345;

/** Runs one dispatch; `results` names the words of what it writes. Throws when it writes outside of them. */
async function dispatch(
  gpu: Gpu,
  launch: Launch,
  operands: Record<string, Float32Array>,
  results: Record<string, number>,
): Promise<Record<string, Float32Array>> {
  const { kernel } = launch;
  const names = [...kernel.reads, ...kernel.writes];
  const storages = names.map((name) => {
    const words = results[name] ?? operands[name].length / 4;
    const storage = createStorage(gpu, words + 2 * MARGIN, name);
    const data = new Float32Array((words + 2 * MARGIN) * 4).fill(name in results ? MARK : NaN);
    if (name in operands) data.set(operands[name], MARGIN * 4);
    writeStorage(gpu, storage, data);
    return storage;
  });
  const numbers = [...launch.sizes, ...launch.constants ?? [], ...names.map(() => MARGIN)];
  assertEquals(numbers.length, uniformNames(kernel).length);
  const uniform = createUniform(gpu, Uint32Array.from([...numbers, 0, 0, 0]).buffer, "numbers");
  const pipeline = await pipelineOf(gpu, assemble(kernel, gpu.memory), kernel.label);
  const group = bindGroupOf(gpu, pipeline, [
    { binding: 0, resource: { buffer: uniform } },
    ...storages.map((storage, i) => ({ binding: FIRST_OPERAND + i, resource: storage.binding })),
  ]);
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(launch.groups);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  const written = Object.keys(results);
  const found = await readStorages(
    gpu,
    written.map((name) => {
      const storage = storages[names.indexOf(name)];
      return { storage, at: 0, words: storage.words };
    }),
  );
  storages.forEach((storage) => destroyStorage(gpu, storage));
  uniform.destroy();
  return Object.fromEntries(written.map((name, i) => {
    const margins = [...found[i].subarray(0, MARGIN * 4), ...found[i].subarray(-MARGIN * 4)];
    assert(margins.every((v) => v === MARK), `${kernel.label} writes outside ${name}`);
    return [name, found[i].subarray(MARGIN * 4, -MARGIN * 4)];
  }));
}

function drawn(name: string, shape: Shape): RefArray {
  return { data: uniforms(sizeOf(shape), 0, streamOf(name)).map((u) => Math.fround(2 * u - 1)), shape };
}

function expectClose(what: string, got: ArrayLike<number>, want: ArrayLike<number>, ulps: number) {
  const found = agreement(got, want, ulpTolerance(want, ulps));
  assert(found.factor <= 1, showAgreement(what, found));
}

/** One node through the GPU kernel with a given tile, next to float64; also its column sums, if wanted. */
async function checkTile(gpu: Gpu, what: string, tile: Tile, node: Tensor, summed = false) {
  const { spec, a, b } = opRecord(node.op).lower!(node, "gpu") as ContractLowered;
  const values = new Map(node.inputs.map((t) => {
    const name = t.attrs.name as string;
    const indices = uniforms(sizeOf(t.shape), 1, 1).map((u) => Math.floor(u * spec.m));
    return [name, t.dtype === "i32" ? { data: indices, shape: t.shape } : drawn(name, t.shape)];
  }));
  const [want] = interpret([node], { inputs: values });
  const words = vec4sOf(node.shape), rows = rowsOf(node.shape), n4 = vec4sPerRow(node.shape);
  const tiles = rowTiles(spec, tile);
  const padded = (i: number) =>
    padRows(values.get(node.inputs[i].attrs.name as string)!.data, node.inputs[i].shape);
  const plan: ContractPlan = {
    spec,
    tile,
    loadA: { program: { steps: [{ kind: "load", operand: "A", access: "full" }] }, result: 0 },
    readsA: ["A"],
    epilogue: {
      program: { steps: [{ kind: "given", name: "acc" }] },
      stores: [{ operand: "Y", step: 0 }],
      partials: summed
        ? [{ operand: "S", reduction: "sum", steps: [0, 0] }, {
          operand: "V",
          reduction: "moments",
          steps: [0],
        }]
        : [],
    },
    readsEpilogue: [],
    numbers: new Map(),
  };
  const results = { Y: words * tile.splits, ...summed ? { S: tiles * 2 * n4, V: tiles * 2 * n4 } : {} };
  const found = await dispatch(gpu, contractGpu(plan), { A: padded(a), B: padded(b) }, results);
  const y = new Float32Array(words * 4);
  found.Y.forEach((v, i) => y[i % y.length] += v);
  const values32 = unpadRows(y, node.shape);
  expectClose(what, values32, want.data, 64);
  assertEquals(padRows(values32, node.shape), y, `${what}: padding lanes are zero`);
  if (!summed) return;
  const column = (from: number, to: number, c: number) =>
    Array.from({ length: to - from }, (_, r) => y[(from + r) * n4 * 4 + c]);
  const sums: number[] = [], moments: number[] = [];
  for (let t = 0; t < tiles; t++) {
    const from = t * tile.rows, to = Math.min(rows, from + tile.rows);
    const of = (f: (v: number[]) => number) =>
      Array.from({ length: n4 * 4 }, (_, c) => f(column(from, to, c)));
    const total = (v: number[]) => v.reduce((s, x) => s + x, 0), mean = (v: number[]) => total(v) / v.length;
    sums.push(...of(total), ...of(total));
    moments.push(...of(mean), ...of((v) => v.reduce((s, x) => s + (x - mean(v)) ** 2, 0)));
  }
  expectClose(`${what}: sums`, found.S, sums, 64);
  expectClose(`${what}: moments`, found.V, moments, 64);
}

const leaf = (graph: ReturnType<typeof createGraph>) => (name: string, ...shape: number[]) =>
  input(graph, name, shape);

/** Every pipeline costs the software adapter about a second: tiles take turns. */
Deno.test("every tile of the GPU contraction, every orientation", async () => {
  const gpu = await openGpu({ deviceClass: "gpu" });
  for (const [i, tile] of GPU_TILES.entries()) {
    for (const [ta, tb] of [[false, i % 2 === 0], [true, i % 2 !== 0]]) {
      const at = leaf(createGraph());
      const [m, n, k] = [tile.rows + 5, tile.words * 4 + 7, 2 * tile.own!.depth + 3];
      const node = ops.matmul(at("a", ...ta ? [k, m] : [m, k]), at("b", ...tb ? [n, k] : [k, n]), { ta, tb });
      const what = `${tile.rows} x ${tile.words}, ${ta}, ${tb}`;
      await checkTile(gpu, what, tile, node);
      await checkTile(gpu, `${what}, split`, { ...tile, splits: 3 }, node);
      if (tile.own!.words === 2 && !ta) await checkTile(gpu, `${what}, summed`, tile, node, true);
    }
  }
  gpu.close();
});

Deno.test("heads, windows and one-hot rows", async () => {
  const gpu = await openGpu({ deviceClass: "gpu" });
  const [large, small] = [GPU_TILES[0], GPU_TILES.find((tile) => tile.rows === 32)!];
  const windows = [
    { stride: 2, padding: 3, size: 7, c: 3, o: 5 },
    { stride: 1, padding: 1, size: 3, c: 8, o: 6 },
    { stride: 3, padding: 0, size: 2, c: 5, o: 20 },
  ];
  for (const { stride, padding, size, c, o } of windows) {
    const at = leaf(createGraph());
    const [height, width] = [11, 9];
    const what = `${size}x${size} by ${stride} padded by ${padding}`;
    const x = at("x", 2, height, width, c), w = at("w", size, size, c, o);
    const y = ops.conv2d(x, w, { stride, padding });
    const dy = at("dy", ...y.shape);
    const dw = ops.conv2dDW(x, dy, { stride, padding, kh: size, kw: size });
    await checkTile(gpu, what, small, y);
    await checkTile(gpu, `dX ${what}`, small, ops.conv2dDX(dy, w, { stride, padding, height, width }));
    await checkTile(gpu, `dW ${what}`, small, dw);
    await checkTile(gpu, `dW ${what}, split`, { ...small, splits: 2 }, dw);
    if (c === 3) {
      await checkTile(gpu, `large ${what}, summed`, large, y, true);
      await checkTile(gpu, `large dW ${what}`, large, dw);
    }
  }
  const at = leaf(createGraph());
  const heads = ops.headsQK(at("q", 2, 5, 24), at("k", 2, 9, 24), { heads: 3 });
  await checkTile(gpu, "heads", small, heads);
  await checkTile(gpu, "heads, split", { ...small, splits: 2 }, heads);
  const idx = input(heads.graph, "idx", [3, 7], "i32");
  await checkTile(gpu, "one hot", small, ops.embeddingGrad(idx, at("dy", 3, 7, 6), { rows: 11 }));
  gpu.close();
});

Deno.test("a tile that does not divide is refused", () => {
  const at = leaf(createGraph());
  const node = ops.matmul(at("a", 5, 5), at("b", 5, 5));
  const { spec } = opRecord(node.op).lower!(node, "gpu") as ContractLowered;
  const empty = { program: { steps: [] }, stores: [], partials: [] };
  const plan = (tile: Tile): ContractPlan => ({
    spec,
    tile,
    loadA: { program: { steps: [{ kind: "load", operand: "A", access: "full" }] }, result: 0 },
    readsA: ["A"],
    epilogue: empty,
    readsEpilogue: [],
    numbers: new Map(),
  });
  assertThrows(() => contractGpu(plan({ rows: 8, words: 2, splits: 1 })), RangeError, "one invocation");
  const own = { rows: 8, words: 3, depth: 8 };
  assertThrows(
    () => contractGpu(plan({ rows: 64, words: 16, splits: 1, own })),
    RangeError,
    "does not divide",
  );
  const deep = { rows: 8, words: 2, depth: 64 };
  assertThrows(() => contractGpu(plan({ rows: 128, words: 32, splits: 1, own: deep })), RangeError);
});

Deno.test("GPU tiles: large ones for large results, narrow ones for few columns, splits for long sums", () => {
  const at = leaf(createGraph());
  const tileOf = (node: Tensor) =>
    chooseTile((opRecord(node.op).lower!(node, "gpu") as ContractLowered).spec, "gpu");
  const { rows, words } = tileOf(ops.matmul(at("a", 8192, 64), at("b", 64, 2048)));
  assertEquals([rows, words], [128, 32]);
  assertEquals(tileOf(ops.matmul(at("c", 8192, 64), at("d", 64, 10))).words, 4);
  assertEquals(tileOf(ops.matmul(at("e", 17, 64), at("f", 64, 33))).rows, 32);
  const long = tileOf(ops.matmul(at("g", 65536, 64), at("h", 65536, 64), { ta: true }));
  assert(long.splits > 100, `${long.splits} splits`);
});

/** Outputs on the device next to float64; `calls` is the number of dispatches that the graph may take. */
async function checkGraph(gpu: Gpu, what: string, outputs: Tensor[], calls: number) {
  const { graph } = outputs[0];
  const values = new Map([...graph.inputs].map(([name, t]) => [name, drawn(name, t.shape)]));
  const want = interpret(outputs, { inputs: values });
  const store = createStore(gpu);
  const program = await compile(store, { outputs: Object.fromEntries(outputs.map((t, i) => [`${i}`, t])) });
  assert(program.calls.length <= calls, `${what}: ${program.calls.length} dispatches, wanted ${calls}`);
  run(program, {
    inputs: Object.fromEntries(
      [...program.inputs.keys()].map((name) => [name, f32(values.get(name)!.data, values.get(name)!.shape)]),
    ),
  });
  const got = await read(program);
  outputs.forEach((_, i) => expectClose(`${what}, output ${i}`, got[`${i}`].data, want[i].data, 200));
  destroyProgram(program);
  destroyStore(store);
}

Deno.test("what rides along: programs on the way in, followers and column sums on the way out", async () => {
  const gpu = await openGpu({ deviceClass: "gpu" });
  for (const stride of [1, 2]) {
    for (const c of [8, 5]) {
      const at = leaf(createGraph());
      const x = at("x", 2, 8, 8, c), w = at("w", 3, 3, c, 12);
      const y = ops.conv2d(ops.relu(ops.affine(x, at("scale", c), at("shift", c))), w, {
        stride,
        padding: 1,
      });
      const stats = ops.bnStats(y, at("gamma", 12), at("beta", 12), { eps: 1e-5 });
      await checkGraph(gpu, `forward by ${stride}`, [y, stats], 2);
    }
    const at = leaf(createGraph());
    const x = at("x", 2, 8, 8, 8),
      h = at("h", 2, 8, 8, 8),
      stats = at("stats", 5, 8),
      w = at("w", 3, 3, 8, 12);
    const y = ops.conv2d(x, w, { stride, padding: 1 });
    const dx = ops.conv2dDX(at("dy", ...y.shape), w, { stride, padding: 1, height: 8, width: 8 });
    const masked = ops.reluGrad(dx, h);
    await checkGraph(gpu, `backward by ${stride}`, [masked, ops.bnGradStats(masked, x, stats)], 2);
  }
  gpu.close();
});

Deno.test("sums of many rows: chunks of columns and tiles of contractions, joined by workgroups", async () => {
  const gpu = await openGpu({ deviceClass: "gpu" });
  const at = leaf(createGraph());
  const x = at("x", 2501, 67), stats = at("stats", 5, 67);
  const norm = ops.bnStats(x, at("gamma", 67), at("beta", 67), { eps: 1e-5 });
  const sums = [
    ops.sum(x, { axes: [0] }),
    ops.max(x, { axes: [0] }),
    ops.bnGradStats(ops.square(x), x, stats),
  ];
  await checkGraph(gpu, "columns", [norm, ...sums], 8);
  const y = ops.matmul(at("rows", 701, 9), at("w", 9, 11));
  const tiled = ops.bnStats(y, at("g", 11), at("b", 11), { eps: 1e-5 });
  await checkGraph(gpu, "tiles", [y, tiled, ops.sum(y, { axes: [0] })], 3);
  gpu.close();
});

Deno.test("what rides along: words that are not zero where their operand is", async () => {
  const gpu = await openGpu({ deviceClass: "gpu" });
  for (const tb of [false, true]) {
    const at = leaf(createGraph());
    const a = ops.reciprocal(at("a", 37, 5)), b = tb ? at("b", 10, 5) : at("b", 5, 10);
    await checkGraph(gpu, `reciprocal, ${tb}`, [ops.sigmoid(ops.matmul(a, b, { tb }))], 1);
  }
  const at = leaf(createGraph());
  const x = ops.addScalar(at("x", 2, 7, 6, 3), 1), w = at("w", 3, 3, 3, 5);
  const y = ops.conv2d(x, w, { stride: 1, padding: 1 }), dy = ops.addScalar(at("dy", 2, 7, 6, 5), 1);
  await checkGraph(gpu, "conv2d", [ops.sigmoid(y)], 1);
  await checkGraph(gpu, "conv2dDX", [ops.conv2dDX(dy, w, { stride: 1, padding: 1, height: 7, width: 6 })], 1);
  await checkGraph(gpu, "conv2dDW", [
    ops.conv2dDW(x, at("dz", 2, 7, 6, 5), { stride: 1, padding: 1, kh: 3, kw: 3 }),
  ], 1);
  gpu.close();
});

Deno.test("what rides along: rows and columns of a head are those of the whole tensor", async () => {
  const gpu = await openGpu({ deviceClass: "gpu" });
  const at = leaf(createGraph());
  const [q, k, p] = [at("q", 2, 5, 24), at("k", 2, 9, 24), at("p", 2, 3, 5, 9)];
  const biased = ops.add(q, at("bias", 24)), scaled = ops.mul(q, at("perRow", 2, 5, 1));
  await checkGraph(gpu, "headsQK of a biased q", [ops.headsQK(biased, k, { heads: 3 })], 1);
  await checkGraph(gpu, "headsQK of a scaled q", [ops.headsQK(scaled, k, { heads: 3 })], 1);
  const y = ops.headsPV(p, k);
  await checkGraph(gpu, "biased headsPV", [ops.mul(ops.add(y, at("c", 24)), at("r", 2, 5, 1))], 1);
  const long = ops.matmul(at("long", 700, 9), at("wide", 700, 11), { ta: true });
  await checkGraph(gpu, "split sum and a follower", [ops.relu(long)], 3);
  const few = ops.matmul(at("images", 33, 40), at("weights", 70, 40), { tb: true });
  await checkGraph(gpu, "two sums", [
    few,
    ops.sum(few, { axes: [0] }),
    ops.sum(ops.square(few), { axes: [0] }),
  ], 5);
  gpu.close();
});
