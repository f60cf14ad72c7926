/**
 * A training in its run folder: it goes on from the checkpoint, logs the losses, saves now and then and at the end, so
 * that a run that was killed anywhere and started again leaves the numbers of a run that never was. Evaluations on the
 * way are logged too; their time is not counted as training. The stepping itself is a loop that the caller brings
 * (gpu/train's `trainLoop`).
 */
import { errorLine, exitCode, Failure, Stopped } from "../program/outcome.ts";
import type { Position } from "../loader/order.ts";
import type { ImbalanceScores } from "../metrics/imbalance_scores.ts";
import { type Checkpoint, type CheckpointToSave, readCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { evaluationRecord, readEvaluations } from "./evaluations.ts";
import type { Run } from "./run_dir.ts";

/** Losses of one step; `step` counts from 1. */
export interface StepRecord {
  readonly step: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What the loop is to do beside stepping. */
export interface LoopParts<Batch> {
  batches: AsyncIterable<Batch>;
  /** Losses are to be read every so many steps. */
  readEvery: number;
  onLosses(losses: readonly StepRecord[]): void;
  /** To be called when the losses of `step` have been read. */
  hooks: { every: number; atEnd: boolean; run(step: number): Promise<void> }[];
}

/** How far a run is. */
export interface TrainingReport {
  step: number;
  steps: number;
  /** Mean over the steps since the last report. */
  loss: number;
  /** Seconds spent training, earlier sessions included, and images per second over all of them. */
  seconds: number;
  rate: number;
}

/** A training in a run folder; a batch says where in the data it ends. */
export interface TrainingRun<Batch extends { next: Position }> {
  run: Run;
  steps: number;
  imagesPerStep: number;
  /** Micro-batches to a step; default 1. */
  parts?: number;
  /** Batches from a place, or from the very start. */
  batches(from: Position | undefined): Iterable<Batch> | AsyncIterable<Batch>;
  /** Steps from where the restored state is to `steps`. */
  loop(parts: LoopParts<Batch>): Promise<"done" | "stopped" | "out of batches">;
  /** The state to save. */
  state(): Promise<Omit<CheckpointToSave, "notes">>;
  restore(checkpoint: Checkpoint): void;
  /** Scores of the model as it is, every so many steps before the last. */
  evaluation?: { every: number; run(): Promise<ImbalanceScores> };
  /** Steps between reports; default 10. */
  reportEvery?: number;
  /** Seconds between checkpoints, at least; default 15. Slow checkpoints are made less often. */
  saveEvery?: number;
  onReport?: (report: TrainingReport) => void;
}

/**
 * Trains up to `steps` steps and returns the seconds spent in them and the images per second. Throws Stopped, after
 * saving, when the loop was stopped, also where data or evaluation were the first to notice; RangeError when the data
 * end too early; Failure, with what the loop or the disk failed of and the step to go on from.
 */
export async function trainInRun<Batch extends { next: Position }>(
  options: TrainingRun<Batch>,
): Promise<{ seconds: number; rate: number }> {
  const { run, steps, imagesPerStep, parts = 1, reportEvery = 10, saveEvery = 15 } = options;
  const checkpoint = await readCheckpoint(run.dir);
  if (checkpoint) options.restore(checkpoint);
  const start = checkpoint?.step ?? 0, before = Number(checkpoint?.notes.seconds ?? 0);
  const from: Position | undefined = checkpoint ? JSON.parse(checkpoint.notes.place) : undefined;
  const unlogged: StepRecord[] = checkpoint ? JSON.parse(checkpoint.notes.unlogged) : [];
  await run.truncateAfter(start, Math.min(start, steps - 1)); // the last evaluation is made after training

  const began = performance.now();
  let paused = 0;
  const seconds = () => before + (performance.now() - began - paused) / 1000;
  const rate = () => done * imagesPerStep / Math.max(seconds(), 1e-9);
  const places: Position[] = []; // of the batches handed out in this session
  let done = start, saved = { step: start, at: began, took: 0 };

  async function* handedOut() {
    try {
      for await (const batch of options.batches(from)) {
        places.push(batch.next);
        yield batch;
      }
    } catch (error) {
      if (!isStop(error)) throw error; // the loop reads the losses of the steps that are done, and stops itself
    }
  }
  const onLosses = (losses: readonly StepRecord[]) => {
    unlogged.push(...losses);
    done = losses[losses.length - 1].step;
    if (done % reportEvery !== 0 && done !== steps) return; // stopped in between
    const mean = (of: (record: StepRecord) => number) =>
      unlogged.reduce((sum, record) => sum + of(record), 0) / unlogged.length;
    const names = Object.keys(losses[0].metrics), loss = mean((record) => record.loss);
    const metrics = Object.fromEntries(names.map((name) => [name, mean((record) => record.metrics[name])]));
    unlogged.length = 0;
    run.log({ step: done, loss, ...metrics, seconds: Math.round(seconds() * 1000) / 1000 });
    options.onReport?.({ step: done, steps, loss, seconds: seconds(), rate: rate() });
  };
  const save = async () => {
    if (done === saved.step) return;
    const startedAt = performance.now(), place = places[(done - start) * parts - 1];
    const notes = {
      place: JSON.stringify(place),
      unlogged: JSON.stringify(unlogged),
      seconds: String(seconds()),
    };
    const state = await options.state();
    expectFinite(state.model, done);
    await saveCheckpoint(run.dir, { ...state, notes });
    saved = { step: done, at: performance.now(), took: performance.now() - startedAt };
  };
  const saveWhenDue = async () => {
    if (performance.now() - saved.at >= Math.max(saveEvery * 1000, 20 * saved.took)) await save();
  };

  const evaluate = async (step: number) => {
    if (step === steps) return;
    const startedAt = performance.now();
    try {
      run.logEvaluation({ ...evaluationRecord({ step, imagesPerStep }, await options.evaluation!.run()) });
    } catch (error) {
      if (!isStop(error)) throw error; // the loop stops too; the evaluation is made when the run goes on
    }
    paused += performance.now() - startedAt;
  };
  // Evaluations come first: a checkpoint stands for all that was logged up to its step.
  const hooks = [
    ...options.evaluation ? [{ every: options.evaluation.every, atEnd: false, run: evaluate }] : [],
    { every: reportEvery, atEnd: false, run: saveWhenDue },
  ];
  const goOn = async () => {
    if (start === steps) return "done";
    const every = options.evaluation?.every ?? Infinity;
    if (start > 0 && start % every === 0 && !await isEvaluated(run.dir, start)) await evaluate(start);
    return await options.loop({ batches: handedOut(), readEvery: reportEvery, onLosses, hooks });
  };
  let end: string, result: { seconds: number; rate: number };
  try {
    end = await goOn();
    result = { seconds: seconds(), rate: rate() };
    await save();
  } catch (error) {
    throw withPlace(error, run.dir, saved.step);
  }
  if (end === "stopped") {
    throw new Stopped(`Stopped at step ${done} of ${steps}; the same command goes on from there`);
  }
  if (end === "out of batches") throw new RangeError(`The data ended after ${done} of ${steps} steps`);
  return result;
}

/** Throws Error for weights that are NaN or infinite: the loss shows them a step later, and the old checkpoint is better. */
function expectFinite(model: CheckpointToSave["model"], step: number): void {
  for (const { name, data } of model) {
    if (!(data instanceof Float32Array) || data.every(Number.isFinite)) continue;
    throw new Error(
      `The weight ${name} is not finite after step ${step}; the usual remedy is a smaller learning rate`,
    );
  }
}

const isStop = (error: unknown) => exitCode(error) === 130;

const isEvaluated = async (dir: string, step: number) =>
  (await readEvaluations(dir)).some((record) => record.step === step);

/** A failure while running with the step from which the run can go on; a bug of ours, or bad input, as it is. */
function withPlace(error: unknown, dir: string, saved: number): unknown {
  const isBug = error instanceof TypeError || error instanceof ReferenceError;
  if (exitCode(error) !== 1 || isBug) return error;
  const place = saved > 0 ? `stands at step ${saved}, where` : "has no checkpoint yet:";
  const next = saved > 0 ? "goes on" : "begins anew";
  return new Failure(`${errorLine(error)}; ${dir} ${place} the same command ${next}`, 1, { cause: error });
}
