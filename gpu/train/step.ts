// One training step as one program: forward, loss, gradients, clipping, optimiser, averages, running statistics and
// clamps. Where the loss (or the gradient norm, if it is computed) is not finite, the gradient counts as zero: weights and
// statistics stay finite, so that the step can be run again and the fault looked for.

import type { HostArray } from "../base/mod.ts";
import {
  constant,
  createGraph,
  type Graph,
  slab,
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
  gradientSlab,
  type Optimizer,
  runningSlab,
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
  /** Layout of the slab "params" and of every slab that follows it. */
  readonly layout: SlabLayout;
  /** Layout of the slab "buffers"; null without running statistics. */
  readonly buffers: SlabLayout | null;
  readonly table: BlockTable;
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
 * New contents of all slabs that gradient `g` (of the loss as `lossCotangent` has it) moves. `readings`: the norm before
 * clipping, where clipping needs it; the scale, where the loss is scaled. `faulty` is 1 where loss or norm is not finite:
 * the gradient then counts as zero, so that the weights stay finite; under a scaled loss nothing moves.
 */
export function weightUpdate(
  graph: Graph,
  context: StepContext,
  g: Tensor,
  { loss, clamp = {} }: TaskLoss,
): { slabs: Record<string, Tensor>; readings: Record<string, Tensor>; faulty: Tensor } {
  const { layout, table, optimizer, clip, scaling } = context;
  const leaf = (name: string) => slab(graph, name, layout.blocks);
  const whole = scaling === undefined ? g : unscaled(g);
  let clipped = whole, norm: Tensor | null = null;
  if (clip?.kind === "global") ({ slabs: [clipped], norm } = clipGlobalNorm([whole], clip.limit));
  else if (clip?.kind === "tensor") clipped = clipTensorNorms(whole, table, clip.limit);
  const faulty = scaling === undefined
    ? ops.nonFinite(norm === null ? loss : ops.add(loss, norm))
    : isUnusable(loss, g, norm);
  const slots = Object.fromEntries(optimizer.slots.map((name) => [name, leaf(name)]));
  const usable = ops.where(faulty, constant(graph, [0], []), clipped);
  const after = optimizer.update(graph, { p: leaf("params"), g: usable, slots, table });
  const params = Object.entries(clamp).reduce(
    (p, [name, [min, max]]) => clampParameters(p, layout, [name], { min, max }),
    after.p,
  );
  const slabs: Record<string, Tensor> = { params, ...after.slots };
  if (context.averaged) slabs.ema = ema(graph, leaf("ema"), params);
  const readings: Record<string, Tensor> = norm === null ? {} : { grad_norm: norm };
  if (scaling === undefined) return { slabs, readings, faulty };
  const scaled = skipUnusable(faulty, slabs, scaling);
  return { slabs: scaled.slabs, readings: { ...readings, ...scaled.readings }, faulty };
}

/** The slab of running statistics after a forward, by name: as it was where `faulty`; nothing where there are none. */
export function movedBuffers(
  graph: Graph,
  { buffers }: StepContext,
  updates: StateUpdates | undefined,
  faulty: Tensor,
): Record<string, Tensor> {
  if (buffers === null || updates === undefined) return {};
  const current = slab(graph, "buffers", buffers.blocks);
  return { buffers: ops.where(faulty, current, runningSlab(graph, buffers, updates, current)) };
}

/** The step of a batch that fits at once. */
export async function wholeStep<Batch>(context: StepContext, task: Task<Batch>): Promise<TrainingStep> {
  const graph = createGraph();
  const built = task.build(graph);
  const g = gradientSlab(graph, [built.loss], [lossCotangent(graph, context.scaling)], context.layout);
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
