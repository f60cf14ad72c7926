// The trainer as a caller sees it: losses and where they are read, accumulation in both forms, averages, frozen
// weights, clamps, running statistics, losses that are not finite, the loop, options that are refused.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  adam,
  adamw,
  constant,
  createTrainer,
  type Gpu,
  lars,
  liveBytes,
  meanMeter,
  type MemoryReport,
  nn,
  openGpu,
  type Optimizer,
  rateMeter,
  sgd,
  type StepLoss,
  type Task,
  type TrainerOptions,
  type TrainerState,
  trainLoop,
  warmupCosine,
} from "../../gpu/mod.ts";
import { microScalars } from "../../gpu/train/accumulate.ts";
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
const device = () => shared ??= openGpu();

async function pairTrainer(task: Task<Pair>, options: Partial<TrainerOptions<Pair>> = {}) {
  const rates = { optimizer: sgd({ momentum: 0.9 }), schedule: () => ({ lr: 0.1 }), seed: 3 };
  return await createTrainer({ gpu: await device(), task, ...rates, ...options });
}

function values(state: TrainerState, name: string): number[] {
  return Array.from(state.model.get(name)!.data, Number);
}

/** Largest difference of any weight or statistic. */
function distance(a: TrainerState, b: TrainerState): number {
  assertEquals([...a.model.keys()], [...b.model.keys()]);
  let largest = 0;
  for (const name of a.model.keys()) {
    const other = values(b, name);
    values(a, name).forEach((v, i) => largest = Math.max(largest, Math.abs(v - other[i])));
  }
  return largest;
}

Deno.test("every optimiser brings the loss down", async () => {
  const all: [Optimizer, number][] = [
    [sgd(), 0.3],
    [sgd({ momentum: 0.9, nesterov: true, weightDecay: 1e-4 }), 0.1],
    [adam(), 0.02],
    [adamw(), 0.02],
    [lars({ eta: 0.02 }), 1],
  ];
  for (const [optimizer, lr] of all) {
    const schedule = warmupCosine({ lr, warmup: 5, steps: 60 });
    const trainer = await pairTrainer(tinyTask({ rows: 17 }), {
      optimizer,
      schedule: (step) => ({ lr: schedule(step) }),
    });
    for (let i = 0; i < 60; i++) trainer.step(tinyBatch(i, 17));
    const losses = await trainer.losses();
    const mean = (from: number) =>
      losses.slice(from, from + 10).reduce((sum, { loss }) => sum + loss / 10, 0);
    assert(mean(50) < 0.75 * mean(0), `${optimizer.name}: ${mean(0)} to ${mean(50)}`);
    trainer.destroy();
  }
});

Deno.test("losses come in order, once, with their metrics; the ring must be read in time", async () => {
  const trainer = await pairTrainer(tinyTask({ rows: 6 }), { ringSize: 4 });
  const other = await pairTrainer(tinyTask({ rows: 6 }), { ringSize: 100 });
  assertEquals(await trainer.losses(), []);
  const seen: StepLoss[] = [];
  for (let i = 0; i < 10; i++) {
    trainer.step(tinyBatch(i, 6));
    other.step(tinyBatch(i, 6));
    if (i % 3 === 2) seen.push(...await trainer.losses());
  }
  seen.push(...await trainer.losses());
  assertEquals(seen, await other.losses());
  assertEquals(seen.map(({ step }) => step), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assertEquals(Object.keys(seen[0].metrics), ["accuracy"]);
  for (let i = 0; i < 4; i++) trainer.step(tinyBatch(i, 6));
  assertThrows(() => trainer.step(tinyBatch(4, 6)), RangeError, "losses of 4 steps are unread");
  await trainer.ready();
  trainer.step(tinyBatch(4, 6));
  assertEquals((await trainer.losses()).map(({ step }) => step), [11, 12, 13, 14, 15]);
  assertEquals(trainer.position.step, 15);
  trainer.destroy();
  other.destroy();
});

Deno.test("at most two steps are under way on a GPU", async () => {
  const gpu = await openGpu({ deviceClass: "gpu" });
  const waiting: (() => void)[] = [];
  gpu.queue.onSubmittedWorkDone = () => new Promise((resolve) => waiting.push(() => resolve(undefined)));
  const trainer = await pairTrainer(tinyTask({ rows: 6 }), { gpu });
  const ready = async () => {
    let done = false;
    trainer.ready().then(() => done = true);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return done;
  };
  trainer.step(tinyBatch(0, 6));
  assert(await ready());
  trainer.step(tinyBatch(1, 6));
  assert(!await ready());
  waiting[0]();
  assert(await ready());
  trainer.step(tinyBatch(2, 6));
  assert(!await ready());
  assertEquals((await trainer.losses()).length, 3);
  trainer.destroy();
  gpu.close();
});

Deno.test("frozen weights stay, the others move", async () => {
  const frozen = await pairTrainer(tinyTask({ rows: 6, frozen: "fc1.weight" }));
  const before = await frozen.state();
  for (let i = 0; i < 3; i++) frozen.step(tinyBatch(i, 6));
  const after = await frozen.state();
  assertEquals(values(after, "fc1.weight"), values(before, "fc1.weight"));
  assert(values(after, "fc1.bias").some((v, i) => v !== values(before, "fc1.bias")[i]));
  assertEquals([...after.optimizer.keys()].includes("momentum_buffer.fc1.weight"), false);
  frozen.destroy();
});

Deno.test("micro-batches add up to one batch", async () => {
  const clip = { kind: "global", limit: 0.5 } as const;
  const whole = await pairTrainer(tinyTask({ rows: 12 }), { clip });
  const parts = await pairTrainer(tinyTask({ rows: 4 }), { clip, accumulate: 3 });
  for (let i = 0; i < 4; i++) {
    const batch = tinyBatch(i, 12);
    whole.step(batch);
    parts.step(...[0, 4, 8].map((from) => rowsOfBatch(batch, from, from + 4)));
  }
  const one = await whole.losses(), three = await parts.losses();
  one.forEach(({ loss, metrics }, i) => {
    assertAlmostEquals(three[i].loss, loss, 1e-6);
    assertAlmostEquals(three[i].metrics.accuracy, metrics.accuracy, 1e-6);
    assertAlmostEquals(three[i].metrics.grad_norm, metrics.grad_norm, 1e-5);
  });
  assert(distance(await whole.state(), await parts.state()) < 1e-6);
  assertThrows(() => parts.step(tinyBatch(0, 4)), RangeError, "takes 3 micro-batches and was given 1");
  whole.destroy();
  parts.destroy();
});

Deno.test("contrastive micro-batches in two passes are one batch, which separate batches are not", async () => {
  const gpu = await device();
  const options = { gpu, optimizer: sgd({ momentum: 0.9 }), schedule: () => ({ lr: 0.1 }), seed: 3 };
  const whole = await createTrainer<Couple>({ ...options, task: tinyClip(15) });
  const parts = await createTrainer<Couple>({ ...options, task: tinyClip(5), accumulate: 3 });
  const single = await createTrainer<Couple>({ ...options, task: tinyClip(5) });
  for (let i = 0; i < 4; i++) {
    const batch = coupleBatch(i, 15);
    whole.step(batch);
    parts.step(...[0, 5, 10].map((from) => rowsOfCouple(batch, from, from + 5)));
    single.step(rowsOfCouple(batch, 0, 5));
  }
  const one = await whole.losses(), three = await parts.losses(), five = await single.losses();
  one.forEach(({ loss }, i) => assertAlmostEquals(three[i].loss, loss, 2e-6));
  assert(Math.abs(one[0].loss - five[0].loss) > 0.1);
  assert(distance(await whole.state(), await parts.state()) < 2e-6);
  for (const trainer of [whole, parts, single]) trainer.destroy();
});

Deno.test("the average follows the weights by its momentum", async () => {
  const trainer = await pairTrainer(tinyTask({ rows: 6 }), { ema: (step) => step === 0 ? 0.5 : 0.9 });
  const name = "fc2.weight";
  const averages = (state: TrainerState) => Array.from(state.optimizer.get(`ema.${name}`)!.data, Number);
  let want = values(await trainer.state(), name);
  assertEquals(averages(await trainer.state()), want);
  for (let i = 0; i < 3; i++) {
    trainer.step(tinyBatch(i, 6));
    const state = await trainer.state(), momentum = i === 0 ? 0.5 : 0.9;
    want = values(state, name).map((v, j) => momentum * want[j] + (1 - momentum) * v);
    averages(state).forEach((v, j) => assertAlmostEquals(v, want[j], 1e-6));
  }
  trainer.destroy();
});

Deno.test("clamped parameters stay in their range, others do not", async () => {
  const run = async (clamp?: Record<string, readonly [number, number]>) => {
    const trainer = await pairTrainer(tinyTask({ rows: 17, clamp }), { optimizer: adam() });
    for (let i = 0; i < 8; i++) trainer.step(tinyBatch(i, 17));
    const state = await trainer.state();
    trainer.destroy();
    return state;
  };
  const free = await run(), kept = await run({ logit_scale: [0, 0.0625], "fc1.bias": [-0.125, 0.125] });
  const outside = (state: TrainerState, name: string, low: number, high: number) =>
    values(state, name).filter((v) => v < low || v > high).length;
  assert(outside(free, "logit_scale", 0, 0.0625) > 0 && outside(free, "fc1.bias", -0.125, 0.125) > 0);
  assertEquals(outside(kept, "logit_scale", 0, 0.0625), 0);
  assertEquals(outside(kept, "fc1.bias", -0.125, 0.125), 0);
  assert(outside(kept, "fc1.weight", -0.125, 0.125) > 0);
  await assertRejects(() => run({ nowhere: [0, 1] }), RangeError, 'No parameter "nowhere"');
});

Deno.test("running statistics and counters move with every forward", async () => {
  const trainer = await pairTrainer(tinyTask({ rows: 6, batchNorm: true }), { schedule: () => ({ lr: 0 }) });
  const start = await trainer.state();
  assertEquals(values(start, "norm.running_mean"), new Array(7).fill(0));
  assertEquals(values(start, "norm.num_batches_tracked"), [0]);
  trainer.step(tinyBatch(0, 6));
  const first = values(await trainer.state(), "norm.running_mean");
  trainer.step(tinyBatch(0, 6));
  const state = await trainer.state();
  // With the weights at rest: m after one batch is 0.1 mu, after the same again 0.9 * 0.1 mu + 0.1 mu.
  values(state, "norm.running_mean").forEach((v, i) => assertAlmostEquals(v, 1.9 * first[i], 1e-6));
  assertEquals(values(state, "norm.num_batches_tracked"), [2]);
  assertEquals(state.model.get("norm.num_batches_tracked")!.dtype, "i64");
  trainer.destroy();

  const parts = await pairTrainer(tinyTask({ rows: 6, batchNorm: true }), { accumulate: 2 });
  parts.step(tinyBatch(0, 6), tinyBatch(0, 6));
  const moved = await parts.state();
  values(moved, "norm.running_mean").forEach((v, i) => assertAlmostEquals(v, 1.9 * first[i], 1e-6));
  assertEquals(values(moved, "norm.num_batches_tracked"), [2]);
  parts.destroy();
});

Deno.test("every micro-batch draws from a seed of its own, the same at every replay", () => {
  const seeds = Array.from({ length: 50 }, (_, i) => microScalars({ seed: 9, step: 3 }, i).seed);
  assertEquals(seeds[0], 9);
  assertEquals(new Set(seeds).size, 50);
  assert(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 24));
  assertEquals(seeds[7], microScalars({ seed: 9, step: 4 }, 7).seed);
  assertNotEquals(seeds[7], microScalars({ seed: 10, step: 3 }, 7).seed);
});

Deno.test("the loop reads losses, calls hooks, stops when told and when batches end", async () => {
  const trainer = await pairTrainer(tinyTask({ rows: 4 }), { accumulate: 2, ringSize: 8 });
  const batches = (count: number) => Array.from({ length: count }, (_, i) => tinyBatch(i, 4));
  const log: string[] = [];
  const options = {
    trainer,
    accumulate: 2,
    readEvery: 3,
    onLosses: (losses: readonly StepLoss[]) => void log.push(losses.map(({ step }) => step).join(" ")),
    hooks: [
      { every: 4, run: (step: number) => void log.push(`hook ${step}`) },
      { every: 4, atEnd: false, run: (step: number) => void log.push(`save ${step}`) },
    ],
  };
  assertEquals(await trainLoop({ ...options, batches: batches(20), steps: 7 }), "done");
  assertEquals(log, ["1 2 3", "4", "hook 4", "save 4", "5 6", "7", "hook 7"]);
  assertEquals(await trainLoop({ ...options, batches: batches(20), steps: 7 }), "done");
  assertEquals(trainer.position.step, 7);
  assertEquals(await trainLoop({ ...options, batches: batches(3), steps: 10 }), "out of batches");
  assertEquals(trainer.position.step, 8);
  const stop = new AbortController();
  async function* stopping() {
    yield* batches(2);
    stop.abort();
    yield* batches(2);
  }
  assertEquals(
    await trainLoop({ ...options, batches: stopping(), steps: 20, signal: stop.signal }),
    "stopped",
  );
  assertEquals([trainer.position.step, log.at(-1)], [9, "9"]);
  trainer.destroy();
});

Deno.test("memory is told before it is taken, program by program", async () => {
  const gpu = await device(), told: string[] = [], before = liveBytes(gpu);
  const stop = () =>
    createTrainer<Couple>({
      gpu,
      task: tinyClip(5),
      accumulate: 2,
      optimizer: sgd(),
      schedule: () => ({ lr: 0.1 }),
      seed: 1,
      onMemory: (part, { total, inputs, activations, slabs, constants }) => {
        told.push(part);
        assertEquals(total, inputs + activations + slabs + constants);
        if (part === "backward") throw new Error("enough");
      },
    });
  await assertRejects(stop, Error, "enough");
  assertEquals(told, ["weights", "features", "loss", "backward"]);
  assertEquals(liveBytes(gpu), before);

  const reports: MemoryReport[] = [];
  const trainer = await pairTrainer(tinyTask({ rows: 6, batchNorm: true, frozen: "fc1.bias" }), {
    ema: () => 0.9,
    onMemory: (_, report) => {
      if (reports.push(report) === 1) assertEquals(liveBytes(gpu), before);
    },
  });
  assertEquals(reports.length, 2);
  assertEquals(reports[0].slabs, reports[1].slabs);
  assertEquals(reports[1].total, liveBytes(gpu) - before);
  trainer.destroy();
});

Deno.test("options and tasks that do not fit are refused", async () => {
  const refused = (options: Partial<TrainerOptions<Pair>>, message: string) =>
    assertRejects(() => pairTrainer(tinyTask({ rows: 4 }), options), RangeError, message);
  await refused({ seed: -1 }, "The seed is -1");
  await refused({ seed: 2 ** 24 }, "The seed is 16777216");
  await refused({ accumulate: 0 }, "A step cannot have 0 micro-batches");
  await refused({ ringSize: 0 }, "A ring of 0 losses");
  const named = (name: string): Task<Pair> => ({
    ...tinyTask({ rows: 4 }),
    build: (graph) => {
      const built = tinyTask({ rows: 4 }).build(graph);
      return { ...built, metrics: { [name]: built.loss } };
    },
  });
  await assertRejects(() => pairTrainer(named("loss")), RangeError, 'may not be called "loss"');
  const useless: Task<Pair> = {
    ...tinyTask({ rows: 4 }),
    build: (graph) => {
      const built = tinyTask({ rows: 4 }).build(graph);
      nn.scope(graph).param("idle", [3], nn.ones);
      return built;
    },
  };
  await assertRejects(() => pairTrainer(useless), TypeError, "No gradient reaches idle");
  const nothing: Task<Pair> = {
    name: "nothing",
    build: (graph) => ({ loss: constant(graph, [1], []) }),
    feed: () => ({}),
  };
  await assertRejects(() => pairTrainer(nothing), RangeError, 'Task "nothing" has no parameter to train');
  const trainer = await pairTrainer(tinyTask({ rows: 4 }));
  assertThrows(() => trainer.step(tinyBatch(0, 5)), TypeError, 'Input "x" is [5,5] and not [4,5]');
  trainer.destroy();
});

Deno.test("meters: weighted means, rates over a window", () => {
  const meter = meanMeter();
  assert(Number.isNaN(meter.mean()));
  meter.add(1, 3);
  meter.add(5);
  assertEquals(meter.mean(), 2);
  meter.reset();
  meter.add(7);
  assertEquals(meter.mean(), 7);
  const rate = rateMeter(10);
  assertEquals([rate.rate(), rate.remaining(5)], [0, Infinity]);
  for (const [done, seconds] of [[0, 0], [100, 5], [150, 10], [200, 20]]) rate.update(done, seconds);
  assertEquals([rate.rate(), rate.remaining(50), rate.remaining(0)], [5, 10, 0]);
});
