/**
 * Captions in parquet files: only the pages of the caption's column are read, and their bytes go into the arena
 * without becoming strings. A unit is a run of row groups.
 */
import { type FileMetaData, loadParquet, type SchemaElement } from "../deps.ts";
import type { CaptionFile, CaptionOptions, CaptionUnit, ReadUnit } from "./caption_file.ts";
import { chooseColumn } from "./column.ts";
import { captionPacker, type CaptionRun } from "./pack.ts";
import { unpackerOf } from "./parquet_codecs.ts";
import { type ColumnChunk, columnPages } from "./parquet_pages.ts";

const UNIT_ROWS = 50_000, LARGEST_FOOTER = 2 ** 28;

const said = (error: unknown) => error instanceof Error ? error.message : String(error);
const damaged = (path: string, what: string, cause?: unknown) =>
  new SyntaxError(`${path} is damaged, ${what}: fetch or write it again, or leave it out`, { cause });

async function readExactly(file: Deno.FsFile, at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(at, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const got = await file.read(bytes.subarray(done));
    if (got === null) throw new Error("the file ends too early");
    done += got;
  }
  return bytes;
}

/** What the end of the file says about it. */
async function readFooter(path: string, bytes: number): Promise<FileMetaData> {
  using file = await Deno.open(path);
  const cutShort = (what: string) =>
    new SyntaxError(
      `${path} is cut short or no parquet file, ${what}: fetch or write it again, or leave it out`,
    );
  if (bytes < 12) throw cutShort("no footer");
  const end = await readExactly(file, bytes - 8, 8), magic = String.fromCharCode(...end.subarray(4));
  if (magic === "PARE") throw new SyntaxError(`${path} is encrypted: decrypt it first`);
  if (magic !== "PAR1") throw cutShort("no footer");
  const length = new DataView(end.buffer).getUint32(0, true);
  if (length > Math.min(bytes - 12, LARGEST_FOOTER)) throw cutShort(`a footer of ${length} bytes`);
  const { parquetMetadata } = await loadParquet();
  try {
    return parquetMetadata(await readExactly(file, bytes - 8 - length, length + 8), { geoparquet: false });
  } catch (error) {
    throw damaged(path, `its footer cannot be read (${said(error)})`, error);
  }
}

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
    const meta = column?.meta_data;
    if (!meta || column.file_path) throw damaged(path, `row group ${index} has no column ${element.name}`);
    const dictionaryAt = Number(meta.dictionary_page_offset ?? 0), dataAt = Number(meta.data_page_offset);
    const at = dictionaryAt > 0 && dictionaryAt < dataAt ? dictionaryAt : dataAt;
    const chunk = {
      at,
      bytes: Number(meta.total_compressed_size),
      rows: Number(group.num_rows),
      codec: meta.codec,
    };
    if (!(at >= 4 && chunk.bytes >= 0 && at + chunk.bytes <= bytes - 8 && chunk.rows >= 0)) {
      throw damaged(path, `row group ${index} lies outside the file`);
    }
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
  const packer = captionPacker(arena, sink), from = Math.max(unit.start, options.from ?? unit.start);
  const chunks = JSON.parse(String(file.layout.chunks)) as ColumnChunk[];
  using opened = await Deno.open(file.path);
  for (let group = from; group < unit.end; group++) {
    const chunk = chunks[group];
    const failed = (error: unknown) =>
      error instanceof RangeError && error.message.includes("which is not read")
        ? new RangeError(`${file.path}: ${error.message}`)
        : damaged(file.path, `row group ${group} holds ${said(error)}`, error);
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
