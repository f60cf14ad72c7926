/**
 * Decoding of JPEG, PNG, WebP, GIF and TIFF files to the very bytes Pillow gives. sharp (libvips) does the work; what
 * must be kept from it is its good sense: it would turn images by their EXIF tag, apply colour profiles and blend
 * palettes, none of which training pipelines do. A header is looked at first, so a file that would unpack to an
 * unreasonable size is refused before any of it is decoded.
 */
import { loadJpegWasm, loadSharp } from "../deps.ts";
import { type Mode, modeChannels, type Picture } from "./picture.ts";

/** Most pixels an image may have unless told otherwise: where Pillow takes a file for a decompression bomb. */
export const defaultMaxPixels = 178_956_970;

/** What a header tells: size, mode and whether colours come from a palette (or are just black and white). */
export interface ImageHeader {
  width: number;
  height: number;
  mode: Mode;
  indexed: boolean;
}

/** Frame header of a JPEG: the marker segments are walked up to it. Null when it cannot be found. */
function jpegHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    if (marker === 0xff) at++;
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const mode = ({ 1: "L", 3: "RGB", 4: "CMYK" } as const)[bytes[at + 9]];
      return mode
        ? { height: view.getUint16(at + 5), width: view.getUint16(at + 7), mode, indexed: false }
        : null;
    } else at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** The IHDR chunk of a PNG. Transparency by colour key is no alpha channel. */
function pngHeader(bytes: Uint8Array): ImageHeader | null {
  if (bytes.length < 33) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    depth = bytes[24],
    kind = bytes[25];
  const mode = ({ 0: "L", 2: "RGB", 3: "RGB", 4: "LA", 6: "RGBA" } as const)[kind];
  if (!mode) return null;
  return { width: view.getUint32(16), height: view.getUint32(20), mode, indexed: kind === 3 || depth === 1 };
}

const unreadable = (error: unknown) =>
  new SyntaxError(
    `Cannot decode the image: ${String(error instanceof Error ? error.message : error).split("\n")[0]}`,
  );

/** Reads size and mode without decoding. Throws SyntaxError when `bytes` are no image of a known kind. */
export async function readHeader(bytes: Uint8Array): Promise<ImageHeader> {
  const found = bytes[0] === 0xff && bytes[1] === 0xd8
    ? jpegHeader(bytes)
    : bytes[0] === 0x89 && bytes[1] === 0x50
    ? pngHeader(bytes)
    : null;
  if (found) return found;
  if (bytes.length === 0) throw new SyntaxError("Cannot decode the image: it is empty");
  const sharp = await loadSharp();
  const { width, height, space, hasAlpha, isPalette, format, bitsPerSample } = await sharp(bytes, {
    limitInputPixels: false,
  })
    .metadata().catch((error) => {
      throw unreadable(error);
    });
  const mode = space === "cmyk" ? "CMYK" : space === "b-w" || space === "grey16" ? "L" : "RGB";
  const indexed = Boolean(isPalette) || format === "gif" || bitsPerSample === 1;
  return {
    width,
    height,
    mode: hasAlpha && !indexed && mode !== "CMYK" ? `${mode}A` as Mode : mode,
    indexed,
  };
}

/** Largest JPEG that goes the short way: below it the fixed price of a sharp call outweighs the work itself. */
const smallPixels = 96 * 96;

let wasmDecoder: Promise<(jpeg: ArrayBuffer) => Promise<ImageData>> | undefined;

/** Decodes a small grey or colour JPEG in WebAssembly, ten times as fast as sharp. Null when it is damaged. */
async function decodeSmallJpeg(bytes: Uint8Array, { mode, indexed }: ImageHeader): Promise<Picture | null> {
  wasmDecoder ??= loadJpegWasm().then(async ({ default: decode, init }) => {
    await init({ print: () => {}, printErr: () => {} });
    return decode;
  });
  const decode = await wasmDecoder;
  const image = await decode(bytes.slice().buffer).catch(() => null);
  if (!image) return null;
  const { width, height, data } = image, channels = modeChannels[mode];
  const pixels = new Uint8Array(width * height * channels);
  for (let from = 0, to = 0; to < pixels.length; from += 4) {
    for (let c = 0; c < channels; c++) pixels[to++] = data[from + c];
  }
  return { pixels, width, height, channels, mode, indexed };
}

const endsLikeJpeg = (bytes: Uint8Array) => bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9;

/**
 * Decodes an image file (first frame) in its own mode, EXIF orientation and colour profiles ignored; of 16-bit channels
 * the high byte is kept (Pillow does so for colour, but turns 16-bit greys nearly white).
 * Throws SyntaxError when it cannot be decoded (damaged, truncated, no image), RangeError when it has more than
 * `maxPixels` pixels.
 */
export async function decodeImage(
  bytes: Uint8Array,
  { maxPixels = defaultMaxPixels } = {},
): Promise<Picture> {
  const header = await readHeader(bytes), { mode, indexed } = header, channels = modeChannels[mode];
  if (header.width * header.height > maxPixels) {
    throw new RangeError(
      `The image has ${header.width}x${header.height} pixels, over the limit of ${maxPixels}`,
    );
  }
  if (
    header.width * header.height <= smallPixels && (mode === "L" || mode === "RGB") && endsLikeJpeg(bytes)
  ) {
    const picture = await decodeSmallJpeg(bytes, header);
    if (picture) return picture;
  }
  const sharp = await loadSharp();
  let image = sharp(bytes, { failOn: "error", ignoreIcc: true, limitInputPixels: maxPixels });
  if (mode === "CMYK") image = image.pipelineColourspace("cmyk").toColourspace("cmyk");
  else if (mode === "L") image = image.removeAlpha().toColourspace("b-w");
  else if (mode === "RGB") image = image.removeAlpha();
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true }).catch((error) => {
    throw unreadable(error);
  });
  let pixels = new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (mode === "LA" && info.channels === 4) pixels = pixels.filter((_, i) => i % 4 === 0 || i % 4 === 3);
  if (pixels.length !== info.width * info.height * channels) throw unreadable(`it is not of mode ${mode}`);
  return { pixels, width: info.width, height: info.height, channels, mode, indexed };
}
