// LARS (You, Gitman and Ginsburg 2017) as in DINO's utils: SGD with momentum whose gradient is scaled, tensor by
// tensor, to the size of the weights, so that very large batches train. Vectors are left alone.

import { scalar } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { perBlock, tensorNorms, timesPerBlock } from "./groups.ts";
import type { Optimizer } from "./optimizer.ts";

export interface LarsOptions {
  readonly momentum?: number;
  readonly weightDecay?: number;
  /** Size of a step over the size of the weights, before the learning rate. */
  readonly eta?: number;
}

/**
 * d = g + decay p, times eta |p| / |d| where both norms are above 0; buffer = momentum buffer + d; p -= lr buffer.
 * Tensors of one dimension take g as it is. Scalars (no dimension) are adapted like matrices, as in the original.
 */
export function lars(options: LarsOptions = {}): Optimizer {
  const { momentum = 0.9, weightDecay = 0, eta = 0.001 } = options;
  return {
    name: "lars",
    slots: ["mu"],
    scalars: (_step, rates) => ({ lr: rates.lr, weight_decay: rates.weightDecay ?? weightDecay }),
    update: (graph, { p, g, slots, table }) => {
      const decayed = table.decay.map((d, i) => d * table.adapted[i]);
      const d = ops.add(g, timesPerBlock(ops.mul(p, scalar(graph, "weight_decay")), decayed));
      const weights = tensorNorms(p, table), gradients = tensorNorms(d, table);
      const zero = perBlock(graph, table.tensor.map(() => 0));
      const bothLive = ops.mul(ops.greater(weights, zero), ops.greater(gradients, zero));
      const used = ops.mul(bothLive, perBlock(graph, table.adapted));
      const unused = ops.addScalar(ops.neg(used), 1);
      const ratio = ops.mulScalar(ops.div(weights, ops.add(gradients, unused)), eta);
      const scale = ops.add(ops.mul(used, ratio), unused);
      const buffer = ops.add(ops.mulScalar(slots.mu, momentum), ops.mul(d, scale));
      const step = timesPerBlock(ops.mul(buffer, scalar(graph, "lr")), table.lr);
      return { p: ops.sub(p, step), slots: { mu: buffer } };
    },
  };
}
