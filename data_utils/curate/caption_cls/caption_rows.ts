/**
 * Captions with the paths of their images, from JSONL, JSON, TSV, CSV or parquet. All captions are looked at as bytes;
 * only of those that someone wants is the path read, and a string made.
 */
import { type CaptionArena, NULL_LENGTH } from "../../captions/arena.ts";
import {
  addTally,
  type CaptionFile,
  type CaptionOptions,
  type CaptionTally,
  type CaptionUnit,
  emptyTally,
} from "../../captions/caption_file.ts";
import { isObject, parseJson } from "../../captions/json_value.ts";
import { openCaptionFile, readCaptions } from "../../captions/open.ts";
import { headRecords } from "../../captions/table_head.ts";
import { oddRecord } from "./odd_record.ts";

/** How files of captions and paths are read. */
export interface RowOptions extends CaptionOptions {
  /** Column or key of the image's path, or its number from 0. */
  readonly pathColumn: string;
  readonly signal?: AbortSignal;
}

/** Looks at the caption at an address of the arena; what it makes of one that is wanted, else null. */
export type LookAt<T> = (at: number, length: number) => T | null;
/** Takes a row that is wanted. */
export type TakeRow<T> = (found: T, path: string, caption: string) => void;

const QUOTE = 34, decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Opens a file for its captions, and for its paths as if they were captions. */
async function openBoth(
  path: string,
  options: RowOptions,
): Promise<{ captions: CaptionFile; paths: CaptionFile }> {
  const captions = await openCaptionFile(path, options);
  if (captions.units.length === 0) return { captions, paths: captions };
  if (
    captions.format === "text" || captions.format === "tar" ||
    (captions.format === "jsonl" && !captions.column)
  ) {
    throw new SyntaxError(
      `${path} has no column ${options.pathColumn}: JSONL, JSON, TSV, CSV or parquet with captions and paths is wanted`,
    );
  }
  const pathOptions = { ...options, column: options.pathColumn, format: captions.format };
  const paths = await openCaptionFile(path, pathOptions).catch((error) => {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(error.message.replaceAll("--caption-col", "--filepath-col"));
  });
  return { captions, paths };
}

/** How to see that a record of a table has all its fields, and the path in a record; null where there is none. */
interface RecordReader {
  isWhole(record: Uint8Array): boolean;
  pathOf(record: Uint8Array): unknown;
}

function tableRecord({ layout }: CaptionFile): RecordReader {
  const { separator, quotes, fields, number } = layout, mark = Number(separator);
  const fieldsOf = (record: Uint8Array) =>
    headRecords(record, 0, mark, quotes === true, true).next().value as { fields: readonly string[] };
  const hasQuotes = (record: Uint8Array) => quotes === true && record.includes(QUOTE);
  return {
    isWhole(record) {
      if (hasQuotes(record)) return fieldsOf(record).fields.length === fields;
      let found = 1;
      for (let at = -1; (at = record.indexOf(mark, at + 1)) >= 0;) found++;
      return found === fields;
    },
    pathOf(record) {
      if (hasQuotes(record)) return fieldsOf(record).fields[Number(number)];
      let from = 0;
      for (let field = 0; field < Number(number); field++) from = record.indexOf(mark, from) + 1;
      const to = record.indexOf(mark, from);
      return decoder.decode(record.subarray(from, to < 0 ? record.length : to));
    },
  };
}

function jsonRecord({ column }: CaptionFile): RecordReader {
  return {
    isWhole: () => true,
    pathOf(record) {
      const { value } = parseJson(record);
      return isObject(value) && Object.hasOwn(value, column!) ? value[column!] : null;
    },
  };
}

/** Reads a unit of a file whose records are pieces of bytes; `before` records came before it. */
async function readRecordsOf<T>(
  { captions, paths }: { captions: CaptionFile; paths: CaptionFile },
  unit: CaptionUnit,
  arena: CaptionArena,
  { look, take, from, before, signal }: {
    look: LookAt<T>;
    take: TakeRow<T>;
    from?: number;
    before: number;
    signal?: AbortSignal;
  },
) {
  const isTable = captions.format === "tsv" || captions.format === "csv";
  const { isWhole, pathOf } = isTable ? tableRecord(paths) : jsonRecord(paths);
  let row = before, odd = 0, short = false;
  const reading = await readCaptions(captions, unit, arena, (count) => {
    if (short) return;
    const bytes = arena.bytes(), spans = arena.spans(), rows = arena.rows();
    for (let i = 0; i < count; i++) {
      row++;
      const record = isTable ? bytes.subarray(rows[2 * i], rows[2 * i] + rows[2 * i + 1]) : null;
      if (record && !isWhole(record)) return void (short = true);
      const at = spans[2 * i], length = spans[2 * i + 1];
      if (length === NULL_LENGTH) continue;
      const found = look(at, length);
      if (found === null) continue;
      const path = pathOf(record ?? bytes.subarray(rows[2 * i], rows[2 * i] + rows[2 * i + 1]));
      if (typeof path !== "string" || path === "") throw withoutPath(captions.path, row, paths.column, path);
      take(found, path, decoder.decode(bytes.subarray(at, at + length)));
    }
  }, { rows: true, from, signal, onLeftOut: () => void (odd ||= row + 1, row++) });
  if (short || reading.tally.malformed > 0) throw await oddRecord(captions, odd);
  return reading;
}

const withoutPath = (file: string, row: number, column: string | null, path: unknown) =>
  new SyntaxError(
    `${file}: row ${row} (from 1) has a caption but ${
      path === null || path === undefined || path === "" ? "no" : `${JSON.stringify(path)} as`
    } ${column}: mend it, or name another column with --filepath-col`,
  );

/** Reads row groups of a parquet file: first the captions, then the paths of those that are wanted. */
async function readColumnsOf<T>(
  { captions, paths }: { captions: CaptionFile; paths: CaptionFile },
  unit: CaptionUnit,
  arena: CaptionArena,
  { look, take, before, signal }: { look: LookAt<T>; take: TakeRow<T>; before: number; signal?: AbortSignal },
) {
  const wanted: { row: number; found: T; caption: string }[] = [];
  const numbered = async (file: CaptionFile, see: (row: number, at: number, length: number) => void) => {
    let row = before;
    return await readCaptions(file, unit, arena, (count) => {
      const spans = arena.spans();
      for (let i = 0; i < count; i++) see(++row, spans[2 * i], spans[2 * i + 1]);
    }, { signal, onLeftOut: () => void row++ });
  };
  const reading = await numbered(captions, (row, at, length) => {
    const bytes = arena.bytes(), found = length === NULL_LENGTH ? null : look(at, length);
    if (found !== null) wanted.push({ row, found, caption: decoder.decode(bytes.subarray(at, at + length)) });
  });
  let next = 0;
  await numbered(paths, (row, at, length) => {
    if (wanted[next]?.row !== row) return;
    if (length === NULL_LENGTH || length === 0) throw withoutPath(captions.path, row, paths.column, null);
    const { found, caption } = wanted[next++];
    take(found, decoder.decode(arena.bytes().subarray(at, at + length)), caption);
  });
  if (next < wanted.length) throw withoutPath(captions.path, wanted[next].row, paths.column, null);
  return reading;
}

/**
 * Reads the captions of a file in order. `look` sees all that are not null; those of which it makes something go to
 * `take` with their path. Memory is the arena's; for parquet also what is wanted of one row group, or of 50,000 rows.
 * Throws SyntaxError naming file and line or row for a damaged file, a column that is not there, a row with the wrong
 * number of fields, broken JSON, and a row that is wanted but has no path.
 */
export async function readCaptionRows<T>(
  path: string,
  options: RowOptions,
  look: LookAt<T>,
  take: TakeRow<T>,
  arena: CaptionArena,
): Promise<CaptionTally> {
  const files = await openBoth(path, options), tally = emptyTally(), { signal } = options;
  let from: number | undefined;
  for (const unit of files.captions.units) {
    const read = files.captions.format === "parquet" ? readColumnsOf<T> : readRecordsOf<T>;
    const reading = await read(files, unit, arena, { look, take, from, before: tally.rows, signal });
    from = reading.ended;
    addTally(tally, reading.tally);
  }
  return tally;
}
