/** Tables whose rows are records in a file's bytes: all but parquet. */
import type { TableRow } from "../row.ts";
import { openFeed } from "./byte_feed.ts";
import { type RecordCursor, recordCursor, type RecordRule, type Take } from "./records.ts";
import type { RowFile, RowPlace } from "./row_file.ts";

/** A file of records. */
export interface RecordFile extends Pick<RowFile, "path" | "format" | "columns" | "named"> {
  readonly gzipped: boolean;
  /** Byte (unpacked) at which the first row may begin. */
  readonly first: number;
  readonly rule: RecordRule;
  /** A row out of a record's text. */
  rowOf(text: string, row: number): TableRow;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Opens a cursor at a place, or at the first row; in a gzipped file at the first row only. */
export async function openRecords(
  { path, gzipped, first, rule }: Pick<RecordFile, "path" | "gzipped" | "first" | "rule">,
  place: RowPlace = { row: 0 },
  passed?: (bytes: number) => void,
): Promise<RecordCursor> {
  const from = place.byte ?? first;
  const feed = await openFeed(path, gzipped, { from: gzipped ? 0 : from, passed });
  if (gzipped) await feed.read(new Uint8Array(from));
  return recordCursor(feed, rule, from, place.row);
}

/** Gives `see` the rows that records are, numbered from `row` on. */
export function rowTaker(rowOf: RecordFile["rowOf"], row: number, see: (row: TableRow) => void): Take {
  return (bytes, from, to, fault) => {
    see(
      fault === null ? rowOf(decoder.decode(bytes.subarray(from, to)), row) : { row, cells: {}, fault },
    );
    row++;
  };
}

/** A file of records as a table. Reads of one table happen one after another. */
export function recordRowFile(file: RecordFile): RowFile {
  const { path, format, columns, named, gzipped, rowOf } = file;
  let cursor: RecordCursor | null = null, reads: Promise<unknown> = Promise.resolve();

  async function drop() {
    const dropped = cursor;
    cursor = null;
    await dropped?.close();
  }

  async function readNow(place: RowPlace, count: number, signal?: AbortSignal): Promise<TableRow[]> {
    const rows: TableRow[] = [];
    try {
      if (cursor && (cursor.row() > place.row || (place.byte !== undefined && cursor.row() < place.row))) {
        await drop();
      }
      cursor ??= await openRecords(file, place.byte === undefined ? undefined : place);
      await cursor.pass(place.row - cursor.row(), null, signal);
      await cursor.pass(count, rowTaker(rowOf, place.row, (row) => rows.push(row)), signal);
    } catch (error) {
      await drop();
      throw error;
    }
    return rows;
  }

  return {
    ...{ path, format, columns, leftOut: [], named },
    kinds: format.startsWith("json")
      ? {}
      : Object.fromEntries(columns.map((name) => [name, "text" as const])),
    async survey(rowsPerRun, { look, passed, signal } = {}) {
      const all = await openRecords(file, undefined, passed), places: RowPlace[] = [];
      const take = look ? rowTaker(rowOf, 0, look) : null;
      try {
        for (let rows = 0;;) {
          const place = gzipped ? { row: rows } : { row: rows, byte: all.position() };
          const got = await all.pass(rowsPerRun, take, signal);
          if (got > 0) places.push(place);
          rows += got;
          if (got === rowsPerRun) continue;
          await all.finish(signal);
          return { rows, places };
        }
      } finally {
        await all.close();
      }
    },
    read(place, count, signal) {
      const read = reads.then(() => readNow(place, count, signal));
      reads = read.catch(() => {});
      return read;
    },
    async [Symbol.asyncDispose]() {
      await reads;
      await drop();
    },
  };
}
