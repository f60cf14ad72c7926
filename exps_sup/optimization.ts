// From a run's settings to the engine's optimiser and learning rates.

import {
  adamw,
  decayAll,
  decayMatrices,
  type GroupRule,
  multiStepDecay,
  type Optimizer,
  type Schedule,
  sgd,
  stepDecay,
  warmUp,
  warmupCosine,
} from "../gpu/mod.ts";
import type { SupSettings } from "./presets.ts";

type Rates = Pick<
  SupSettings,
  "lr" | "lrBatch" | "batchSize" | "schedule" | "warmup" | "steps" | "weightDecay" | "optimizer"
>;

/** The optimiser a run's settings name. */
export function optimizerOf({ optimizer, weightDecay }: Rates): Optimizer {
  if (optimizer.name === "adamw") return adamw({ betas: optimizer.betas, weightDecay });
  return sgd({ momentum: optimizer.momentum, nesterov: optimizer.nesterov, weightDecay });
}

/** Which parameters decay. */
export function decayOf({ optimizer }: Rates): GroupRule {
  return optimizer.decay === "all" ? decayAll : decayMatrices;
}

/** The rate at the top of the schedule. */
export function peakRate({ lr, lrBatch, batchSize }: Rates): number {
  return lrBatch === null ? lr : lr * batchSize / lrBatch;
}

/** The learning rate at each step, counted from 0. */
export function scheduleOf(settings: Rates): Schedule {
  const { schedule, steps } = settings, lr = peakRate(settings), warmup = Math.round(settings.warmup * steps);
  if (schedule === "cosine") return warmupCosine({ lr, warmup, steps });
  const milestones = [30, 50, 70].map((part) => Math.round(part / 90 * steps));
  const decay = schedule === "step"
    ? stepDecay({ lr, every: Math.max(1, Math.floor(steps / 3)) })
    : multiStepDecay({ lr, milestones });
  return warmUp(lr, warmup, decay);
}
