/**
 * The pages of a parquet column, one at a time: a column of a hundred million rows needs no more memory than its
 * largest page. The package parses what is declared; what is done with it is bounded here.
 */
import { crc32 } from "node:zlib";
import { loadParquet, type PageHeader } from "../deps.ts";
import type { CaptionRun } from "./pack.ts";
import type { Unpack } from "./parquet_codecs.ts";
import { dictionaryStrings, joinedStrings, plainStrings, readHybrid, withNulls } from "./parquet_values.ts";

/** The part of a column that lies in one row group. */
export interface ColumnChunk {
  /** Place of its first page, and the bytes of all of them. */
  readonly at: number;
  readonly bytes: number;
  readonly rows: number;
  readonly codec: string;
}

const WINDOW = 2 ** 20, LARGEST_HEADER = 2 ** 20, LARGEST_PAGE = 2 ** 28, MOST_VALUES = 2 ** 26;

/** Bytes of a file at a place, fewer only at `end`; small neighbours come out of one read. */
function windowOver(file: Deno.FsFile, end: number) {
  let bytes = new Uint8Array(0), start = 0;
  return async (at: number, length: number): Promise<Uint8Array> => {
    length = Math.max(0, Math.min(length, end - at));
    if (at < start || at + length > start + bytes.length) {
      bytes = new Uint8Array(Math.min(Math.max(length, WINDOW), end - at));
      start = at;
      await file.seek(at, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) {
        const got = await file.read(bytes.subarray(done));
        if (got === null) throw new Error("a column that is cut short");
        done += got;
      }
    }
    return bytes.subarray(at - start, at - start + length);
  };
}

type Parquet = Awaited<ReturnType<typeof loadParquet>>;
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** How many of the values are there, and which; without a list when the column has no nulls. */
function presence(
  bytes: Uint8Array,
  at: number,
  end: number,
  values: number,
): { present: Uint8Array; there: number } {
  const present = new Uint8Array(values);
  if (end > bytes.length) throw new Error("a page that ends too early");
  readHybrid(bytes, at, end, 1, present);
  let there = 0;
  for (let i = 0; i < values; i++) there += present[i];
  return { present, there };
}

/** The strings of a page from byte `at` on, in any of the encodings that strings have. */
export function stringsOf(
  parquet: Parquet,
  encoding: string,
  page: Uint8Array,
  at: number,
  count: number,
  dictionary: CaptionRun | null,
): CaptionRun {
  if (encoding === "PLAIN") return plainStrings(page, at, count);
  if (encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY") {
    return dictionaryStrings(page, at, count, dictionary);
  }
  const strings: Uint8Array[] = new Array(count), reader = { view: viewOf(page), offset: at };
  if (count === 0) return joinedStrings([]);
  if (encoding === "DELTA_LENGTH_BYTE_ARRAY") parquet.deltaLengthByteArray(reader, count, strings);
  else if (encoding === "DELTA_BYTE_ARRAY") parquet.deltaByteArray(reader, count, strings);
  else throw new Error(`an encoding of strings that is not read, ${encoding}`);
  return joinedStrings(strings);
}

/** The strings of a data page of either version. */
function dataPage(
  parquet: Parquet,
  header: PageHeader,
  packed: Uint8Array,
  optional: boolean,
  unpack: Unpack,
  dictionary: CaptionRun | null,
): CaptionRun {
  const first = header.data_page_header, second = header.data_page_header_v2;
  if (first) {
    const page = unpack(packed, header.uncompressed_page_size);
    if (!optional) return stringsOf(parquet, first.encoding, page, 0, first.num_values, dictionary);
    if (first.definition_level_encoding !== "RLE") throw new Error("nulls in an encoding of before 2013");
    const end = page.length < 4 ? Infinity : 4 + viewOf(page).getUint32(0, true);
    const { present, there } = presence(page, 4, end, first.num_values);
    return withNulls(stringsOf(parquet, first.encoding, page, end, there, dictionary), present);
  }
  if (!second) throw new Error("a data page without its header");
  const levels = second.repetition_levels_byte_length + second.definition_levels_byte_length;
  if (!(levels >= 0 && levels <= packed.length)) throw new Error("a page that ends too early");
  const values = packed.subarray(levels);
  const page = second.is_compressed === false || values.length === 0
    ? values
    : unpack(values, header.uncompressed_page_size - levels);
  if (!optional) return stringsOf(parquet, second.encoding, page, 0, second.num_values, dictionary);
  const { present, there } = presence(
    packed,
    second.repetition_levels_byte_length,
    levels,
    second.num_values,
  );
  return withNulls(stringsOf(parquet, second.encoding, page, 0, there, dictionary), present);
}

const within = (value: number | undefined, most: number) =>
  typeof value === "number" && value >= 0 && value <= most;

/** A page as it lies in the file. */
export interface RawPage {
  readonly header: PageHeader;
  /** Values of the page, nulls among them. */
  readonly values: number;
  /** Its bytes as they are stored, good until the next page is asked for. Throws Error when a checksum is wrong. */
  read(): Promise<Uint8Array>;
}

/**
 * The pages of a column chunk until `values` values (nulls among them) have come; the dictionary's page first. Throws
 * Error when what is declared cannot be true.
 */
export async function* rawPages(
  file: Deno.FsFile,
  fileBytes: number,
  chunk: ColumnChunk,
  values: number,
): AsyncGenerator<RawPage> {
  const parquet = await loadParquet();
  const end = Math.min(fileBytes, chunk.at + chunk.bytes + 128); // old writers left the dictionary's header out of it
  const bytesAt = windowOver(file, end);
  let at = chunk.at, passed = 0;

  async function nextHeader(): Promise<PageHeader> {
    for (let size = 1024;; size *= 8) {
      const bytes = await bytesAt(at, size), reader = { view: viewOf(bytes), offset: 0 };
      try {
        const header = parquet.parquetHeader(reader);
        if (typeof header.compressed_page_size !== "number") throw new Error("a header of something else");
        at += reader.offset;
        return header;
      } catch (error) {
        if (bytes.length < size || size >= LARGEST_HEADER) {
          throw new Error(`no page where one should be, at byte ${at}`, { cause: error });
        }
      }
    }
  }

  while (passed < values) {
    const header = await nextHeader(), from = at;
    const { compressed_page_size: packedBytes, uncompressed_page_size: pageBytes } = header;
    const said = (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)
      ?.num_values;
    if (!within(packedBytes, end - at) || !within(pageBytes, LARGEST_PAGE)) {
      throw new Error(`a page said to have ${pageBytes} bytes at byte ${at}`);
    }
    at += packedBytes;
    if (header.type === "INDEX_PAGE") continue;
    const isDictionary = header.type === "DICTIONARY_PAGE";
    if (!within(said, Math.min(MOST_VALUES, isDictionary ? pageBytes : values - passed))) {
      throw new Error(`a page said to have ${said} values at byte ${from}`);
    }
    if (!isDictionary) passed += said!;
    yield {
      header,
      values: said!,
      async read() {
        const packed = await bytesAt(from, packedBytes);
        if (!header.data_page_header_v2 && header.crc !== undefined && crc32(packed) !== header.crc >>> 0) {
          throw new Error(`a page with a wrong checksum at byte ${from}`);
        }
        return packed;
      },
    };
  }
}

/**
 * The captions of a column chunk, page by page. Throws Error saying what is wrong with it when it is damaged, does not
 * hold as many values as it has rows, or has a page of more than 256 MiB.
 */
export async function* columnPages(
  file: Deno.FsFile,
  fileBytes: number,
  chunk: ColumnChunk,
  optional: boolean,
  unpack: Unpack,
): AsyncGenerator<CaptionRun> {
  const parquet = await loadParquet();
  let dictionary: CaptionRun | null = null;
  for await (const { header, values, read } of rawPages(file, fileBytes, chunk, chunk.rows)) {
    const packed = await read(), pageBytes = header.uncompressed_page_size;
    if (header.type === "DICTIONARY_PAGE") {
      if (values > pageBytes / 4) throw new Error(`a dictionary said to have ${values} values`);
      dictionary = plainStrings(unpack(packed, pageBytes), 0, values);
    } else yield dataPage(parquet, header, packed, optional, unpack, dictionary);
  }
}
