/**
 * The named transforms from a decoded picture to network input. A transform is plain data, so that it can be written
 * into a run's config and sent to a worker; cutting out (bytes to bytes) and normalising (bytes to floats) are
 * separate steps, because bytes are what is cached, sent between threads and batched.
 */
import { type RandomStream } from "../random/philox.ts";
import { randomBox, roundHalfEven } from "./random_box.ts";
import { cropPicture, type Picture, resizePicture, toRgb } from "./picture.ts";
import { type Filter } from "./resample.ts";

/** How the square is cut out: the centre of an image whose shorter side is `resize`, or a random box scaled to size. */
export type Cut =
  | { kind: "centre"; resize: number }
  | { kind: "random"; scale: readonly [number, number]; ratio: readonly [number, number] };

/** One value per channel: red, green, blue. */
export type Rgb = readonly [number, number, number];

/** From a picture to `size` x `size` x 3 numbers `(v / 255 - mean) / std`. */
export interface Transform {
  size: number;
  cut: Cut;
  filter: Filter;
  mean: Rgb;
  std: Rgb;
  /** Conversion to RGB before the cut (palettes are then blended, transparency ignored) instead of after it. */
  rgbFirst?: boolean;
}

/** A batch as it crosses folders. */
export interface Batch<T extends Float32Array | Int32Array | Uint8Array> {
  data: T;
  shape: number[];
  dtype: T extends Float32Array ? "f32" : T extends Int32Array ? "i32" : "u8";
}

/** Normalisation of the CLIP models (OpenAI), used by the large recipes. */
export const openaiColours: { mean: Rgb; std: Rgb } = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** Normalisation of the small study: (v / 255 - 0.5) / 0.27. */
export const plainColours: { mean: Rgb; std: Rgb } = { mean: [0.5, 0.5, 0.5], std: [0.27, 0.27, 0.27] };

/** CLIP evaluation: shorter side to `size` (bicubic), centre crop. */
export function clipVal(size = 224, colours: { mean: Rgb; std: Rgb } = openaiColours): Transform {
  return { size, cut: { kind: "centre", resize: size }, filter: "bicubic", ...colours };
}

/** Supervised evaluation: shorter side to `resize` (256 for 224), centre crop of `size`. */
export function supVal(
  size = 224,
  resize: number = Math.round(size * 8 / 7),
  colours: { mean: Rgb; std: Rgb } = openaiColours,
): Transform {
  return { size, cut: { kind: "centre", resize }, filter: "bicubic", ...colours };
}

/** Training: a random box with `scale` of the area and `ratio` of width to height, scaled to `size` (bicubic). */
export function trainCrop(
  size = 224,
  scale: readonly [number, number] = [0.9, 1],
  ratio: readonly [number, number] = [3 / 4, 4 / 3],
  colours: { mean: Rgb; std: Rgb } = openaiColours,
): Transform {
  return { size, cut: { kind: "random", scale, ratio }, filter: "bicubic", ...colours };
}

/** Small images: those of the size already pass untouched, others are scaled and centre-cropped to it. */
export function smallImage(size = 32): Transform {
  return clipVal(size, plainColours);
}

/**
 * Cuts the transform's square out of a picture: RGB bytes [size, size, 3].
 * A random cut draws from `random` (a stream at (seed, epoch, index)); TypeError when it is missing.
 * RangeError when the square is larger than what it is cut from.
 */
export function cutPicture(file: Picture, transform: Transform, random?: RandomStream): Uint8Array {
  const { size, cut, filter, rgbFirst } = transform;
  const picture: Picture = rgbFirst ? { ...toRgb(file), indexed: false } : file;
  if (cut.kind === "random") {
    if (!random) throw new TypeError("A random crop needs a random stream");
    const box = cropPicture(picture, randomBox(picture, cut, random));
    return toRgb(resizePicture(box, { width: size, height: size, filter })).pixels;
  }
  if (cut.resize < size) {
    throw new RangeError(`Cannot cut ${size}x${size} out of images resized to ${cut.resize}`);
  }
  const { width: w, height: h } = picture;
  const width = w <= h ? cut.resize : Math.trunc(cut.resize * w / h);
  const height = w <= h ? Math.trunc(cut.resize * h / w) : cut.resize;
  const left = roundHalfEven((width - size) / 2), top = roundHalfEven((height - size) / 2);
  const window = { left, top, width: size, height: size };
  return toRgb(resizePicture(picture, { width, height, filter, window })).pixels;
}

/**
 * Normalises RGB bytes [N, H, W, 3] to floats `(v / 255 - mean) / std`, into `out` when given.
 * TypeError when `out` has another length.
 */
export function normalise(
  pixels: Uint8Array,
  { mean, std }: { mean: Rgb; std: Rgb },
  out: Float32Array = new Float32Array(pixels.length),
): Float32Array {
  if (out.length !== pixels.length) {
    throw new TypeError(`${pixels.length} bytes do not fill ${out.length} floats`);
  }
  const table = new Float32Array(768);
  for (let v = 0; v < 256; v++) {
    for (let c = 0; c < 3; c++) table[v * 3 + c] = (Math.fround(v / 255) - mean[c]) / std[c];
  }
  for (let i = 0; i < pixels.length; i += 3) {
    out[i] = table[pixels[i] * 3];
    out[i + 1] = table[pixels[i + 1] * 3 + 1];
    out[i + 2] = table[pixels[i + 2] * 3 + 2];
  }
  return out;
}
