/**
 * What the end of a parquet file says about it, checked as far as places and lengths go: a damaged file may say
 * anything, and nobody must seek or allocate by it.
 */
import { type FileMetaData, loadParquet } from "../deps.ts";
import type { ColumnChunk } from "./parquet_pages.ts";

const LARGEST_FOOTER = 2 ** 28;

const said = (error: unknown) => error instanceof Error ? error.message : String(error);

/** The error of a file that is not as it was written. */
export const damaged = (path: string, what: string, cause?: unknown) =>
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

/** What is thrown for a row group, or a column of it, that could not be read. */
export function damagedGroup(path: string, what: string, error: unknown): Error {
  return error instanceof RangeError && error.message.includes("which is not read")
    ? new RangeError(`${path}: ${error.message}`)
    : damaged(path, `${what} holds ${said(error)}`, error);
}

/** What the end of the file says about it. Throws SyntaxError when it is cut short, damaged or encrypted. */
export async function readFooter(path: string, bytes: number): Promise<FileMetaData> {
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

/**
 * Where a column's part of a row group lies. Throws SyntaxError when it is in another file, or outside this one of
 * `bytes` bytes.
 */
export function chunkOf(
  path: string,
  bytes: number,
  column: FileMetaData["row_groups"][number]["columns"][number] | undefined,
  { index, rows, name }: { index: number; rows: bigint; name: string },
): ColumnChunk {
  const meta = column?.meta_data;
  if (!meta || column.file_path) throw damaged(path, `row group ${index} has no column ${name}`);
  const dictionaryAt = Number(meta.dictionary_page_offset ?? 0), dataAt = Number(meta.data_page_offset);
  const chunk = {
    at: dictionaryAt > 0 && dictionaryAt < dataAt ? dictionaryAt : dataAt,
    bytes: Number(meta.total_compressed_size),
    rows: Number(rows),
    codec: meta.codec,
  };
  if (!(chunk.at >= 4 && chunk.bytes >= 0 && chunk.at + chunk.bytes <= bytes - 8 && chunk.rows >= 0)) {
    throw damaged(path, `row group ${index} lies outside the file`);
  }
  return chunk;
}
