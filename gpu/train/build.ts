// From a task to what a trainer runs: the slabs of weights and of all that follows them, filled, and the step compiled.

import { createGraph, type SlabLayout, slabLayouts, slabName, stateUpdates } from "../graph/mod.ts";
import {
  blockTable,
  decayAll,
  type GroupRule,
  type Optimizer,
  type ParameterGroups,
  parameterGroups,
  type Schedule,
  type StepRates,
} from "../optim/mod.ts";
import {
  defineGroup,
  defineParams,
  type MemoryReport,
  type Program,
  readSlabs,
  slabBytes,
  type StorageType,
  type Store,
  writeSlab,
} from "../run/mod.ts";
import { accumulatedStep } from "./accumulate.ts";
import { defineLossScale, lossScaleBytes, type LossScaling, lossScaling } from "./loss_scale.ts";
import { type Clipping, type StepContext, type TrainingStep, wholeStep } from "./step.ts";
import { type SplitTask, type Task, wholeTask } from "./task.ts";
import { twoPassStep } from "./two_pass.ts";

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
  /** Told before it is allocated: memory of the weights and all that follows them, then of each part of the step. */
  readonly onMemory?: (part: string, report: MemoryReport) => void;
  /**
   * "f16" stores activations, their gradients and the weights that products read in halves (default "f32"): half the
   * memory and traffic, on a GPU with shader-f16. Sums, weights and the optimiser's slabs stay in f32, and the loss is
   * scaled on the device. A skipped step counts like any other for schedules, seeds, Adam's bias correction and
   * num_batches_tracked; where batches are accumulated, running statistics have moved by then.
   */
  readonly storage?: StorageType;
  /** How the loss is scaled with storage "f16"; default as torch.amp.GradScaler. */
  readonly lossScale?: Partial<LossScaling>;
  /** Largest slab of weights in vec4 words, for tests; default what the device binds. More is put into several slabs. */
  readonly slabWords?: number;
}

/** How each kind of parameter is laid out in slabs; mostly one, none where there are no such parameters. */
type GroupLayouts = Readonly<Record<keyof ParameterGroups, readonly SlabLayout[]>>;

/** Makes and fills the slabs of a fresh store and compiles the step; programs are added to the list as they are made. */
export async function buildTraining<Batch>(
  store: Store,
  programs: Program[],
  options: TrainerOptions<Batch>,
) {
  const { task, optimizer, rule = decayAll, clip = null, accumulate = 1, onMemory } = options;
  const graph = createGraph();
  const { updates = stateUpdates() } = ("build" in task ? task : wholeTask(task)).build(graph);
  const groups = parameterGroups(graph, updates);
  if (groups.trained.length === 0) throw new RangeError(`Task "${task.name}" has no parameter to train`);
  const layoutsOf = (specs: ParameterGroups["trained"]) => slabLayouts(specs, store.slabBlocks);
  const layouts: GroupLayouts = {
    trained: layoutsOf(groups.trained),
    running: layoutsOf(groups.running),
    fixed: layoutsOf(groups.fixed),
  };
  const scaling = scalingOf(options);
  onMemory?.("weights", weightMemory(store, layouts, options));
  await fillStore(store, groups, layouts.trained, options);
  if (scaling !== undefined) defineLossScale(store, scaling);
  const context: StepContext = {
    store,
    layouts: layouts.trained,
    buffers: layouts.running,
    tables: layouts.trained.map((layout) => blockTable(layout, rule)),
    optimizer,
    clip,
    averaged: options.ema !== undefined,
    scaling,
    programs,
    onMemory,
  };
  return { step: await buildStep(context, task, accumulate), updates };
}

function scalingOf<Batch>({ storage, lossScale }: TrainerOptions<Batch>): LossScaling | undefined {
  if (storage === "f16") return lossScaling(lossScale);
  if (lossScale !== undefined) throw new RangeError('A loss is scaled with storage "f16" only');
  return undefined;
}

/** What the slabs will take. All but the fixed ones have two sides. */
function weightMemory<Batch>(
  { gpu }: Store,
  { trained, running, fixed }: GroupLayouts,
  { optimizer, ema, accumulate = 1, storage = "f32" }: TrainerOptions<Batch>,
): MemoryReport {
  const bytes = (layouts: readonly SlabLayout[], sides: 1 | 2) =>
    layouts.reduce((sum, { blocks }) => sum + slabBytes(gpu, blocks, sides), 0);
  const following = optimizer.slots.length + (ema === undefined ? 0 : 1) + (accumulate > 1 ? 1 : 0);
  const scale = storage === "f16" ? lossScaleBytes(gpu) : 0;
  const slabs = (1 + following) * bytes(trained, 2) + bytes(running, 2) + bytes(fixed, 1) + scale;
  return { inputs: 0, constants: 0, activations: 0, slabs, total: slabs };
}

async function fillStore<Batch>(
  store: Store,
  { trained, running, fixed }: ParameterGroups,
  layouts: readonly SlabLayout[],
  { optimizer, ema, seed }: TrainerOptions<Batch>,
): Promise<void> {
  const params = defineParams(store, "params", trained, seed);
  defineParams(store, "frozen", fixed, seed);
  defineParams(store, "buffers", running, seed);
  for (const name of optimizer.slots) defineGroup(store, name, layouts);
  if (ema === undefined) return;
  defineGroup(store, "ema", layouts);
  const weights = await readSlabs(store, params.map(({ name }) => name));
  params.forEach(({ name }, part) => writeSlab(store, slabName("ema", part), weights.get(name)!));
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
