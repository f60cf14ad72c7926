// What must hold of every training step: it equals its float64 reference however often it is replayed with other
// inputs, rates and seeds; nothing is compiled after the first step; nothing leaks; memory comes back.

import { assert, assertEquals } from "@std/assert";
import {
  adamw,
  constant,
  createGraph,
  createTrainer,
  destroyProgram,
  destroyStore,
  type DeviceClass,
  emaScalars,
  gradientSlab,
  interpret,
  liveBytes,
  openGpu,
  readSlabs,
  type RefArray,
  sgd,
  type SlabLayout,
  unpackEntry,
  writeSlab,
} from "../../gpu/mod.ts";
import { agreement, showAgreement, ulpTolerance } from "../../gpu/testing/tolerance.ts";
import { movedBuffers, readingsOf, type StepContext, weightUpdate, wholeStep } from "../../gpu/train/step.ts";
import { contextFor, tinyBatch, type TinyOptions, tinyTask } from "./tiny_tasks.ts";

/** The step in float64: readings and new slabs, from slabs and what a step is given. */
function referenceStep(
  context: StepContext,
  options: TinyOptions,
  slabs: ReadonlyMap<string, RefArray>,
  batch: number,
  scalars: ReadonlyMap<string, number>,
): { readings: Map<string, number>; slabs: Map<string, RefArray> } {
  const graph = createGraph(), task = tinyTask(options);
  const built = task.build(graph);
  const g = gradientSlab(graph, [built.loss], [constant(graph, [1], [])], context.layouts[0]);
  const update = weightUpdate(graph, context, [g], built);
  const readings = { ...readingsOf(built), ...update.readings };
  const next = { ...update.slabs, ...movedBuffers(graph, context, built.updates, update.faulty) };
  const wanted = { ...readings, ...next };
  const inputs = new Map(
    Object.entries(task.feed(tinyBatch(batch, options.rows))).map(([name, value]) => {
      return [name, { data: Float64Array.from(value.data), shape: value.shape }];
    }),
  );
  const params = new Map([
    ...unpacked(context.layouts[0], slabs.get("params")!),
    ...unpacked(context.buffers[0], slabs.get("buffers")!),
  ]);
  const values = interpret(Object.values(wanted), { inputs, params, slabs, scalars });
  const named = Object.keys(wanted).map((name, i): [string, RefArray] => [name, values[i]]);
  return {
    readings: new Map(named.filter(([name]) => name in readings).map(([name, { data }]) => [name, data[0]])),
    slabs: new Map(named.filter(([name]) => name in next)),
  };
}

function unpacked(layout: SlabLayout, { data }: RefArray): [string, RefArray][] {
  return layout.entries.map((entry) => [entry.name, { data: unpackEntry(data, entry), shape: entry.shape }]);
}

for (const deviceClass of ["software", "gpu"] as const satisfies DeviceClass[]) {
  Deno.test(`replayed with other inputs, rate and seed, a step is its reference (${deviceClass})`, async () => {
    const gpu = await openGpu({ deviceClass });
    const options = { rows: 9, batchNorm: true, dropout: 0.25, clamp: { logit_scale: [0, 0.5] } } as const;
    const optimizer = sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 });
    const context = contextFor(gpu, (graph) => tinyTask(options).build(graph), optimizer, {
      clip: { kind: "global", limit: 1 },
      averaged: true,
    });
    const { store } = context, names = ["params", "buffers", "momentum_buffer", "ema"];
    writeSlab(store, "ema", (await readSlabs(store, ["params"])).get("params")!);
    const step = await wholeStep(context, tinyTask(options));
    let slabs = new Map<string, RefArray>();
    const read = async () =>
      new Map([...await readSlabs(store, names)].map(([name, data]) => {
        return [name, { data: Float64Array.from(data), shape: [data.length / 256, 256] }];
      }));
    slabs = await read();
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const rates = { lr: 0.2 / (i + 1) };
      const scalars = {
        ...optimizer.scalars(i, rates),
        ...emaScalars(0.5 + 0.1 * i),
        seed: 5 + 1000 * i,
        step: i,
      };
      const want = referenceStep(context, options, slabs, i, new Map(Object.entries(scalars)));
      step.enqueue([tinyBatch(i, options.rows)].map(({ x, y }) => ({ x, y })), scalars, () => () => {});
      const got = await read();
      for (const [name, { data }] of want.slabs) {
        const found = agreement(got.get(name)!.data, data, ulpTolerance(data, 32));
        assert(found.factor <= 1, showAgreement(`${name} after step ${i + 1}`, found));
      }
      losses.push(want.readings.get("loss")!);
      slabs = want.slabs; // the reference goes on from its own state
    }
    assertEquals(new Set(losses).size, 3);
    context.programs.forEach(destroyProgram);
    destroyStore(store);
    assertEquals(liveBytes(gpu), 0);
    gpu.close();
  });
}

Deno.test("nothing is compiled after the first step, and 100 steps leak nothing", async () => {
  const gpu = await openGpu();
  const before = liveBytes(gpu);
  const trainer = await createTrainer({
    gpu,
    task: tinyTask({ rows: 6, batchNorm: true }),
    optimizer: adamw(),
    schedule: (step) => ({ lr: 0.01 / (step + 1), weightDecay: 0.1 * step }),
    ema: () => 0.99,
    seed: 1,
    ringSize: 8,
  });
  trainer.step(tinyBatch(0, 6));
  assertEquals((await trainer.losses()).length, 1);
  const pipelines = gpu.pipelines.size, held = liveBytes(gpu);
  const groups = () => trainer.programs.map(({ internal }) => internal.groups.size);
  for (let i = 1; i < 100; i++) {
    await trainer.ready();
    trainer.step(tinyBatch(i, 6));
    if (i === 2) assertEquals(groups(), [2]);
  }
  assertEquals((await trainer.losses()).length, 99);
  assertEquals(gpu.pipelines.size, pipelines);
  assertEquals(groups(), [2]);
  assertEquals(liveBytes(gpu), held);
  assert(held > before);
  trainer.destroy();
  assertEquals(liveBytes(gpu), before);
  assertEquals(gpu.error(), null);
  gpu.close();
});

Deno.test("a second trainer of the same task compiles nothing and changes nothing of the first", async () => {
  const gpu = await openGpu();
  const make = () =>
    createTrainer({
      gpu,
      task: tinyTask({ rows: 6 }),
      optimizer: sgd(),
      schedule: () => ({ lr: 0.1 }),
      seed: 1,
    });
  const first = await make(), pipelines = gpu.pipelines.size, held = liveBytes(gpu);
  const second = await make();
  assertEquals(gpu.pipelines.size, pipelines);
  for (const trainer of [first, second]) for (let i = 0; i < 3; i++) trainer.step(tinyBatch(i, 6));
  assertEquals(await first.losses(), await second.losses());
  second.destroy();
  assertEquals(liveBytes(gpu), held);
  first.step(tinyBatch(3, 6));
  assertEquals((await first.losses()).length, 1);
  first.destroy();
  gpu.close();
});
