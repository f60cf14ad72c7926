// A ring of scalars on the device. Every step copies its loss into the next place within its own submit; the host
// reads many places with one wait, because a read-back costs 11.5 ms in Deno whatever its size.

import { TEXTURE_WIDTH } from "../base/mod.ts";
import type { Gpu } from "./device.ts";
import { mapForReading } from "./read_back.ts";
import type { Storage } from "./storage.ts";

/** One word (vec4) of a storage. */
export interface WordPlace {
  readonly storage: Storage;
  readonly at: number;
}

export interface ScalarRing {
  /** Adds copies of the first float of each word to an encoder, into the given place of the ring. */
  write(encoder: GPUCommandEncoder, place: number, words: readonly WordPlace[]): void;
  /** Floats of all places, `width` to a place; waits for everything submitted so far. Throws Error when the device has failed. */
  read(): Promise<Float32Array>;
  destroy(): void;
}

const WORD_BYTES = 16;

/** A ring of `places` times `width` scalars. */
export function scalarRing(gpu: Gpu, places: number, width: number): ScalarRing {
  const size = places * width * WORD_BYTES;
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const ring = gpu.device.createBuffer({ size, usage, label: "scalar ring" });
  return {
    write(encoder, place, words) {
      words.forEach(({ storage, at }, i) => {
        const offset = (place * width + i) * WORD_BYTES;
        if (storage.resource instanceof GPUBuffer) {
          encoder.copyBufferToBuffer(storage.resource, at * WORD_BYTES, ring, offset, WORD_BYTES);
          return;
        }
        const origin = [at % TEXTURE_WIDTH, Math.floor(at / TEXTURE_WIDTH)];
        encoder.copyTextureToBuffer({ texture: storage.resource, origin }, { buffer: ring, offset }, [1, 1]);
      });
    },
    async read() {
      const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
      const staging = gpu.device.createBuffer({ size, usage });
      const encoder = gpu.device.createCommandEncoder();
      encoder.copyBufferToBuffer(ring, 0, staging, 0, size);
      gpu.queue.submit([encoder.finish()]);
      await mapForReading(gpu, [staging]);
      const words = new Float32Array(staging.getMappedRange().slice(0));
      staging.destroy();
      return Float32Array.from({ length: places * width }, (_, i) => words[i * 4]);
    },
    destroy: () => ring.destroy(),
  };
}
