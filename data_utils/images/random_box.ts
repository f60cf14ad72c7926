/**
 * Where a random resized crop lies: torchvision's rule to the last rounding, so that given the same uniform numbers the
 * boxes are the same. The numbers themselves are ours (a counter-based stream), not torch's generator.
 */
import { type RandomStream } from "../random/philox.ts";
import { type Window } from "./resample.ts";

/** Rounds to the nearest integer, halves to the even one, as Python does. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + low % 2 : Math.round(value);
}

/** A float32 between `low` and `high`, in float32 arithmetic. */
function between(low: number, high: number, random: Pick<RandomStream, "uniform">): number {
  const from = Math.fround(low), span = Math.fround(Math.fround(high) - from);
  return Math.fround(Math.fround(random.uniform() * span) + from);
}

const attempts = 10;

/**
 * The box of `RandomResizedCrop` in an image of `width` x `height` pixels: its area a share of the image's within `scale`,
 * width over height within `ratio` (uniform in its logarithm), any place alike; after ten boxes that do not fit, the
 * largest centred one within the ratios. Draws per box: area, ratio, and when it fits, top, left.
 * Source: torchvision.transforms.RandomResizedCrop.get_params.
 */
export function randomBox(
  { width, height }: { width: number; height: number },
  { scale, ratio }: { scale: readonly [number, number]; ratio: readonly [number, number] },
  random: Pick<RandomStream, "uniform" | "int">,
): Window {
  const [low, high] = ratio.map((r) => Math.fround(Math.log(Math.fround(r))));
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = width * height * between(scale[0], scale[1], random);
    const shape = Math.fround(Math.exp(between(low, high, random)));
    const w = roundHalfEven(Math.sqrt(area * shape)), h = roundHalfEven(Math.sqrt(area / shape));
    if (w > 0 && h > 0 && w <= width && h <= height) {
      const top = random.int(height - h + 1), left = random.int(width - w + 1);
      return { left, top, width: w, height: h };
    }
  }
  const [narrow, wide] = ratio, own = width / height;
  const w = own > wide ? Math.max(1, roundHalfEven(height * wide)) : width;
  const h = own < narrow ? Math.max(1, roundHalfEven(width / narrow)) : height;
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h };
}
