// Random graphs with their gradients against the float64 interpreter, in both device classes: many more and larger
// ones than the fusion test draws.

import { assertEquals } from "@std/assert";
import { type DeviceClass, openGpu } from "../../gpu/mod.ts";
import { checkOnDevice } from "../gpu/device_check.ts";
import { randomGraph } from "../gpu/random_graphs.ts";
import { progress } from "./progress.ts";

/** Graphs on one device: what has been compiled for them stays in memory. */
const PER_DEVICE = 50;

async function failuresOf(deviceClass: DeviceClass, from: number, count: number): Promise<string[]> {
  const gpu = await openGpu({ deviceClass });
  const failures: string[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const { outputs, inputs, scalars } = randomGraph(seed, 6 + seed % 25);
    const checked = outputs.map((output, i) => ({ name: `${output.op}, output ${i}`, op: null, output }));
    for (const line of await checkOnDevice(gpu, checked, inputs, scalars)) {
      failures.push(`graph ${seed}: ${line}`);
    }
  }
  gpu.close();
  return failures;
}

for (const [deviceClass, count] of [["software", 1000], ["gpu", 600]] as const) {
  Deno.test(`${count} random graphs on class ${deviceClass}`, async () => {
    const failures: string[] = [];
    for (let done = 0; done < count; done += PER_DEVICE) {
      progress(`random graphs on class ${deviceClass}: ${done} of ${count}, ${failures.length} wrong`);
      failures.push(...await failuresOf(deviceClass, 1000 + done, PER_DEVICE));
    }
    assertEquals(failures, []);
  });
}
