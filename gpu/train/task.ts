// What is trained, as the trainer sees it: a graph from batch to loss, and what a batch feeds it. The trainer never
// sees the model, so the same step serves supervised, contrastive and self-distilled training.

import type { HostArray } from "../base/mod.ts";
import type { Graph, StateUpdates, Tensor } from "../graph/mod.ts";

export interface Task<Batch> {
  readonly name: string;
  /** Declares inputs and builds forward and loss for one batch. Called once per compiled program. */
  build(graph: Graph): TaskGraph;
  /** What a batch feeds, by input name. The arrays must stay as they are until the losses of the step are read. */
  feed(batch: Batch): Readonly<Record<string, HostArray>>;
}

/** What a batch is judged by. */
export interface TaskLoss {
  /** Shape []. */
  readonly loss: Tensor;
  /** Scalars of shape [] that are read with the loss; a few at most. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
  /** Ranges in which parameters are kept after each step, by name; each holds 0 (logit_scale: [0, ln 100]). */
  readonly clamp?: Readonly<Record<string, readonly [number, number]>>;
}

export interface TaskGraph extends TaskLoss {
  /** Running statistics and counters that the forward moves (the scope's `updates`). */
  readonly updates?: StateUpdates;
}

/** Features of one micro-batch. */
export interface TowerGraph {
  /** One or more [n, D] tensors; row i of each belongs to sample i. */
  readonly features: readonly Tensor[];
  readonly updates?: StateUpdates;
}

/**
 * A task whose loss couples all samples of a batch (contrastive), cut where the coupling begins, so that a batch can be
 * larger than what fits at once: towers run per micro-batch, the head once over the features of all.
 */
export interface SplitTask<Batch> {
  readonly name: string;
  towers(graph: Graph): TowerGraph;
  /** `features` are those of `towers` with the rows of all micro-batches, in order. */
  head(graph: Graph, features: readonly Tensor[]): TaskLoss;
  feed(batch: Batch): Readonly<Record<string, HostArray>>;
}

/** A split task for batches that fit at once. */
export function wholeTask<Batch>(task: SplitTask<Batch>): Task<Batch> {
  return {
    name: task.name,
    build: (graph) => {
      const { features, updates } = task.towers(graph);
      return { ...task.head(graph, features), updates };
    },
    feed: (batch) => task.feed(batch),
  };
}
