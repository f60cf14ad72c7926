// The study's own training steps and evaluations, ready to run: the tasks and recipes of exps_sup and exps_clip on four
// batches of the built-in world, drawn and encoded before any time is taken.

import {
  type ImageBatch,
  makeWorld,
  makeWorldSet,
  memorySource,
  WORLD_TEMPLATES,
} from "../../data_utils/mod.ts";
import {
  allCaptions,
  captioned,
  clipTask,
  modelFor,
  recipes as clipRecipes,
  templateCaptions,
  textCoding,
  textGraph,
  zeroShotGraph,
} from "../../exps_clip/mod.ts";
import {
  optimizerOf,
  recipes as supRecipes,
  scheduleOf,
  supScores,
  supTask,
  towers,
} from "../../exps_sup/mod.ts";
import {
  adamw,
  createEvaluator,
  createTrainer,
  decayMatrices,
  type Gpu,
  type Graph,
  groupProfile,
  type Optimizer,
  profile,
  type SplitTask,
  type Task,
  type Tensor,
  type Trainer,
  warmupCosine,
  wholeTask,
} from "../../gpu/mod.ts";

/** World.md's numbers: batches of 64, 625 steps, 64 classes; evaluation by 200 images, zero-shot by 64 prompts. */
const BATCH = 64, STEPS = 625, PER_CLASS = 4, IMAGES_SCORED = 200, TEXTS_EMBEDDED = 64;

export interface StudyStep {
  readonly imagesPerStep: number;
  readonly dispatches: number;
  /** Resolves when another step may be enqueued. */
  ready(): Promise<void>;
  /** Enqueues a step over the next batch. */
  enqueue(): void;
  /** Enqueues so many steps and waits for the last; gives the last loss. */
  steps(count: number): Promise<number>;
  /** Share of a step's time on the device that goes into matrix products and convolutions, from a profiled step. */
  contractions(): Promise<number>;
  /** Compiles the evaluation programs of the model, for the sake of their pipelines. */
  compileEvaluation(): Promise<void>;
  close(): void;
}

/** The study's models: supervised over all classes, over a sub-vocabulary, and contrastive. */
export type StudyModel = "sl" | "sl_sub" | "clip";

/** Compiles a model's training step. */
export async function openStudyStep(gpu: Gpu, model: StudyModel): Promise<StudyStep> {
  const world = makeWorld(), { classNames } = world;
  const counts = new Int32Array(classNames.length).fill(PER_CLASS);
  const source = memorySource(makeWorldSet({ world, counts, seed: 0, split: "train" }));
  const batches = [...source.batches({ batchSize: BATCH, seed: 0 }) as Iterable<ImageBatch>];
  const common = {
    size: source.size,
    classNames,
    batchSize: BATCH,
    steps: STEPS,
    accumulate: 1,
    storage: "f32" as const,
    frozen: [],
    evaluateEvery: null,
    seed: 0,
  };
  if (model !== "clip") {
    const vocabulary = model === "sl" ? null : { size: 16, processes: 4, weighting: "linear" } as const;
    const scored = { tower: towers.small, vocabulary, logitAdjustment: 0 };
    const settings = { ...supRecipes.small, ...common, ...scored };
    const rate = scheduleOf(settings);
    return await studyStep(gpu, batches, {
      task: supTask(settings, { frequencies: counts, count: source.count }),
      optimizer: optimizerOf(settings),
      rate,
      evaluations: [(graph) => supScores(graph, settings, IMAGES_SCORED)],
    });
  }
  const captionOf = templateCaptions(source, WORLD_TEMPLATES, 0);
  const coding = await textCoding(() => allCaptions(captionOf, source.count, 1), { bpe: null, most: 77 });
  const { tokenizer, contextLength } = coding;
  const { model: name, ...recipe } = clipRecipes.small;
  const sizes = { size: source.size, vocabSize: tokenizer.vocabSize, contextLength };
  const captions = { captions: "templates", templates: WORLD_TEMPLATES, bpe: null } as const;
  const clip = { name, model: modelFor(name, sizes), countOnce: null };
  const settings = { ...recipe, ...common, ...captions, ...clip };
  const { lr, betas, eps, weightDecay } = settings;
  const pairs = await Array.fromAsync(captioned(batches, captionOf, coding));
  return await studyStep(gpu, pairs, {
    task: clipTask(settings),
    optimizer: adamw({ betas, eps, weightDecay }),
    rate: warmupCosine({ lr, warmup: Math.round(settings.warmup * STEPS), steps: STEPS }),
    evaluations: [
      (graph) => textGraph(graph, settings, TEXTS_EMBEDDED),
      (graph) => zeroShotGraph(graph, settings, { rows: IMAGES_SCORED, classes: classNames.length }),
    ],
  });
}

interface Recipe<Batch> {
  readonly task: Task<Batch> | SplitTask<Batch>;
  readonly optimizer: Optimizer;
  readonly rate: (step: number) => number;
  readonly evaluations: readonly ((graph: Graph) => Readonly<Record<string, Tensor>>)[];
}

async function studyStep<Batch>(
  gpu: Gpu,
  batches: readonly Batch[],
  recipe: Recipe<Batch>,
): Promise<StudyStep> {
  const { optimizer, rate, evaluations } = recipe;
  const task = "build" in recipe.task ? recipe.task : wholeTask(recipe.task);
  const schedule = (step: number) => ({ lr: rate(step) });
  const trainer: Trainer<Batch> = await createTrainer({
    gpu,
    task,
    optimizer,
    rule: decayMatrices,
    schedule,
    seed: 0,
  });
  const next = () => batches[trainer.position.step % batches.length];
  const enqueue = () => trainer.step(next());
  return {
    imagesPerStep: BATCH,
    dispatches: trainer.programs.reduce((sum, program) => sum + program.calls.length, 0),
    ready: () => trainer.ready(),
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
    compileEvaluation: async () => {
      for (const build of evaluations) (await createEvaluator({ store: trainer.store, build })).destroy();
    },
    close: () => trainer.destroy(),
  };
}
