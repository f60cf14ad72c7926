// Two hundred steps of each of the study's models leave nothing behind: device memory, pipelines and the process's own
// memory stay where the first steps took them, and all device memory comes back at the end.

import { assert, assertEquals } from "@std/assert";
import { liveBytes, openGpu } from "../../gpu/mod.ts";
import { openStudyStep, type StudyModel } from "../bench/study_steps.ts";
import { progress } from "./progress.ts";

const FIRST = 50, STEPS = 200, MEGABYTE = 2 ** 20;
/** What the process may grow by between the two steps: garbage not yet collected, the allocator's own room. */
const ROOM = 32 * MEGABYTE;

async function holdsStill(model: StudyModel): Promise<void> {
  const gpu = await openGpu(), before = liveBytes(gpu);
  const step = await openStudyStep(gpu, model);
  const start = await step.steps(1);
  await step.steps(FIRST - 1);
  const held = liveBytes(gpu), pipelines = gpu.pipelines.size, { rss } = Deno.memoryUsage();
  let loss = start;
  for (let done = FIRST; done < STEPS; done += 50) {
    progress(`${model}: ${done} of ${STEPS} steps, loss ${loss.toFixed(3)}`);
    loss = await step.steps(50);
  }
  const grown = Deno.memoryUsage().rss - rss;
  progress(`${model}: grown by ${(grown / MEGABYTE).toFixed(1)} MB`);
  assert(loss < start, `loss ${start} at first, then ${loss}`);
  assertEquals([liveBytes(gpu), gpu.pipelines.size], [held, pipelines]);
  assert(grown < ROOM, `the process grew by ${grown / MEGABYTE} MB in ${STEPS - FIRST} steps`);
  step.close();
  assertEquals(liveBytes(gpu), before);
  assertEquals(gpu.error(), null);
  gpu.close();
}

for (const model of ["sl", "sl_sub", "clip"] as const) {
  Deno.test(`${STEPS} steps of ${model} leak nothing`, () => holdsStill(model));
}
