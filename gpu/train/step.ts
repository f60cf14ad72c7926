// One training step as one program: forward, loss, gradients, clipping, optimiser, averages, running statistics and
// clamps. Where the loss (or the gradient norm, if it is computed) is not finite, the gradient counts as zero: weights and
// statistics stay finite, so that the step can be run again and the fault looked for.

import type { HostArray } from "../base/mod.ts";
import {
  constant,
  createGraph,
  type Graph,
  namedSlabs,
  slabGroup,
  type SlabLayout,
  type StateUpdates,
  type Tensor,
} from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import {
  type BlockTable,
  clampParameters,
  clipGlobalNorm,
  clipTensorNorms,
  ema,
  gradientSlabs,
  type Optimizer,
  runningSlabs,
} from "../optim/mod.ts";
import {
  compile,
  type MemoryReport,
  type Program,
  type ProgramSpec,
  run,
  type StepInputs,
  type Store,
} from "../run/mod.ts";
import { isUnusable, lossCotangent, type LossScaling, skipUnusable, unscaled } from "./loss_scale.ts";
import type { Task, TaskLoss } from "./task.ts";

/** How gradients are shortened: all together to a common norm, or every tensor to its own (DINO). */
export interface Clipping {
  readonly kind: "global" | "tensor";
  readonly limit: number;
}

/** What every kind of step needs to know. */
export interface StepContext {
  readonly store: Store;
  /** Layouts of the slabs "params" and of those of every group that follows it; mostly one. */
  readonly layouts: readonly SlabLayout[];
  /** Layouts of the slabs "buffers"; none without running statistics. */
  readonly buffers: readonly SlabLayout[];
  /** Of each slab of parameters. */
  readonly tables: readonly BlockTable[];
  readonly optimizer: Optimizer;
  readonly clip: Clipping | null;
  readonly averaged: boolean;
  /** Activations are stored in halves and the loss is scaled. */
  readonly scaling?: LossScaling;
  /** What was compiled so far, for the trainer to free. */
  readonly programs: Program[];
  readonly onMemory?: (part: string, report: MemoryReport) => void;
}

/** Compiles a part of a step, telling its memory under the part's name. */
export async function compilePart(context: StepContext, part: string, spec: ProgramSpec): Promise<Program> {
  const onMemory = (report: MemoryReport) => context.onMemory?.(part, report);
  const storage = context.scaling === undefined ? "f32" : "f16";
  const program = await compile(context.store, spec, { onMemory, storage });
  context.programs.push(program);
  return program;
}

export type Feed = Readonly<Record<string, HostArray>>;
type Scalars = Readonly<Record<string, number>>;
type After = (program: Program) => (encoder: GPUCommandEncoder) => void;

/** One run of a program within a step. */
export interface StepPart {
  readonly program: Program;
  readonly inputs: StepInputs;
  /** Whether later parts read slabs that this one writes, none of which belongs to the trainer's state. */
  readonly swap: boolean;
}

/** A step, compiled. */
export interface TrainingStep {
  /** Names of the scalar outputs of the last program: "loss", the metrics, and what the update tells. */
  readonly readings: readonly string[];
  /** Enqueues the step over its micro-batches; `after` joins the submit that has the readings. */
  enqueue(feeds: readonly Feed[], scalars: Scalars, after: After): void;
  /** The programs and inputs that the step would run, in order, for a search of the first value that is not finite. */
  replay(feeds: readonly Feed[], scalars: Scalars): StepPart[];
}

/** Loss and metrics as outputs. Throws RangeError for a metric that bears a name of the trainer's own. */
export function readingsOf({ loss, metrics = {} }: TaskLoss): Record<string, Tensor> {
  for (const name of ["loss", "grad_norm", "loss_scale", "skipped"]) {
    if (name in metrics) throw new RangeError(`A metric may not be called "${name}"`);
  }
  return { loss, ...metrics };
}

/**
 * New contents of all slabs that the gradient (of the loss as `lossCotangent` has it) in the slabs `g` moves. `readings`:
 * the norm before clipping, where clipping needs it; the scale, where the loss is scaled. `faulty` is 1 where loss or
 * norm is not finite: the gradient then counts as zero, so that the weights stay finite; under a scaled loss nothing
 * moves.
 */
export function weightUpdate(
  graph: Graph,
  context: StepContext,
  g: readonly Tensor[],
  { loss, clamp = {} }: TaskLoss,
): { slabs: Record<string, Tensor>; readings: Record<string, Tensor>; faulty: Tensor } {
  const { tables, clip, scaling } = context;
  const whole = scaling === undefined ? g : g.map(unscaled);
  let clipped = whole, norm: Tensor | null = null;
  if (clip?.kind === "global") ({ slabs: clipped, norm } = clipGlobalNorm(whole, clip.limit));
  else if (clip?.kind === "tensor") {
    clipped = whole.map((part, i) => clipTensorNorms(part, tables[i], clip.limit));
  }
  const faulty = scaling === undefined
    ? ops.nonFinite(norm === null ? loss : ops.add(loss, norm))
    : isUnusable(loss, g, norm);
  const slabs = movedWeights(graph, context, clipped, faulty, clamp);
  const readings: Record<string, Tensor> = norm === null ? {} : { grad_norm: norm };
  if (scaling === undefined) return { slabs, readings, faulty };
  const scaled = skipUnusable(faulty, slabs, scaling);
  return { slabs: scaled.slabs, readings: { ...readings, ...scaled.readings }, faulty };
}

/** Slab by slab, what the optimiser makes of the gradient (zero where `faulty`), in its range, and the average of it. */
function movedWeights(
  graph: Graph,
  { layouts, tables, optimizer, averaged }: StepContext,
  gradient: readonly Tensor[],
  faulty: Tensor,
  clamp: NonNullable<TaskLoss["clamp"]>,
): Record<string, Tensor> {
  const leaves = (group: string) => slabGroup(graph, group, layouts);
  const clampedIn = layouts.map((): [string, readonly [number, number]][] => []);
  for (const [name, range] of Object.entries(clamp)) {
    // A name that no layout holds is refused by the first.
    const part = layouts.findIndex(({ entries }) => entries.some((entry) => entry.name === name));
    clampedIn[Math.max(0, part)].push([name, range]);
  }
  const moved = layouts.map((layout, i) => {
    const slots = Object.fromEntries(optimizer.slots.map((name) => [name, leaves(name)[i]]));
    const g = ops.where(faulty, constant(graph, [0], []), gradient[i]);
    const after = optimizer.update(graph, { p: leaves("params")[i], g, slots, table: tables[i] });
    const params = clampedIn[i].reduce(
      (p, [name, [min, max]]) => clampParameters(p, layout, [name], { min, max }),
      after.p,
    );
    const average = averaged ? { ema: ema(graph, leaves("ema")[i], params) } : {};
    return { params, ...after.slots, ...average };
  });
  const groups = Object.keys(moved[0]) as (keyof typeof moved[0])[];
  return Object.assign({}, ...groups.map((group) => namedSlabs(group, moved.map((part) => part[group]!))));
}

/** The slabs of running statistics after a forward, by name: as they were where `faulty`; nothing where there are none. */
export function movedBuffers(
  graph: Graph,
  { buffers }: StepContext,
  updates: StateUpdates | undefined,
  faulty: Tensor,
): Record<string, Tensor> {
  if (updates === undefined) return {};
  const current = slabGroup(graph, "buffers", buffers), next = runningSlabs(graph, buffers, updates, current);
  return namedSlabs("buffers", next.map((slab, i) => ops.where(faulty, current[i], slab)));
}

/** The step of a batch that fits at once. */
export async function wholeStep<Batch>(context: StepContext, task: Task<Batch>): Promise<TrainingStep> {
  const graph = createGraph();
  const built = task.build(graph);
  const g = gradientSlabs(graph, [built.loss], [lossCotangent(graph, context.scaling)], context.layouts);
  const { slabs, readings, faulty } = weightUpdate(graph, context, g, built);
  const outputs = { ...readingsOf(built), ...readings };
  const assign = { ...slabs, ...movedBuffers(graph, context, built.updates, faulty) };
  const program = await compilePart(context, "step", { outputs, assign });
  return {
    readings: Object.keys(outputs),
    enqueue: ([inputs], scalars, after) => run(program, { inputs, scalars }, after(program)),
    replay: ([inputs], scalars) => [{ program, inputs: { inputs, scalars }, swap: false }],
  };
}
