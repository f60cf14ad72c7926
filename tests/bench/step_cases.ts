// The study's training steps as they run in the study: images per second, what a step costs in dispatches, pipelines and
// JavaScript, and how much of its time on the device goes into contractions.

import type { Gpu } from "../../gpu/device/mod.ts";
import { clocked, type ClockedGpu } from "./clocked_gpu.ts";
import { type Figure, rounded } from "./figures.ts";
import { openStudyStep, type StudyStep } from "./study_steps.ts";
import { median, timeOf, type Timing, timing } from "./timing.ts";
import { startWorker } from "./workers.ts";

/** Length of the run of two processes side by side, in seconds. */
const PAIR_SECONDS = 8;

/** SL and CLIP one after the other on one device, and the pipelines of all that the study does on one. */
export async function stepFigures(device: Gpu): Promise<Figure[]> {
  const clock = clocked(device), software = device.deviceClass === "software";
  const figures = [
    ...await modelFigures(clock, "sl", "SL", software ? 700 : null),
    ...await modelFigures(clock, "clip", "CLIP", null),
  ];
  const both = device.pipelines.size;
  const sub = await openStudyStep(device, "sl_sub");
  sub.close();
  return [...figures, {
    name: "pipelines",
    title: "pipelines of SL and CLIP, all",
    value: both,
    unit: "",
    target: { atMost: 80 },
    note: `training and evaluation; ${device.pipelines.size} with the sub-vocabulary arm`,
  }];
}

async function modelFigures(
  clock: ClockedGpu,
  name: "sl" | "clip",
  title: string,
  wanted: number | null,
): Promise<Figure[]> {
  const step = await openStudyStep(clock.gpu, name);
  try {
    const first = await step.steps(1);
    await step.steps(3);
    const { median: took, best } = await timeOf(async (times) => void await step.steps(times), {
      length: 1500,
    });
    const last = await step.steps(1);
    if (!(last < first)) throw new Error(`The loss of the ${title} step does not fall: ${first}, ${last}`);
    const { javascript, submit } = await hostTimes(clock, step);
    await step.compileEvaluation();
    const { dispatches } = step;
    const rate = (milliseconds: number) => step.imagesPerStep / milliseconds * 1000;
    return [
      {
        name: `${name}_images_per_second`,
        title: `${title} step, batch ${step.imagesPerStep}`,
        value: rate(took),
        best: rate(best),
        unit: "images/s",
        ...(wanted === null ? {} : { target: { atLeast: wanted } }),
      },
      { name: `${name}_dispatches`, title: "  dispatches", value: dispatches, unit: "" },
      {
        name: `${name}_js_per_dispatch`,
        title: "  JavaScript per dispatch",
        value: javascript.median / dispatches * 1000,
        best: javascript.best / dispatches * 1000,
        unit: "us",
        target: { atMost: 10 },
        note: `a step: ${rounded(javascript.median)} ms, and ${rounded(submit.median)} ms of submit`,
      },
      {
        name: `${name}_contraction_share`,
        title: "  time in GEMM kernels",
        value: await shareOf(step) * 100,
        unit: "%",
        ...(wanted === null ? {} : { target: { atLeast: 50 } }),
      },
    ];
  } finally {
    step.close();
  }
}

/**
 * Milliseconds of a step outside of its submit, and in it. The device is idle before each step: llvmpipe's threads would
 * take the cores that JavaScript runs on.
 */
async function hostTimes(
  { gpu, submitting }: ClockedGpu,
  step: StudyStep,
): Promise<{ javascript: Timing; submit: Timing }> {
  const inside: number[] = [], outside: number[] = [];
  for (let i = 0; i < 20; i++) {
    await step.ready();
    await gpu.queue.onSubmittedWorkDone();
    const before = submitting(), began = performance.now();
    step.enqueue();
    const submit = submitting() - before;
    inside.push(submit);
    outside.push(performance.now() - began - submit);
  }
  await step.steps(1);
  return { javascript: timing(outside), submit: timing(inside) };
}

/** The median of a few profiled steps. */
async function shareOf(step: StudyStep): Promise<number> {
  const found: number[] = [];
  for (let i = 0; i < 5; i++) found.push(await step.contractions());
  return median(found);
}

/** Two single-threaded processes that train side by side. */
export async function pairFigure(software: boolean): Promise<Figure> {
  const workers = [0, 1].map(() => startWorker("sl", { env: { LP_NUM_THREADS: "0" } }));
  try {
    for (const worker of workers) await worker.line();
    for (const worker of workers) await worker.say(`${PAIR_SECONDS}`);
    const rates = (await Promise.all(workers.map((worker) => worker.line()))).map(Number);
    return {
      name: "pair_images_per_second",
      title: "SL step, two processes of one thread",
      value: rates[0] + rates[1],
      unit: "images/s",
      ...(software ? { target: { atLeast: 1200 } } : {}),
      note: `${rates.map((rate) => rate.toFixed(0)).join(" and ")} images/s`,
    };
  } finally {
    for (const worker of workers) await worker.stop();
  }
}
