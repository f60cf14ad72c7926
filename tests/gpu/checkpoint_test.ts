// State on disk: a run that was saved, thrown away and restored goes on bit for bit; files carry PyTorch's names and
// layouts; what does not fit is refused before anything is written; evaluation sees the same weights.

import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { readSafetensors, writeSafetensors } from "../../data_utils/mod.ts";
import {
  adamw,
  averagedStore,
  createEvaluator,
  createTrainer,
  destroyStore,
  f32,
  type Gpu,
  type Graph,
  input,
  modelStore,
  modelTensors,
  nn,
  openGpu,
  ops,
  optimizerTensors,
  readTensors,
  sgd,
  stateOf,
  type Task,
  type Trainer,
  type TrainerState,
} from "../../gpu/mod.ts";
import { type Pair, rowsOfBatch, tinyBatch, tinyLogits, tinyTask } from "./tiny_tasks.ts";

let shared: Promise<Gpu> | undefined;
const device = () => shared ??= openGpu();

async function makeTrainer(accumulate = 1): Promise<Trainer<Pair>> {
  return await createTrainer({
    gpu: await device(),
    task: tinyTask({ rows: 6, batchNorm: true, dropout: 0.2, frozen: "fc1.bias" }),
    optimizer: adamw({ weightDecay: 0.1 }),
    schedule: (step) => ({ lr: 0.02 / (1 + step) }),
    ema: (step) => 0.9 + 0.01 * step,
    clip: { kind: "global", limit: 1 },
    accumulate,
    seed: 9,
  });
}

const step = (trainer: Trainer<Pair>, index: number, accumulate: number) => {
  const batch = tinyBatch(index, 6 * accumulate);
  trainer.step(...Array.from({ length: accumulate }, (_, i) => rowsOfBatch(batch, 6 * i, 6 * (i + 1))));
};

async function throughFiles(state: TrainerState): Promise<TrainerState> {
  const dir = await Deno.makeTempDir();
  try {
    await writeSafetensors(`${dir}/model.safetensors`, modelTensors(state));
    await writeSafetensors(`${dir}/optimizer.safetensors`, optimizerTensors(state));
    const read = (name: string) => readSafetensors(`${dir}/${name}.safetensors`);
    return stateOf(await read("model"), await read("optimizer"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (const accumulate of [1, 2]) {
  Deno.test(`resumed from files, a run goes on bit for bit (${accumulate} micro-batches)`, async () => {
    const straight = await makeTrainer(accumulate), first = await makeTrainer(accumulate);
    for (let i = 0; i < 6; i++) step(straight, i, accumulate);
    for (let i = 0; i < 3; i++) step(first, i, accumulate);
    const early = await first.losses(), saved = await throughFiles(await first.state());
    assertEquals(saved, await first.state());
    first.destroy();

    const second = await makeTrainer(accumulate);
    step(second, 40, accumulate); // whatever it did before is gone after restore
    second.restore(saved);
    assertEquals(second.position.step, 3);
    for (let i = 3; i < 6; i++) step(second, i, accumulate);
    assertEquals([...early, ...await second.losses()], await straight.losses());
    assertEquals(await second.state(), await straight.state());
    assertNotEquals((await second.state()).model, saved.model);
    second.destroy();
    straight.destroy();
  });
}

Deno.test("the files hold a state dict and, apart, what the optimiser knows", async () => {
  const trainer = await makeTrainer();
  step(trainer, 0, 1);
  step(trainer, 1, 1);
  const state = await trainer.state();
  trainer.destroy();
  const shapes = Object.fromEntries(
    modelTensors(state).map(({ name, shape, dtype }) => [name, [dtype, ...shape]]),
  );
  assertEquals(shapes, {
    "fc1.weight": ["f32", 7, 5],
    "fc1.bias": ["f32", 7],
    "norm.weight": ["f32", 7],
    "norm.bias": ["f32", 7],
    "norm.running_mean": ["f32", 7],
    "norm.running_var": ["f32", 7],
    "norm.num_batches_tracked": ["i64"],
    "fc2.weight": ["f32", 3, 7],
    "fc2.bias": ["f32", 3],
    "logit_scale": ["f32"],
  });
  const trained = ["fc1.weight", "norm.weight", "norm.bias", "fc2.weight", "fc2.bias", "logit_scale"];
  const wanted = ["exp_avg", "exp_avg_sq", "ema"].flatMap((slot) => trained.map((name) => `${slot}.${name}`));
  const rest = optimizerTensors(state);
  assertEquals(rest.map(({ name }) => name).sort(), [...wanted, "step"].sort());
  assertEquals(rest.find(({ name }) => name === "step")!.data, BigInt64Array.of(2n));
});

/** A convolution of 2 channels to 3, kernel 3, over a 3x3 image: one output pixel. */
function convTask(): Task<Float32Array> {
  return {
    name: "conv",
    build(graph) {
      const y = nn.within(
        nn.scope(graph),
        "conv1",
        (c) => nn.conv(c, input(graph, "x", [1, 3, 3, 2]), 3, { kernel: 3 }),
      );
      return { loss: ops.mean(ops.square(y), { axes: null }) };
    },
    feed: (x) => ({ x: f32(x, [1, 3, 3, 2]) }),
  };
}

Deno.test("convolutions stand in files as OIHW", async () => {
  const options = {
    optimizer: sgd({ momentum: 0.9 }),
    schedule: () => ({ lr: 0.1 }),
    ema: () => 0.9,
    seed: 1,
  };
  const trainer = await createTrainer({ gpu: await device(), task: convTask(), ...options });
  const there = Float32Array.from({ length: 54 }, (_, i) => Math.sin(i));
  const name = "conv1.weight";
  trainer.loadModel(new Map([[name, { data: there, shape: [3, 2, 3, 3] }]]));
  const here = (await readTensors(trainer.store, "params")).get(name)!;
  assertEquals(here.shape, [3, 3, 2, 3]);
  for (const [o, i, h, w] of [[0, 0, 0, 0], [2, 1, 2, 2], [1, 0, 2, 1], [0, 1, 1, 2]]) {
    assertEquals(here.data[((h * 3 + w) * 2 + i) * 3 + o], there[((o * 2 + i) * 3 + h) * 3 + w]);
  }
  const state = await trainer.state();
  assertEquals(state.optimizer.get(`ema.${name}`), state.model.get(name));
  assertEquals(state.model.get(name), { data: there, shape: [3, 2, 3, 3], dtype: "f32" });

  // One pixel set: the gradient is not zero only where that pixel is under the kernel, also in the optimiser's file.
  const x = new Float32Array(18);
  x[(1 * 3 + 2) * 2 + 1] = 1; // row 1, column 2, channel 1
  trainer.step(x);
  const momentum = (await trainer.state()).optimizer.get(`momentum_buffer.${name}`)!;
  const moved = Array.from(momentum.data, Number).flatMap((v, i) => v === 0 ? [] : [i]);
  assertEquals(momentum.shape, [3, 2, 3, 3]);
  assertEquals(moved, [0, 1, 2].map((o) => ((o * 2 + 1) * 3 + 1) * 3 + 2));
  trainer.destroy();
});

Deno.test("a state that does not fit is refused and nothing is written", async () => {
  const trainer = await makeTrainer();
  const before = await trainer.state();
  const changed = (edit: (model: Map<string, unknown>, optimizer: Map<string, unknown>) => void) => {
    const model = new Map<string, unknown>(before.model),
      optimizer = new Map<string, unknown>(before.optimizer);
    model.set("fc2.bias", { data: Float32Array.of(7, 7, 7), shape: [3], dtype: "f32" });
    edit(model, optimizer);
    return { step: 5, model, optimizer } as TrainerState;
  };
  const refused = (
    state: TrainerState,
    message: string,
    kind: typeof RangeError | typeof TypeError = RangeError,
  ) => assertThrows(() => trainer.restore(state), kind, message);
  refused(changed((model) => model.delete("fc1.bias")), "wants fc1.bias, which the state does not hold");
  refused(changed((model) => model.set("fc9.bias", model.get("fc1.bias"))), "has no fc9.bias");
  refused(changed((model) => model.delete("norm.num_batches_tracked")), "norm.num_batches_tracked");
  refused(changed((_, optimizer) => optimizer.clear()), "The optimiser wants exp_avg.fc1.weight");
  const square = { data: new Float32Array(35), shape: [5, 7] };
  refused(changed((model) => model.set("fc1.weight", square)), '"fc1.weight" is stored as [5,7]', TypeError);
  refused(
    changed((_, optimizer) => optimizer.set("ema.fc1.weight", square)),
    '"fc1.weight" is stored as [5,7]',
    TypeError,
  );
  assertEquals(await trainer.state(), before);
  assertThrows(() => stateOf(before.model, before.optimizer), RangeError, 'hold no "step"');
  trainer.destroy();
});

Deno.test("evaluation sees the weights of the moment, of a file, and averaged ones", async () => {
  const gpu = await device(), trainer = await makeTrainer();
  const build = (graph: Graph) => {
    const x = input(graph, "x", [6, 5]);
    return { logits: tinyLogits(nn.scope(graph, "", { train: false }), x, { rows: 6, batchNorm: true }) };
  };
  const { x } = tinyBatch(50, 6), other = tinyBatch(51, 6).x;
  const logits = async (store: Trainer<Pair>["store"]) => {
    const evaluator = await createEvaluator({ store, build });
    const [first, second] = await Promise.all([evaluator.run({ x }), evaluator.run({ x: other })]);
    const again = await evaluator.run({ x });
    evaluator.destroy();
    assertEquals(again, first);
    assertNotEquals(second, first);
    return first.logits.data;
  };
  const evaluator = await createEvaluator({ store: trainer.store, build });
  const start = (await evaluator.run({ x })).logits.data;
  for (let i = 0; i < 3; i++) step(trainer, i, 1); // three swaps: the other side of the slabs is in use
  const now = (await evaluator.run({ x })).logits.data, state = await trainer.state();
  assertNotEquals(now, start);
  const stored = modelStore(gpu, build, state.model);
  assertEquals(await logits(stored), now);
  const averages = new Map(state.model);
  for (const [name, tensor] of state.optimizer) {
    if (name.startsWith("ema.")) averages.set(name.slice(4), tensor);
  }
  const smoothed = modelStore(gpu, build, averages);
  assertEquals(await logits(averagedStore(trainer.store)), await logits(smoothed));
  assertNotEquals(await logits(smoothed), now);
  for (const store of [stored, smoothed]) destroyStore(store);
  assertThrows(
    () => modelStore(gpu, build, new Map()),
    RangeError,
    "wants fc1.weight, fc1.bias, norm.weight, 6 more",
  );
  assertThrows(() => averagedStore(stored), RangeError, "keeps no average");
  await assertRejects(() => evaluator.run({}), RangeError, 'no input "x"');
  evaluator.destroy();
  trainer.destroy();
  assert(gpu.error() === null);
});
