// Weights in several slabs, as a device demands that cannot bind them at once: training is the same to the last bit, in
// every kind of step; files do not show it; a tensor too large for any slab is named; arenas and read-backs keep to the
// limits too.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  adamw,
  averagedStore,
  createEvaluator,
  createGraph,
  createTrainer,
  decayMatrices,
  defineSlab,
  destroyStore,
  f32,
  type Gpu,
  type Graph,
  input,
  interpret,
  lars,
  maxWords,
  modelStore,
  modelTensors,
  nn,
  NonFiniteError,
  normals,
  openGpu,
  ops,
  optimizerTensors,
  readTensors,
  sgd,
  slabLayouts,
  type SplitTask,
  type Store,
  type Task,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
} from "../../gpu/mod.ts";
import { isUnusable } from "../../gpu/train/loss_scale.ts";
import {
  coupleBatch,
  rowsOfBatch,
  rowsOfCouple,
  tinyBatch,
  tinyClip,
  tinyLogits,
  type TinyOptions,
  tinyTask,
} from "./tiny_tasks.ts";

const devices = new Map<string, Promise<Gpu>>();
function device(deviceClass: "software" | "gpu" = "software"): Promise<Gpu> {
  if (!devices.has(deviceClass)) devices.set(deviceClass, openGpu({ deviceClass }));
  return devices.get(deviceClass)!;
}

const adapter = await navigator.gpu?.requestAdapter();
const noHalves = adapter?.features.has("shader-f16") !== true;
if (noHalves) console.warn("skipped: halves in split slabs, as this adapter has no shader-f16");

/** Words of a slab block: the smallest slab. */
const BLOCK = 64;

type Options<Batch> =
  & Pick<TrainerOptions<Batch>, "task">
  & Partial<TrainerOptions<Batch>>
  & { readonly deviceClass?: "software" | "gpu" };

async function makeTrainer<Batch>({ deviceClass, ...options }: Options<Batch>, slabWords?: number) {
  const rates = {
    optimizer: sgd({ momentum: 0.9 }),
    schedule: () => ({ lr: 0.1 }),
    seed: 3,
    rule: decayMatrices,
  };
  return await createTrainer<Batch>({ gpu: await device(deviceClass), ...rates, ...options, slabWords });
}

/** Everything a trainer would save, and the losses since they were last read, with floats as their bits. */
async function outcome<Batch>(trainer: Trainer<Batch>) {
  const state = await trainer.state();
  const bits = [...modelTensors(state), ...optimizerTensors(state)].map(({ name, data, shape }) => {
    return [name, shape, [...new Uint8Array(data.buffer)].join(" ")];
  });
  return { bits, losses: await trainer.losses() };
}

const slabNames = ({ store }: { store: Store }) => [...store.slabs.keys()];

/** Trains whole and split and compares; `slabs`: how many hold parameters when they are split. */
async function compare<Batch>(
  options: Options<Batch>,
  slabWords: number,
  slabs: number,
  step: (trainer: Trainer<Batch>, i: number) => void,
  skipped: number[] = [],
): Promise<void> {
  const whole = await makeTrainer(options), split = await makeTrainer(options, slabWords);
  assertEquals(slabNames(whole).filter((name) => name.includes(".")), []);
  const parts = slabNames(split).filter((name) => /^params(\.\d+)?$/.test(name));
  assertEquals(parts, ["params", ...Array.from({ length: slabs - 1 }, (_, i) => `params.${i + 1}`)]);
  const start = await outcome(whole);
  for (let i = 0; i < 4; i++) {
    step(whole, i);
    step(split, i);
  }
  const end = await outcome(whole);
  assertEquals(await outcome(split), end);
  assertNotEquals(end.bits, start.bits);
  skipped.push(...end.losses.map(({ metrics }) => metrics.skipped));
  whole.destroy();
  split.destroy();
}

const rows = 9;
const wide: TinyOptions = { rows, hidden: 70, batchNorm: true, dropout: 0.2, frozen: "norm.bias" };

Deno.test("split or whole, SGD comes to the same bits: decay, ranges, running statistics of their own slabs", async () => {
  const optimizer = sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 });
  const clamp = { logit_scale: [0, 0.45], "fc1.bias": [-0.0625, 0.0625] } as const;
  const task = tinyTask({ rows, batchNorm: true, dropout: 0.2, clamp });
  for (const deviceClass of ["software", "gpu"] as const) {
    const split = await makeTrainer({ task, optimizer, deviceClass }, BLOCK);
    assertEquals(slabNames(split).filter((name) => name.startsWith("buffers")), ["buffers", "buffers.1"]);
    split.destroy();
    await compare({ task, optimizer, deviceClass }, BLOCK, 7, (t, i) => t.step(tinyBatch(i, rows)));
  }
});

Deno.test("AdamW with averages", async () => {
  const options = { task: tinyTask(wide), optimizer: adamw(), ema: (i: number) => 0.5 + 0.1 * i };
  for (const deviceClass of ["software", "gpu"] as const) {
    await compare({ ...options, deviceClass }, 3 * BLOCK, 3, (t, i) => t.step(tinyBatch(i, rows)));
  }
});

const shortened = { kind: "tensor", limit: 0.01 } as const;

Deno.test("LARS, every tensor shortened by itself", async () => {
  const options = { task: tinyTask(wide), optimizer: lars({ weightDecay: 0.01, eta: 0.02 }) };
  await compare({ ...options, clip: shortened }, 3 * BLOCK, 3, (t, i) => t.step(tinyBatch(i, rows)));
});

Deno.test("accumulated micro-batches", async () => {
  const options = { task: tinyTask(wide), clip: shortened, ema: () => 0.9, accumulate: 2 };
  await compare(options, 4 * BLOCK, 2, (t, i) => {
    const batch = tinyBatch(i, 2 * rows);
    t.step(rowsOfBatch(batch, 0, rows), rowsOfBatch(batch, rows, 2 * rows));
  });
});

const table: Record<string, number[]> = { a: [3, 5], b: [70, 7], c: [], d: [300], e: [9] };

/** Loss sum of <weight, x>: the gradient is x, so with whole numbers its squares add up exactly in any order. */
function linearTask(): Task<number> {
  return {
    name: "linear",
    build(graph) {
      const s = nn.scope(graph);
      const parts = Object.entries(table).map(([name, shape]) => {
        const product = ops.mul(s.param(name, shape, nn.value(0.3)), input(graph, name, shape));
        return shape.length === 0 ? product : ops.sum(product, { axes: null });
      });
      return { loss: parts.reduce((a, b) => ops.add(a, b)) };
    },
    feed: (step) =>
      Object.fromEntries(
        Object.entries(table).map(([name, shape]) => {
          const size = shape.reduce((a, b) => a * b, 1);
          return [name, f32(Float32Array.from({ length: size }, (_, i) => ((i + step) % 7) - 3), shape)];
        }),
      ),
  };
}

Deno.test("gradients shortened together: one norm of all slabs", async () => {
  const clip = { kind: "global", limit: 1.7 } as const;
  const options = { task: linearTask(), optimizer: adamw(), clip, ema: () => 0.9 };
  for (const deviceClass of ["software", "gpu"] as const) {
    await compare({ ...options, deviceClass }, 3 * BLOCK, 4, (t, i) => t.step(i));
  }
  await compare({ ...options, accumulate: 2 }, 3 * BLOCK, 4, (t, i) => t.step(i, i + 2));
});

Deno.test("a norm of real gradients is added up in another order: it agrees to rounding", async () => {
  const options = { task: tinyTask(wide), clip: { kind: "global", limit: 0.05 } } as const;
  const whole = await makeTrainer(options), split = await makeTrainer(options, 3 * BLOCK);
  for (const trainer of [whole, split]) for (let i = 0; i < 4; i++) trainer.step(tinyBatch(i, rows));
  const one = await whole.losses(), two = await split.losses();
  one.forEach(({ metrics: { grad_norm } }, i) => {
    assert(grad_norm > 0.05);
    assertAlmostEquals(two[i].metrics.grad_norm, grad_norm, 1e-6 * grad_norm);
  });
  assertClose(await split.state(), await whole.state());
  whole.destroy();
  split.destroy();
});

function assertClose(got: TrainerState, want: TrainerState): void {
  assertEquals([...got.model.keys()], [...want.model.keys()]);
  for (const [name, { data }] of want.model) {
    const other = got.model.get(name)!.data;
    data.forEach((v, i) => assertAlmostEquals(Number(other[i]), Number(v), 1e-6, name));
  }
}

/** `tinyClip` with a shift and a scale in the head, so that its own parameters need more than one slab too. */
function headedClip(): SplitTask<ReturnType<typeof coupleBatch>> {
  const task = tinyClip(5);
  return {
    ...task,
    head(graph, [image, text]) {
      const shift = nn.scope(graph).param("head.shift", [6], nn.value(0.1));
      return task.head(graph, [ops.l2Normalize(ops.add(image, shift)), text]);
    },
  };
}

Deno.test("contrastive batches in two passes", async () => {
  const options = { task: headedClip(), optimizer: adamw(), accumulate: 2 };
  const split = await makeTrainer(options, BLOCK);
  assertEquals(slabNames(split).filter((name) => name.startsWith("head")), [
    "head_gradient",
    "head_gradient.1",
  ]);
  split.destroy();
  await compare({ ...options, clip: shortened }, BLOCK, 10, (t, i) => {
    const batch = coupleBatch(i, 10);
    t.step(rowsOfCouple(batch, 0, 5), rowsOfCouple(batch, 5, 10));
  });
});

Deno.test({
  name: "activations in halves, with a step that is skipped",
  ignore: noHalves,
  fn: async () => {
    const many = 200, task = tinyTask({ ...wide, rows: many });
    const options = { task, optimizer: adamw(), deviceClass: "gpu", storage: "f16", ema: () => 0.9 } as const;
    const lossScale = { init: 2 ** 60, backoff: 2 ** -50 }; // the first gradient overflows, the others do not
    for (const clip of [undefined, shortened]) {
      const skipped: number[] = [];
      await compare(
        { ...options, clip, lossScale },
        3 * BLOCK,
        3,
        (t, i) => t.step(tinyBatch(i, many)),
        skipped,
      );
      assertEquals(skipped, [1, 0, 0, 0]);
    }
  },
});

Deno.test("the search for numbers that are not finite goes through all slabs of a gradient", () => {
  const graph = createGraph(), slabs = ["a", "b", "c"].map((name) => input(graph, name, [2, 256]));
  const loss = input(graph, "loss", []);
  const result = isUnusable(loss, slabs, null);
  const values = (broken: string | null) =>
    new Map(["a", "b", "c", "loss"].map((name) => {
      const data = new Float64Array(name === "loss" ? 1 : 512).fill(0.5);
      if (name === broken) data[data.length - 1] = NaN;
      return [name, { data, shape: name === "loss" ? [] : [2, 256] }];
    }));
  for (const broken of ["a", "b", "c", "loss", null]) {
    const [{ data }] = interpret([result], { inputs: values(broken) });
    assertEquals(data[0], broken === null ? 0 : 1, `${broken}`);
  }
});

Deno.test("a state saved whole is resumed split, and the other way round", async () => {
  const options = { task: tinyTask(wide), optimizer: adamw(), ema: () => 0.9 };
  const train = (trainer: Trainer<ReturnType<typeof tinyBatch>>, from: number, to: number) => {
    for (let i = from; i < to; i++) trainer.step(tinyBatch(i, rows));
  };
  const straight = await makeTrainer(options);
  train(straight, 0, 3);
  await straight.losses();
  const saved = await straight.state();
  train(straight, 3, 5);
  const end = await outcome(straight);
  for (const [first, second] of [[3 * BLOCK, undefined], [undefined, 4 * BLOCK], [3 * BLOCK, 3 * BLOCK]]) {
    const before = await makeTrainer(options, first), after = await makeTrainer(options, second);
    train(before, 0, 3);
    assertEquals(await before.state(), saved);
    train(after, 7, 8); // whatever it did before is gone after restore
    after.restore(await before.state());
    train(after, 3, 5);
    assertEquals(await outcome(after), end);
    before.destroy();
    after.destroy();
  }
  straight.destroy();
});

Deno.test("evaluation over split slabs: weights of the moment, averages, a state dict, a loaded model", async () => {
  const gpu = await device(), options = { task: tinyTask(wide), optimizer: adamw(), ema: () => 0.5 };
  const build = (graph: Graph) => {
    const x = input(graph, "x", [rows, 5]);
    return { logits: tinyLogits(nn.scope(graph, "", { train: false }), x, wide) };
  };
  const { x } = tinyBatch(50, rows);
  const logits = async (store: Store) => {
    const evaluator = await createEvaluator({ store, build });
    const [...data] = (await evaluator.run({ x })).logits.data;
    evaluator.destroy();
    return data;
  };
  const whole = await makeTrainer(options), split = await makeTrainer(options, 3 * BLOCK);
  for (const trainer of [whole, split]) for (let i = 0; i < 3; i++) trainer.step(tinyBatch(i, rows));
  const now = await logits(whole.store), averaged = await logits(averagedStore(whole.store));
  assertNotEquals(now, averaged);
  assertEquals(await logits(split.store), now);
  assertEquals(await logits(averagedStore(split.store)), averaged);
  assertEquals(await readTensors(split.store, "params"), await readTensors(whole.store, "params"));
  const state = await split.state();
  const stored = modelStore(gpu, build, state.model, 3 * BLOCK);
  assertEquals(slabNames({ store: stored }).length, 4);
  assertEquals(await logits(stored), now);
  destroyStore(stored);

  const other = await makeTrainer({ ...options, seed: 4 }, 3 * BLOCK);
  other.loadModel(state.model);
  assertEquals(await logits(other.store), now);
  assertEquals(await logits(averagedStore(other.store)), now);
  const bad = { data: new Float32Array(3).fill(Infinity), shape: [3], dtype: "f32" as const };
  other.loadModel(new Map([...state.model, ["fc2.bias", bad]]));
  other.step(tinyBatch(0, rows));
  const error = await assertRejects(() => other.losses(), NonFiniteError);
  assertEquals(error.node, "parameter fc2.bias");
  for (const trainer of [whole, split, other]) trainer.destroy();
});

Deno.test("layouts of a group: in order, as full as they come; a tensor too large is named", async () => {
  const specs = [300, 200, 256, 1000, 1, 1].map((size, i) => ({ name: `t${i}`, shape: [size] }));
  const names = (most: number) =>
    slabLayouts(specs, most).map(({ entries }) => entries.map(({ name }) => name));
  assertEquals(names(4), [["t0", "t1", "t2"], ["t3"], ["t4", "t5"]]);
  assertEquals(names(9), [["t0", "t1", "t2", "t3", "t4"], ["t5"]]);
  assertEquals(names(10), [["t0", "t1", "t2", "t3", "t4", "t5"]]);
  assertEquals(slabLayouts([], 4), []);
  assertEquals(slabLayouts(specs, 4).map(({ blocks }) => blocks), [4, 4, 2]);
  assertThrows(
    () => slabLayouts(specs, 3),
    RangeError,
    '"t3" [1000] needs 4 KiB and a slab holds at most 3 KiB',
  );
  const task = tinyTask(wide);
  const error = await assertRejects(() => makeTrainer({ task }, 2 * BLOCK + 63), RangeError);
  assertEquals(
    error.message,
    '"fc1.weight" [70,5] needs 3 KiB and a slab holds at most 2 KiB on this device: ' +
      "make this tensor smaller (fewer classes, words or channels)",
  );
});

/** Twelve square layers over as many rows as make weight gradients come in parts. */
function deepTask(layers: number, width: number, rows: number): Task<Float32Array<ArrayBuffer>> {
  return {
    name: "deep",
    build(graph) {
      const s = nn.scope(graph);
      let x = input(graph, "x", [rows, width]);
      for (let i = 0; i < layers; i++) x = ops.tanh(nn.within(s, `fc${i}`, (c) => nn.linear(c, x, width)));
      return { loss: ops.mean(ops.square(x), { axes: null }) };
    },
    feed: (x) => ({ x: f32(x, [rows, width]) }),
  };
}

/** The same device with smaller limits, which every buffer is held to. */
function limited(gpu: Gpu, words: number): Gpu {
  const bytes = words * 16;
  const limits = { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes } as GPUSupportedLimits;
  const createBuffer = (descriptor: GPUBufferDescriptor) => {
    assert(descriptor.size <= bytes, `a buffer of ${descriptor.size} bytes, at most ${bytes} are allowed`);
    return gpu.device.createBuffer(descriptor);
  };
  const device = new Proxy(gpu.device, {
    get(target, key) {
      if (key === "createBuffer") return createBuffer;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { ...gpu, device, limits };
}

Deno.test("what is over a device's limits is split by itself; arenas, storages and read-backs keep to them", async () => {
  const gpu = await device("gpu"), [layers, width, rows] = [12, 100, 256], words = 18000;
  const small = limited(gpu, words);
  const task = deepTask(layers, width, rows), x = Float32Array.from(normals(rows * width, 5, 1));
  const whole = await makeTrainer({ task, deviceClass: "gpu" });
  const split = await makeTrainer({ task, gpu: small });
  assertEquals(slabNames(split), ["params", "params.1", "momentum_buffer", "momentum_buffer.1"]);
  const largest = ({ programs }: Trainer<unknown>) =>
    Math.max(...programs.flatMap(({ internal }) => internal.owned.map((storage) => storage.words)));
  assert(largest(split) <= maxWords(small), `${largest(split)} words`);
  assert(largest(whole) > 2 * 25 * width * layers, `${largest(whole)} words are no arena with parts`);
  const grew = split.programs[0].calls.length - whole.programs[0].calls.length;
  assert(grew > 0, "some parts are joined before they are gathered");
  for (let i = 0; i < 3; i++) {
    whole.step(x);
    split.step(x);
  }
  assertClose(await split.state(), await whole.state());
  whole.destroy();
  split.destroy();
  assertThrows(
    () => defineSlab({ gpu: small, slabBlocks: 281, slabs: new Map(), placeOf: new Map() }, "features", 282),
    RangeError,
    'Slab "features" needs',
  );
});
