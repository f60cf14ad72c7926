// Uniform buffers: the numbers of kernels, written once, and the scalars of a step, written anew each time.

import type { Gpu } from "./device.ts";

/** A uniform buffer holding `data`. */
export function createUniform(
  gpu: Gpu,
  data: ArrayBuffer | Float32Array<ArrayBuffer>,
  label: string,
): GPUBuffer {
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const buffer = gpu.device.createBuffer({ size: data.byteLength, usage, label });
  gpu.queue.writeBuffer(buffer, 0, data);
  return buffer;
}
