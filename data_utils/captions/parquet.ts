/**
 * Captions in parquet files: only the pages of the caption's column are read, and their bytes go into the arena
 * without becoming strings. A unit is a run of row groups.
 */
import type { SchemaElement } from "../deps.ts";
import type { CaptionFile, CaptionOptions, CaptionUnit, ReadUnit } from "./caption_file.ts";
import { chooseColumn } from "./column.ts";
import { captionPacker, type CaptionRun } from "./pack.ts";
import { unpackerOf } from "./parquet_codecs.ts";
import { chunkOf, damagedGroup, readFooter } from "./parquet_footer.ts";
import { type ColumnChunk, columnPages } from "./parquet_pages.ts";

const UNIT_ROWS = 50_000;

/** The columns at the top: their elements in the schema, which lists the children of a group behind it. */
function topColumns(schema: readonly SchemaElement[]): SchemaElement[] {
  const columns: SchemaElement[] = [];
  let at = 1;
  const pass = () => {
    const element = schema[at++];
    for (let child = 0; child < (element?.num_children ?? 0) && at < schema.length; child++) pass();
  };
  while (at < schema.length && columns.length < (schema[0].num_children ?? 0)) {
    columns.push(schema[at]);
    pass();
  }
  return columns;
}

/** Why a column holds no captions, or null. */
function notStrings({ num_children, repetition_type, type, converted_type, logical_type }: SchemaElement) {
  if (num_children || repetition_type === "REPEATED") return "is nested, not one string per row";
  if (type !== "BYTE_ARRAY") return `holds ${type}, not strings`;
  const kind = logical_type?.type ?? converted_type ?? "STRING";
  return ["STRING", "UTF8", "ENUM"].includes(kind) ? null : `holds ${kind}, not strings`;
}

/**
 * Looks at a parquet file of `bytes` bytes. Throws SyntaxError naming the file when it is cut short, damaged or
 * encrypted, when the column is not there (listing those that are), or when it holds no strings.
 */
export async function planParquet(
  path: string,
  bytes: number,
  options: CaptionOptions,
): Promise<CaptionFile> {
  const metadata = await readFooter(path, bytes), columns = topColumns(metadata.schema);
  const number = chooseColumn(path, columns.map(({ name }) => name), options.column),
    element = columns[number];
  const unfit = notStrings(element);
  if (unfit) {
    throw new SyntaxError(`${path}: column ${element.name} ${unfit}: name another with --caption-col`);
  }
  const chunks: ColumnChunk[] = [], units: CaptionUnit[] = [];
  let start = 0, rows = 0;
  metadata.row_groups.forEach((group, index) => {
    const column = group.columns.find(({ meta_data }) =>
      meta_data?.path_in_schema.join("\n") === element.name
    );
    const chunk = chunkOf(path, bytes, column, { index, rows: group.num_rows, name: element.name });
    chunks.push(chunk);
    rows += chunk.rows;
    if (rows >= UNIT_ROWS || index === metadata.row_groups.length - 1 && rows > 0) {
      units.push({ index: units.length, start, end: index + 1 });
      start = index + 1;
      rows = 0;
    }
  });
  const layout = { chunks: JSON.stringify(chunks), optional: element.repetition_type !== "REQUIRED" };
  return { path, format: "parquet", gzipped: false, bytes, column: element.name, units, layout };
}

/** Reads row groups. Throws SyntaxError naming file and row group for a damaged one. */
export const readParquet: ReadUnit = async (file, unit, arena, sink, options = {}) => {
  const packer = captionPacker(arena, sink, options.onLeftOut),
    from = Math.max(unit.start, options.from ?? unit.start);
  const chunks = JSON.parse(String(file.layout.chunks)) as ColumnChunk[];
  using opened = await Deno.open(file.path);
  for (let group = from; group < unit.end; group++) {
    const chunk = chunks[group];
    const failed = (error: unknown) => damagedGroup(file.path, `row group ${group}`, error);
    const unpack = await unpackerOf(chunk.codec).catch((error) => {
      throw failed(error);
    });
    const pages = columnPages(opened, file.bytes, chunk, file.layout.optional === true, unpack);
    for (let page: CaptionRun | null;;) {
      options.signal?.throwIfAborted();
      try {
        page = (await pages.next()).value ?? null;
      } catch (error) {
        throw failed(error);
      }
      if (!page) break;
      packer.addRun(page);
    }
  }
  packer.flush();
  return { tally: packer.tally, began: from, ended: Math.max(from, unit.end) };
};
