/**
 * Batches of images, from a set in memory or streamed from disk with images decoded ahead. Both give the same records,
 * and each says where the run stands after it.
 */
import { type Batch, normalise, plainColours, type Rgb, type Transform } from "../images/mod.ts";
import { type Decoded, openDecoder } from "./decoder.ts";
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

/** What is known about the sample at a place. */
interface Described {
  count: number;
  label(index: number): number;
  caption: ((index: number) => string) | null;
}

/** The record of a batch whose last sample is number `end` of its epoch. */
function toBatch(
  data: Float32Array,
  [height, width]: [number, number],
  indices: number[],
  place: { valid: number; epoch: number; end: number },
  { count, label, caption }: Described,
): ImageBatch {
  const { valid, epoch, end } = place, size = indices.length;
  return {
    images: { data, shape: [size, height, width, 3], dtype: "f32" },
    labels: { data: Int32Array.from(indices, label), shape: [size], dtype: "i32" },
    captions: caption && indices.map(caption),
    indices: Int32Array.from(indices),
    valid,
    epoch,
    next: end < count ? { epoch, index: end } : { epoch: epoch + 1, index: 0 },
  };
}

/**
 * Batches of a set in memory, shuffled per epoch; see {@link OrderOptions}. `colours` is the normalisation.
 * Throws RangeError when the set does not fill one batch or the position lies outside it.
 */
export function* batchesOf(
  set: Pick<ImageSet, "images" | "shape" | "labels" | "captions">,
  options: OrderOptions & { colours?: { mean: Rgb; std: Rgb } },
): Generator<ImageBatch> {
  const { batchSize, colours = plainColours } = options, { images, labels, captions } = set;
  const [count, height, width] = set.shape, imageBytes = height * width * 3;
  const described = {
    count,
    label: (i: number) => labels[i],
    caption: captions && ((i: number) => captions[i]),
  };
  checkOrder(count, options);
  for (const { epoch, index, order } of epochs(count, options)) {
    for (let start = index; start < count; start += batchSize) {
      const own = Array.from(order.subarray(start, start + batchSize)), indices = finishBatch(own, options);
      if (!indices) break;
      const bytes = new Uint8Array(indices.length * imageBytes);
      indices.forEach((i, at) =>
        bytes.set(images.subarray(i * imageBytes, (i + 1) * imageBytes), at * imageBytes)
      );
      const place = { valid: own.length, epoch, end: start + own.length };
      yield toBatch(normalise(bytes, colours), [height, width], indices, place, described);
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
 * Throws as {@link batchesOf}, RangeError when no image of a whole epoch can be used, Error for a failing worker.
 */
export async function* streamBatches(
  samples: readonly Sample[],
  options: StreamOptions,
): AsyncGenerator<ImageBatch> {
  const { batchSize, transform, skips, seed, workers = 0, ahead = 2, signal } = options, { size } = transform;
  const count = samples.length, step = size * size * 3;
  const described = {
    count,
    label: (i: number) => samples[i].label,
    caption: samples.some(({ caption }) => caption !== null) ? (i: number) => samples[i].caption ?? "" : null,
  };
  checkOrder(count, options);
  const decoder = openDecoder(transform, workers);
  try {
    for (const { epoch, index, order } of epochs(count, options)) {
      const pending: Promise<Decoded>[] = [];
      let asked = index, good = 0, own: number[] = [], squares: Uint8Array[] = [];
      for (let at = index; at < count; at++) {
        signal?.throwIfAborted();
        for (; asked < Math.min(count, at + batchSize * ahead); asked++) {
          const { image } = samples[order[asked]], path = [seed, epoch, order[asked]];
          const decoding = decoder.decode({ image, path });
          decoding.catch(() => {}); // reported where it is awaited
          pending.push(decoding);
        }
        const pixels = await pending.shift()!;
        if (typeof pixels === "string") {
          const sample = samples[order[at]];
          skips.add(pixels, sample.key, sample);
        } else {
          own.push(order[at]);
          squares.push(pixels);
          good++;
        }
        const indices = own.length === batchSize || at === count - 1 ? finishBatch(own, options) : null;
        if (!indices) continue;
        const data = new Float32Array(indices.length * step);
        indices.forEach((_, i) =>
          normalise(squares[i] ?? squares[0], transform, data.subarray(i * step, (i + 1) * step))
        );
        yield toBatch(data, [size, size], indices, { valid: own.length, epoch, end: at + 1 }, described);
        own = [];
        squares = [];
      }
      if (good === 0 && index === 0) throw new RangeError(`None of the ${count} images can be used`);
    }
  } finally {
    decoder.close();
  }
}
