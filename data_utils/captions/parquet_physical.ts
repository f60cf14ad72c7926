/**
 * The values of any parquet column as they are stored: floats as integers of the same bits, everything of bytes as
 * bytes, with the levels that say what is null and where lists begin. Rows can so be copied without a loss, whatever
 * their columns mean.
 */
import type { loadParquet, SchemaElement } from "../deps.ts";
import type { CaptionRun } from "./pack.ts";
import type { Unpack } from "./parquet_codecs.ts";
import { type RawPage, stringsOf } from "./parquet_pages.ts";
import { plainStrings, readHybrid } from "./parquet_values.ts";

/** How values are copied: 4 bytes, 8 bytes, a bit, or bytes. */
export type PhysicalType = "INT32" | "INT64" | "BOOLEAN" | "BYTE_ARRAY" | "FIXED_LEN_BYTE_ARRAY";

/** A column at the end of its path through the schema. */
export interface ParquetLeaf {
  /** Its names from the top, joined by dots. */
  readonly name: string;
  /** The elements from the root of the schema to it. */
  readonly path: readonly SchemaElement[];
  readonly physical: PhysicalType;
  /** Bytes of a value of FIXED_LEN_BYTE_ARRAY. */
  readonly length: number;
  /** Levels of a value that is there, and of one that goes on in the innermost list. */
  readonly mostDefined: number;
  readonly mostRepeated: number;
}

/** A value as it is stored: a number, a bigint, a boolean, or bytes of its own. */
export type PhysicalValue = number | bigint | boolean | Uint8Array;

/** Values by their places; bytes are copied when they are asked for. */
export type ValueAt = (place: number) => PhysicalValue;

/** A page of values. */
export interface PhysicalPage {
  /** Levels of each place; null where all are 0. */
  readonly repeated: Uint8Array | null;
  readonly defined: Uint8Array | null;
  /** Places, with a value or not. */
  readonly places: number;
  /** The value of a place that has one. */
  readonly at: ValueAt;
}

type Parquet = Awaited<ReturnType<typeof loadParquet>>;
const cut = () => new Error("a page that ends too early");
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const widthOf = (most: number) => Math.ceil(Math.log2(most + 1));

/** The leaves of a schema, which lists the children of a group behind it. Throws Error for a type that is none. */
export function parquetLeaves(schema: readonly SchemaElement[]): ParquetLeaf[] {
  const leaves: ParquetLeaf[] = [];
  let at = 0;
  const visit = (above: readonly SchemaElement[]) => {
    const element = schema[at++];
    if (!element) throw new Error("a schema that ends too early");
    const path = [...above, element];
    if (element.num_children || path.length === 1) {
      for (let child = 0; child < (element.num_children ?? 0); child++) visit(path);
    } else leaves.push(leafOf(path));
  };
  visit([]);
  return leaves;
}

function leafOf(path: readonly SchemaElement[]): ParquetLeaf {
  const { type, type_length } = path.at(-1)!, below = path.slice(1);
  const name = below.map(({ name }) => name).join("."), length = type === "INT96" ? 12 : type_length ?? 0;
  if (!type) throw new Error(`a column ${name} of no type`);
  const physical = ({ FLOAT: "INT32", DOUBLE: "INT64", INT96: "FIXED_LEN_BYTE_ARRAY" } as const)[
    type as string
  ] ?? type as PhysicalType;
  if (physical === "FIXED_LEN_BYTE_ARRAY" && !(length > 0)) throw new Error(`a column ${name} of no length`);
  return {
    ...{ name, path, physical, length },
    mostDefined: below.filter(({ repetition_type }) => repetition_type !== "REQUIRED").length,
    mostRepeated: below.filter(({ repetition_type }) => repetition_type === "REPEATED").length,
  };
}

/** Bytes as values: each is copied, so that it does not keep its whole page. */
const bytesAt = ({ bytes, starts, lengths }: CaptionRun): ValueAt => (place) =>
  bytes.slice(starts[place], starts[place] + lengths[place]);

function fixedBytes(bytes: Uint8Array, at: number, count: number, length: number): CaptionRun {
  if (at + count * length > bytes.length) throw cut();
  const starts = Uint32Array.from({ length: count }, (_, i) => at + i * length);
  return { bytes, starts, lengths: new Uint32Array(count).fill(length), count };
}

/** Values of PLAIN, where dictionaries have it too. */
function plainValues(
  parquet: Parquet,
  leaf: ParquetLeaf,
  page: Uint8Array,
  from: number,
  count: number,
): ValueAt {
  const { physical, length } = leaf;
  if (physical === "BYTE_ARRAY") return bytesAt(plainStrings(page, from, count));
  if (physical === "FIXED_LEN_BYTE_ARRAY") return bytesAt(fixedBytes(page, from, count, length));
  const bits = { INT32: 32, INT64: 64, BOOLEAN: 1 }[physical];
  if (from + Math.ceil(count * bits / 8) > page.length) throw cut();
  const values = parquet.readPlain({ view: viewOf(page), offset: from }, physical, count, undefined);
  return (place) => values[place];
}

/** The values of a dictionary's page. Each is copied at most once, however often it occurs. */
export function dictionaryValues(
  parquet: Parquet,
  leaf: ParquetLeaf,
  page: Uint8Array,
  count: number,
): { count: number; at: ValueAt } {
  const values = plainValues(parquet, leaf, page, 0, count);
  const copies: PhysicalValue[] = [];
  return { count, at: (place) => copies[place] ??= values(place) };
}

function encodedValues(
  parquet: Parquet,
  leaf: ParquetLeaf,
  { encoding, page, from, count }: { encoding: string; page: Uint8Array; from: number; count: number },
  dictionary: ReturnType<typeof dictionaryValues> | null,
): ValueAt {
  const { physical, length } = leaf, reader = () => ({ view: viewOf(page), offset: from });
  const bytes = physical === "BYTE_ARRAY" || physical === "FIXED_LEN_BYTE_ARRAY";
  if (count === 0) {
    return () => {
      throw new Error("a value of an empty page");
    };
  }
  switch (encoding) {
    case "PLAIN":
      return plainValues(parquet, leaf, page, from, count);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      if (!dictionary) throw new Error("a page of a dictionary that is not there");
      if (from >= page.length) throw cut();
      const entries = new Uint32Array(count);
      readHybrid(page, from + 1, page.length, page[from], entries);
      if (entries.some((entry) => entry >= dictionary.count)) {
        throw new Error("a place outside the dictionary");
      }
      return (place) => dictionary.at(entries[place]);
    }
    case "RLE": {
      if (physical !== "BOOLEAN") break;
      const values = new Uint8Array(count);
      readHybrid(page, from + 4, page.length, 1, values);
      return (place) => values[place] === 1;
    }
    case "DELTA_BINARY_PACKED": {
      if (physical !== "INT32" && physical !== "INT64") break;
      const values = physical === "INT32" ? new Int32Array(count) : new BigInt64Array(count);
      parquet.deltaBinaryUnpack(reader(), count, values);
      return (place) => values[place];
    }
    case "BYTE_STREAM_SPLIT": {
      if (physical === "BOOLEAN" || physical === "BYTE_ARRAY") break;
      const values = parquet.byteStreamSplit(reader(), count, physical, length);
      return bytes ? (place) => values[place].slice() : (place) => values[place];
    }
    case "DELTA_LENGTH_BYTE_ARRAY":
    case "DELTA_BYTE_ARRAY":
      if (bytes) return bytesAt(stringsOf(parquet, encoding, page, from, count, null));
  }
  throw new RangeError(`its values of type ${physical} are encoded as ${encoding}, which is not read`);
}

/** Levels of `count` places, or null where there can only be zeros. */
function levels(page: Uint8Array, from: number, end: number, most: number, count: number): Uint8Array | null {
  if (most === 0) return null;
  if (end > page.length) throw cut();
  const read = new Uint8Array(count);
  readHybrid(page, from, end, widthOf(most), read);
  return read;
}

/** A data page of either version. Throws Error saying what is wrong with it, RangeError for an unknown encoding. */
export function physicalPage(
  parquet: Parquet,
  leaf: ParquetLeaf,
  { header, values: places }: RawPage,
  packed: Uint8Array,
  unpack: Unpack,
  dictionary: ReturnType<typeof dictionaryValues> | null,
): PhysicalPage {
  const first = header.data_page_header,
    second = header.data_page_header_v2,
    { mostDefined, mostRepeated } = leaf;
  let page: Uint8Array, repeated: Uint8Array | null, defined: Uint8Array | null, from = 0, encoding: string;
  if (first) {
    encoding = first.encoding;
    page = unpack(packed, header.uncompressed_page_size);
    const next = (most: number, how: string) => {
      if (most === 0) return null;
      if (how !== "RLE") throw new RangeError(`its levels are encoded as ${how}, which is not read`);
      if (from + 4 > page.length) throw cut();
      const begin = from + 4;
      from = begin + viewOf(page).getUint32(from, true);
      return levels(page, begin, from, most, places);
    };
    repeated = next(mostRepeated, first.repetition_level_encoding);
    defined = next(mostDefined, first.definition_level_encoding);
  } else if (second) {
    encoding = second.encoding;
    const split = second.repetition_levels_byte_length, end = split + second.definition_levels_byte_length;
    if (!(split >= 0 && end >= split && end <= packed.length)) throw cut();
    repeated = levels(packed, 0, split, mostRepeated, places);
    defined = levels(packed, split, end, mostDefined, places);
    const values = packed.subarray(end);
    page = second.is_compressed === false || values.length === 0
      ? values
      : unpack(values, header.uncompressed_page_size - end);
  } else throw new Error("a data page without its header");

  let there = places, valueOf: Uint32Array | null = null;
  if (defined) {
    valueOf = new Uint32Array(places);
    there = 0;
    for (let i = 0; i < places; i++) {
      if (defined[i] > mostDefined) throw new Error("a level that the schema does not have");
      valueOf[i] = there;
      if (defined[i] === mostDefined) there++;
    }
  }
  const at = encodedValues(parquet, leaf, { encoding, page, from, count: there }, dictionary);
  return { repeated, defined, places, at: valueOf ? (place) => at(valueOf[place]) : at };
}
