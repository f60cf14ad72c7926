// A stop that the data or an evaluation are the first to notice, and a failure: what is done is saved, what is missing is
// made up for when the run goes on, and the line says where that is.
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  exitCode,
  Failure,
  type LoopParts,
  openRun,
  type Position,
  readCheckpoint,
  readEvaluations,
  readJsonl,
  Stopped,
  trainInRun,
} from "../../data_utils/mod.ts";
import { withFolder } from "./made_files.ts";

const steps = 20;
const scores = {
  ...{ top1: 0, top5: 1, rho_freq_acc: null, rho_freq_pred: null, head: 1, middle: null, tail: 0 },
  per_class: [{ class: "cat", freq: 3, acc: 0.5, pred: 2 }],
};

/** After how many steps what happens; never where it is left out. */
interface Breaks {
  /** The next batch is refused because of a stop, as a decoder does that sees the signal. */
  stopData?: number;
  /** The evaluation notices the stop. */
  stopEvaluation?: number;
  /** The next step throws this. */
  failure?: [number, Error];
  /** The weights are infinite from this step on. */
  infinite?: number;
}

/** Trains "a sum of batch numbers" in `dir`, evaluated every fourth step and saved as often as can be. */
async function train(
  dir: string,
  { stopData, stopEvaluation, failure, infinite = Infinity }: Breaks = {},
): Promise<number> {
  let sum = 0, done = 0, stopped = false;
  const stopIf = (now: boolean) => {
    stopped ||= now;
    if (stopped) throw new Stopped("Stopped");
  };
  function* batches({ index }: Position = { epoch: 0, index: 0 }) {
    for (;; index++) {
      stopIf(done === stopData);
      yield { index, next: { epoch: 0, index: index + 1 } };
    }
  }
  /** Reads losses as late as it may: before a hook, and at its end. */
  const loop = async ({ batches, onLosses, hooks }: LoopParts<{ index: number; next: Position }>) => {
    let losses: { step: number; loss: number; metrics: Record<string, number> }[] = [];
    const read = () => {
      if (losses.length > 0) onLosses(losses);
      losses = [];
    };
    for await (const { index } of batches) {
      if (stopped) break;
      if (failure?.[0] === done) throw failure[1];
      sum = (sum * 31 + index + 1) % 10007;
      losses.push({ step: ++done, loss: sum, metrics: {} });
      const due = hooks.filter(({ every }) => done % every === 0);
      if (due.length > 0 || done === steps) read();
      for (const hook of due) await hook.run(done);
      if (done === steps) return "done" as const;
    }
    read();
    return stopped ? "stopped" as const : "out of batches" as const;
  };
  const tensor = () => {
    const data = Float32Array.of(done < infinite ? sum : Infinity);
    return [{ name: "sum", shape: [1], dtype: "f32" as const, data }];
  };
  await using run = await openRun({ dir, config: {} });
  await trainInRun({
    ...{ run, steps, imagesPerStep: 1, reportEvery: 3, saveEvery: 0, batches, loop },
    evaluation: {
      every: 4,
      run() {
        stopIf(done === stopEvaluation);
        return Promise.resolve({ ...scores, top1: sum });
      },
    },
    state: () => Promise.resolve({ step: done, model: tensor(), training: [] }),
    restore: (saved) => {
      done = saved.step;
      sum = saved.model.get("sum")!.data[0] as number;
    },
  });
  return sum;
}

const left = async (dir: string) => {
  const records = await Array.fromAsync(readJsonl(`${dir}/metrics.jsonl`));
  return [records.map(({ seconds: _, ...record }) => record), await readEvaluations(dir)];
};

Deno.test("training stops: noticed by the data or an evaluation, they are saved and leave the same numbers", async () => {
  await withFolder(async (folder) => {
    const straight = await train(`${folder}/straight`), whole = await left(`${folder}/straight`);
    assertEquals(whole[1].map(({ step }) => step), [4, 8, 12, 16]);
    const cases: [string, number][] = [["stopData", 0], ["stopData", 7], ["stopData", 8]];
    for (const [kind, at] of [...cases, ["stopEvaluation", 4], ["stopEvaluation", 12]] as const) {
      const dir = `${folder}/${kind}${at}`,
        stop = `Stopped at step ${at} of 20; the same command goes on from there`;
      await assertRejects(() => train(dir, { [kind]: at }), Stopped, stop);
      assertEquals((await readCheckpoint(dir))?.step ?? 0, at);
      // Stopped once more in the evaluation that is made up for.
      if (kind === "stopEvaluation") await assertRejects(() => train(dir, { [kind]: at }), Stopped, stop);
      assertEquals(await train(dir), straight);
      assertEquals(await left(dir), whole, dir);
    }
  });
});

Deno.test("training fails: the line says from where it goes on; a bug and bad input stay what they are", async () => {
  await withFolder(async (folder) => {
    const early = `${folder}/early`, late = `${folder}/late`;
    const none = `out of luck; ${early} has no checkpoint yet: the same command begins anew`;
    const luck = new Error("out of luck");
    assertEquals((await assertRejects(() => train(early, { failure: [2, luck] }), Failure)).message, none);
    const error = await assertRejects(() => train(late, { failure: [11, luck] }), Failure);
    const { step } = (await readCheckpoint(late))!;
    assertEquals(
      error.message,
      `out of luck; ${late} stands at step ${step}, where the same command goes on`,
    );
    assertEquals([exitCode(error), error.cause], [1, luck]);
    assertEquals(await train(late), await train(`${folder}/straight`));
    assertEquals(await left(late), await left(`${folder}/straight`));
    const poisoned = `${folder}/poisoned`; // weights that are none never replace a good checkpoint
    const weights = await assertRejects(() => train(poisoned, { infinite: 5 }), Failure);
    assertMatch(weights.message, /^The weight sum is not finite after step \d+; .* smaller learning rate; /);
    assertEquals(await train(poisoned), await train(`${folder}/straight`));
    for (const own of [new TypeError("a bug"), new RangeError("bad input")]) {
      assertEquals(
        await train(`${folder}/${own.name}`, { failure: [5, own] }).catch((thrown) => thrown),
        own,
      );
    }
  });
});
