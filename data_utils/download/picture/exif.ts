/**
 * EXIF tags as one JSON text, in the manner of img2dataset's --extract_exif: "Image Model", "EXIF DateTimeOriginal",
 * "GPS GPSLatitude", every value a string. The blocks come from anybody, so what is read of them is bounded, and a
 * damaged one gives the tags that can be read. Unlike exifread, numbers that stand for words stay numbers, and nothing
 * is read of thumbnails, makers' notes and comments. Source: CIPA DC-008 (Exif 2.3), section 4.6; TIFF 6.0, section 2.
 */
import { gpsNames, tagNames } from "./exif_names.ts";

const mostTags = 256, mostLetters = 1000, mostNumbers = 20;
/** Letters of all tags together. */
const mostText = 32_768;

const ORIENTATION = 0x0112, EXIF_DIRECTORY = 0x8769, GPS_DIRECTORY = 0x8825;
/** Makers' notes, comments with a character set of their own, and previews within TIFF. */
const leftOut = new Set([0x927c, 0x9286, 0x02bc]);
/** Texts of a fixed length, stored as bytes of no meaning: versions. */
const versions = new Set([0x9000, 0xa000]);

/** Bytes of a value by the number of its type; types of whole numbers, ratios and fractions. */
const typeBytes: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4 },
};
const TEXT = 2;

interface Tag {
  readonly number: number;
  readonly type: number;
  readonly count: number;
  /** Place of the first value. */
  readonly at: number;
}

interface Block {
  readonly view: DataView;
  readonly little: boolean;
}

/** The block's byte order, and the place of its main directory; null for what is no TIFF structure. */
function opened(bytes: Uint8Array): { block: Block; first: number } | null {
  if (bytes.length < 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), order = view.getUint16(0);
  const little = order === 0x4949;
  if (!little && order !== 0x4d4d || view.getUint16(2, little) !== 42) return null;
  return { block: { view, little }, first: view.getUint32(4, little) };
}

/** Tags of the directory at `at`, those left out whose values do not lie within the block. */
function* directory({ view, little }: Block, at: number): Generator<Tag> {
  if (at + 2 > view.byteLength) return;
  const tags = Math.min(view.getUint16(at, little), mostTags);
  for (let i = 0, entry = at + 2; i < tags && entry + 12 <= view.byteLength; i++, entry += 12) {
    const [number, type, count] = [
      view.getUint16(entry, little),
      view.getUint16(entry + 2, little),
      view.getUint32(entry + 4, little),
    ];
    const bytes = (typeBytes[type] ?? Infinity) * count;
    const value = bytes <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    if (count > 0 && value + bytes <= view.byteLength) yield { number, type, count, at: value };
  }
}

/** A ratio in its lowest terms, as a whole number where it is one. */
function ratio(over: number, under: number): string {
  let [a, b] = [Math.abs(over), Math.abs(under)];
  while (b !== 0) [a, b] = [b, a % b];
  const [top, bottom] = a > 1 ? [over / a, under / a] : [over, under];
  return bottom === 1 ? String(top) : `${top}/${bottom}`;
}

function numberAt({ view, little }: Block, type: number, at: number): string {
  const read: Readonly<Record<number, () => number | string>> = {
    1: () => view.getUint8(at),
    3: () => view.getUint16(at, little),
    4: () => view.getUint32(at, little),
    5: () => ratio(view.getUint32(at, little), view.getUint32(at + 4, little)),
    6: () => view.getInt8(at),
    7: () => view.getUint8(at),
    8: () => view.getInt16(at, little),
    9: () => view.getInt32(at, little),
    10: () => ratio(view.getInt32(at, little), view.getInt32(at + 4, little)),
    11: () => view.getFloat32(at, little),
    12: () => view.getFloat64(at, little),
    13: () => view.getUint32(at, little),
  };
  return String(read[type]());
}

/** Text up to its first zero: UTF-8, or one byte a letter where it cannot be that. */
function textAt({ view }: Block, { at, count }: Tag): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, Math.min(count, mostLetters));
  const end = bytes.indexOf(0), text = end < 0 ? bytes : bytes.subarray(0, end);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(text, { stream: true }).trim();
  } catch {
    return new TextDecoder("windows-1252").decode(text).trim();
  }
}

function valueOf(block: Block, tag: Tag): string {
  if (tag.type === TEXT || versions.has(tag.number)) return textAt(block, tag);
  const shown = Math.min(tag.count, mostNumbers);
  const numbers = Array.from(
    { length: shown },
    (_, i) => numberAt(block, tag.type, tag.at + i * typeBytes[tag.type]),
  );
  return tag.count === 1 ? numbers[0] : `[${numbers.join(", ")}${tag.count > shown ? ", ... " : ""}]`;
}

/** Tags of an EXIF block (without "Exif" before it) as a JSON object in text: "{}" where there are none. Never throws. */
export function exifJson(exif: Uint8Array | null): string {
  const start = exif && opened(exif), found: Record<string, string> = {};
  if (!start) return "{}";
  const { block, first } = start;
  let left = mostText;
  // directories are followed from the main one only, each once: a block cannot lead in circles
  const below = new Map<number, number>();
  const take = (group: string, names: ReadonlyMap<number, string>, at: number) => {
    for (const tag of directory(block, at)) {
      if (leftOut.has(tag.number)) continue;
      const name = names.get(tag.number) ?? `Tag 0x${tag.number.toString(16).toUpperCase().padStart(4, "0")}`;
      const value = valueOf(block, tag);
      if ((left -= name.length + value.length) < 0) return;
      found[`${group} ${name}`] = value;
      if (group === "Image" && tag.count === 1) below.set(tag.number, Number(value));
    }
  };
  take("Image", tagNames, first);
  const [details, places] = [below.get(EXIF_DIRECTORY), below.get(GPS_DIRECTORY)];
  if (details !== undefined) take("EXIF", tagNames, details);
  if (places !== undefined) take("GPS", gpsNames, places);
  return JSON.stringify(found);
}

/** How pixels have to be turned: EXIF's orientation, 1 (as they are) to 8. */
export function orientationOf(exif: Uint8Array | null): number {
  const start = exif && opened(exif);
  if (!start) return 1;
  for (const { number, type, count, at } of directory(start.block, start.first)) {
    if (number !== ORIENTATION || count !== 1 || type === TEXT) continue;
    const turned = Number(numberAt(start.block, type, at));
    return Number.isInteger(turned) && turned >= 1 && turned <= 8 ? turned : 1;
  }
  return 1;
}
