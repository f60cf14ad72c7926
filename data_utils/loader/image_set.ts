/**
 * A whole split of small images in memory, as bytes: CIFAR-10 is 150 MB and then costs nothing per step. Larger data
 * is streamed (stream.ts).
 */
import { clipVal } from "../images/mod.ts";
import { openDecoder } from "./decoder.ts";
import { type Sample } from "./sample.ts";
import { type Skipped, type SkipTally, skipTally } from "./skips.ts";
import { openSamples } from "./sources.ts";

/** Images with their labels, in memory. */
export interface ImageSet {
  /** RGB bytes [N, H, W, 3]. */
  images: Uint8Array;
  shape: [number, number, number, 3];
  /** Label of each image, -1 where the source gives none. */
  labels: Int32Array;
  /** Caption of each image ("" where only that one has none), or null when the source has no captions. */
  captions: string[] | null;
  /** Name of each image in its source. */
  keys: string[];
  classNames: string[];
  /** Samples that were left out. */
  skipped: Skipped[];
}

/** How samples are read into memory. */
export interface LoadOptions {
  classNames?: readonly string[];
  /** Side of the images; larger ones are scaled (shorter side, bicubic) and centre-cropped. Default 32. */
  size?: number;
  /** Told now and then how many images are there. */
  onProgress?: (progress: { done: number }) => void;
  signal?: AbortSignal;
}

const atOnce = 256;

/**
 * Decodes all samples of a source into memory, in its order. Images that cannot be decoded are counted in `skips`
 * and left out. Throws RangeError when nothing is left.
 */
export async function loadImages(
  samples: AsyncIterable<Sample> | Iterable<Sample>,
  skips: SkipTally,
  { classNames = [], size = 32, onProgress, signal }: LoadOptions = {},
): Promise<ImageSet> {
  const decoder = openDecoder(clipVal(size)), imageBytes = size * size * 3;
  const blocks: Uint8Array[] = [], kept: Omit<Sample, "image">[] = [];
  let group: Sample[] = [];
  async function flush() {
    signal?.throwIfAborted();
    const decoded = await Promise.all(group.map(({ image }) => decoder.decode({ image, path: [] })));
    const good = decoded.filter((pixels) => typeof pixels !== "string");
    const block = new Uint8Array(good.length * imageBytes);
    good.forEach((pixels, i) => block.set(pixels, i * imageBytes));
    blocks.push(block);
    decoded.forEach((pixels, i) => {
      const { key, label, caption } = group[i];
      if (typeof pixels === "string") skips.add(pixels, key, group[i]);
      else kept.push({ key, label, caption });
    });
    group = [];
    onProgress?.({ done: kept.length });
  }
  for await (const sample of samples) {
    group.push(sample);
    if (group.length === atOnce) await flush();
  }
  if (group.length > 0) await flush();
  const skipped = skips.list();
  if (kept.length === 0) {
    const reasons = skipped.map(({ reason, count }) => `${count} ${reason}`).join(", ");
    throw new RangeError(`No usable image found${reasons && ` (left out: ${reasons})`}`);
  }
  const images = new Uint8Array(kept.length * imageBytes);
  blocks.reduce((at, block) => (images.set(block, at), at + block.length), 0);
  return {
    images,
    shape: [kept.length, size, size, 3],
    labels: Int32Array.from(kept, ({ label }) => label),
    captions: kept.some(({ caption }) => caption !== null) ? kept.map(({ caption }) => caption ?? "") : null,
    keys: kept.map(({ key }) => key),
    classNames: [...classNames],
    skipped,
  };
}

/**
 * Loads WebDataset shards, plain or gzipped, into memory; tables and image folders too (see openSamples).
 * Throws RangeError when a glob names no file or nothing usable is found, SyntaxError for a damaged shard (naming it);
 * single bad samples are left out and counted in `skipped`.
 */
export function loadImageShards(
  options: LoadOptions & { globs: string | readonly string[] },
): Promise<ImageSet> {
  const { globs, classNames, signal } = options, skips = skipTally();
  return loadImages(openSamples(globs, { classNames, skips, signal }), skips, options);
}

/** The samples of `set` at `indices`, copied. Throws RangeError for an index outside the set. */
export function subset(set: ImageSet, indices: ArrayLike<number>): ImageSet {
  const [count, height, width] = set.shape, imageBytes = height * width * 3, chosen = Array.from(indices);
  const images = new Uint8Array(chosen.length * imageBytes);
  chosen.forEach((index, i) => {
    if (!(index >= 0 && index < count)) {
      throw new RangeError(`There is no image ${index} in a set of ${count}`);
    }
    images.set(set.images.subarray(index * imageBytes, (index + 1) * imageBytes), i * imageBytes);
  });
  return {
    ...set,
    images,
    shape: [chosen.length, height, width, 3],
    labels: Int32Array.from(chosen, (index) => set.labels[index]),
    captions: set.captions && chosen.map((index) => set.captions![index]),
    keys: chosen.map((index) => set.keys[index]),
  };
}
