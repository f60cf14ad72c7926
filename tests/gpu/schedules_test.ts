// Schedules at points worked out by hand; the golden cases hold them against their originals over whole runs.

import { assertAlmostEquals, assertThrows } from "@std/assert";
import * as optim from "../../gpu/optim/mod.ts";

Deno.test("schedules at points worked out by hand", () => {
  const near = (schedule: optim.Schedule, points: [number, number][]) =>
    points.forEach(([step, want]) => assertAlmostEquals(schedule(step), want, 1e-12, `step ${step}`));
  near(optim.stepDecay({ lr: 1, every: 30 }), [[0, 1], [29, 1], [30, 0.1], [89, 0.01], [90, 0.001]]);
  near(optim.multiStepDecay({ lr: 1, milestones: [3, 5, 5] }), [[2, 1], [3, 0.1], [4, 0.1], [5, 0.001]]);
  near(optim.cosineDecay({ lr: 1, steps: 4, min: 0.2 }), [[0, 1], [2, 0.6], [4, 0.2]]);
  near(optim.warmupCosine({ lr: 1, warmup: 4, steps: 8 }), [[0, 0.25], [3, 1], [4, 1], [6, 0.5], [8, 0]]);
  near(optim.warmupConstant({ lr: 2, warmup: 2 }), [[0, 1], [1, 2], [100, 2]]);
  near(optim.warmupConstantCooldown({ lr: 1, warmup: 0, steps: 10, cooldown: 4, power: 2, end: 0.1 }), [
    [5, 1],
    [6, 1],
    [8, 0.325],
    [10, 0.1],
  ]);
  near(optim.dinoCosine({ base: 1, final: 0.2, steps: 8, warmup: 3 }), [[0, 0], [1, 0.5], [2, 1], [3, 1], [
    8,
    0.2,
  ]]);
  near(optim.dinoTemperature({ warmup: 0.04, final: 0.07, warmupEpochs: 4 }), [
    [0, 0.04],
    [1, 0.05],
    [3, 0.07],
    [4, 0.07],
    [50, 0.07],
  ]);
  near(optim.constantSchedule(3), [[0, 3], [1e6, 3]]);
  assertThrows(() => optim.stepDecay({ lr: 1, every: 0 }), RangeError, "at least 1");
  assertThrows(() => optim.warmupCosine({ lr: 1, warmup: 1, steps: 0.5 }), RangeError, "whole number");
});
