// A device whose queue tells how long its submits took. A submit may run kernels before it returns (llvmpipe without
// threads does), so it is kept apart from what the engine itself costs in JavaScript.

import type { Gpu } from "../../gpu/device/mod.ts";

export interface ClockedGpu {
  readonly gpu: Gpu;
  /** Milliseconds spent in submits so far. */
  submitting(): number;
}

/** The device seen through a clock; everything else goes to the device itself. */
export function clocked(gpu: Gpu): ClockedGpu {
  let spent = 0;
  const submit = (buffers: Iterable<GPUCommandBuffer>) => {
    const began = performance.now();
    gpu.queue.submit(buffers as GPUCommandBuffer[]);
    spent += performance.now() - began;
  };
  const queue = new Proxy(gpu.queue, {
    get(target, name) {
      if (name === "submit") return submit;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { gpu: { ...gpu, queue }, submitting: () => spent };
}
