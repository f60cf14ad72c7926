/** Scores a whole source of images with whatever scores a batch, and sums up; a few batches are kept under way. */
import type { Batch } from "../images/mod.ts";
import type { ImageSource } from "../loader/image_source.ts";
import { classificationMeter, type ClassificationResult } from "./confusion.ts";

/** What a classifier says of a batch of B images: scores [B, classes] and, if asked for, features [B, D]. */
export interface BatchScores {
  scores: Float32Array;
  features?: Float32Array;
}

/** A result, with the features of all images and their labels where the classifier gave them. */
export interface SourceResult extends ClassificationResult {
  features?: Float32Array;
  targets: Int32Array;
}

/**
 * Runs `score` over all labelled images of a source. Throws RangeError when there is none, or when a score is NaN.
 */
export async function classifySource(
  source: ImageSource,
  score: (images: Batch<Float32Array>) => Promise<BatchScores>,
  options: { batchSize: number; ahead?: number; onProgress?: (done: number) => void; signal?: AbortSignal },
): Promise<SourceResult> {
  const { batchSize, ahead = 3, onProgress, signal } = options, classes = source.classNames.length;
  const meter = classificationMeter(classes);
  const features: Float32Array[] = [], targets: number[] = [];
  const pending: { result: Promise<BatchScores>; labels: Int32Array }[] = [];
  const finishOne = async () => {
    const { result, labels } = pending.shift()!, batch = await result;
    signal?.throwIfAborted();
    const rows = Array.from(labels.keys()).filter((row) => labels[row] >= 0);
    const own = rows.map((row) => labels[row]);
    meter.add(takeRows(batch.scores, rows, classes), own);
    targets.push(...own);
    if (batch.features) features.push(takeRows(batch.features, rows, batch.features.length / batchSize));
    onProgress?.(targets.length);
  };
  for await (const batch of source.batches({ batchSize, seed: 0, shuffle: false, last: "pad", signal })) {
    const result = score(batch.images);
    result.catch(() => {}); // reported where it is awaited
    pending.push({ result, labels: batch.labels.data.slice(0, batch.valid) });
    if (pending.length > ahead) await finishOne();
  }
  while (pending.length > 0) await finishOne();
  if (targets.length === 0) throw new RangeError("The test set has no labelled image");
  return {
    ...meter.result(),
    features: features.length > 0 ? join(features) : undefined,
    targets: Int32Array.from(targets),
  };
}

function takeRows(values: Float32Array, rows: readonly number[], width: number): Float32Array {
  if (rows.every((row, i) => row === i)) return values.subarray(0, rows.length * width);
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, i) => taken.set(values.subarray(row * width, (row + 1) * width), i * width));
  return taken;
}

function join(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}
