// Contrastive batches beyond what fits at once. The loss couples all samples, so: first the features of every
// micro-batch, then the loss and its gradient for all features, then each micro-batch again, backward from its part of
// that gradient. Equals one step over the whole batch where samples meet nowhere but in the loss; batch norm keeps to
// the micro-batch, and its running statistics move in the second pass only. (As open_clip's --accum-freq.)

import { lastOf, rowsOf, type Shape, showShape, vec4sPerRow } from "../base/mod.ts";
import {
  BLOCK,
  constant,
  createGraph,
  gradients,
  type Graph,
  namedSlabs,
  parameter,
  scalar,
  slab,
  slabGroup,
  type SlabLayout,
  slabLayouts,
  slabName,
  type Tensor,
} from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { collectSlabs } from "../optim/mod.ts";
import { defineSlab, type Program, run } from "../run/mod.ts";
import {
  applyProgram,
  defineAccumulators,
  gradientSoFar,
  microScalars,
  wholeReadings,
} from "./accumulate.ts";
import { lossCotangent } from "./loss_scale.ts";
import { compilePart, movedBuffers, readingsOf, type StepContext, type TrainingStep } from "./step.ts";
import type { SplitTask } from "./task.ts";

/** Features of all micro-batches, and the loss's gradient for them: a row of blocks per micro-batch. */
const FEATURES = "features", COTANGENTS = "cotangents";
/** Gradients of the parameters that the head itself uses. */
const HEAD = "head_gradient";

/** Where the features of one micro-batch lie, one [n, D] after the other, each from a whole block on. */
interface FeatureLayout {
  readonly count: number;
  readonly blocks: number;
  readonly parts: readonly { readonly rows: number; readonly width: number; readonly start: number }[];
}

/** The step of a split task over `count` micro-batches. */
export async function twoPassStep<Batch>(
  context: StepContext,
  task: SplitTask<Batch>,
  count: number,
): Promise<TrainingStep> {
  const { forward, layout } = await forwardProgram(context, task, count);
  const { head, loss, headLayouts } = await headProgram(context, task, layout);
  const backward = await backwardProgram(context, task, layout, headLayouts);
  const apply = await applyProgram(context, loss);
  return {
    readings: [...apply.outputs.keys()],
    enqueue: (feeds, scalars, after) => {
      feeds.forEach((inputs, i) => run(forward, { inputs, scalars: microScalars(scalars, i) }));
      run(head, { scalars });
      feeds.forEach((inputs, i) => run(backward, { inputs, scalars: microScalars(scalars, i) }));
      run(apply, { scalars }, after(apply));
    },
    replay: (feeds, scalars) => {
      const pass = (program: Program, swap: boolean) =>
        feeds.map((inputs, i) => ({ program, inputs: { inputs, scalars: microScalars(scalars, i) }, swap }));
      return [
        ...pass(forward, true),
        { program: head, inputs: { scalars }, swap: true },
        ...pass(backward, false),
      ];
    },
  };
}

/** First pass: puts the features of one micro-batch into its row. */
async function forwardProgram<Batch>(context: StepContext, task: SplitTask<Batch>, count: number) {
  const graph = createGraph();
  const { features } = task.towers(graph);
  const layout = featureLayout(features, count);
  const { blocks } = layout;
  defineSlab(context.store, FEATURES, count * blocks);
  defineSlab(context.store, COTANGENTS, count * blocks);
  const flat = features.map((f) => ops.reshape(f, [f.shape[0] * f.shape[1]]));
  const own = ops.reshape(ops.collect(flat, { blocks }), [1, blocks * BLOCK]);
  const all = ops.reshape(slab(graph, FEATURES, count * blocks), [count, blocks * BLOCK]);
  const next = ops.where(isOwnRow(graph, count), own, all);
  const assign = { [FEATURES]: ops.reshape(next, [count * blocks, BLOCK]) };
  const forward = await compilePart(context, "features", { outputs: {}, assign });
  return { forward, layout };
}

function featureLayout(features: readonly Tensor[], count: number): FeatureLayout {
  let blocks = 0;
  const parts = features.map(({ shape }) => {
    if (shape.length !== 2) throw new TypeError(`Features have the shape [n,D], not ${showShape(shape)}`);
    const [rows, width] = shape, start = blocks * BLOCK;
    blocks += Math.ceil((rows * width) / BLOCK);
    return { rows, width, start };
  });
  return { count, blocks, parts };
}

/** [count, 1]: 1 in the row of the micro-batch under way. */
function isOwnRow(graph: Graph, count: number): Tensor {
  const rows = constant(graph, Array.from({ length: count }, (_, i) => i), [count, 1]);
  return ops.equal(rows, scalar(graph, "micro"));
}

/** The features of rows first..last of a [rows, blocks * 256] table. */
function takeFeatures(table: Tensor, { parts }: FeatureLayout): Tensor[] {
  const count = table.shape[0];
  return parts.map(({ rows, width, start }) => {
    const flat = ops.slice(table, { starts: [0, start], ends: [count, start + rows * width], steps: [1, 1] });
    return ops.reshape(flat, [count * rows, width]);
  });
}

/** Puts features (or their gradients) of all micro-batches where `takeFeatures` finds them. */
function putFeatures(
  graph: Graph,
  features: readonly Tensor[],
  { parts, count, blocks }: FeatureLayout,
): Tensor {
  const pieces = parts.flatMap(({ rows, width, start }, i) => {
    const end = parts[i + 1]?.start ?? blocks * BLOCK, room = end - start - rows * width;
    const flat = ops.reshape(features[i], [count, rows * width]);
    return room === 0 ? [flat] : [flat, constant(graph, new Array(count * room).fill(0), [count, room])];
  });
  return ops.reshape(pieces.length === 1 ? pieces[0] : ops.concat(pieces, 1), [count * blocks, BLOCK]);
}

/** Between the passes: the loss of all features, and its gradients for them and for the head's own parameters. */
async function headProgram<Batch>(context: StepContext, task: SplitTask<Batch>, layout: FeatureLayout) {
  const graph = createGraph(), { store } = context;
  const table = slab(graph, FEATURES, layout.count * layout.blocks);
  const features = takeFeatures(ops.reshape(table, [layout.count, layout.blocks * BLOCK]), layout);
  const loss = task.head(graph, features);
  const specs = [...graph.params.values()].filter((spec) => spec.trainable);
  const headLayouts = slabLayouts(specs, store.slabBlocks);
  const leaves = specs.map((spec) => parameter(graph, spec));
  const cotangent = lossCotangent(graph, context.scaling);
  const parts = gradients([loss.loss], [cotangent], [...features, ...leaves]);
  parts.forEach((part, i) => {
    if (part === null) {
      throw new TypeError(
        `The loss does not depend on ${specs[i - features.length]?.name ?? `feature ${i}`}`,
      );
    }
  });
  const all = parts as Tensor[], own = all.slice(features.length);
  defineAccumulators(context, Object.keys(readingsOf(loss)).length);
  const assign: Record<string, Tensor> = {
    [COTANGENTS]: putFeatures(graph, all.slice(0, features.length), layout),
    ...wholeReadings(loss),
  };
  headLayouts.forEach(({ blocks }, part) => defineSlab(store, slabName(HEAD, part), blocks));
  Object.assign(assign, namedSlabs(HEAD, collectSlabs(own, headLayouts)));
  const head = await compilePart(context, "loss", { outputs: {}, assign });
  return { head, loss, headLayouts };
}

/** Second pass: adds the gradient of one micro-batch, and in the first one that of the head's parameters. */
function backwardProgram<Batch>(
  context: StepContext,
  task: SplitTask<Batch>,
  layout: FeatureLayout,
  headLayouts: readonly SlabLayout[],
): Promise<Program> {
  const graph = createGraph(), { count, blocks } = layout;
  const { features, updates } = task.towers(graph);
  const all = ops.reshape(slab(graph, COTANGENTS, count * blocks), [count, blocks * BLOCK]);
  const own = ops.sum(ops.mul(all, isOwnRow(graph, count)), { axes: [0], keep: true });
  const cotangents = takeFeatures(own, layout);
  const g = partialGradients(graph, features, cotangents, context.layouts, headLayouts);
  const sums = gradientSoFar(graph, context, g);
  const faulty = ops.nonFinite(ops.sum(own, { axes: null }));
  const assign = { ...sums, ...movedBuffers(graph, context, updates, faulty) };
  return compilePart(context, "backward", { outputs: {}, assign });
}

/** The gradient slabs of a micro-batch; what only the head uses comes from the head's gradients. */
function partialGradients(
  graph: Graph,
  features: readonly Tensor[],
  cotangents: readonly Tensor[],
  layouts: readonly SlabLayout[],
  headLayouts: readonly SlabLayout[],
): Tensor[] {
  const first = scalar(graph, "micro_first"), headSlabs = slabGroup(graph, HEAD, headLayouts);
  const fromHead = new Map(
    headLayouts.flatMap(({ entries }, part) =>
      entries.map((entry): [string, Tensor] => {
        const floats = ops.slice(headSlabs[part], {
          starts: [entry.block, 0],
          ends: [entry.block + entry.blocks, BLOCK],
          steps: [1, 1],
        });
        return [entry.name, ops.mul(takeTensor(floats, entry), first)];
      })
    ),
  );
  const wanted = layouts.flatMap(({ entries }) => entries);
  const known = wanted.filter(({ name }) => graph.params.has(name));
  const leaves = known.map(({ name }) => parameter(graph, graph.params.get(name)!));
  const parts = gradients(features, cotangents, leaves);
  const fromTowers = new Map(known.map(({ name }, i) => [name, parts[i]]));
  const sums = wanted.map(({ name }) => {
    const head = fromHead.get(name), tower = fromTowers.get(name) ?? undefined;
    if (head === undefined && tower === undefined) {
      throw new TypeError(`No gradient reaches ${name}; freeze it`);
    }
    return head !== undefined && tower !== undefined ? ops.add(head, tower) : (head ?? tower)!;
  });
  return collectSlabs(sums, layouts);
}

/** A tensor from its blocks [b, 256], which hold its padded rows. */
function takeTensor(floats: Tensor, { shape }: { readonly shape: Shape }): Tensor {
  const rows = rowsOf(shape), stride = vec4sPerRow(shape) * 4;
  const flat = ops.reshape(floats, [floats.shape[0] * BLOCK]);
  const filled = ops.slice(flat, { starts: [0], ends: [rows * stride], steps: [1] });
  const padded = ops.reshape(filled, [rows, stride]);
  return ops.reshape(
    ops.slice(padded, { starts: [0, 0], ends: [rows, lastOf(shape)], steps: [1, 1] }),
    shape,
  );
}
