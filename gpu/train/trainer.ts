// The trainer: owns the store of a model in training, its step programs and the ring of losses. Steps are enqueued
// without waiting; losses are read many at a time; the whole state can be taken out and put back, bit for bit.

import { createGraph, type Graph, slabLayout, type StateUpdates, stateUpdates } from "../graph/mod.ts";
import {
  blockTable,
  decayAll,
  emaScalars,
  type GroupRule,
  type Optimizer,
  parameterGroups,
  type Schedule,
  type StepRates,
} from "../optim/mod.ts";
import {
  createStore,
  defineParams,
  defineSlab,
  destroyProgram,
  destroyStore,
  type MemoryReport,
  outputRing,
  type Program,
  readSlabs,
  type Store,
  writeSlab,
} from "../run/mod.ts";
import { accumulatedStep } from "./accumulate.ts";
import { type NamedValues, readState, type TrainerState, writeModel, writeState } from "./checkpoint.ts";
import { faultOf } from "./fault.ts";
import { type Clipping, type StepContext, type TrainingStep, wholeStep } from "./step.ts";
import { type SplitTask, type Task, wholeTask } from "./task.ts";
import { twoPassStep } from "./two_pass.ts";
import { unreadSteps } from "./unread.ts";

export interface TrainerOptions<Batch> {
  readonly gpu: Store["gpu"];
  readonly task: Task<Batch> | SplitTask<Batch>;
  readonly optimizer: Optimizer;
  /** Which parameters decay or learn faster; default: all decay. */
  readonly rule?: GroupRule;
  /** Rates of step i, counted from 0. */
  readonly schedule: (step: number) => StepRates;
  readonly clip?: Clipping;
  /** Momentum of the moving average of the weights by step; absent = no average is kept. */
  readonly ema?: Schedule;
  /** Micro-batches to a step; default 1. A split task is then trained in two passes. */
  readonly accumulate?: number;
  /** A whole number in [0, 2^24): initial weights and every random draw follow from it. */
  readonly seed: number;
  /** Steps whose losses may be unread; default 64. */
  readonly ringSize?: number;
  /** Called with the memory of each program before it is allocated. */
  readonly onMemory?: (program: string, report: MemoryReport) => void;
}

/** What a step left: `step` counts from 1, so it is the number of steps done after it. */
export interface StepLoss {
  readonly step: number;
  readonly loss: number;
  /** The task's metrics, and `grad_norm` (before clipping) where gradients are clipped together. */
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
   * (its gradient counted as zero), Error when the device has failed.
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

/** Steps under way on a GPU before `ready` waits. */
const IN_FLIGHT = 2;

/**
 * Builds and compiles a task's training step and fills its parameters. Throws RangeError for options out of range,
 * TypeError and RangeError where the graph does not fit together or the device (see run's compile).
 */
export async function createTrainer<Batch>(options: TrainerOptions<Batch>): Promise<Trainer<Batch>> {
  const { gpu, task, optimizer, seed, accumulate = 1, ringSize = 64 } = options;
  checkOptions(seed, accumulate, ringSize);
  const store = createStore(gpu), programs: Program[] = [];
  const free = () => {
    programs.forEach(destroyProgram);
    destroyStore(store);
  };
  const { step, updates } = await buildTrainer(store, programs, options).catch((error) => {
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
    const failure = gpu.error();
    if (failure !== null) throw new Error(`The device failed: ${failure}`);
    for (const kept of steps) {
      const { loss, ...metrics } = Object.fromEntries(
        [...columns].map(([name, values]) => [name, values[kept.step % ringSize]]),
      );
      const judges = "grad_norm" in metrics ? [loss, metrics.grad_norm] : [loss];
      if (!judges.every(Number.isFinite)) throw await faultOf(step, kept, loss);
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
      if (gpu.deviceClass === "gpu") flying.push(gpu.queue.onSubmittedWorkDone());
    },
    ready: async () => {
      if (unread.count === ringSize) await drain();
      while (flying.length >= IN_FLIGHT) await flying.shift();
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

/** Makes and fills the slabs that parameters, optimiser and average need, and compiles the step. */
async function buildTrainer<Batch>(store: Store, programs: Program[], options: TrainerOptions<Batch>) {
  const { task, optimizer, rule = decayAll, clip = null, seed, accumulate = 1, onMemory } = options;
  const graph = createGraph();
  const updates = buildForward(graph, task);
  const { trained, running, fixed } = parameterGroups(graph, updates);
  if (trained.length === 0) throw new RangeError(`Task "${task.name}" has no parameter to train`);
  const layout = slabLayout(trained);
  defineParams(store, "params", trained, seed);
  if (fixed.length > 0) defineParams(store, "frozen", fixed, seed);
  if (running.length > 0) defineParams(store, "buffers", running, seed);
  for (const name of optimizer.slots) defineSlab(store, name, layout.blocks, layout);
  if (options.ema !== undefined) {
    defineSlab(store, "ema", layout.blocks, layout);
    writeSlab(store, "ema", (await readSlabs(store, ["params"])).get("params")!);
  }
  const context: StepContext = {
    store,
    layout,
    buffers: running.length > 0 ? slabLayout(running) : null,
    table: blockTable(layout, rule),
    optimizer,
    clip,
    averaged: options.ema !== undefined,
    programs,
    onMemory,
  };
  return { step: await buildStep(context, task, accumulate), updates };
}

/** Builds the task once for the sake of its parameters; returns what its forward moves. */
function buildForward<Batch>(graph: Graph, task: Task<Batch> | SplitTask<Batch>): StateUpdates {
  const whole = "build" in task ? task : wholeTask(task);
  return whole.build(graph).updates ?? stateUpdates();
}

function buildStep<Batch>(
  context: StepContext,
  task: Task<Batch> | SplitTask<Batch>,
  accumulate: number,
): Promise<TrainingStep> {
  if (accumulate === 1) return wholeStep(context, "build" in task ? task : wholeTask(task));
  if ("build" in task) return accumulatedStep(context, task, accumulate);
  return twoPassStep(context, task, accumulate);
}
