// Stochastic gradient descent with momentum as in torch.optim.SGD: the buffer gathers the (decayed) gradients, and the
// learning rate is outside it.

import { scalar, type Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { timesPerBlock } from "./groups.ts";
import type { Optimizer } from "./optimizer.ts";

export interface SgdOptions {
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
}

/**
 * d = g + decay p; buffer = momentum buffer + (1 - dampening) d, the first time d itself; p -= lr buffer, with
 * Nesterov p -= lr (d + momentum buffer). Throws RangeError for Nesterov without momentum or with dampening.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  if (nesterov && (momentum <= 0 || dampening !== 0)) {
    throw new RangeError("Nesterov momentum needs a momentum above 0 and no dampening");
  }
  return {
    name: "sgd",
    slots: momentum === 0 ? [] : ["momentum_buffer"],
    scalars: (step, rates) => ({
      lr: rates.lr,
      weight_decay: rates.weightDecay ?? weightDecay,
      sgd_take: step === 0 ? 1 : 1 - dampening,
    }),
    update: (graph, { p, g, slots, table }): ReturnType<Optimizer["update"]> => {
      const decay = timesPerBlock(ops.mul(p, scalar(graph, "weight_decay")), table.decay);
      const d = ops.add(g, decay);
      const step = (direction: Tensor) =>
        ops.sub(p, timesPerBlock(ops.mul(direction, scalar(graph, "lr")), table.lr));
      if (momentum === 0) return { p: step(d), slots: {} };
      const taken = dampening === 0 ? d : ops.mul(d, scalar(graph, "sgd_take"));
      const buffer = ops.add(ops.mulScalar(slots.momentum_buffer, momentum), taken);
      const direction = nesterov ? ops.add(d, ops.mulScalar(buffer, momentum)) : buffer;
      return { p: step(direction), slots: { momentum_buffer: buffer } };
    },
  };
}
