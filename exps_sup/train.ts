// A supervised training from data to a run folder: config.json, metrics.jsonl, checkpoint, classes.tsv, result.json.
// Killed anywhere and started again with the same settings it goes on; finished, it gives its result at once.

import {
  createTrainer,
  type Gpu,
  type MemoryReport,
  modelTensors,
  optimizerTensors,
  stateOf,
  type StateTensor,
  trainLoop,
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
  type TrainingReport,
  trainInRun,
} from "../data_utils/mod.ts";
import { type SupEvaluator, supEvaluator } from "./evaluate.ts";
import { decayOf, optimizerOf, scheduleOf } from "./optimization.ts";
import type { SupSettings } from "./presets.ts";
import { supTask } from "./task.ts";

export interface SupJob {
  readonly gpu: Gpu;
  /** The run folder. */
  readonly dir: string;
  readonly settings: SupSettings;
  /** What else config.json shall say, and a resumed run must agree with (where the data come from). */
  readonly about?: Readonly<Record<string, unknown>>;
  readonly train: ImageSource;
  readonly test: ImageSource | null;
  /** Training images of each class. */
  readonly frequencies: ArrayLike<number>;
  /** First weights of some parameters, by name: a pretrained tower, a frozen head. */
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

/** Trains and evaluates. Throws Stopped when the signal asks, Failure where it fails on the way. */
export async function trainSup(job: SupJob): Promise<RunResult> {
  const { gpu, dir, settings, train, test, frequencies, signal } = job;
  const { reportTo = [] } = job, config = { kind: "sup", ...settings, ...job.about };
  const finished = await finishedRun({ dir, config });
  if (finished) {
    await exportMetrics(dir, reportTo);
    return finished;
  }

  const { batchSize, accumulate, steps, seed, evaluateEvery } = settings, rate = scheduleOf(settings);
  const trainer = await createTrainer({
    gpu,
    task: supTask(settings, { frequencies, count: train.count }),
    optimizer: optimizerOf(settings),
    rule: decayOf(settings),
    schedule: (step) => ({ lr: rate(step) }),
    accumulate,
    seed,
    storage: settings.storage,
    onMemory: job.onMemory,
  });
  let evaluator: SupEvaluator | null = null;
  try {
    if (job.weights) {
      const fresh = (await trainer.state()).model;
      trainer.loadModel(new Map<string, StoredTensor | StateTensor>([...fresh, ...job.weights]));
    }
    evaluator = test && await supEvaluator(trainer.store, settings, { source: test, frequencies, signal });
    const order = { batchSize: batchSize / accumulate, seed, untilEpoch: Infinity, signal };
    await using run = await openRun({ dir, config }); // now that all fits: what does not fit leaves no folder
    await using _reports = exportAtEnd(dir, reportTo);
    const speed = await trainInRun({
      run,
      steps,
      parts: accumulate,
      imagesPerStep: batchSize,
      batches: (from) => train.batches({ ...order, from }),
      loop: (parts) => trainLoop({ trainer, steps, accumulate, signal, ...parts }),
      state: async () => {
        const state = await trainer.state();
        return { step: state.step, model: modelTensors(state), training: optimizerTensors(state) };
      },
      restore: ({ model, training }) => trainer.restore(stateOf(model, training)),
      evaluation: evaluator && evaluateEvery
        ? { every: evaluateEvery, run: async () => (await evaluator!.run()).scores }
        : undefined,
      saveEvery: job.saveEvery,
      onReport: job.onReport,
    });
    const head = (await trainer.state()).model.get("head")!.data as Float32Array;
    return await finishRun(run, {
      evaluation: evaluator && await evaluator.run(head),
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
