// The contrastive loss where images of a batch may share a caption, with each caption counted once. The usual loss scores
// an image against a caption as often as the batch repeats it, which adds the logarithm of the repeats to its logit: what
// logit adjustment does on purpose (Menon et al. 2021). Counting once takes that away and leaves all else.

import { constant, type Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { pairLogits } from "./clip.ts";

/** Which columns of a batch's pairs count, as step inputs; `distinctCaptions` makes the values. */
export interface DistinctCaptions {
  /** Added to the logits [N,N] of images (rows) and captions: 0, or -1e30 for a repeat. */
  readonly bias: Tensor;
  /** Share [N] of each caption's row in the mean of the other direction. */
  readonly weight: Tensor;
}

/**
 * Loss of a batch, shape []: unit rows [N,D] of images and captions, and the logarithm of the temperature. Each image
 * finds its caption among the different captions of the batch; each different caption, with one vote, finds its images
 * among all (the mean over them). Without repeats it is `contrastiveLoss`.
 */
export function distinctContrastiveLoss(
  image: Tensor,
  text: Tensor,
  scaleLog: Tensor,
  { bias, weight }: DistinctCaptions,
): Tensor {
  const rows = image.shape[0];
  const own = constant(image.graph, Array.from({ length: rows }, (_, i) => i), [rows], "i32");
  const fromImages = ops.crossEntropy(ops.add(pairLogits(image, text, scaleLog), bias), own);
  const fromTexts = ops.crossEntropy(pairLogits(text, image, scaleLog), own);
  const both = ops.add(
    ops.mean(fromImages, { axes: null }),
    ops.sum(ops.mul(fromTexts, weight), { axes: null }),
  );
  return ops.mulScalar(both, 0.5);
}

/**
 * Values for {@link DistinctCaptions} of a batch of N captions: bias [N,N] keeps of each caption its first place, but of
 * an image's own caption the image's place; weight [N] is 1 / (number of different captions x repeats of this one).
 */
export function distinctCaptions(
  captions: readonly string[],
): { bias: Float32Array<ArrayBuffer>; weight: Float32Array<ArrayBuffer> } {
  const count = captions.length, first = new Map<string, number>(), repeats = new Map<string, number>();
  captions.forEach((caption, i) => {
    if (!first.has(caption)) first.set(caption, i);
    repeats.set(caption, (repeats.get(caption) ?? 0) + 1);
  });
  const bias = new Float32Array(count * count).fill(-1e30);
  for (let i = 0; i < count; i++) {
    for (const [caption, place] of first) if (caption !== captions[i]) bias[i * count + place] = 0;
    bias[i * count + i] = 0;
  }
  const weight = Float32Array.from(captions, (caption) => 1 / (first.size * repeats.get(caption)!));
  return { bias, weight };
}
