/**
 * Unpacking of parquet pages. What the runtime has itself (gzip, zstd, brotli) is faster and refuses to write more than
 * a page declares; snappy and LZ4 come from a package.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { loadCompressors } from "../deps.ts";

/** Unpacks a page of `length` bytes. Throws Error when the bytes are damaged. */
export type Unpack = (packed: Uint8Array, length: number) => Uint8Array;

/** The length that a snappy block declares: a varint at its beginning. */
function snappyLength(packed: Uint8Array): number {
  let length = 0;
  for (let i = 0, scale = 1; i < 5; i++, scale *= 128) {
    length += (packed[i] & 127) * scale;
    if (packed[i] < 128) return length;
  }
  return NaN;
}

const own: Record<string, Unpack> = {
  UNCOMPRESSED: (packed) => packed,
  GZIP: (packed, length) => gunzipSync(packed, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (packed, length) => zstdDecompressSync(packed, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (packed, length) => brotliDecompressSync(packed, { maxOutputLength: Math.max(1, length) }),
};

/** The way to unpack a codec's pages. Throws RangeError for a codec that is not read. */
export async function unpackerOf(codec: string): Promise<Unpack> {
  const unpack = own[codec] ?? (await loadCompressors())[codec as "SNAPPY" | "LZ4" | "LZ4_RAW"];
  if (!unpack) {
    throw new RangeError(
      `its pages are compressed with ${codec}, which is not read: write it with snappy or zstd`,
    );
  }
  return (packed, length) => {
    if (codec === "SNAPPY" && snappyLength(packed) !== length) {
      throw new Error("a snappy page with another length than its header says");
    }
    const page = unpack(packed, length);
    if (page.length !== length) throw new Error(`a page of ${page.length} bytes that should have ${length}`);
    return page;
  };
}
