/**
 * Batches of images, from a set in memory or streamed from disk with images decoded ahead. Both give the same records,
 * and each says where the run stands after it.
 */
import { type Batch, normalise, plainColours, type Rgb, type Transform } from "../images/mod.ts";
import { openDecoder } from "./decoder.ts";
import { type ImageSet } from "./image_set.ts";
import { checkOrder, epochs, type OrderOptions, type Position } from "./order.ts";
import { type Sample, type SkipTally } from "./sample.ts";

/** One batch. */
export interface ImageBatch {
  /** Normalised images [B, H, W, 3]. */
  images: Batch<Float32Array>;
  /** Labels [B]. */
  labels: Batch<Int32Array>;
  /** Captions, or null when the source has none. */
  captions: string[] | null;
  /** Place of each image in the set or list they come from. */
  indices: Int32Array;
  /** How many of them count: less than B only in a batch that was padded. */
  valid: number;
  epoch: number;
  /** Where to go on after this batch. */
  next: Position;
}

/** What to do with fewer samples than a batch at the end of an epoch. */
function finishBatch(indices: number[], { batchSize, last = "drop" }: OrderOptions): number[] | null {
  if (indices.length === batchSize || (last === "keep" && indices.length > 0)) return indices;
  if (last === "drop" || indices.length === 0) return null;
  return indices.concat(new Array(batchSize - indices.length).fill(indices[0]));
}

const labelBatch = (labels: Int32Array): Batch<Int32Array> => ({
  data: labels,
  shape: [labels.length],
  dtype: "i32",
});

/**
 * Batches of a set in memory, shuffled per epoch; see {@link OrderOptions}. `colours` is the normalisation.
 * Throws RangeError when the set does not fill one batch or the position lies outside it.
 */
export function* batchesOf(
  set: Pick<ImageSet, "images" | "shape" | "labels" | "captions">,
  options: OrderOptions & { colours?: { mean: Rgb; std: Rgb } },
): Generator<ImageBatch> {
  const { batchSize, colours = plainColours } = options;
  const [count, height, width] = set.shape, imageBytes = height * width * 3;
  checkOrder(count, options);
  for (const { epoch, index, order } of epochs(count, options)) {
    for (let start = index; start < count; start += batchSize) {
      const own = Array.from(order.subarray(start, start + batchSize)), indices = finishBatch(own, options);
      if (!indices) break;
      const bytes = new Uint8Array(indices.length * imageBytes);
      indices.forEach((i, at) =>
        bytes.set(set.images.subarray(i * imageBytes, (i + 1) * imageBytes), at * imageBytes)
      );
      const end = start + own.length;
      yield {
        images: { data: normalise(bytes, colours), shape: [indices.length, height, width, 3], dtype: "f32" },
        labels: labelBatch(Int32Array.from(indices, (i) => set.labels[i])),
        captions: set.captions && indices.map((i) => set.captions![i]),
        indices: Int32Array.from(indices),
        valid: own.length,
        epoch,
        next: end < count ? { epoch, index: end } : { epoch: epoch + 1, index: 0 },
      };
    }
  }
}

/** How streamed samples are decoded. */
export interface StreamOptions extends OrderOptions {
  transform: Transform;
  /** Counts samples that cannot be decoded; the next ones of the order take their places. */
  skips: SkipTally;
  /** Threads that decode: default 0, this one. */
  workers?: number;
  /** Batches decoded ahead: default 2. */
  ahead?: number;
  signal?: AbortSignal;
}

/**
 * Batches of `samples` whose images are read and decoded when needed, some batches ahead of their use. A random crop
 * depends on (seed, epoch, place in the list) only, so workers and resuming change nothing.
 * Throws as {@link batchesOf}; a failing worker throws Error.
 */
export async function* streamBatches(
  samples: readonly Sample[],
  options: StreamOptions,
): AsyncGenerator<ImageBatch> {
  const { batchSize, transform, skips, seed, workers = 0, ahead = 2, signal } = options, { size } = transform;
  const count = samples.length, withCaptions = samples.some(({ caption }) => caption !== null);
  checkOrder(count, options);
  const decoder = openDecoder(transform, workers);
  const toBatch = (
    indices: number[],
    squares: Uint8Array[],
    valid: number,
    epoch: number,
    end: number,
  ): ImageBatch => {
    const data = new Float32Array(indices.length * size * size * 3), step = size * size * 3;
    indices.forEach((_, at) => {
      normalise(squares[at < valid ? at : 0], transform, data.subarray(at * step, (at + 1) * step));
    });
    return {
      images: { data, shape: [indices.length, size, size, 3], dtype: "f32" },
      labels: labelBatch(Int32Array.from(indices, (i) => samples[i].label)),
      captions: withCaptions ? indices.map((i) => samples[i].caption ?? "") : null,
      indices: Int32Array.from(indices),
      valid,
      epoch,
      next: end < count ? { epoch, index: end } : { epoch: epoch + 1, index: 0 },
    };
  };
  try {
    for (const { epoch, index, order } of epochs(count, options)) {
      const pending: Promise<Uint8Array | string>[] = [];
      let asked = index, own: number[] = [], squares: Uint8Array[] = [];
      for (let at = index; at < count; at++) {
        signal?.throwIfAborted();
        for (; asked < Math.min(count, at + batchSize * ahead); asked++) {
          const decoding = decoder.decode({
            image: samples[order[asked]].image,
            path: [seed, epoch, order[asked]],
          });
          decoding.catch(() => {}); // reported where it is awaited
          pending.push(decoding);
        }
        const pixels = await pending.shift()!;
        if (typeof pixels === "string") skips.add(pixels, samples[order[at]].key);
        else {
          own.push(order[at]);
          squares.push(pixels);
        }
        const indices = own.length === batchSize || at === count - 1 ? finishBatch(own, options) : null;
        if (!indices) continue;
        yield toBatch(indices, squares, own.length, epoch, at + 1);
        own = [];
        squares = [];
      }
    }
  } finally {
    decoder.close();
  }
}
