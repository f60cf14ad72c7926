// One part of the bench in a process of its own, started by bench_cli.ts: a contender (so that libraries do not share
// devices, and one that fails takes nothing along), or a training step with its own thread settings. Takes orders from
// standard input and answers line by line; exits 1 with one line on standard error when the part cannot be done.

import { openGpu } from "../../gpu/device/mod.ts";
import { compete, type Contender } from "./contest.ts";
import { linesOf } from "./workers.ts";

const contenders: Readonly<Record<string, () => Promise<Contender>>> = {
  own: async () => (await import("./contest_own.ts")).openContender(),
  jax: async () => (await import("./contest_jax.ts")).openContender(),
  tfjs: async () => (await import("./contest_tfjs.ts")).openContender(),
};

async function main([part]: readonly string[]): Promise<void> {
  if (part === "sl") return await trainOnCommand();
  if (!(part in contenders)) throw new RangeError(`There is no part "${part}"`);
  const contender = await contenders[part]();
  await compete(contender, linesOf(Deno.stdin.readable), (answer) => console.log(JSON.stringify(answer)));
  contender.close();
}

/** Warms up and says so; then, told a number of seconds, trains that long and prints the images per second. */
async function trainOnCommand(): Promise<void> {
  const { openStudyStep } = await import("./study_steps.ts");
  const gpu = await openGpu();
  const step = await openStudyStep(gpu, "sl");
  await step.steps(5);
  console.log("ready");
  const { value } = await linesOf(Deno.stdin.readable).next();
  const began = performance.now(), end = began + Number(value) * 1000;
  let images = 0;
  while (performance.now() < end) {
    await step.steps(10);
    images += 10 * step.imagesPerStep;
  }
  console.log(images / (performance.now() - began) * 1000);
  step.close();
  gpu.close();
}

if (import.meta.main) {
  try {
    await main(Deno.args);
    Deno.exit(0);
  } catch (error) {
    console.error(error instanceof Error ? error.message : `${error}`);
    Deno.exit(1);
  }
}
