// A training in its run folder: whatever the moment at which it ends, the next session leaves what one without a break
// would have left. The trainer here is arithmetic on one number, so that every lost or repeated batch shows.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  finishedRun,
  finishRun,
  type ImbalanceScores,
  type LoopParts,
  type Position,
  readCheckpoint,
  readEvaluations,
  readJsonl,
  readModel,
  readResult,
  saveCheckpoint,
  Stopped,
  trainInRun,
} from "../../data_utils/mod.ts";
import { openRun } from "../../data_utils/mod.ts";
import { withFolder } from "./made_files.ts";

interface Numbers {
  value: number;
  next: Position;
}

const perEpoch = 7;

function* batches(from: Position = { epoch: 0, index: 0 }): Generator<Numbers> {
  for (let { epoch, index } = from;;) {
    const value = epoch * 100 + index;
    if (++index === perEpoch) [epoch, index] = [epoch + 1, 0];
    yield { value, next: { epoch, index } };
  }
}

/** Trains in `dir`; `breakAt` makes the loop fail when it reaches that step, `stopAt` stops it there. */
async function train(
  dir: string,
  { steps = 20, parts = 1, saveEvery = 0, breakAt = Infinity, stopAt = Infinity } = {},
) {
  let sum = 0, done = 0;
  const tensor = (name: string, value: number) => ({
    name,
    shape: [1],
    dtype: "f32" as const,
    data: Float32Array.of(value),
  });
  const loop = async ({ batches, readEvery, onLosses, hooks }: LoopParts<Numbers>) => {
    let pending: number[] = [], losses: { step: number; loss: number; metrics: { double: number } }[] = [];
    for await (const { value } of batches) {
      if (done === stopAt) {
        if (losses.length > 0) onLosses(losses);
        return "stopped" as const;
      }
      pending.push(value);
      if (pending.length < parts) continue;
      if (done === breakAt) throw new Error("killed");
      for (const v of pending) sum = (sum * 31 + v + 1) % 10007;
      pending = [];
      losses.push({ step: ++done, loss: sum, metrics: { double: 2 * sum } });
      const due = hooks.filter(({ every }) => done % every === 0);
      if (due.length === 0 && done % readEvery !== 0 && done !== steps) continue;
      onLosses(losses);
      losses = [];
      for (const hook of due) await hook.run(done);
      if (done === steps) return "done" as const;
    }
    return "out of batches" as const;
  };
  await using run = await openRun({ dir, config: { steps } });
  await trainInRun<Numbers>({
    run,
    steps,
    parts,
    imagesPerStep: parts,
    reportEvery: 3,
    saveEvery,
    batches,
    loop,
    evaluation: { every: 4, run: () => Promise.resolve(scoresOf(sum)) },
    state: () =>
      Promise.resolve({ step: done, model: [tensor("sum", sum)], training: [tensor("momentum", sum / 2)] }),
    restore: (saved) => {
      done = saved.step;
      sum = saved.model.get("sum")!.data[0] as number;
      assertEquals(saved.training.get("momentum")!.data[0], sum / 2);
    },
  });
  if (stopAt === Infinity) {
    const training = { seconds: 1, images_per_second: 2, steps };
    const evaluation = { scores: scoresOf(sum), confusion: Int32Array.of(sum, 0, 1, 2) };
    await finishRun(run, { evaluation, imagesPerStep: parts, training });
  }
  return sum;
}

/** Scores of two classes that tell apart where the training stands. */
const scoresOf = (sum: number): ImbalanceScores => ({
  ...{
    top1: sum / 10007,
    top5: 1,
    rho_freq_acc: null,
    rho_freq_pred: 0.5,
    head: null,
    middle: null,
    tail: null,
  },
  per_class: [{ class: "cat", freq: 3, acc: 0.5, pred: sum }, { class: "dog", freq: 1, acc: null, pred: 2 }],
  undefined_because: { rho_freq_acc: "all classes have the same value" },
});

const logged = async (dir: string) =>
  (await Array.fromAsync(readJsonl(`${dir}/metrics.jsonl`))).map(({ seconds: _, ...record }) => record);

Deno.test("training run: breaks and stops at any step leave the numbers of a run without them", async () => {
  for (const parts of [1, 2]) {
    await withFolder(async (folder) => {
      const straight = await train(`${folder}/straight`, { parts });
      for (const at of [0, 2, 3, 8, 19]) {
        const broken = `${folder}/broken${at}`, stopped = `${folder}/stopped${at}`;
        await assertRejects(() => train(broken, { parts, breakAt: at }), Error, "killed");
        await assertRejects(
          () => train(stopped, { parts, stopAt: at }),
          Stopped,
          `Stopped at step ${at} of 20`,
        );
        assertEquals((await readCheckpoint(stopped))?.step ?? 0, at);
        for (const dir of [broken, stopped]) {
          assertEquals(await train(dir, { parts }), straight);
          assertEquals((await readModel(dir)).get("sum")!.data[0], straight);
          assertEquals(await logged(dir), await logged(`${folder}/straight`));
          assertEquals(await readEvaluations(dir), await readEvaluations(`${folder}/straight`));
        }
      }
      assertEquals((await logged(`${folder}/straight`)).at(-1)!.step, 20);
      const evaluations = await readEvaluations(`${folder}/straight`);
      assertEquals(evaluations.map(({ step }) => step), [4, 8, 12, 16, 20]);
      assertEquals(
        evaluations.map(({ images_seen }) => images_seen),
        [4, 8, 12, 16, 20].map((n) => n * parts),
      );
      assertEquals(evaluations.at(-1)!.pred, [straight, 2]);
      assertEquals(evaluations.at(-1)!.acc, [0.5, null]);
    });
  }
});

Deno.test("training run: a finished one does no step more; too little data is an error", async () => {
  await withFolder(async (folder) => {
    await train(folder, { saveEvery: 1e9 });
    const before = await logged(folder);
    await train(folder, { breakAt: 20 });
    assertEquals(await logged(folder), before);
  });
  await withFolder(async (folder) => {
    await using run = await openRun({ dir: folder, config: {} });
    const short = trainInRun<Numbers>({
      run,
      steps: 5,
      imagesPerStep: 1,
      batches,
      loop: () => Promise.resolve("out of batches"),
      state: () => Promise.reject(new Error("nothing to save")),
      restore: () => {},
    });
    await assertRejects(() => short, RangeError, "The data ended after 0 of 5 steps");
  });
});

Deno.test("checkpoint: the pair changes at once, whatever is left from a kill in between", async () => {
  await withFolder(async (dir) => {
    const save = (step: number) => {
      const one = { shape: [], dtype: "i32" as const, data: Int32Array.of(step) };
      const model = [{ name: "m", ...one }], training = [{ name: "t", ...one }];
      return saveCheckpoint(dir, { step, model, training, notes: { place: "x" } });
    };
    assertEquals(await readCheckpoint(dir), null);
    await save(5);
    await Deno.writeTextFile(`${dir}/training-00000009.safetensors`, "half a fil"); // killed before the model file
    await Deno.writeTextFile(`${dir}/model.safetensors.tmp`, "half");
    const { step, notes, model, training } = (await readCheckpoint(dir))!;
    assertEquals([step, notes], [5, { format: "pt", place: "x" }]);
    assertEquals([model.get("m")!.data[0], training.get("t")!.data[0]], [5, 5]);
    await save(9);
    const names = Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
    assertEquals(names.filter((name) => name.startsWith("training")), ["training-00000009.safetensors"]);
    await Deno.remove(`${dir}/training-00000009.safetensors`);
    await assertRejects(() => readCheckpoint(dir), SyntaxError, "no training-00000009.safetensors beside it");
  });
});

Deno.test("run result: written last, with table, confusion and evaluation; null before; looked for without a trace", async () => {
  await withFolder(async (folder) => {
    const dir = `${folder}/run`, config = { lr: 1, left: undefined };
    assertEquals(await finishedRun({ dir, config }), null);
    assertEquals(Array.from(Deno.readDirSync(folder)), []);
    const evaluation = { scores: scoresOf(5), confusion: Int32Array.of(1, 2, 0, 0) };
    const training = { seconds: 1, images_per_second: 2, steps: 3 };
    {
      await using run = await openRun({ dir, config });
      assertEquals([await readResult(dir), await finishedRun({ dir, config })], [null, null]);
      const result = await finishRun(run, { evaluation, imagesPerStep: 4, training });
      assertEquals(result, { ...scoresOf(5), collapse: null, ...training, images_seen: 12 });
      assertEquals([await readResult(dir), await finishedRun({ dir, config })], [result, result]);
    }
    assert((await Deno.readTextFile(`${dir}/classes.tsv`)).includes("cat\t3\t0.5\t5"));
    assertEquals(
      await Deno.readTextFile(`${dir}/confusion.tsv`),
      "target\tpredicted\tcount\n0\t0\t1\n0\t1\t2\n",
    );
    assertEquals((await readEvaluations(dir)).map(({ step, images_seen }) => [step, images_seen]), [[3, 12]]);
    await assertRejects(
      () => finishedRun({ dir, config: { lr: 2 } }),
      RangeError,
      "lr is 1 there and 2 here",
    );
    await Deno.writeTextFile(`${dir}/result.json`, "{");
    await assertRejects(() => readResult(dir), SyntaxError, "result.json is not JSON");
  });
});
