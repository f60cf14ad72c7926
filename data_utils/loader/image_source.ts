/**
 * Training data as an experiment sees it: so many images with labels and perhaps captions, and batches of them in an
 * order that the seed gives. Small images are held in memory as bytes; others stay on disk and are decoded ahead.
 */
import {
  namedTransform,
  openaiColours,
  plainColours,
  readHeader,
  type Rgb,
  type TransformName,
} from "../images/mod.ts";
import { batchesOf, type ImageBatch, streamBatches } from "./batches.ts";
import { type ImageSet, loadImages } from "./image_set.ts";
import { applyLaw, type Law, selectPerClass } from "./law.ts";
import type { OrderOptions } from "./order.ts";
import { readImage, type Sample } from "./sample.ts";
import { type SkipLimit, type Skipped, type SkippedSample, skipTally, usualSkipLimit } from "./skips.ts";
import { openSamples } from "./sources.ts";
import type { SampleOptions } from "./shards.ts";

/** Images to train on or to test with. */
export interface ImageSource {
  count: number;
  /** Height and width of the images in a batch. */
  size: number;
  classNames: readonly string[];
  /** Label of each image, -1 where there is none. */
  labels: Int32Array;
  /** Caption of each image, or null when the source has none. */
  captions: readonly string[] | null;
  /** Batches in an order; see {@link OrderOptions}. */
  batches(order: OrderOptions & { signal?: AbortSignal }): Iterable<ImageBatch> | AsyncIterable<ImageBatch>;
  /** Samples left out so far. */
  skipped(): Skipped[];
  /** The same one by one, the first 1000, as far as their names are known. */
  skippedSamples(): SkippedSample[];
}

/** Images of each class in a source. */
export function classCounts({ labels, classNames }: Pick<ImageSource, "labels" | "classNames">): Int32Array {
  const counts = new Int32Array(classNames.length);
  for (const label of labels) if (label >= 0) counts[label]++;
  return counts;
}

/** A set in memory as a source. */
export function memorySource(
  set: ImageSet,
  colours: { mean: Rgb; std: Rgb } = plainColours,
): ImageSource {
  const { labels, captions, classNames, shape: [count, size] } = set;
  const batches = (order: OrderOptions) => batchesOf(set, { ...order, colours });
  const reports = { skipped: () => set.skipped, skippedSamples: () => [] };
  return { count, size, classNames, labels, captions, batches, ...reports };
}

/** Side of the square that suits images like the first sample: its shorter side up to the next 32, at most `most`. */
export async function suitableSize(samples: readonly Sample[], most: number): Promise<number> {
  for (const { image } of samples.slice(0, 20)) {
    try {
      const { width, height } = await readHeader(await readImage(image));
      return Math.min(most, Math.max(32, Math.ceil(Math.min(width, height) / 32) * 32));
    } catch {
      continue; // an undecodable image is reported when it is decoded
    }
  }
  return most;
}

/** Which of the samples to keep: an imbalance law, or the same number of each class. */
export interface Selection {
  law?: Law;
  /** At most this many images in all. */
  most?: number;
  /** At most this many of each class, and of each class the same number. */
  perClass?: number;
  seed: number;
}

/** The samples that a selection keeps, in their order. Throws RangeError like applyLaw, and for a class without any. */
export function selectSamples(
  samples: readonly Sample[],
  { law, most, perClass, seed }: Selection,
  classes: number,
): Sample[] {
  const labels = Int32Array.from(samples, ({ label }) => label);
  const pick = (indices: Int32Array) => Array.from(indices, (i) => samples[i]);
  if (perClass !== undefined) {
    const least = Math.min(perClass, ...classCounts({ labels, classNames: new Array(classes).fill("") }));
    if (least < 1) throw new RangeError(`A class has no image to test with: give one at least of each class`);
    return pick(selectPerClass(labels, new Array(classes).fill(least), seed));
  }
  if (law === undefined) {
    return most === undefined || samples.length <= most ? [...samples] : samples.slice(0, most);
  }
  const whole = applyLaw(labels, law, { seed });
  const fits = most === undefined || whole.indices.length <= most;
  return pick((fits ? whole : applyLaw(labels, law, { seed, total: most })).indices);
}

/** How a user's data are opened. */
export interface SourceOptions {
  classNames: readonly string[];
  /** Whether every sample needs a label (default) or may go without. */
  labelled?: boolean;
  /** Side of the images; default: that of the first image, as {@link suitableSize} says, at most 224. */
  size?: number;
  /** Normalisation; default: the study's up to 64 pixels, CLIP's above. */
  colours?: { mean: Rgb; std: Rgb };
  /** How images larger than 64 become squares: default `clip_val`. Smaller ones are taken whole. */
  transform?: TransformName;
  /** Samples that may be left out: default {@link usualSkipLimit}; null for any number. */
  skipLimit?: SkipLimit | null;
  selection?: Selection;
  columns?: SampleOptions["columns"];
  /** Threads that decode images larger than 64. */
  workers?: number;
  onProgress?: (progress: { done: number; total: number }) => void;
  signal?: AbortSignal;
}

/** Images up to this side are held in memory. */
export const largestInMemory = 64;

/**
 * Opens shards, tables or image folders (see openSamples). Throws RangeError when nothing usable is found, SyntaxError
 * for a damaged table or shard; single bad samples are left out and counted. Too many of them are a RangeError, here or
 * where the images are decoded.
 */
export async function openImageSource(
  source: string | readonly string[],
  options: SourceOptions,
): Promise<ImageSource> {
  const { classNames, labelled = true, selection, columns, skipLimit = usualSkipLimit, signal } = options;
  const skips = skipTally(skipLimit);
  const sampleOptions = { classNames: labelled ? classNames : [], skips, placesOnly: true, columns, signal };
  const found = await Array.fromAsync(openSamples(source, sampleOptions));
  const reasons = skips.list().map(({ reason, count }) => `${count} ${reason}`).join(", ");
  if (found.length === 0) {
    throw new RangeError(
      `No usable sample in ${[source].flat().join(" ")}${reasons && ` (left out: ${reasons})`}`,
    );
  }
  skips.outOf(found.length + skips.list().reduce((sum, { count }) => sum + count, 0));
  const samples = selection ? selectSamples(found, selection, classNames.length) : found;
  const size = options.size ?? await suitableSize(samples, 224);
  const colours = options.colours ?? (size <= largestInMemory ? plainColours : openaiColours);
  const reports = { skipped: () => skips.list(), skippedSamples: () => skips.named() };
  if (size <= largestInMemory) {
    const onProgress = ({ done }: { done: number }) => options.onProgress?.({ done, total: samples.length });
    const set = await loadImages(samples, skips, { classNames, size, onProgress, signal });
    return { ...memorySource(set, colours), ...reports };
  }
  const transform = namedTransform(options.transform ?? "clip_val", size, colours);
  const captioned = samples.some(({ caption }) => caption !== null);
  return {
    count: samples.length,
    size,
    classNames,
    labels: Int32Array.from(samples, ({ label }) => label),
    captions: captioned ? samples.map(({ caption }) => caption ?? "") : null,
    batches: (order) => streamBatches(samples, { ...order, transform, skips, workers: options.workers }),
    ...reports,
  };
}
