/**
 * From a sample to the transform's square of RGB bytes, here or in workers. Decoding runs off the main thread either
 * way (sharp has its own threads); the resampling does not, so large images want workers, 32x32 ones do not.
 */
import { cutPicture, decodeImage, type Picture, type Transform } from "../images/mod.ts";
import { randomStream } from "../random/philox.ts";
import { type ImageRef, readImage } from "./sample.ts";

/** What a decoder is asked for: an image, and the random path (seed, epoch, index) of its crop. */
export interface DecodeTask {
  image: ImageRef;
  path: readonly number[];
}

/** RGB bytes [size, size, 3], or the reason why there are none. */
export type Decoded = Uint8Array | string;

/** Decodes images, several at a time. */
export interface Decoder {
  decode(task: DecodeTask): Promise<Decoded>;
  close(): void;
}

const cropDraws = 0x63726f70;

/** Runs at most `width` jobs at a time, first come first served: open files and encoded bytes stay few. */
function gate(width: number) {
  const queue: (() => void)[] = [];
  let free = width;
  return async <T>(job: () => Promise<T>): Promise<T> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await job();
    } finally {
      const next = queue.shift();
      if (next) next();
      else free++;
    }
  };
}

const inTurn = gate(32);

/** Decodes one image on this thread. Only a failure that is not the image's own throws. */
export async function decodeTask({ image, path }: DecodeTask, transform: Transform): Promise<Decoded> {
  const [seed = 0, ...place] = path;
  let picture: Picture;
  try {
    picture = await inTurn(async () => decodeImage(await readImage(image)));
  } catch (error) {
    if (error instanceof SyntaxError) return "undecodable image";
    if (error instanceof RangeError) return "image over the pixel limit";
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.IsADirectory) {
      return "missing file";
    }
    throw error;
  }
  return cutPicture(picture, transform, randomStream(seed, cropDraws, ...place));
}

/** Messages between a decoder and its workers. */
export type WorkerRequest = { transform: Transform } | { id: number; task: DecodeTask };
export type WorkerReply = { id: number; decoded: Decoded } | { id: number; failure: string };

/** A decoder for `transform` over `workers` threads; 0 works on this one. To be closed when done. */
export function openDecoder(transform: Transform, workers = 0): Decoder {
  if (workers === 0) return { decode: (task) => decodeTask(task, transform), close: () => {} };
  const waiting = new Map<number, { resolve: (decoded: Decoded) => void; reject: (error: Error) => void }>();
  let failure: string | null = null;
  const failAll = (message: string) => {
    failure = message;
    for (const { reject } of waiting.values()) reject(new Error(message));
    waiting.clear();
  };
  const pool = Array.from({ length: workers }, () => {
    const worker = new Worker(import.meta.resolve("./decode_worker.ts"), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
      const asked = waiting.get(data.id);
      waiting.delete(data.id);
      if ("failure" in data) asked?.reject(new Error(data.failure));
      else asked?.resolve(data.decoded);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      failAll(`A decoding worker failed: ${event.message}`);
    };
    worker.postMessage({ transform } satisfies WorkerRequest);
    return worker;
  });
  let next = 0;
  return {
    decode(task) {
      if (failure) return Promise.reject(new Error(failure));
      const id = next++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        pool[id % workers].postMessage({ id, task } satisfies WorkerRequest);
      });
    },
    close() {
      for (const worker of pool) worker.terminate();
      failAll("The decoder was closed");
    },
  };
}
