// Parquet files of odd kinds made on the spot: what the writer of the tests does not write (pages of version 1, levels,
// checksums), put together by hand around its headers.
import { crc32, gzipSync, zstdCompressSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { ByteWriter } from "hyparquet-writer";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { join } from "./made_files.ts";

const encoder = new TextEncoder();

/** Strings each behind its length, as PLAIN has them. */
export function plain(strings: readonly string[]): Uint8Array<ArrayBuffer> {
  return join(...strings.flatMap((text) => {
    const bytes = encoder.encode(text);
    return [new Uint8Array(Uint32Array.of(bytes.length).buffer), bytes];
  }));
}

/** Numbers of one byte each or less as one bit-packed run, followed by nothing. */
export function bitPacked(values: readonly number[], width: number): Uint8Array<ArrayBuffer> {
  const groups = Math.ceil(values.length / 8), bits = new Uint8Array(groups * width);
  values.forEach((value, i) => {
    for (let bit = 0; bit < width; bit++) {
      const at = i * width + bit;
      if (value >> bit & 1) bits[at >> 3] |= 1 << (at & 7);
    }
  });
  return join(varint(groups << 1 | 1), bits);
}

/** One run of the same number of at most a byte. */
export const run = (value: number, count: number) => join(varint(count << 1), Uint8Array.of(value));

function varint(value: number): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push(value & 127 | 128);
  return Uint8Array.from([...bytes, value]);
}

/** Definition levels as a page of version 1 begins with. */
export function levels(present: readonly number[]): Uint8Array<ArrayBuffer> {
  const packed = bitPacked(present, 1);
  return join(new Uint8Array(Uint32Array.of(packed.length).buffer), packed);
}

export interface MadePage {
  content: Uint8Array;
  values: number;
  /** Absent for a dictionary. */
  encoding?: "PLAIN" | "RLE_DICTIONARY";
  /** Instead of what is true. */
  said?: { bytes?: number; crc?: number; values?: number };
}

const packers = {
  UNCOMPRESSED: (bytes: Uint8Array) => bytes,
  GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)),
};

const text: SchemaElement[] = [
  { name: "TEXT", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
];

/**
 * A file of one column, an optional TEXT unless another is given by its elements from the top, and one row group with
 * these pages of version 1.
 */
export function parquetOfPages(
  pages: readonly MadePage[],
  rows: number,
  codec: keyof typeof packers = "UNCOMPRESSED",
  column: readonly SchemaElement[] = text,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.appendBytes(encoder.encode("PAR1"));
  for (const { content, values, encoding, said } of pages) {
    const packed = packers[codec](content);
    const shared = { num_values: said?.values ?? values, encoding: encoding ?? "PLAIN" as const };
    const level = { definition_level_encoding: "RLE" as const, repetition_level_encoding: "RLE" as const };
    writePageHeader(writer, {
      type: encoding ? "DATA_PAGE" : "DICTIONARY_PAGE",
      uncompressed_page_size: said?.bytes ?? content.length,
      compressed_page_size: packed.length,
      crc: said?.crc ?? crc32(packed) | 0,
      ...encoding ? { data_page_header: { ...shared, ...level } } : { dictionary_page_header: shared },
    });
    writer.appendBytes(packed);
  }
  const size = BigInt(writer.offset - 4);
  writeMetadata(writer, {
    version: 1,
    schema: [{ name: "schema", num_children: 1, repetition_type: "REQUIRED" }, ...column],
    num_rows: BigInt(rows),
    row_groups: [{
      num_rows: BigInt(rows),
      total_byte_size: size,
      columns: [{
        file_offset: 4n,
        meta_data: {
          ...{ type: column.at(-1)!.type!, encodings: ["PLAIN"], codec },
          path_in_schema: column.map(({ name }) => name),
          num_values: BigInt(pages.reduce((sum, { encoding, values }) => sum + (encoding ? values : 0), 0)),
          ...{ total_uncompressed_size: size, total_compressed_size: size },
          data_page_offset: 4n,
        },
      }],
    }],
    metadata_length: 0,
  });
  writer.appendBytes(encoder.encode("PAR1"));
  return new Uint8Array(writer.getBuffer());
}
