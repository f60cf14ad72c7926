// What every optimiser is: a function from slabs to slabs, and the handful of numbers that it wants anew at each step.
// Numbers that a rule derives from step and rates (bias corrections, lr times decay) are computed on the host in
// float64, so the device only multiplies by them.

import type { Graph, Tensor } from "../graph/mod.ts";
import type { BlockTable } from "./groups.ts";

/** What the schedules say about a step. */
export interface StepRates {
  readonly lr: number;
  /** Overrides the optimiser's own weight decay, where that follows a schedule. */
  readonly weightDecay?: number;
}

/** Slabs [blocks, 256] of one group of parameters before a step. */
export interface OptimizerState {
  readonly p: Tensor;
  readonly g: Tensor;
  /** One slab per name in `slots`; zeros before the first step. */
  readonly slots: Readonly<Record<string, Tensor>>;
  readonly table: BlockTable;
}

export interface Optimizer {
  readonly name: string;
  /** What it remembers per parameter, under PyTorch's names (momentum_buffer, exp_avg, exp_avg_sq). */
  readonly slots: readonly string[];
  /** The step scalars of step `step`, counted from 0. */
  scalars(step: number, rates: StepRates): Record<string, number>;
  /** The slabs after a step, as nodes of the graph. */
  update(graph: Graph, state: OptimizerState): { p: Tensor; slots: Record<string, Tensor> };
}
