// Learning rates and the other numbers that change with time. A schedule is a function of the step (or epoch, where
// its maker counts epochs), computed in float64 on the host; its value reaches the device as a step scalar. Names and
// definitions follow PyTorch's schedulers, open_clip's `scheduler.py` and DINO's `utils.cosine_scheduler`.

/** Value used at step (or epoch) i, counted from 0. */
export type Schedule = (step: number) => number;

function checkCount(name: string, count: number, least: number): void {
  if (!Number.isInteger(count) || count < least) {
    throw new RangeError(`A schedule's ${name} is ${count}; give a whole number of at least ${least}`);
  }
}

/** The same value for ever. */
export function constantSchedule(value: number): Schedule {
  return () => value;
}

/** torch StepLR: times `gamma` every `every` steps. */
export function stepDecay(
  { lr, every, gamma = 0.1 }: { lr: number; every: number; gamma?: number },
): Schedule {
  checkCount("period", every, 1);
  return (step) => lr * gamma ** Math.floor(step / every);
}

/** torch MultiStepLR: times `gamma` at each milestone; a milestone given twice counts twice. */
export function multiStepDecay(
  { lr, milestones, gamma = 0.1 }: { lr: number; milestones: readonly number[]; gamma?: number },
): Schedule {
  return (step) => lr * gamma ** milestones.filter((m) => m <= step).length;
}

/** torch CosineAnnealingLR: from `lr` to `min` over `steps`. */
export function cosineDecay({ lr, steps, min = 0 }: { lr: number; steps: number; min?: number }): Schedule {
  checkCount("length", steps, 1);
  return (step) => min + (lr - min) * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
}

/** open_clip's linear warm-up, lr * (step + 1) / warmup, before any other schedule of the same step count. */
export function warmUp(lr: number, warmup: number, then: Schedule): Schedule {
  checkCount("warm-up", warmup, 0);
  return (step) => step < warmup ? (lr * (step + 1)) / warmup : then(step);
}

/** open_clip `cosine_lr`: linear warm-up, then half a cosine that would reach 0 at step `steps`. */
export function warmupCosine(
  { lr, warmup, steps }: { lr: number; warmup: number; steps: number },
): Schedule {
  checkCount("length", steps, 1);
  const rest = Math.max(1, steps - warmup);
  return warmUp(lr, warmup, (step) => 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / rest)) * lr);
}

/** open_clip `const_lr`: linear warm-up, then level. */
export function warmupConstant({ lr, warmup }: { lr: number; warmup: number }): Schedule {
  return warmUp(lr, warmup, () => lr);
}

/** open_clip `const_lr_cooldown`: warm-up, level, and in the last `cooldown` steps a power curve down to `end`. */
export function warmupConstantCooldown(
  { lr, warmup, steps, cooldown, power = 1, end = 0 }: {
    lr: number;
    warmup: number;
    steps: number;
    cooldown: number;
    power?: number;
    end?: number;
  },
): Schedule {
  checkCount("cool-down", cooldown, 1);
  const start = steps - cooldown;
  return warmUp(lr, warmup, (step) => {
    if (step < start) return lr;
    return (1 - (step - start) / cooldown) ** power * (lr - end) + end;
  });
}

/**
 * DINO `cosine_scheduler`: linear from `start` to `base` over the warm-up (both ends included), then a cosine from
 * `base` to `final`. `warmup` and `steps` count iterations. Serves learning rate, weight decay and teacher momentum.
 */
export function dinoCosine(
  { base, final, steps, warmup = 0, start = 0 }: {
    base: number;
    final: number;
    steps: number;
    warmup?: number;
    start?: number;
  },
): Schedule {
  checkCount("length", steps, 1);
  checkCount("warm-up", warmup, 0);
  return (step) => {
    if (step < warmup) return warmup === 1 ? start : start + ((base - start) * step) / (warmup - 1);
    return final + 0.5 * (base - final) * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)));
  };
}

/** DINO's teacher temperature by epoch: linear over the warm-up (both ends included), then level. */
export function dinoTemperature(
  { warmup, final, warmupEpochs }: { warmup: number; final: number; warmupEpochs: number },
): Schedule {
  checkCount("warm-up", warmupEpochs, 0);
  return (epoch) => {
    if (epoch >= warmupEpochs) return final;
    return warmupEpochs === 1 ? warmup : warmup + ((final - warmup) * epoch) / (warmupEpochs - 1);
  };
}
