/**
 * What a page of a parquet string column says: which rows are null, and where each string lies. The strings stay where
 * they are; only their places are written down. Every length is checked, since a damaged file may say anything.
 */
import { NULL_LENGTH } from "./arena.ts";
import type { CaptionRun } from "./pack.ts";

const cut = () => new Error("a page that ends too early");

/**
 * Reads `out.length` numbers of `width` bits out of the RLE/bit-packing hybrid in bytes [at, end).
 * Source: Apache Parquet format, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".
 */
export function readHybrid(
  bytes: Uint8Array,
  at: number,
  end: number,
  width: number,
  out: Uint8Array | Uint32Array,
): void {
  if (width > 25) throw new Error(`numbers of ${width} bits`);
  const mask = 2 ** width - 1, wide = (width + 7) >> 3;
  for (let done = 0; done < out.length;) {
    let header = 0;
    for (let shift = 0;; shift += 7) {
      if (at >= end || shift > 28) throw cut();
      const byte = bytes[at++];
      header |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    header >>>= 0;
    if (header & 1) {
      const values = Math.min((header >>> 1) * 8, out.length - done);
      if (at + Math.ceil(values * width / 8) > end) throw cut();
      for (let i = 0, bit = 0; i < values; i++, bit += width) {
        const from = at + (bit >>> 3);
        const word = bytes[from] | bytes[from + 1] << 8 | bytes[from + 2] << 16 | bytes[from + 3] << 24;
        out[done++] = (word >>> (bit & 7)) & mask;
      }
      at += (header >>> 1) * width;
    } else {
      if (at + wide > end) throw cut();
      let value = 0;
      for (let i = 0; i < wide; i++) value |= bytes[at++] << (8 * i);
      const values = Math.min(header >>> 1, out.length - done);
      out.fill(value, done, done + values);
      done += values;
    }
  }
}

/** Strings each behind its length in 4 bytes, in bytes [at, ...): their places. */
export function plainStrings(bytes: Uint8Array, at: number, count: number): CaptionRun {
  const starts = new Uint32Array(count), lengths = new Uint32Array(count), end = bytes.length;
  for (let i = 0; i < count; i++) {
    const length = (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24) >>> 0;
    at += 4;
    if (at + length > end) throw cut();
    starts[i] = at;
    lengths[i] = length;
    at += length;
  }
  return { bytes, starts, lengths, count };
}

/** Strings as places in a page's dictionary. */
export function dictionaryStrings(
  bytes: Uint8Array,
  at: number,
  count: number,
  dictionary: CaptionRun | null,
): CaptionRun {
  if (!dictionary) throw new Error("a page of a dictionary that is not there");
  const places = new Uint32Array(count), starts = new Uint32Array(count), lengths = new Uint32Array(count);
  if (count > 0) {
    if (at >= bytes.length) throw cut();
    readHybrid(bytes, at + 1, bytes.length, bytes[at], places);
  }
  for (let i = 0; i < count; i++) {
    const place = places[i];
    if (place >= dictionary.count) throw new Error("a place outside the dictionary");
    starts[i] = dictionary.starts[place];
    lengths[i] = dictionary.lengths[place];
  }
  return { bytes: dictionary.bytes, starts, lengths, count };
}

/** Strings of other encodings, joined. */
export function joinedStrings(strings: readonly Uint8Array[]): CaptionRun {
  const count = strings.length, starts = new Uint32Array(count), lengths = new Uint32Array(count);
  const bytes = new Uint8Array(strings.reduce((sum, { length }) => sum + length, 0));
  for (let i = 0, at = 0; i < count; at += lengths[i++]) {
    bytes.set(strings[i], at);
    starts[i] = at;
    lengths[i] = strings[i].length;
  }
  return { bytes, starts, lengths, count };
}

/** The strings with null wherever `present` is 0. */
export function withNulls(strings: CaptionRun, present: Uint8Array): CaptionRun {
  if (strings.count === present.length) return strings;
  const count = present.length;
  const starts = new Uint32Array(count), lengths = new Uint32Array(count).fill(NULL_LENGTH);
  for (let i = 0, next = 0; i < count; i++) {
    if (present[i] === 0) continue;
    starts[i] = strings.starts[next];
    lengths[i] = strings.lengths[next++];
  }
  return { ...strings, starts, lengths, count };
}
