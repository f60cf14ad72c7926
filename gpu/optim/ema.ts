// Exponential moving average of the weights: the teacher of DINO, or a smoothed model for evaluation.

import { type Graph, scalar, type Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";

/** Step scalars of `ema` for a momentum, which may follow a schedule. */
export function emaScalars(momentum: number): Record<string, number> {
  return { ema_keep: momentum, ema_take: 1 - momentum };
}

/** average <- momentum average + (1 - momentum) p, over a whole slab. */
export function ema(graph: Graph, average: Tensor, p: Tensor): Tensor {
  return ops.add(ops.mul(average, scalar(graph, "ema_keep")), ops.mul(p, scalar(graph, "ema_take")));
}
