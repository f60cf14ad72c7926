// f16 storage in a program: how halves round, that all readers of a value see the same one, what is stored in them and
// what is not, what memory they save, and where they are refused.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  compile,
  constant,
  createEvaluator,
  createGraph,
  createStore,
  createTrainer,
  defineParams,
  destroyProgram,
  destroyStore,
  f32,
  fromHalfBits,
  type Gpu,
  gradientSlab,
  type Graph,
  type HostArray,
  i32,
  input,
  interpret,
  liveBytes,
  type MemoryReport,
  nn,
  normals,
  openGpu,
  ops,
  type Program,
  reachable,
  read,
  readTensors,
  run,
  sgd,
  slab,
  slabLayout,
  type Tensor,
  toHalfBits,
  uniforms,
  vec4sOf,
} from "../../gpu/mod.ts";
import { viewOf } from "../../gpu/run/alias.ts";
import { expandMacros } from "../../gpu/run/expand.ts";
import { halfNodes } from "../../gpu/run/precision.ts";
import { tinyTask } from "./tiny_tasks.ts";

let shared: Promise<Gpu> | undefined;
const device = () => shared ??= openGpu({ deviceClass: "gpu" });

/** Relative error of rounding to the nearest half. */
const UNIT = 2 ** -11;

const rounded = (x: number) => fromHalfBits(toHalfBits(x));

/** Values that a program stores in halves: its nodes by op, "weights" for shadows of slabs. */
function halvesOf({ calls }: Program): string[] {
  const written = new Set(calls.flatMap(({ writes }) => writes.map(({ value }) => value)));
  return [...written].filter(({ half }) => half).map(({ tensor }) => tensor?.op ?? "weights");
}

/** Outputs of a program in f16 storage, and the ops whose results it stores in halves. */
async function evaluated(
  graph: Graph,
  outputs: Record<string, Tensor>,
  inputs: Record<string, Float32Array<ArrayBuffer>>,
  params: Record<string, ArrayLike<number>> = {},
): Promise<{ result: Record<string, HostArray>; halves: string[] }> {
  const gpu = await device(), store = createStore(gpu);
  const init = (name: string) => () => Float32Array.from(params[name]);
  defineParams(store, "params", [...graph.params.values()].map((s) => ({ ...s, init: init(s.name) })), 0);
  const program = await compile(store, { outputs }, { storage: "f16" });
  const shaped = Object.entries(inputs).map((
    [name, data],
  ) => [name, f32(data, graph.inputs.get(name)!.shape)]);
  run(program, { inputs: Object.fromEntries(shaped) });
  const found = { result: await read(program), halves: halvesOf(program) };
  destroyProgram(program);
  destroyStore(store);
  return found;
}

Deno.test("halves round to the nearest, ties to even", async () => {
  const count = 1 << 14, bits = Uint32Array.from(uniforms(count, 1, 1), (u) => u * 2 ** 32);
  const random = new Float32Array(bits.buffer);
  const near = Array.from(uniforms(count, 1, 2), (u, i) => {
    const half = fromHalfBits(Math.floor(u * 0x7bff)), next = fromHalfBits(Math.floor(u * 0x7bff) + 1);
    return [1, 1 + 2 ** -23, 1 - 2 ** -23, -1][i % 4] * (half + next) / 2;
  });
  const small = Array.from(uniforms(count, 1, 3), (u) => (2 * u - 1) * 2 ** -14);
  const large = Array.from(uniforms(count, 1, 4), (u) => (2 * u - 1) * 80000);
  const given = Float32Array.from([...random, ...near, ...small, ...large], (x) => Number.isNaN(x) ? 1 : x);
  const graph = createGraph(), x = input(graph, "x", [given.length / 16, 16]);
  const moved = ops.permute(ops.permute(x, [1, 0]), [1, 0]); // what lies between the two is stored
  const { result, halves } = await evaluated(graph, { moved }, { x: given });
  assertEquals(halves, ["permute"]);
  const wrong = given.findIndex((value, i) => result.moved.data[i] !== rounded(value));
  assertEquals(wrong, -1, `${given[wrong]} is stored as ${result.moved.data[wrong]}`);
});

Deno.test("a value is rounded once for all its readers, sums are not, weights are read rounded", async () => {
  const rows = 4096, inner = 4, columns = 32, seed = 2;
  const x = Float32Array.from(normals(rows * inner, seed, 0)),
    w = Float32Array.from(normals(inner * columns, seed, 1));
  const graph = createGraph(), s = nn.scope(graph);
  const product = ops.matmul(input(graph, "x", [rows, inner]), s.param("w", [inner, columns], nn.value(0)));
  const bent = ops.tanh(product); // in the product's kernel, which also adds it up
  const outputs = { copy: ops.neg(ops.permute(bent, [1, 0])), sum: ops.sum(bent, { axes: [0] }) };
  const { result, halves } = await evaluated(graph, outputs, { x }, { w });
  assertEquals(halves, ["weights", "tanh", "permute"]);
  let different = 0;
  for (let j = 0; j < columns; j++) {
    let sum = 0, exact = 0;
    for (let i = 0; i < rows; i++) {
      let dot = 0;
      for (let k = 0; k < inner; k++) dot += x[i * inner + k] * rounded(w[k * columns + j]);
      const stored = -result.copy.data[j * rows + i], want = Math.tanh(dot);
      assert(
        Math.abs(stored - want) <= 1.001 * UNIT * Math.abs(want) + 1e-6,
        `${stored} at ${i}, ${j}, not ${want}`,
      );
      assertEquals(stored, rounded(stored));
      sum += stored;
      exact += want;
    }
    assert(Math.abs(result.sum.data[j] - sum) < 1e-3, `column ${j}: ${result.sum.data[j]}, not ${sum}`);
    if (Math.abs(sum - exact) > 2e-3) different++;
  }
  assert(different > columns / 2, "The sum of what is stored is that of what was computed");
});

/**
 * Losses of a pair of transformers and of a layer over pixels, and the step that SGD with decay would take. So many
 * examples that statistics are large, too; nothing is computed.
 */
function stepRoots(graph: Graph): Tensor[] {
  const s = nn.scope(graph), count = 8192;
  const images = input(graph, "images", [count, 8, 8, 3]), ids = input(graph, "ids", [count, 8], "i32");
  const { image, text, logitScale } = nn.clip(s, images, ids, {
    embedDim: 80,
    vision: { layers: 1, width: 16, headWidth: 8, patchSize: 4 },
    text: { contextLength: 8, vocabSize: 2000, width: 16, heads: 2, layers: 2 },
  });
  const pixels = nn.within(s, "fc", (f) => nn.linear(f, ops.reshape(images, [count * 64, 3]), 1024));
  const normed = ops.square(nn.within(s, "bn", (b) => nn.batchNorm(b, pixels)));
  const loss = ops.add(nn.contrastiveLoss(image, text, logitScale), ops.mean(normed, { axes: null }));
  const layout = slabLayout([...graph.params.values()].filter(({ trainable }) => trainable));
  const g = gradientSlab(graph, [loss], [constant(graph, [1], [])], layout),
    p = slab(graph, "p", layout.blocks);
  const next = ops.sub(p, ops.mulScalar(ops.add(g, ops.mulScalar(p, 0.1)), 0.01));
  return expandMacros([loss, next, normed]);
}

Deno.test("activations and their gradients are halves; what must be exact is not", () => {
  const roots = stepRoots(createGraph()), halves = halfNodes(roots), nodes = reachable(roots);
  const isLarge = ({ shape }: Tensor) => vec4sOf(shape) > 1024;
  assert([...halves].every((node) => isLarge(node) && node.dtype === "f32"));
  const opsOf = (list: Iterable<Tensor>) => new Set([...list].filter(isLarge).map(({ op }) => op));
  const inHalves = opsOf(halves), exact = opsOf(nodes.filter((node) => !halves.has(node)));
  for (
    const op of ["conv2d", "layerNorm", "gelu", "headsPV", "softmax", "layerNormGrad", "geluGrad", "bnApply"]
  ) {
    assert(inHalves.has(op) && !exact.has(op), `${op} is not stored in halves`);
  }
  const statistics = ["bnStats", "layerNormStats", "crossEntropy", "argmax"];
  for (const op of ["input", "param", "slab", "constant", "collect", "sub", "square", ...statistics]) {
    assert(exact.has(op) && !inHalves.has(op), `${op} is stored in halves`);
  }
  const gathered = nodes.find(({ op }) => op === "collect")!.inputs.map((source) => viewOf(source).root);
  assert(gathered.some(isLarge) && gathered.every((node) => !halves.has(node)));
  for (const [op, count] of [["crossEntropy", 2], ["softmax", 3]] as const) {
    const scores = nodes.filter((node) => node.op === op).map(({ inputs: [x] }) => viewOf(x).root);
    assertEquals(scores.length, count);
    assert(scores.every((node) => [node, ...node.inputs].every((t) => !halves.has(t))), `Scores of ${op}`);
  }
});

Deno.test("a text transformer in halves, masks and all, is its reference to the roundings on the way", async () => {
  const gpu = await device(), store = createStore(gpu), shape = [64, 8], graph = createGraph();
  const build = (g: Graph) => {
    const options = { contextLength: 8, vocabSize: 30, width: 16, layers: 2, heads: 2, outputDim: 12 };
    return { text: nn.textTransformer(nn.scope(g), input(g, "ids", shape, "i32"), options) };
  };
  const outputs = build(graph);
  defineParams(store, "params", [...graph.params.values()], 3);
  const evaluator = await createEvaluator({ store, build, storage: "f16" });
  const ids = Int32Array.from(
    uniforms(512, 5, 0),
    (u, i) => i % 8 === 7 - Math.floor(i / 8) % 5 ? 29 : Math.floor(u * 29),
  );
  const { text } = await evaluator.run({ ids: i32(ids, shape) }), halves = halvesOf(evaluator.program);
  const params = new Map([...await readTensors(store, "params")].map(([name, { data, shape }]) => {
    return [name, { data: Float64Array.from(data), shape }];
  }));
  const inputs = new Map([["ids", { data: Float64Array.from(ids), shape }]]);
  const [want] = interpret([outputs.text], { inputs, params });
  // Roundings are independent and each has a standard deviation of UNIT / sqrt 3; of 768 results, three of these.
  const largest = Math.max(...want.data.map(Math.abs)), bound = Math.sqrt(3 * halves.length) * UNIT * largest;
  const away = want.data.map((value, i) => Math.abs(text.data[i] - value));
  assert(Math.max(...away) <= bound, `${Math.max(...away)} is over ${bound}`);
  assert(halves.length > 10 && Math.max(...away) > bound / 100);
  evaluator.destroy();
  destroyStore(store);
});

/** What a program would take, told before anything is made. */
async function planned(storage: "f32" | "f16", build: (graph: Graph) => Record<string, Tensor>) {
  const gpu = await device(), store = createStore(gpu), before = liveBytes(gpu);
  let memory: MemoryReport | undefined;
  const onMemory = (report: MemoryReport) => {
    memory = report;
    throw new Error("Seen");
  };
  await assertRejects(
    () => compile(store, { outputs: build(createGraph()) }, { storage, onMemory }),
    Error,
    "Seen",
  );
  assertEquals(liveBytes(gpu), before);
  return memory!;
}

Deno.test("the memory report of a ResNet's step counts halves as such", async () => {
  const build = (graph: Graph) => {
    const s = nn.scope(graph), y = input(graph, "y", [64], "i32"), x = input(graph, "x", [64, 64, 64, 3]);
    const options = { layers: [1, 1, 1, 1], width: 16, heads: 8, outputDim: 50 };
    const logits = nn.modifiedResNet(s, x, options);
    const loss = ops.mean(ops.crossEntropy(logits, y), { axes: null });
    const layout = slabLayout([...graph.params.values()].filter(({ trainable }) => trainable));
    return { loss, g: gradientSlab(graph, [loss], [constant(graph, [1], [])], layout) };
  };
  const whole = await planned("f32", build), half = await planned("f16", build);
  assertEquals([half.inputs, half.constants], [whole.inputs, whole.constants]);
  // What is left in f32 is mostly the gradients of the weights, in parts.
  assert(half.activations < 0.7 * whole.activations, `${half.activations} of ${whole.activations}`);
  assert(half.activations > 0.5 * whole.activations);
});

Deno.test("an adapter that cannot store halves says so", async () => {
  const gpu = await device(), software = await openGpu({ deviceClass: "software" });
  const lacking = { ...gpu, features: new Set([...gpu.features].filter((name) => name !== "shader-f16")) };
  const graph = createGraph(), outputs = { y: ops.neg(input(graph, "x", [3])) };
  for (
    const [one, message] of [
      [software, 'Storage "f16" needs a GPU'],
      [lacking, 'Storage "f16" needs the feature shader-f16'],
    ] as const
  ) {
    const store = createStore(one), before = liveBytes(one);
    await assertRejects(() => compile(store, { outputs }, { storage: "f16" }), RangeError, message);
    await assertRejects(
      () => createEvaluator({ store, build: () => outputs, storage: "f16" }),
      RangeError,
      message,
    );
    const options = { task: tinyTask({ rows: 6 }), optimizer: sgd(), schedule: () => ({ lr: 0.1 }), seed: 1 };
    await assertRejects(() => createTrainer({ gpu: one, ...options, storage: "f16" }), RangeError, message);
    assertEquals(liveBytes(one), before);
  }
  software.close();
});
