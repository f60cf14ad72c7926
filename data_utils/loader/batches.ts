/**
 * Batches of images, from a set in memory or streamed from disk with images decoded ahead. Both give the same records,
 * and each says where the run stands after it.
 */
import { type Batch, normalise, plainColours, type Rgb } from "../images/mod.ts";
import { openDecoder } from "./decoder.ts";
import { type ImageSet } from "./image_set.ts";
import { checkOrder, epochs, type OrderOptions, type Position } from "./order.ts";
import { type Sample } from "./sample.ts";
import { type Drawn, finishBatch, gatherBatches, positionAfter, type StreamOptions } from "./stream.ts";

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

/** What is known about the sample at a place. */
interface Described {
  label(index: number): number;
  caption: ((index: number) => string) | null;
}

/** The record of a batch. */
function toBatch(
  data: Float32Array,
  [height, width]: [number, number],
  indices: number[],
  place: { valid: number; epoch: number; next: Position },
  { label, caption }: Described,
): ImageBatch {
  const size = indices.length;
  return {
    images: { data, shape: [size, height, width, 3], dtype: "f32" },
    labels: { data: Int32Array.from(indices, label), shape: [size], dtype: "i32" },
    captions: caption && indices.map(caption),
    indices: Int32Array.from(indices),
    ...place,
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
      const end = start + own.length, next = positionAfter({ epoch, at: end - 1, last: end === count });
      const place = { valid: own.length, epoch, next };
      yield toBatch(normalise(bytes, colours), [height, width], indices, place, described);
    }
  }
}

/** The samples of a list in the order of each epoch. */
function* drawList(samples: readonly Sample[], options: OrderOptions): Generator<Drawn & { index: number }> {
  const { seed } = options, end = samples.length;
  for (const { epoch, index: begin, order } of epochs(end, options)) {
    for (let at = begin; at < end; at++) {
      const index = order[at], sample = samples[index], path = [seed, epoch, index];
      yield { sample, path, epoch, at, last: at === end - 1, which: sample, index };
    }
  }
}

/**
 * Batches of `samples` whose images are read and decoded when needed, some batches ahead of their use. A random crop
 * depends on (seed, epoch, place in the list) only, so workers and resuming change nothing.
 * Throws as {@link batchesOf}, RangeError when no image of a whole epoch can be used or too many cannot (where the tally
 * has a limit), Error for a failing worker.
 */
export async function* streamBatches(
  samples: readonly Sample[],
  options: StreamOptions,
): AsyncGenerator<ImageBatch> {
  const { transform, skips, workers = 0 } = options, { size } = transform;
  const described = {
    label: (i: number) => samples[i].label,
    caption: samples.some(({ caption }) => caption !== null) ? (i: number) => samples[i].caption ?? "" : null,
  };
  checkOrder(samples.length, options);
  skips.outOf(samples.length);
  const decoder = openDecoder(transform, workers);
  try {
    for await (const batch of gatherBatches(drawList(samples, options), decoder, options)) {
      const { drawn, data, valid, epoch, next } = batch, indices = drawn.map(({ index }) => index);
      yield toBatch(data, [size, size], indices, { valid, epoch, next }, described);
    }
  } finally {
    decoder.close();
  }
}
