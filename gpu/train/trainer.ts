// The trainer: owns the store of a model in training, its step programs and the ring of losses. Steps are enqueued
// without waiting; losses are read many at a time; the whole state can be taken out and put back, bit for bit.

import { emaScalars } from "../optim/mod.ts";
import {
  createStore,
  destroyProgram,
  destroyStore,
  expectStorage,
  outputRing,
  type Program,
  type Store,
} from "../run/mod.ts";
import { buildTraining, type TrainerOptions } from "./build.ts";
import { type NamedValues, readState, type TrainerState, writeModel, writeState } from "./checkpoint.ts";
import { faultOf } from "./fault.ts";
import { isFault } from "./loss_scale.ts";
import { unreadSteps } from "./unread.ts";

/** What a step left: `step` counts from 1, so it is the number of steps done after it. */
export interface StepLoss {
  readonly step: number;
  readonly loss: number;
  /**
   * The task's metrics; `grad_norm` (before clipping) where gradients are clipped together; with storage "f16",
   * `loss_scale` of the step and `skipped`, 1 where its gradient was not finite and nothing but the scale changed.
   */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface Trainer<Batch> {
  /** Parameters and statistics, for evaluation (createEvaluator). */
  readonly store: Store;
  readonly programs: readonly Program[];
  /** Steps enqueued so far. */
  readonly position: { readonly step: number };
  /**
   * Enqueues one step over its micro-batches (one, unless `accumulate` says otherwise) and returns at once. Throws
   * RangeError for another number of micro-batches, or when `ringSize` steps are unread: read `losses` in time.
   */
  step(...parts: Batch[]): void;
  /** Resolves when another step may be enqueued: at most two are on a GPU at a time, and the ring has room. */
  ready(): Promise<void>;
  /**
   * Losses of the steps since the last call, in one wait. Throws NonFiniteError for the first that is NaN or infinite
   * (its gradient counted as zero; with a scaled loss, when the scale fell below 1), Error when the device has failed.
   */
  losses(): Promise<StepLoss[]>;
  /** Everything a resumed run needs, PyTorch names and layouts; one wait. */
  state(): Promise<TrainerState>;
  /** Puts a state back: what follows is bit for bit what would have followed it. Throws RangeError when it does not fit. */
  restore(state: TrainerState): void;
  /** Replaces the state dict only (a pretrained model). Throws RangeError when names differ, TypeError when shapes do. */
  loadModel(model: NamedValues): void;
  destroy(): void;
}

/** Inputs of unread steps that are kept for finding faults, in bytes. */
const KEPT_BYTES = 256 * 2 ** 20;

/** Steps under way on a GPU before `ready` waits. On software a submit waits by itself for the one before. */
const IN_FLIGHT = 2;

/**
 * Builds and compiles a task's training step and fills its parameters. Throws RangeError for options out of range,
 * TypeError and RangeError where the graph does not fit together or the device (see run's compile).
 */
export async function createTrainer<Batch>(options: TrainerOptions<Batch>): Promise<Trainer<Batch>> {
  const { gpu, task, optimizer, seed, accumulate = 1, ringSize = 64 } = options;
  checkOptions(seed, accumulate, ringSize);
  expectStorage(gpu, options.storage);
  const store = createStore(gpu, options.slabWords), programs: Program[] = [];
  const free = () => {
    programs.forEach(destroyProgram);
    destroyStore(store);
  };
  const { step, updates } = await buildTraining(store, programs, options).catch((error) => {
    free();
    throw error;
  });
  const ring = outputRing(gpu, ringSize, step.readings);
  const counters = new Map([...updates.counters.keys()].map((name) => [name, 0]));
  const unread = unreadSteps(KEPT_BYTES);
  const flying: Promise<unknown>[] = [];
  let done = 0, seen: StepLoss[] = [];

  const drain = async () => {
    const steps = unread.take();
    if (steps.length === 0) return;
    const columns = await ring.read();
    for (const kept of steps) {
      const { loss, ...metrics } = Object.fromEntries(
        [...columns].map(([name, values]) => [name, values[kept.step % ringSize]]),
      );
      if (isFault(loss, metrics)) throw await faultOf(step, kept, loss);
      seen.push({ step: kept.step, loss, metrics });
    }
  };

  return {
    store,
    programs,
    position: {
      get step() {
        return done;
      },
    },
    step: (...parts) => {
      if (parts.length !== accumulate) {
        throw new RangeError(`A step takes ${accumulate} micro-batches and was given ${parts.length}`);
      }
      if (unread.count === ringSize) {
        throw new RangeError(
          `The losses of ${ringSize} steps are unread: read them with losses() or await ready()`,
        );
      }
      const feeds = parts.map((part) => task.feed(part));
      const scalars = {
        ...optimizer.scalars(done, options.schedule(done)),
        ...(options.ema === undefined ? {} : emaScalars(options.ema(done))),
        seed,
        step: done,
      };
      step.enqueue(feeds, scalars, (program) => ring.record(program, (done + 1) % ringSize));
      done++;
      for (const [name, growth] of updates.counters) {
        counters.set(name, counters.get(name)! + growth * accumulate);
      }
      unread.add({ step: done, feeds, scalars });
      // Why a device fails is told where its results are read.
      if (gpu.deviceClass === "gpu") flying.push(gpu.queue.onSubmittedWorkDone().catch(() => {}));
      if (flying.length > IN_FLIGHT) flying.shift();
    },
    ready: async () => {
      if (unread.count === ringSize) await drain();
      if (flying.length === IN_FLIGHT) await flying.shift();
    },
    losses: async () => {
      await drain();
      const records = seen;
      seen = [];
      return records;
    },
    state: () => readState(store, done, counters),
    restore: (state) => {
      writeState(store, state, counters);
      done = state.step;
      unread.take();
      seen = [];
    },
    loadModel: (model) => writeModel(store, model, counters),
    destroy: () => {
      ring.destroy();
      free();
    },
  };
}

function checkOptions(seed: number, accumulate: number, ringSize: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 24) {
    throw new RangeError(`The seed is ${seed}; give a whole number from 0 to ${2 ** 24 - 1}`);
  }
  if (!Number.isInteger(accumulate) || accumulate < 1) {
    throw new RangeError(`A step cannot have ${accumulate} micro-batches; give a whole number of at least 1`);
  }
  if (!Number.isInteger(ringSize) || ringSize < 1) {
    throw new RangeError(`A ring of ${ringSize} losses is none; give a whole number of at least 1`);
  }
}
