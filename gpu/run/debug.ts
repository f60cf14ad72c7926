// Finds where a step first gives a NaN or an infinity: replays the program's dispatches one by one, over the slab sides
// as they are, and looks at every result by its bits.

import { readStorages } from "../device/mod.ts";
import {
  bindGroups,
  type CompiledCall,
  type Program,
  type StepInputs,
  storageAt,
  swapSides,
  writeInputs,
} from "./program.ts";
import { settle } from "./plan.ts";

/**
 * Where the first NaN or infinity of a step comes up (`log @ head/loss`), or null. The store stays as it is, unless
 * `swap` is true: assigned slabs then show what the step wrote, for a following program to read.
 */
export async function firstNonFinite(
  program: Program,
  step: StepInputs,
  swap = false,
): Promise<string | null> {
  const { gpu } = program;
  writeInputs(program, step);
  const groups = bindGroups(program);
  for (const [i, call] of program.calls.entries()) {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(call.pipeline);
    pass.setBindGroup(0, groups[i]);
    pass.dispatchWorkgroups(call.grid[0], call.grid[1]);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    const found = await readStorages(gpu, resultsOf(call));
    if (found.some(hasNonFinite)) return `${call.core.op} @ ${call.core.scope}`;
  }
  if (swap) swapSides(program);
  return null;
}

function resultsOf(call: CompiledCall) {
  return call.writes.map((operand, i) => {
    const { value, offset } = settle(operand);
    const storage = storageAt(call.places[call.reads.length + i]);
    return { storage, at: offset, words: Math.min(value.words, operand.value.words) };
  });
}

function hasNonFinite(words: Float32Array<ArrayBuffer>): boolean {
  return new Uint32Array(words.buffer).some((bits) => (bits & 0x7f800000) === 0x7f800000);
}
