// When a step goes wrong: the loss that is not finite is noticed, the weights stay finite, the place is named; and what
// a step's dispatches cost.

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  adamw,
  createTrainer,
  f32,
  firstNonFinite,
  type Gpu,
  groupProfile,
  input,
  nn,
  NonFiniteError,
  openGpu,
  ops,
  profile,
  sgd,
  type StepLoss,
  type Task,
  type TrainerState,
  trainLoop,
} from "../../gpu/mod.ts";
import { devicesFail } from "./failing_device.ts";
import {
  type Couple,
  coupleBatch,
  rowsOfBatch,
  rowsOfCouple,
  tinyBatch,
  tinyClip,
  tinyTask,
} from "./tiny_tasks.ts";

let shared: Promise<Gpu> | undefined;
const device = () => shared ??= openGpu();
const options = { optimizer: sgd({ momentum: 0.9 }), schedule: () => ({ lr: 0.1 }), seed: 3 };

function values(state: TrainerState, name: string): number[] {
  return Array.from(state.model.get(name)!.data, Number);
}

/** Loss log(mean of x w), which is not finite where the mean is not above 0. */
function logTask(): Task<Float32Array> {
  return {
    name: "logarithm",
    build(graph) {
      const x = input(graph, "x", [4, 3]);
      const s = nn.scope(graph);
      const products = ops.mul(x, s.param("w", [3], nn.value(1)));
      const loss = nn.within(
        s,
        "head",
        () => ops.neg(ops.log(ops.mean(ops.mulScalar(products, 2), { axes: null }))),
      );
      return { loss };
    },
    feed: (x) => ({ x: f32(x, [4, 3]) }),
  };
}

Deno.test("a loss that is not finite stops the run, names its place and leaves finite weights", async () => {
  const trainer = await createTrainer({ gpu: await device(), task: logTask(), ...options });
  const good = new Float32Array(12).fill(1), bad = new Float32Array(12);
  trainer.step(good);
  trainer.step(bad);
  trainer.step(good);
  const error = await assertRejects(() => trainer.losses(), NonFiniteError);
  assertEquals(
    error.message,
    "The loss is Infinity at step 2: first in log @ head; the usual remedy is a smaller learning rate",
  );
  assertEquals([error.step, error.node], [2, "log @ head"]);
  const state = await trainer.state();
  assert(values(state, "w").every(Number.isFinite));
  assertEquals(state.step, 3);

  bad[5] = NaN;
  trainer.step(bad);
  const named = await assertRejects(() => trainer.losses(), NonFiniteError);
  assertEquals(
    named.message,
    'The loss is NaN at step 4: first in input "x"; look at the data of this batch',
  );
  trainer.step(good);
  assert(Number.isFinite((await trainer.losses())[0].loss));

  trainer.restore({ ...state, model: new Map([["w", { data: [1, Infinity, 1], shape: [3] }]]) } as never);
  trainer.step(good);
  const poisoned = await assertRejects(() => trainer.losses(), NonFiniteError);
  assertEquals(poisoned.node, "parameter w");
  trainer.destroy();
});

Deno.test("the loop hands over the losses before a fault, then throws", async () => {
  const trainer = await createTrainer({ gpu: await device(), task: logTask(), ...options });
  const good = new Float32Array(12).fill(1), bad = new Float32Array(12), seen: number[] = [];
  const onLosses = (losses: readonly StepLoss[]) => void seen.push(...losses.map(({ step }) => step));
  const batches = [good, good, bad, good, good];
  const error = await assertRejects(
    () => trainLoop({ trainer, batches, steps: 5, readEvery: 4, onLosses }),
    NonFiniteError,
  );
  assertEquals([error.step, seen], [3, [1, 2]]);
  trainer.destroy();
});

Deno.test("a fault in an accumulated step and in a two-pass step is found too", async () => {
  const parts = await createTrainer({
    gpu: await device(),
    task: tinyTask({ rows: 4, batchNorm: true }),
    ...options,
    accumulate: 2,
  });
  const whole = tinyBatch(0, 8), good = rowsOfBatch(whole, 0, 4), bad = rowsOfBatch(whole, 4, 8);
  bad.x.data[7] = Infinity;
  parts.step(good, bad);
  parts.step(good, good);
  assertEquals((await assertRejects(() => parts.losses(), NonFiniteError)).node, 'input "x"');
  for (const [name, { data }] of (await parts.state()).model) {
    assert(Array.from(data, Number).every(Number.isFinite), name);
  }
  parts.destroy();

  const fast = { ...options, schedule: () => ({ lr: 1e30 }), accumulate: 2 };
  const pairs = await createTrainer<Couple>({ gpu: await device(), task: tinyClip(3), ...fast });
  const both = [0, 3].map((from) => rowsOfCouple(coupleBatch(0, 6), from, from + 3));
  pairs.step(...both);
  pairs.step(...both);
  const error = await assertRejects(() => pairs.losses(), NonFiniteError);
  assertEquals(error.step, 2);
  assert(error.node !== null && /@ (visual|text)/.test(error.node), error.message);
  pairs.destroy();
});

for (const deviceClass of ["software", "gpu"] as const) {
  Deno.test(`a lost device is told as that, with its reason, and the losses before are kept (${deviceClass})`, async () => {
    const restore = devicesFail({ lostAfter: 8 });
    const gpu = await openGpu({ deviceClass });
    restore();
    const trainer = await createTrainer({ gpu, task: tinyTask({ rows: 6 }), ...options });
    const batches = Array.from({ length: 20 }, (_, i) => tinyBatch(i, 6)), seen: number[] = [];
    const onLosses = (losses: readonly StepLoss[]) => void seen.push(...losses.map(({ step }) => step));
    const loss = "The device failed: it was lost (the driver was reset)";
    await assertRejects(
      () => trainLoop({ trainer, batches, steps: 20, readEvery: 2, onLosses }),
      Error,
      loss,
    );
    assert(seen.length > 0 && seen.every((step, i) => step === i + 1), `${seen}`);
    await assertRejects(() => trainer.state(), Error, loss);
    trainer.destroy();
    await gpu.queue.onSubmittedWorkDone(); // what was under way when the loop gave up
  });
}

Deno.test("a healthy step has no value that is not finite", async () => {
  const trainer = await createTrainer({
    gpu: await device(),
    task: tinyTask({ rows: 6, batchNorm: true }),
    ...options,
    optimizer: adamw(),
    clip: { kind: "tensor", limit: 1 },
  });
  const { x, y } = tinyBatch(0, 6), before = await trainer.state();
  const scalars = { ...adamw().scalars(0, { lr: 0.1 }), seed: 3, step: 0 };
  assertEquals(await firstNonFinite(trainer.programs[0], { inputs: { x, y }, scalars }), null);
  assertEquals(await trainer.state(), before);
  trainer.destroy();
});

Deno.test("a profiled step counts as a step and has a row for every dispatch", async () => {
  const gpu = await device();
  const make = () => createTrainer({ gpu, task: tinyTask({ rows: 64 }), ...options, optimizer: sgd() });
  const [plain, profiled] = [await make(), await make()];
  const { x, y } = tinyBatch(0, 64);
  const scalars = { ...sgd().scalars(0, { lr: 0.1 }), seed: 3, step: 0 };
  plain.step({ x, y });
  for (const clock of ["host", undefined] as const) {
    const rows = await profile(profiled.programs[0], { inputs: { x, y }, scalars }, clock);
    assertEquals(rows.length, profiled.programs[0].calls.length);
    assert(rows.every(({ microseconds }) => microseconds >= 0 && microseconds < 1e6));
    const first = rows.find(({ op, scope }) => op === "matmul" && scope === "fc1")!;
    assertEquals([first.contraction, first.flops], [true, 2 * 64 * 5 * 7]);
    const groups = groupProfile(rows, ({ op }) => op), total = rows.reduce((n, r) => n + r.microseconds, 0);
    assertAlmostEquals(groups.reduce((n, g) => n + g.microseconds, 0), total, 1e-6 * total);
    assertEquals(groups.reduce((n, g) => n + g.count, 0), rows.length);
    if (clock === "host") assertEquals((await profiled.state()).model, (await plain.state()).model);
  }
  plain.destroy();
  profiled.destroy();
});
