// Steps over batches that do not fit at once: gradients of k micro-batches are added up in a slab, then applied. With
// statistics that do not couple samples (no batch norm) this equals one step over the whole batch.

import { philox } from "../base/mod.ts";
import {
  createGraph,
  type Graph,
  namedSlabs,
  scalar,
  slab,
  slabGroup,
  slabName,
  type Tensor,
} from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { gradientSlabs } from "../optim/mod.ts";
import { defineSlab, type Program, run } from "../run/mod.ts";
import { lossCotangent } from "./loss_scale.ts";
import {
  compilePart,
  movedBuffers,
  readingsOf,
  type StepContext,
  type TrainingStep,
  weightUpdate,
} from "./step.ts";
import type { Task, TaskLoss } from "./task.ts";

/** Sum of the gradients so far. */
const GRADIENT = "accumulated";
/** Means of loss and metrics so far: one block each, the value first in it. */
const READINGS = "accumulated_readings";

/** The step of `count` micro-batches; its loss and metrics are the means of theirs. */
export async function accumulatedStep<Batch>(
  context: StepContext,
  task: Task<Batch>,
  count: number,
): Promise<TrainingStep> {
  const graph = createGraph();
  const built = task.build(graph);
  const readings = readingsOf(built);
  const g = gradientSlabs(graph, [built.loss], [lossCotangent(graph, context.scaling)], context.layouts);
  defineAccumulators(context, Object.keys(readings).length);
  const assign = {
    ...gradientSoFar(graph, context, g.map((part) => ops.mulScalar(part, 1 / count))),
    [READINGS]: sumSoFar(...shareOf(graph, readings, count)),
    ...movedBuffers(graph, context, built.updates, ops.nonFinite(built.loss)),
  };
  const gather = await compilePart(context, "micro-batch", { outputs: {}, assign });
  const apply = await applyProgram(context, built);
  return {
    readings: [...apply.outputs.keys()],
    enqueue: (feeds, scalars, after) => {
      feeds.forEach((inputs, i) => run(gather, { inputs, scalars: microScalars(scalars, i) }));
      run(apply, { scalars }, after(apply));
    },
    replay: (feeds, scalars) =>
      feeds.map((inputs, i) => {
        return { program: gather, inputs: { inputs, scalars: microScalars(scalars, i) }, swap: false };
      }),
  };
}

/** Makes the slabs that micro-batches add to. They are no part of a trainer's state: a step leaves nothing in them. */
export function defineAccumulators({ store, layouts }: StepContext, readings: number): void {
  layouts.forEach(({ blocks }, part) => defineSlab(store, slabName(GRADIENT, part), blocks));
  defineSlab(store, READINGS, readings);
}

/** The accumulated gradient, by slab name, after the share of a micro-batch. */
export function gradientSoFar(
  graph: Graph,
  { layouts }: StepContext,
  share: readonly Tensor[],
): Record<string, Tensor> {
  const totals = slabGroup(graph, GRADIENT, layouts);
  return namedSlabs(GRADIENT, share.map((part, i) => sumSoFar(totals[i], part)));
}

/** Loss and metrics over `count`, as the slab of readings and what is added to it. */
function shareOf(graph: Graph, readings: Record<string, Tensor>, count: number): [Tensor, Tensor] {
  const blocks = Object.keys(readings).length;
  const share = ops.mulScalar(ops.collect(Object.values(readings), { blocks }), 1 / count);
  return [slab(graph, READINGS, blocks), share];
}

/** The slab of readings with the values of a pass that has them all at once. */
export function wholeReadings(loss: TaskLoss): Record<string, Tensor> {
  const readings = readingsOf(loss);
  return { [READINGS]: ops.collect(Object.values(readings), { blocks: Object.keys(readings).length }) };
}

/** total + share, and share alone in the first micro-batch, whatever the last step left. */
function sumSoFar(total: Tensor, share: Tensor): Tensor {
  return ops.where(scalar(total.graph, "micro_first"), share, ops.add(total, share));
}

/** Step scalars of micro-batch i: its number, whether it is the first, and a seed of its own (the step's for the first). */
export function microScalars(scalars: Readonly<Record<string, number>>, i: number): Record<string, number> {
  const seed = i === 0 ? scalars.seed : philox([i, 0, 0, 0], [scalars.seed, 0])[0] >>> 8;
  return { ...scalars, seed, micro: i, micro_first: i === 0 ? 1 : 0 };
}

/** The program that applies the accumulated gradient and gives the readings. */
export function applyProgram(context: StepContext, loss: TaskLoss): Promise<Program> {
  const graph = createGraph();
  const names = Object.keys(readingsOf(loss));
  const means = slab(graph, READINGS, names.length);
  const value = (i: number) =>
    ops.reshape(ops.slice(means, { starts: [i, 0], ends: [i + 1, 1], steps: [1, 1] }), []);
  const read = Object.fromEntries(names.map((name, i) => [name, value(i)]));
  const g = slabGroup(graph, GRADIENT, context.layouts);
  const { slabs, readings } = weightUpdate(graph, context, g, { loss: read.loss, clamp: loss.clamp });
  return compilePart(context, "update", { outputs: { ...read, ...readings }, assign: slabs });
}
