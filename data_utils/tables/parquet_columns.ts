/**
 * Parquet files as tables: the columns that are wanted, each read page by page. Strings are copied a page at a time, and
 * those of a dictionary once, however many rows share them.
 */
import type { FileMetaData } from "../deps.ts";
import { NULL_LENGTH } from "../captions/arena.ts";
import { unpackerOf } from "../captions/parquet_codecs.ts";
import { chunkOf, damaged, damagedGroup, readFooter } from "../captions/parquet_footer.ts";
import { columnPages, rawPages } from "../captions/parquet_pages.ts";
import {
  dictionaryValues,
  type ParquetLeaf,
  parquetLeaves,
  physicalPage,
} from "../captions/parquet_physical.ts";
import { loadParquet } from "../deps.ts";
import { type BooleanColumn, type Column, NO_TEXT, type NumberColumn, textBuilder } from "./column.ts";
import { type ColumnWish, wishedColumns } from "./wishes.ts";

/** What a column's type says it holds, as a frame has it; null for what a frame does not have. */
function kindOf({ path }: ParquetLeaf): Column["kind"] | null {
  const { type, converted_type, logical_type, num_children, repetition_type } = path.at(-1)!;
  if (path.length !== 2 || num_children || repetition_type === "REPEATED") return null;
  const meaning = logical_type?.type ?? converted_type ?? "";
  if (type === "BYTE_ARRAY") return ["", "STRING", "UTF8", "ENUM"].includes(meaning) ? "text" : null;
  if (type === "FLOAT") return "float32";
  if (type === "DOUBLE") return "float64";
  if (type === "BOOLEAN") return "boolean";
  if (!/^(|INTEGER|U?INT_\d+)$/.test(meaning)) return null;
  const unsigned = /^UINT/.test(meaning) || logical_type?.type === "INTEGER" && !logical_type.isSigned;
  if (type === "INT32") return unsigned ? null : "int32";
  return type === "INT64" && !unsigned ? "int64" : null;
}

/** The columns that pandas noted as the index of its frame. */
function indexOf(metadata: FileMetaData): string[] {
  const note = metadata.key_value_metadata?.find(({ key }) => key === "pandas")?.value;
  try {
    const { index_columns } = JSON.parse(note ?? "{}");
    return (Array.isArray(index_columns) ? index_columns : []).filter((name) => typeof name === "string");
  } catch {
    return [];
  }
}

/**
 * Reads these columns, or all. Throws SyntaxError naming the file when it is cut short, damaged or encrypted, or has no
 * such column; RangeError for a column that is no text, number or truth value.
 */
export async function readParquetColumns(
  path: string,
  wishes?: readonly ColumnWish[],
): Promise<{ columns: (readonly [string, Column])[]; index: string[] }> {
  const { size } = await Deno.stat(path), metadata = await readFooter(path, size);
  let leaves: ParquetLeaf[];
  try {
    leaves = parquetLeaves(metadata.schema);
  } catch (error) {
    throw damaged(path, `its schema has ${error instanceof Error ? error.message : error}`, error);
  }
  const tops = [...new Set(leaves.map(({ path }) => path[1]?.name))];
  const read: (readonly [string, Column])[] = [];
  using file = await Deno.open(path);
  for (const { name, from } of wishedColumns(path, tops, wishes)) {
    const leaf = leaves.find((leaf) => leaf.path[1].name === from)!, kind = kindOf(leaf);
    if (kind === null) {
      const { type, logical_type, converted_type } = leaf.path.at(-1)!;
      const what = leaf.path.length > 2 ? "lists or objects" : logical_type?.type ?? converted_type ?? type;
      throw new RangeError(
        `${path}: column ${from} holds ${what}, which tables here do not hold: leave it out`,
      );
    }
    const number = leaves.indexOf(leaf),
      chunks = metadata.row_groups.map(({ columns, num_rows }, index) => {
        const same = columns[number]?.meta_data?.path_in_schema.join(".") === leaf.name;
        return chunkOf(path, size, same ? columns[number] : undefined, { index, rows: num_rows, name });
      });
    const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
    const place = { path, size, file, leaf, chunks, rows };
    read.push([
      name,
      kind === "text" ? await readText(place, metadata, number) : await readValues(place, kind),
    ]);
  }
  return { columns: read, index: indexOf(metadata) };
}

interface ColumnPlace {
  path: string;
  size: number;
  file: Deno.FsFile;
  leaf: ParquetLeaf;
  chunks: ReturnType<typeof chunkOf>[];
  rows: number;
}

const failed = ({ path, leaf }: ColumnPlace, group: number, error: unknown) =>
  error instanceof RangeError && error.message.includes("more than 4 GiB")
    ? error
    : damagedGroup(path, `column ${leaf.name} of row group ${group}`, error);

async function readText(place: ColumnPlace, metadata: FileMetaData, number: number): Promise<Column> {
  const { path, size, file, leaf, chunks, rows } = place;
  const bytes = metadata.row_groups.reduce(
    (sum, { columns }) => sum + Number(columns[number].meta_data?.total_uncompressed_size ?? 0),
    0,
  );
  // A damaged file may say anything: what it claims is believed up to some times its size.
  const builder = textBuilder(Math.min(rows, size * 64), Math.min(bytes, size * 16), `${path}: ${leaf.name}`);
  for (const [group, chunk] of chunks.entries()) {
    try {
      const unpack = await unpackerOf(chunk.codec);
      let kept: Uint8Array | null = null, base = 0;
      for await (const page of columnPages(file, size, chunk, leaf.mostDefined === 1, unpack)) {
        if (page.bytes !== kept) base = builder.keep(kept = page.bytes);
        for (let i = 0; i < page.count; i++) {
          if (page.lengths[i] === NULL_LENGTH) builder.addSpan(0, NO_TEXT);
          else builder.addSpan(base + page.starts[i], page.lengths[i]);
        }
      }
    } catch (error) {
      throw failed(place, group, error);
    }
  }
  return builder.finish();
}

async function readValues(
  place: ColumnPlace,
  kind: NumberColumn["kind"] | BooleanColumn["kind"],
): Promise<Column> {
  const { file, size, leaf, chunks, rows } = place, parquet = await loadParquet();
  const doubles = new Float64Array(Math.min(rows, size * 2048)), present = new Uint8Array(doubles.length);
  let large: BigInt64Array | null = null, at = 0, missing = 0;
  const bits = new DataView(new ArrayBuffer(8));
  const float32 = (stored: number) => (bits.setInt32(0, stored), bits.getFloat32(0));
  const float64 = (stored: bigint) => (bits.setBigInt64(0, stored), bits.getFloat64(0));

  function add(value: number | bigint | boolean) {
    if (at >= doubles.length) throw new Error(`more than its ${doubles.length} rows`);
    present[at] = 1;
    if (typeof value === "boolean") doubles[at] = value ? 1 : 0;
    else if (typeof value === "number") doubles[at] = kind === "float32" ? float32(value) : value;
    else if (kind === "float64") doubles[at] = float64(value);
    else {
      doubles[at] = Number(value);
      if (!large && !Number.isSafeInteger(doubles[at])) {
        large = new BigInt64Array(doubles.length);
        for (let i = 0; i < at; i++) large[i] = BigInt(doubles[i]);
      }
      if (large) large[at] = value;
    }
    at++;
  }

  for (const [group, chunk] of chunks.entries()) {
    try {
      const unpack = await unpackerOf(chunk.codec);
      let dictionary: ReturnType<typeof dictionaryValues> | null = null;
      for await (const raw of rawPages(file, size, chunk, chunk.rows)) {
        if (raw.header.type === "DICTIONARY_PAGE") {
          const page = unpack(await raw.read(), raw.header.uncompressed_page_size);
          dictionary = dictionaryValues(parquet, leaf, page, raw.values);
          continue;
        }
        const page = physicalPage(parquet, leaf, raw, await raw.read(), unpack, dictionary);
        for (let i = 0; i < page.places; i++) {
          if (!page.defined || page.defined[i] === leaf.mostDefined) {
            add(page.at(i) as number | bigint | boolean);
          } else if (at++ < doubles.length) missing++;
        }
      }
    } catch (error) {
      throw failed(place, group, error);
    }
  }
  if (kind === "boolean") return { kind, values: Uint8Array.from(doubles, (n, i) => present[i] ? n : 2) };
  if (missing > 0) { for (let i = 0; i < at; i++) if (!present[i]) doubles[i] = NaN; }
  if (kind === "float32") return { kind, values: Float32Array.from(doubles) };
  if (kind === "float64" || missing > 0) return { kind: "float64", values: doubles };
  return kind === "int32" ? { kind, values: Int32Array.from(doubles) } : { kind, values: large ?? doubles };
}
