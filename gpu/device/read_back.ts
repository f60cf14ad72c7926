// Waiting for the device's results, the one place where the host learns that the device has failed: whatever the wait
// itself complains of, the reason is told, and results of a failed device are never taken for numbers.

import type { Gpu } from "./device.ts";

/** How long a refused wait is followed by word of a lost device, at most, in milliseconds. */
const WORD_OF_LOSS = 200;

/**
 * Waits until the buffers can be read. Throws Error with the reason when the device was lost or has refused a command
 * before, the wait's own error otherwise.
 */
export async function mapForReading(gpu: Gpu, buffers: readonly GPUBuffer[]): Promise<void> {
  let refused: unknown = null;
  try {
    await Promise.all(buffers.map((buffer) => buffer.mapAsync(GPUMapMode.READ)));
  } catch (error) {
    refused = error;
    await lossOrTimeout(gpu);
  }
  const failure = gpu.error();
  if (failure !== null) throw new Error(`The device failed: ${failure}`);
  if (refused !== null) throw refused;
}

async function lossOrTimeout(gpu: Gpu): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waited = new Promise<void>((resolve) => timer = setTimeout(resolve, WORD_OF_LOSS));
  await Promise.race([gpu.device.lost, waited]);
  clearTimeout(timer);
}
