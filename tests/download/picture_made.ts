// Image files for the tests of preparing: every kind that sharp writes, and by hand what it does not: damaged and lying
// headers, EXIF blocks.
import { crc32 } from "node:zlib";
import { loadSharp } from "../../data_utils/deps.ts";
import { defaultImageRules, type ImageRules } from "../../data_utils/download/picture/image_rules.ts";
import type { PreparedAnswer } from "../../data_utils/download/picture/image_rules.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export const sharp = await loadSharp();

export const rulesWith = (changes: Partial<ImageRules>): ImageRules => ({ ...defaultImageRules, ...changes });

export const joined = (...parts: readonly (Uint8Array | readonly number[])[]): Bytes =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

export const text = (letters: string): Bytes => new TextEncoder().encode(letters);

/** Pixels that differ everywhere, but smoothly, so that codecs that lose something lose little. */
export function madePixels(width: number, height: number, channels: 1 | 2 | 3 | 4 = 3): Bytes {
  const pixels = new Uint8Array(width * height * channels);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        pixels[at++] = 128 + 100 * Math.sin(x / 9 + c) * Math.cos(y / 7 - c) + (x * 7 + y * 3 + c) % 9;
      }
    }
  }
  return pixels;
}

/** What sharp makes of made pixels; `finish` chooses the format. */
export async function madeFile(
  [width, height]: readonly [number, number],
  finish: (image: ReturnType<typeof sharp>) => ReturnType<typeof sharp>,
  channels: 1 | 2 | 3 | 4 = 3,
): Promise<Bytes> {
  const image = sharp(madePixels(width, height, channels), { raw: { width, height, channels } });
  return new Uint8Array(await finish(image).toBuffer());
}

export const madeJpeg = (width: number, height: number, quality = 90): Promise<Bytes> =>
  madeFile([width, height], (image) => image.jpeg({ quality }));
export const madePng = (width: number, height: number): Promise<Bytes> =>
  madeFile([width, height], (image) => image.png());

/** A chunk of a PNG, its check sum as it should be. */
export function pngChunk(name: string, content: Uint8Array): Bytes {
  const named = joined(text(name), content), numbers = new DataView(new ArrayBuffer(8));
  numbers.setUint32(0, content.length);
  numbers.setUint32(4, crc32(named));
  return joined(new Uint8Array(numbers.buffer, 0, 4), named, new Uint8Array(numbers.buffer, 4));
}

/** A PNG whose header names another size than it has pixels for. */
export function pngOfSize(png: Bytes, width: number, height: number): Bytes {
  const head = png.slice(16, 29), view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  return joined(png.subarray(0, 8), pngChunk("IHDR", head), png.subarray(33));
}

/** A JPEG whose frame header names another size. */
export function jpegOfSize(jpeg: Bytes, width: number, height: number): Bytes {
  const copy = jpeg.slice(), view = new DataView(copy.buffer);
  let at = 2;
  while (copy[at + 1] !== 0xc0) at += 2 + view.getUint16(at + 2);
  view.setUint16(at + 5, height);
  view.setUint16(at + 7, width);
  return copy;
}

/** One tag: number, type, and values as they are written (text as such, ratios as pairs). */
export type ExifTag = readonly [number: number, type: number, values: string | readonly number[]];

const sizes: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 7: 1, 9: 4, 10: 4 };

/** A TIFF structure with up to three directories; the pointers to the second and third are added to the first. */
export function madeExif(
  main: readonly ExifTag[],
  { details, places, little = true }: {
    details?: readonly ExifTag[];
    places?: readonly ExifTag[];
    little?: boolean;
  } = {},
): Bytes {
  const bytes = new Uint8Array(4096), view = new DataView(bytes.buffer);
  bytes.set(little ? [0x49, 0x49] : [0x4d, 0x4d]);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  const directories: (readonly ExifTag[])[] = [
    [
      ...main,
      ...(details ? [[0x8769, 4, [1000]] as const] : []),
      ...(places ? [[0x8825, 4, [2000]] as const] : []),
    ],
    details ?? [],
    places ?? [],
  ];
  directories.forEach((tags, i) => {
    let at = [8, 1000, 2000][i], data = at + 500;
    view.setUint16(at, tags.length, little);
    at += 2;
    for (const [number, type, values] of tags) {
      const numbers = typeof values === "string" ? [...text(`${values}\0`)] : values, size = sizes[type];
      const ratios = type === 5 || type === 10;
      view.setUint16(at, number, little);
      view.setUint16(at + 2, type, little);
      view.setUint32(at + 4, ratios ? numbers.length / 2 : numbers.length, little);
      const inline = numbers.length * size <= 4, place = inline ? at + 8 : data;
      if (!inline) view.setUint32(at + 8, data, little);
      numbers.forEach((value, n) => {
        if (size === 1) view.setUint8(place + n, value);
        else if (size === 2) view.setUint16(place + 2 * n, value, little);
        else view.setInt32(place + 4 * n, value, little);
      });
      if (!inline) data += numbers.length * size;
      at += 12;
    }
  });
  return bytes;
}

/** The JPEG with an EXIF block right behind its beginning. */
export function jpegWithExif(jpeg: Bytes, exif: Bytes): Bytes {
  const length = 2 + 6 + exif.length;
  return joined(
    [0xff, 0xd8, 0xff, 0xe1, length >> 8, length & 255],
    text("Exif\0\0"),
    exif,
    jpeg.subarray(2),
  );
}

/** Pixels of a file as RGB, by sharp alone. */
export async function pixelsOf(bytes: Uint8Array): Promise<{ pixels: Bytes; width: number; height: number }> {
  const { data, info } = await sharp(bytes).removeAlpha().toColourspace("srgb").raw().toBuffer({
    resolveWithObject: true,
  });
  return { pixels: new Uint8Array(data), width: info.width, height: info.height };
}

/** Mean difference between pixels, in levels. */
export const meanDifference = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;

export function imageOf(answer: PreparedAnswer) {
  if ("fault" in answer) throw new Error(`${answer.fault.reason}: ${answer.fault.detail}`);
  return answer.image;
}

/** The reason of a fault, or "image". */
export const reasonOf = (answer: PreparedAnswer): string => "fault" in answer ? answer.fault.reason : "image";
