// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) as in torch.optim. They differ only in where the
// weight decay enters: into the gradient, or straight into the weights.

import { scalar } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { timesPerBlock } from "./groups.ts";
import type { Optimizer } from "./optimizer.ts";

export interface AdamOptions {
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly weightDecay?: number;
}

/** Adam with L2 regularisation: decay p is added to the gradient. Default decay 0. */
export function adam(options: AdamOptions = {}): Optimizer {
  return build("adam", false, { weightDecay: 0, ...options });
}

/** AdamW: p shrinks by lr decay before the step. Default decay 0.01. */
export function adamw(options: AdamOptions = {}): Optimizer {
  return build("adamw", true, { weightDecay: 0.01, ...options });
}

/** m and v are the moving means of g and g^2; p -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps). */
function build(name: string, decoupled: boolean, options: AdamOptions): Optimizer {
  const { betas: [beta1, beta2] = [0.9, 0.999], eps = 1e-8 } = options;
  for (const beta of [beta1, beta2]) {
    if (!(beta >= 0 && beta < 1)) throw new RangeError(`Beta ${beta} of ${name} is outside [0, 1)`);
  }
  return {
    name,
    slots: ["exp_avg", "exp_avg_sq"],
    scalars: (step, rates) => {
      const weightDecay = rates.weightDecay ?? options.weightDecay!;
      return {
        adam_rate: rates.lr / (1 - beta1 ** (step + 1)),
        adam_root: 1 / Math.sqrt(1 - beta2 ** (step + 1)),
        adam_decay: decoupled ? rates.lr * weightDecay : weightDecay,
      };
    },
    update: (graph, { p, g, slots, table }) => {
      const decay = timesPerBlock(ops.mul(p, scalar(graph, "adam_decay")), table.decay);
      const gradient = decoupled ? g : ops.add(g, decay);
      const m = ops.add(ops.mulScalar(slots.exp_avg, beta1), ops.mulScalar(gradient, 1 - beta1));
      const v = ops.add(
        ops.mulScalar(slots.exp_avg_sq, beta2),
        ops.mulScalar(ops.square(gradient), 1 - beta2),
      );
      const spread = ops.addScalar(ops.mul(ops.sqrt(v), scalar(graph, "adam_root")), eps);
      const step = timesPerBlock(ops.mul(ops.div(m, spread), scalar(graph, "adam_rate")), table.lr);
      const shrunk = decoupled ? ops.sub(p, timesPerBlock(decay, table.lr)) : p;
      return { p: ops.sub(shrunk, step), slots: { exp_avg: m, exp_avg_sq: v } };
    },
  };
}
