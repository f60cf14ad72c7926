/**
 * Photograph-like JPEGs for the bench: noise whose amplitude falls with its frequency, as that of photographs does, so
 * that they compress and decode as these do. Every one that is served differs from every other by a comment.
 */
import { loadSharp } from "../../deps.ts";
import { randomStream } from "../../random/philox.ts";

/** What is made. */
export interface JpegRecipe {
  readonly width: number;
  readonly height: number;
  /** Bytes of the file, to which it is filled up. */
  readonly bytes: number;
  readonly seed: number;
}

/** Sides in pixels of the noise's cells, and how far it reaches at each. */
const octaves = [[160, 70], [40, 36], [10, 20], [3, 11], [1, 4]];
/** Bytes of the comment that every file has: its marker, its length, and the number. */
const COMMENT = 4, DIGITS = 16;

/** Pixels of a picture, RGB. */
async function madePixels({ width, height, seed }: JpegRecipe): Promise<Uint8Array> {
  const sharp = await loadSharp(), sum = new Float32Array(width * height * 3).fill(128);
  for (const [octave, [cell, reach]] of octaves.entries()) {
    const random = randomStream(seed, octave);
    const wide = Math.ceil(width / cell) + 1, high = Math.ceil(height / cell) + 1;
    const noise = Uint8Array.from({ length: wide * high * 3 }, () => random.next() & 255);
    const { data } = await sharp(noise, { raw: { width: wide, height: high, channels: 3 } })
      .resize(width, height, { kernel: "cubic", fit: "fill" }).raw().toBuffer({ resolveWithObject: true });
    for (let i = 0; i < sum.length; i++) sum[i] += (data[i] - 128) * reach / 64;
  }
  return Uint8Array.from(sum, (value) => Math.max(0, Math.min(255, value)));
}

/** The picture at the highest quality at which it is no larger than wanted. */
async function fittingJpeg(recipe: JpegRecipe): Promise<Uint8Array> {
  const { width, height, bytes, seed } = recipe;
  const sharp = await loadSharp(), pixels = await madePixels(recipe);
  let best: Uint8Array | null = null, low = 10, high = 97;
  while (low <= high) {
    const quality = (low + high) >> 1;
    const made = await sharp(pixels, { raw: { width, height, channels: 3 } }).jpeg({ quality }).toBuffer();
    if (made.length + COMMENT + DIGITS <= bytes) {
      best = made;
      low = quality + 1;
    } else high = quality - 1;
  }
  if (best === null) {
    throw new RangeError(`${width} x ${height} pixels do not fit into ${bytes} bytes (seed ${seed})`);
  }
  return best;
}

/**
 * Makes a picture and returns a function that gives its file with a number of up to 16 digits in it. Throws RangeError
 * where the picture does not fit into the bytes, or is much smaller than they are.
 */
export async function numberedJpeg(recipe: JpegRecipe): Promise<(number: number) => Uint8Array<ArrayBuffer>> {
  const jpeg = await fittingJpeg(recipe), { bytes } = recipe, comment = bytes - jpeg.length;
  if (comment > 65_000) throw new RangeError(`The picture has ${jpeg.length} bytes only, and not ${bytes}`);
  const file = new Uint8Array(bytes).fill(0x2e);
  file.set(jpeg.subarray(0, 2));
  file.set([0xff, 0xfe, (comment - 2) >> 8, (comment - 2) & 255], 2);
  file.set(jpeg.subarray(2), 2 + comment);
  return (number) => {
    const own = file.slice();
    new TextEncoder().encodeInto(String(number).padStart(DIGITS, "0"), own.subarray(2 + COMMENT));
    return own;
  };
}
