// Training with activations in halves: how far it strays from f32, and what the scale of the loss does when gradients
// overflow, when they do not, when a run is resumed, and when the fault is not the scale's.

import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createGraph,
  createTrainer,
  f32,
  type Gpu,
  i32,
  input,
  interpret,
  modelTensors,
  nn,
  NonFiniteError,
  normals,
  openGpu,
  ops,
  optimizerTensors,
  type RefArray,
  sgd,
  slab,
  type SplitTask,
  stateOf,
  type Task,
  type Tensor,
  type Trainer,
  type TrainerOptions,
} from "../../gpu/mod.ts";
import { LOSS_SCALE, lossScaling, skipUnusable } from "../../gpu/train/loss_scale.ts";
import {
  type Couple,
  coupleBatch,
  type Pair,
  rowsOfBatch,
  rowsOfCouple,
  tinyBatch,
  tinyClip,
  tinyTask,
} from "./tiny_tasks.ts";

let shared: Promise<Gpu> | undefined;
const device = () => shared ??= openGpu({ deviceClass: "gpu" });

/** Relative error of rounding to the nearest half. */
const UNIT = 2 ** -11;

async function makeTrainer<Batch>(
  task: Task<Batch> | SplitTask<Batch>,
  options: Partial<TrainerOptions<Batch>> = {},
): Promise<Trainer<Batch>> {
  const rates = { optimizer: sgd({ momentum: 0.9 }), schedule: () => ({ lr: 0.05 }), seed: 4 };
  return await createTrainer({ gpu: await device(), task, storage: "f16", ...rates, ...options });
}

/** Values that a trainer's programs store in halves, by op; "weights" for shadows of slabs. */
function halvesOf<Batch>({ programs }: Trainer<Batch>): string[] {
  const calls = programs.flatMap((program) => program.calls);
  const written = new Set(calls.flatMap(({ writes }) => writes.map(({ value }) => value)));
  return [...written].filter(({ half }) => half).map(({ tensor }) => tensor?.op ?? "weights");
}

/** Images [32,8,8,3] of 4 classes through two convolutions with batch norm. */
function imageTask(): Task<Pair> {
  const rows = 32;
  return {
    name: "images",
    build(graph) {
      const s = nn.scope(graph), y = input(graph, "y", [rows], "i32");
      const layer = (x: Tensor, i: number) => {
        const convolved = nn.within(s, `conv${i}`, (c) => nn.conv(c, x, 8, { kernel: 3, padding: 1 }));
        return ops.relu(nn.within(s, `bn${i}`, (c) => nn.batchNorm(c, convolved)));
      };
      const last = layer(layer(input(graph, "x", [rows, 8, 8, 3]), 1), 2);
      const logits = nn.within(s, "fc", (c) => nn.linear(c, ops.mean(last, { axes: [1, 2] }), 4));
      return { loss: ops.mean(ops.crossEntropy(logits, y), { axes: null }), updates: s.updates };
    },
    feed: ({ x, y }) => ({ x, y }),
  };
}

/** Noise, brighter in the channel or in the half that the class says. */
function imageBatch(index: number): Pair {
  const rows = 32, x = Float32Array.from(normals(rows * 192, 31, index));
  const y = Int32Array.from({ length: rows }, (_, i) => (i + index) % 4);
  for (let i = 0; i < x.length; i++) {
    const image = Math.floor(i / 192), isRight = Math.floor(i / 12) % 2 === 1;
    if (y[image] < 3 ? i % 3 === y[image] : isRight) x[i] += 0.7;
  }
  return { x: f32(x, [rows, 8, 8, 3]), y: i32(y, [rows]) };
}

/**
 * Largest difference between the losses of 20 steps in halves and in f32, and what is to be expected: to first order a
 * rounding changes the loss by UNIT times how much it depends on that value, in proportion, which is about one behind
 * normalisations; the roundings of a step are independent, so they add up as squares do.
 */
async function stray<Batch>(task: Task<Batch> | SplitTask<Batch>, batch: (index: number) => Batch) {
  const run = async (options: Partial<TrainerOptions<Batch>>) => {
    const trainer = await makeTrainer(task, options);
    for (let i = 0; i < 20; i++) trainer.step(batch(i));
    const losses = await trainer.losses(), halves = halvesOf(trainer);
    trainer.destroy();
    return { losses, halves };
  };
  const whole = await run({ storage: "f32" }), half = await run({});
  const away = half.losses.map(({ loss }, i) => Math.abs(loss - whole.losses[i].loss));
  return {
    largest: Math.max(...away),
    bound: Math.sqrt(half.halves.length) * UNIT * half.losses[0].loss,
    ...half,
  };
}

for (
  const [name, measure, stored] of [
    ["supervised", () => stray(imageTask(), imageBatch), ["conv2d", "reluGrad", "bnInputGradRows"]],
    ["CLIP", () => stray(tinyClip(520), (i) => coupleBatch(i, 520)), ["gelu", "matmul", "geluGrad"]],
  ] as const
) {
  Deno.test(`20 steps in halves stay near f32 (${name})`, async () => {
    const { losses, halves, largest, bound } = await measure();
    assert(largest <= bound, `${largest} is over ${bound}`);
    assert(largest > 0, "Nothing was rounded");
    assert(losses[19].loss < 0.9 * losses[0].loss, `${losses.map(({ loss }) => loss)}`);
    assert(losses.every(({ metrics }) => metrics.skipped === 0 && metrics.loss_scale === 65536));
    for (const op of ["weights", ...stored]) assert(halves.includes(op), `${op} is no half: ${halves}`);
  });
}

const task = tinyTask({ rows: 600, batchNorm: true });
const batch = (index: number) => tinyBatch(index, 600);

Deno.test("a step that overflows changes nothing but the scale", async () => {
  const options = { ema: () => 0.9, lossScale: { init: 2 ** 40, backoff: 2 ** -14 } };
  const trainer = await makeTrainer(task, options), plain = await makeTrainer(task, { storage: "f32" });
  const before = await trainer.state();
  trainer.step(batch(0));
  trainer.step(batch(1));
  plain.step(batch(0));
  const skipped = await trainer.losses(), after = await trainer.state();
  assertEquals(skipped.map(({ metrics }) => [metrics.loss_scale, metrics.skipped]), [[2 ** 40, 1], [
    2 ** 26,
    1,
  ]]);
  assert(Math.abs(skipped[0].loss - (await plain.losses())[0].loss) < 10 * UNIT);
  for (const [name, { data }] of before.model) {
    if (!name.endsWith("num_batches_tracked")) assertEquals(after.model.get(name)!.data, data, name);
  }
  for (const [name, { data }] of before.optimizer) {
    if (!name.startsWith("loss_scale.")) assertEquals(after.optimizer.get(name)!.data, data, name);
  }
  assertEquals(after.optimizer.get("loss_scale.scale")!.data, Float32Array.of(2 ** 12));
  trainer.step(batch(2));
  const [good] = await trainer.losses(), moved = await trainer.state();
  assertEquals([good.metrics.loss_scale, good.metrics.skipped], [2 ** 12, 0]);
  for (const name of ["fc1.weight", "norm.running_mean"]) {
    assertNotEquals(moved.model.get(name), before.model.get(name));
  }
  for (const name of ["ema.fc1.weight", "momentum_buffer.fc1.weight"]) {
    assertNotEquals(moved.optimizer.get(name), before.optimizer.get(name));
  }
  trainer.destroy();
  plain.destroy();
});

Deno.test("the scale follows GradScaler's rule", () => {
  const scaling = lossScaling({ interval: 4 });
  const follow = (scale: number, goodSteps: number, unusable: boolean) => {
    const graph = createGraph();
    const { slabs } = skipUnusable(
      ops.mulScalar(input(graph, "unusable", []), 1),
      { w: ops.addScalar(slab(graph, "w", 3), 1) },
      scaling,
    );
    const state = new Float64Array(512), inputs = new Map<string, RefArray>();
    inputs.set("unusable", { data: Float64Array.of(unusable ? 1 : 0), shape: [] });
    state[0] = scale;
    state[256] = goodSteps;
    const given = new Map<string, RefArray>([
      [LOSS_SCALE, { data: state, shape: [2, 256] }],
      ["w", { data: new Float64Array(768).fill(5), shape: [3, 256] }],
    ]);
    const [{ data: next }, { data: w }] = interpret([slabs[LOSS_SCALE], slabs.w], { inputs, slabs: given });
    assert(w.every((value) => value === (unusable ? 5 : 6)));
    assert(next.every((value, i) => value === 0 || i % 256 === 0), "padding is no longer zero");
    return [next[0], next[256]];
  };
  assertEquals(follow(65536, 0, false), [65536, 1]);
  assertEquals(follow(65536, 2, false), [65536, 3]);
  assertEquals(follow(65536, 3, false), [131072, 0]);
  assertEquals(follow(65536, 3, true), [32768, 0]);
  assertEquals(follow(2 ** -3, 1, true), [2 ** -4, 0]);
  assertEquals(follow(2 ** 60, 3, false), [2 ** 60, 0]);
});

Deno.test("the scale grows and a resumed run grows it at the same step, bit for bit", async () => {
  const options = { lossScale: { init: 256, interval: 4 } };
  const straight = await makeTrainer(task, options), first = await makeTrainer(task, options);
  for (let i = 0; i < 10; i++) straight.step(batch(i));
  for (let i = 0; i < 3; i++) first.step(batch(i));
  const early = await first.losses(), state = await first.state();
  const asRecord = (tensors: ReturnType<typeof modelTensors>) => new Map(tensors.map((t) => [t.name, t]));
  const saved = stateOf(asRecord(modelTensors(state)), asRecord(optimizerTensors(state)));
  assertEquals(saved.optimizer.get("loss_scale.good_steps")!.data, Float32Array.of(3));
  first.step(batch(7));
  first.restore(saved);
  for (let i = 3; i < 10; i++) first.step(batch(i));
  const losses = await straight.losses();
  assertEquals([...early, ...await first.losses()], losses);
  assertEquals(await first.state(), await straight.state());
  assertEquals(losses.map(({ metrics }) => metrics.loss_scale), [
    ...[256, 256, 256, 256, 512, 512, 512, 512],
    1024,
    1024,
  ]);
  const plain = await makeTrainer(task, { storage: "f32" });
  assertThrows(() => plain.restore(saved), RangeError, "has no loss_scale.scale, loss_scale.good_steps");
  for (const trainer of [straight, first, plain]) trainer.destroy();
});

Deno.test("micro-batches share one scale: what overflows in one is skipped in all", async () => {
  const lossScale = { init: 2 ** 40, backoff: 2 ** -30 };
  const parts = await makeTrainer(tinyTask({ rows: 600 }), { accumulate: 2, lossScale });
  const whole = await makeTrainer(tinyTask({ rows: 1200 }), { storage: "f32" });
  const before = await parts.state();
  const step = (i: number) =>
    parts.step(...[0, 600].map((from) => rowsOfBatch(tinyBatch(i, 1200), from, from + 600)));
  step(0);
  assertEquals((await parts.state()).model, before.model);
  for (const i of [1, 2]) {
    step(i);
    whole.step(tinyBatch(i, 1200));
  }
  const losses = await parts.losses(), wanted = await whole.losses();
  assertEquals(losses.map(({ metrics }) => [metrics.loss_scale, metrics.skipped]), [[2 ** 40, 1], [1024, 0], [
    1024,
    0,
  ]]);
  [1, 2].forEach((i) => assert(Math.abs(losses[i].loss - wanted[i - 1].loss) < 4 * UNIT));
  parts.destroy();
  whole.destroy();

  const two = await makeTrainer<Couple>(tinyClip(300), { accumulate: 2, lossScale });
  const one = await makeTrainer<Couple>(tinyClip(600), { storage: "f32" });
  for (const i of [0, 1, 2]) {
    two.step(...[0, 300].map((from) => rowsOfCouple(coupleBatch(i, 600), from, from + 300)));
    if (i > 0) one.step(coupleBatch(i, 600));
  }
  const pairs = await two.losses(), single = await one.losses();
  assertEquals(pairs.map(({ metrics }) => metrics.skipped), [1, 0, 0]);
  [1, 2].forEach((i) => assert(Math.abs(pairs[i].loss - single[i - 1].loss) < 4 * UNIT * single[0].loss));
  two.destroy();
  one.destroy();
});

/** Loss sqrt(|x w|^2), whose gradient is no number where x is zero. */
function rootTask(): Task<Float32Array> {
  return {
    name: "root",
    build(graph) {
      const s = nn.scope(graph),
        products = ops.mul(input(graph, "x", [4, 3]), s.param("w", [3], nn.value(1)));
      return { loss: nn.within(s, "head", () => ops.sqrt(ops.sum(ops.square(products), { axes: null }))) };
    },
    feed: (x) => ({ x: f32(x, [4, 3]) }),
  };
}

Deno.test("a gradient that is no number at any scale is a fault, as is a loss", async () => {
  const trainer = await makeTrainer(rootTask(), { lossScale: { init: 2, backoff: 0.25 } });
  const zeros = new Float32Array(12);
  trainer.step(zeros);
  assertEquals((await trainer.losses())[0].metrics, { loss_scale: 2, skipped: 1 });
  trainer.step(zeros);
  const gradient = await assertRejects(
    () => trainer.losses(),
    NonFiniteError,
    "The gradient is not finite at step 2",
  );
  assert(gradient.node?.endsWith("head/grad"), `${gradient.node}`);
  trainer.step(zeros.map((_, i) => i === 5 ? NaN : 1));
  await assertRejects(
    () => trainer.losses(),
    NonFiniteError,
    'The loss is NaN at step 3: first in input "x"',
  );
  assert((await trainer.state()).model.get("w")!.data.every((value) => value === 1));
  trainer.destroy();

  const large = await makeTrainer(task);
  const { x, y } = batch(0);
  large.step({ x: f32(Float32Array.from(x.data, (v) => 1e6 * v), x.shape), y });
  const overflow = await assertRejects(() => large.losses(), NonFiniteError, "at step 1");
  assert(overflow.node?.endsWith("@ fc1"), `${overflow.node}`);
  large.destroy();
});

Deno.test("what cannot be a scale is refused", async () => {
  const refused = (options: Partial<TrainerOptions<Pair>>, message: string) =>
    assertRejects(() => makeTrainer(task, options), RangeError, message);
  await refused({ storage: "f32", lossScale: { init: 2 } }, 'scaled with storage "f16" only');
  await refused({ lossScale: { init: 0 } }, "cannot begin at 0");
  await refused({ lossScale: { growth: 1 } }, "cannot grow by 1");
  await refused({ lossScale: { backoff: 1 } }, "cannot shrink by 1");
  await refused({ lossScale: { interval: 2.5 } }, "cannot grow every 2.5 steps");
  const build: Task<Pair>["build"] = (graph) => {
    const built = task.build(graph);
    return { ...built, metrics: { skipped: built.loss } };
  };
  await refused({ task: { ...task, build } }, 'may not be called "skipped"');
});
