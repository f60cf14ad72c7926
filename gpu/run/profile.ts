// Where a step's time goes, dispatch by dispatch, by op and scope: with the device's own clock where it has one, else
// by waiting for each dispatch. A profiled step runs a pass per dispatch, so it is slower than a real one; the shares
// are what counts.

import { hasTimestamps, passTimer } from "../device/mod.ts";
import { bindGroups, type Program, type StepInputs, swapSides, writeInputs } from "./program.ts";

export interface ProfileRow {
  readonly op: string;
  readonly scope: string;
  readonly kernel: string;
  readonly microseconds: number;
  /** Floating-point operations, where the kernel says them. */
  readonly flops: number;
  /** A matrix product or convolution. */
  readonly contraction: boolean;
}

/**
 * Runs one step and times its dispatches. The step counts like any other: assigned slabs move on. `clock` overrides
 * the choice of the clock. Run the program once before: a first run also compiles.
 */
export async function profile(
  program: Program,
  step: StepInputs = {},
  clock: "device" | "host" = hasTimestamps(program.gpu) ? "device" : "host",
): Promise<ProfileRow[]> {
  writeInputs(program, step);
  const times = clock === "device" ? await deviceTimes(program) : await hostTimes(program);
  swapSides(program);
  return program.calls.map(({ core, launch, flops, contraction }, i) => {
    const { op, scope } = core;
    return { op, scope, kernel: launch.kernel.label, microseconds: times[i], flops, contraction };
  });
}

function encodeCall(program: Program, i: number, pass: GPUComputePassEncoder): void {
  const { pipeline, grid } = program.calls[i];
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroups(program)[i]);
  pass.dispatchWorkgroups(grid[0], grid[1]);
  pass.end();
}

async function deviceTimes(program: Program): Promise<Float64Array> {
  const { gpu, calls } = program;
  const timer = passTimer(gpu, calls.length);
  const encoder = gpu.device.createCommandEncoder();
  for (let i = 0; i < calls.length; i++) {
    encodeCall(program, i, encoder.beginComputePass({ timestampWrites: timer.writes(i) }));
  }
  timer.resolve(encoder);
  gpu.queue.submit([encoder.finish()]);
  return await timer.read();
}

/** Dispatches between two looks at the host's clock: Deno notices the end of work only every 10 ms. */
const REPEATS = 16;

/** Repeats every dispatch (it gives the same again) and waits; what waiting for nothing takes is subtracted. */
async function hostTimes(program: Program): Promise<Float64Array> {
  const { gpu, calls } = program;
  const timed = async (call: number | null) => {
    const encoder = gpu.device.createCommandEncoder();
    for (let i = 0; i < REPEATS && call !== null; i++) encodeCall(program, call, encoder.beginComputePass());
    const start = performance.now();
    gpu.queue.submit([encoder.finish()]);
    await gpu.queue.onSubmittedWorkDone();
    return (performance.now() - start) * 1000;
  };
  await timed(null);
  const idle = await timed(null);
  const times = new Float64Array(calls.length);
  for (let i = 0; i < calls.length; i++) times[i] = Math.max(0, await timed(i) - idle) / REPEATS;
  return times;
}

/** Rows of a profile added up by a key, slowest first: `groupProfile(rows, (r) => r.kernel)`. */
export function groupProfile(
  rows: readonly ProfileRow[],
  key: (row: ProfileRow) => string,
): { key: string; count: number; microseconds: number; flops: number }[] {
  const groups = new Map<string, { key: string; count: number; microseconds: number; flops: number }>();
  for (const row of rows) {
    const name = key(row), group = groups.get(name) ?? { key: name, count: 0, microseconds: 0, flops: 0 };
    group.count++;
    group.microseconds += row.microseconds;
    group.flops += row.flops;
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => b.microseconds - a.microseconds);
}
