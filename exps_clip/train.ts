// A CLIP training from data to a run folder: config.json, vocabulary.json, metrics.jsonl, checkpoint, classes.tsv,
// result.json. Killed anywhere and started again with the same settings it goes on; finished, it gives its result.

import {
  adamw,
  createTrainer,
  decayClip,
  decayMatrices,
  type Gpu,
  type MemoryReport,
  modelTensors,
  optimizerTensors,
  stateOf,
  type StateTensor,
  trainLoop,
  warmupCosine,
} from "../gpu/mod.ts";
import {
  exportAtEnd,
  exportMetrics,
  finishedRun,
  finishRun,
  type ImageSource,
  openRun,
  type ReportKind,
  type RunResult,
  type StoredTensor,
  type Tokenizer,
  type TrainingReport,
  trainInRun,
} from "../data_utils/mod.ts";
import { captioned, type CaptionOf, saveVocabulary } from "./captions.ts";
import type { ClipSettings } from "./presets.ts";
import { clipTask } from "./task.ts";
import { type ZeroShotEvaluator, zeroShotEvaluator } from "./zero_shot.ts";

export interface ClipJob {
  readonly gpu: Gpu;
  /** The run folder. */
  readonly dir: string;
  readonly settings: ClipSettings;
  /** What else config.json shall say, and a resumed run must agree with (where the data come from). */
  readonly about?: Readonly<Record<string, unknown>>;
  readonly train: ImageSource;
  readonly captionOf: CaptionOf;
  readonly tokenizer: Tokenizer;
  /** Labelled images for zero-shot classification. */
  readonly test: ImageSource | null;
  /** Training images of each class; null where that is not known. */
  readonly frequencies: ArrayLike<number> | null;
  /** First weights of some parameters, by name. */
  readonly weights?: ReadonlyMap<string, StoredTensor>;
  /** Seconds between checkpoints, at least; default 15. */
  readonly saveEvery?: number;
  /** Told how much memory each part of the training takes, before it is allocated. */
  readonly onMemory?: (part: string, report: MemoryReport) => void;
  /** Forms in which the metrics are written beside metrics.jsonl when the run ends or stops. */
  readonly reportTo?: readonly ReportKind[];
  readonly onReport?: (report: TrainingReport) => void;
  readonly signal?: AbortSignal;
}

/** Trains, then classifies zero-shot. Throws Stopped when the signal asks, Failure where it fails on the way. */
export async function trainClip(job: ClipJob): Promise<RunResult> {
  const { gpu, dir, settings, train, test, tokenizer, frequencies, signal } = job;
  const { reportTo = [] } = job, config = { kind: "clip", ...settings, ...job.about };
  const finished = await finishedRun({ dir, config });
  if (finished) {
    await exportMetrics(dir, reportTo);
    return finished;
  }

  const { batchSize, accumulate, steps, seed, lr, betas, eps, weightDecay, decay, templates, model } =
    settings;
  const { evaluateEvery } = settings;
  const warmup = Math.round(settings.warmup < 1 ? settings.warmup * steps : settings.warmup);
  const rate = warmupCosine({ lr, warmup, steps });
  const trainer = await createTrainer({
    gpu,
    task: clipTask(settings),
    optimizer: adamw({ betas, eps, weightDecay }),
    rule: decay === "open_clip" ? decayClip : decayMatrices,
    schedule: (step) => ({ lr: rate(step) }),
    accumulate,
    seed,
    storage: settings.storage,
    onMemory: job.onMemory,
  });
  let evaluator: ZeroShotEvaluator | null = null;
  try {
    if (job.weights) {
      const fresh = (await trainer.state()).model;
      trainer.loadModel(new Map<string, StoredTensor | StateTensor>([...fresh, ...job.weights]));
    }
    const tested = test && { source: test, templates, frequencies, signal };
    evaluator = tested && await zeroShotEvaluator(trainer.store, settings, tokenizer, tested);
    const order = { batchSize: batchSize / accumulate, seed, untilEpoch: Infinity, signal };
    const coding = { tokenizer, contextLength: model.text.contextLength };
    await using run = await openRun({ dir, config }); // now that all fits: what does not fit leaves no folder
    await using _reports = exportAtEnd(dir, reportTo);
    await saveVocabulary(dir, tokenizer);
    const speed = await trainInRun({
      run,
      steps,
      parts: accumulate,
      imagesPerStep: batchSize,
      batches: (from) => captioned(train.batches({ ...order, from }), job.captionOf, coding),
      loop: (parts) => trainLoop({ trainer, steps, accumulate, signal, ...parts }),
      state: async () => {
        const state = await trainer.state();
        return { step: state.step, model: modelTensors(state), training: optimizerTensors(state) };
      },
      restore: (saved) => trainer.restore(stateOf(saved.model, saved.training)),
      evaluation: evaluator && evaluateEvery
        ? { every: evaluateEvery, run: async () => (await evaluator!.run()).scores }
        : undefined,
      saveEvery: job.saveEvery,
      onReport: job.onReport,
    });
    return await finishRun(run, {
      evaluation: evaluator && await evaluator.run({ collapse: true }),
      imagesPerStep: batchSize,
      training: {
        seconds: speed.seconds,
        images_per_second: speed.rate,
        steps,
        skipped: { train: train.skipped(), test: test?.skipped() ?? [] },
      },
    });
  } finally {
    evaluator?.destroy();
    trainer.destroy();
  }
}
