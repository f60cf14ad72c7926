// The images that the fault server serves: each kind drawn once, and marked with an id without changing a pixel, so that
// every URL has bytes of its own and a test can say which bytes belong in which place of a shard.
import { loadSharp } from "../../data_utils/deps.ts";
import { bytesOf, join } from "../data_utils/made_files.ts";
import { bigEndian, pngChunk } from "./made_bombs.ts";

type Channels = 1 | 3 | 4;

/** Slopes under noise, so that a JPEG of 320 x 240 has 20 KB, as thumbnails on the web have. */
function pixels(width: number, height: number, channels: Channels): Uint8Array {
  const bytes = new Uint8Array(width * height * channels);
  for (let i = 0, state = 7; i < bytes.length; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    const pixel = Math.floor(i / channels), x = pixel % width, y = Math.floor(pixel / width);
    bytes[i] = (x * 2 + y * 3 * (i % channels + 1)) / 3 % 200 + (state >>> 16) % 40;
  }
  return bytes;
}

async function drawn(width: number, height: number, channels: Channels = 3) {
  return (await loadSharp())(pixels(width, height, channels), { raw: { width, height, channels } });
}

async function jpeg(width: number, height: number) {
  return (await drawn(width, height)).jpeg({ quality: 80 }).toBuffer();
}

async function animation() {
  const frames = [await drawn(40, 30), (await drawn(40, 30)).negate()];
  const files = await Promise.all(frames.map((frame) => frame.png().toBuffer()));
  return (await loadSharp())(files, { join: { animated: true } }).gif({ delay: [100, 100] }).toBuffer();
}

/** A JPEG whose header says that it is 60,000 x 60,000. */
async function lyingHeader() {
  const bytes = await jpeg(64, 48), view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 2; at < bytes.length; at += 2 + view.getUint16(at + 2)) {
    if (bytes[at + 1] !== 0xc0) continue;
    view.setUint16(at + 5, 60_000);
    view.setUint16(at + 7, 60_000);
    return bytes;
  }
  throw new Error("the JPEG has no frame header");
}

/** A PNG in whose compressed pixels a few bytes are others: neither its zlib stream nor its CRC holds. */
async function damagedPng() {
  const bytes = await (await drawn(64, 48)).png().toBuffer(), middle = bytes.length >> 1;
  for (let at = middle; at < middle + 16; at++) bytes[at] ^= 0x5a;
  return bytes;
}

const recipes = {
  jpeg: () => jpeg(320, 240),
  progressive: async () =>
    (await drawn(320, 240)).jpeg({ quality: 80, progressive: true, mozjpeg: false }).toBuffer(),
  png: async () => (await drawn(160, 120)).png().toBuffer(),
  webp: async () => (await drawn(200, 150)).webp({ quality: 80 }).toBuffer(),
  gif: animation,
  avif: async () => (await drawn(96, 64)).avif({ quality: 50, effort: 0 }).toBuffer(),
  palette: async () => (await drawn(64, 48)).png({ palette: true, colours: 16 }).toBuffer(),
  grey: async () => (await drawn(64, 48, 1)).toColourspace("b-w").png().toBuffer(),
  sixteenBit: async () => (await drawn(64, 48)).toColourspace("rgb16").png().toBuffer(),
  alpha: async () => (await drawn(64, 48, 4)).png().toBuffer(),
  cmyk: async () => (await drawn(64, 48)).toColourspace("cmyk").jpeg().toBuffer(),
  rotated: async () => (await drawn(64, 48)).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  trailed: async () => join(await jpeg(320, 240), bytesOf("<!-- served by a cache -->\n")),
  tiny: () => jpeg(8, 8),
  panorama: () => jpeg(4000, 20),
  lyingHeader,
  damagedPng,
};

export type PictureName = keyof typeof recipes;

export const pictureNames = Object.keys(recipes) as PictureName[];

const made = new Map<PictureName, Promise<Uint8Array>>();

/** The picture with the id in it; the same bytes in every process. */
export async function picture(name: PictureName, id: string): Promise<Uint8Array<ArrayBuffer>> {
  const base = made.get(name) ?? recipes[name]();
  made.set(name, base);
  return marked(await base, id);
}

/** A chunk of a RIFF file. */
function riffChunk(kind: string, content: Uint8Array): Uint8Array {
  const length = new Uint8Array(Uint32Array.of(content.length).buffer);
  return join(bytesOf(kind), length, content, new Uint8Array(content.length % 2));
}

/** A plain lossy WebP as an extended one with XMP. */
function markedWebp(bytes: Uint8Array, mark: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = bytes.subarray(12), view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = (view.getUint16(26, true) & 0x3fff) - 1, height = (view.getUint16(28, true) & 0x3fff) - 1;
  const canvas = Uint8Array.of(4, 0, 0, 0, width, width >> 8, 0, height, height >> 8, 0);
  const content = join(
    bytesOf("WEBP"),
    riffChunk("VP8X", canvas),
    frame,
    riffChunk("XMP ", mark),
  );
  return riffChunk("RIFF", content) as Uint8Array<ArrayBuffer>;
}

/** The same picture with a comment, in the way of its format. */
function marked(bytes: Uint8Array, id: string): Uint8Array<ArrayBuffer> {
  const mark = bytesOf(id);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    // behind the first segment, which has to be JFIF's or EXIF's
    const at = 4 + (bytes[4] << 8 | bytes[5]), length = mark.length + 2;
    const comment = join(Uint8Array.of(0xff, 0xfe, length >> 8, length & 255), mark);
    return join(bytes.subarray(0, at), comment, bytes.subarray(at));
  }
  if (bytes[0] === 0x89) {
    const text = pngChunk("tEXt", join(bytesOf("Comment\0"), mark));
    return join(bytes.subarray(0, 33), text, bytes.subarray(33));
  }
  const kind = new TextDecoder("latin1").decode(bytes.subarray(0, 12));
  if (kind.startsWith("RIFF")) return markedWebp(bytes, mark);
  if (kind.startsWith("GIF")) {
    const comment = join(Uint8Array.of(0x21, 0xfe, mark.length), mark, Uint8Array.of(0));
    return join(bytes.subarray(0, -1), comment, bytes.subarray(-1));
  }
  return join(bytes, bigEndian(mark.length + 8), bytesOf("free"), mark);
}
