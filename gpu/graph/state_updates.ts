// What a training step changes beside the weights: running statistics, as blends of the old value with something the
// step computed, and counters. Layers ask for the changes while the graph is built; the optimiser's side carries
// them out (optim/running_state.ts).

import type { Tensor } from "./tensor.ts";

/** One running statistic moved by one forward: buffer <- (1 - momentum) * buffer + momentum * correction * value. */
export interface RunningUpdate {
  readonly buffer: string;
  readonly value: Tensor;
  /** n / (n - 1) for variances, which are kept unbiased; 1 for means. */
  readonly correction: number;
  readonly momentum: number;
}

export interface StateUpdates {
  readonly running: RunningUpdate[];
  /** By how much each integer counter (num_batches_tracked) grows per step. They live on the host. */
  readonly counters: Map<string, number>;
}

/** No updates yet. */
export function stateUpdates(): StateUpdates {
  return { running: [], counters: new Map() };
}
