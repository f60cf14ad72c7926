// Times of compute passes by the device's own clock (feature timestamp-query).

import type { Gpu } from "./device.ts";

export interface PassTimer {
  /** What the descriptor of pass i says. */
  writes(pass: number): GPUComputePassTimestampWrites;
  /** To be added after the last pass, before the encoder is finished. */
  resolve(encoder: GPUCommandEncoder): void;
  /** Microseconds of each pass; waits for the device. Call once. */
  read(): Promise<Float64Array>;
}

/** Queries in one set, WebGPU's limit. */
const MOST_QUERIES = 4096;

export function hasTimestamps(gpu: Gpu): boolean {
  return gpu.features.has("timestamp-query");
}

/** A timer of `passes` passes. */
export function passTimer(gpu: Gpu, passes: number): PassTimer {
  const { device } = gpu, size = Math.max(1, passes) * 16;
  const sets: GPUQuerySet[] = [];
  for (let left = passes * 2; left > 0; left -= MOST_QUERIES) {
    sets.push(device.createQuerySet({ type: "timestamp", count: Math.min(left, MOST_QUERIES) }));
  }
  const resolved = device.createBuffer({
    size,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  return {
    writes: (pass) => {
      const first = (pass * 2) % MOST_QUERIES;
      return {
        querySet: sets[Math.floor((pass * 2) / MOST_QUERIES)],
        beginningOfPassWriteIndex: first,
        endOfPassWriteIndex: first + 1,
      };
    },
    resolve: (encoder) => {
      sets.forEach((set, i) => encoder.resolveQuerySet(set, 0, set.count, resolved, i * MOST_QUERIES * 8));
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    },
    read: async () => {
      await staging.mapAsync(GPUMapMode.READ);
      const ticks = new BigUint64Array(staging.getMappedRange().slice(0));
      for (const owned of [...sets, resolved, staging]) owned.destroy();
      return Float64Array.from({ length: passes }, (_, i) => Number(ticks[2 * i + 1] - ticks[2 * i]) / 1000);
    },
  };
}
