// The study's own training steps, ready to run: the tasks and recipes of exps_sup and exps_clip on batches of drawn
// images, so that neither decoding nor drawing pictures counts.

import { uniforms } from "../../gpu/base/mod.ts";
import type { Gpu } from "../../gpu/device/mod.ts";
import type { Optimizer, StepRates } from "../../gpu/optim/mod.ts";
import { groupProfile, profile } from "../../gpu/run/mod.ts";
import { createTrainer, type Task, type Trainer } from "../../gpu/train/mod.ts";
import type { ImageBatch } from "../../data_utils/mod.ts";
import { optimizerOf, recipes, scheduleOf, type SupSettings, supTask, towers } from "../../exps_sup/mod.ts";
import { drawn } from "./replay.ts";

/** World.md's numbers: 64 classes, batches of 64 images of 32 x 32. */
const CLASSES = 64, BATCH = 64, SIZE = 32, BATCHES = 4;

export interface StudyStep {
  readonly trainer: Trainer<ImageBatch>;
  /** Enqueues a step over the next batch. */
  enqueue(): void;
  /** Enqueues so many steps and waits for the last; gives the last loss. */
  steps(count: number): Promise<number>;
  readonly imagesPerStep: number;
  /** Share of a step's time on the device that goes into matrix products and convolutions, from a profiled step. */
  contractions(): Promise<number>;
  close(): void;
}

const settings: SupSettings = {
  ...recipes.small,
  tower: towers.small,
  size: SIZE,
  classNames: Array.from({ length: CLASSES }, (_, i) => `class ${i}`),
  steps: 625,
  accumulate: 1,
  vocabulary: null,
  frozen: [],
  seed: 0,
};

function batch(number: number): ImageBatch {
  const labels = Int32Array.from(uniforms(BATCH, number, 1), (u) => Math.floor(u * CLASSES));
  return {
    images: {
      data: drawn(`images ${number}`, BATCH * SIZE * SIZE * 3),
      shape: [BATCH, SIZE, SIZE, 3],
      dtype: "f32",
    },
    labels: { data: labels, shape: [BATCH], dtype: "i32" },
    captions: null,
    indices: Int32Array.from({ length: BATCH }, (_, i) => number * BATCH + i),
    valid: BATCH,
    epoch: 0,
    next: { epoch: 0, index: (number + 1) * BATCH },
  };
}

/** The supervised step: full vocabulary, AdamW. */
export async function openSupStep(gpu: Gpu): Promise<StudyStep> {
  const frequencies = new Array<number>(CLASSES).fill(BATCH);
  const rate = scheduleOf(settings);
  return await studyStep(gpu, {
    task: supTask(settings, { frequencies, count: BATCHES * BATCH }),
    optimizer: optimizerOf(settings),
    schedule: (step) => ({ lr: rate(step) }),
  });
}

interface Recipe {
  readonly task: Task<ImageBatch>;
  readonly optimizer: Optimizer;
  readonly schedule: (step: number) => StepRates;
}

async function studyStep(gpu: Gpu, recipe: Recipe): Promise<StudyStep> {
  const { task, optimizer, schedule } = recipe;
  const trainer = await createTrainer({ gpu, ...recipe, seed: 0 });
  const batches = Array.from({ length: BATCHES }, (_, i) => batch(i));
  const next = () => batches[trainer.position.step % BATCHES];
  const enqueue = () => trainer.step(next());
  return {
    trainer,
    imagesPerStep: BATCH,
    enqueue,
    steps: async (count) => {
      for (let i = 0; i < count; i++) {
        await trainer.ready();
        enqueue();
      }
      const losses = await trainer.losses();
      return losses[losses.length - 1].loss;
    },
    contractions: async () => {
      const { step } = trainer.position;
      const scalars = { ...optimizer.scalars(step, schedule(step)), seed: 0, step };
      const rows = await profile(trainer.programs[0], { inputs: task.feed(next()), scalars });
      const all = rows.reduce((sum, row) => sum + row.microseconds, 0);
      const groups = groupProfile(rows, (row) => row.contraction ? "contraction" : "rest");
      return (groups.find(({ key }) => key === "contraction")?.microseconds ?? 0) / all;
    },
    close: () => trainer.destroy(),
  };
}
