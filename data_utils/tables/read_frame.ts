/** The front door to tables: any file of rows is read in the same way, whatever its format. */
import type { Quoting } from "../captions/caption_file.ts";
import { readHead } from "../captions/file_head.ts";
import { recogniseCaptions } from "../captions/recognise.ts";
import { quotesLikeCsv } from "../captions/table_head.ts";
import type { Column } from "./column.ts";
import { readDelimitedColumns } from "./delimited.ts";
import { type Frame, makeFrame } from "./frame.ts";
import { inferColumn } from "./infer.ts";
import { readJsonColumns } from "./json_columns.ts";
import { readParquetColumns } from "./parquet_columns.ts";
import type { ColumnWish } from "./wishes.ts";

/** How a table is read. */
export interface FrameOptions {
  /** Columns that are wanted, in this order; default all. What is not wanted is not kept, in parquet not even read. */
  readonly columns?: readonly ColumnWish[];
  /** How quotes are read in TSV and CSV; default "minimal". */
  readonly quoting?: Quoting;
  /** Reads the file as this instead of what it looks like. */
  readonly format?: "parquet" | "tsv" | "csv" | "jsonl" | "json";
  /** Lets rows of TSV and CSV have too few fields, as pandas does. */
  readonly shortRows?: boolean;
  /**
   * What fields of TSV and CSV are: "text" as they stand, so that a caption "NA" or "007" stays one (default); or
   * "pandas", numbers and missing ones where pandas.read_csv sees them.
   */
  readonly fields?: "text" | "pandas";
}

/**
 * Reads a table from parquet, TSV, CSV, JSONL or a JSON array, known by content; the latter four may be gzipped. Throws
 * SyntaxError naming the file and the place for what is damaged, cut short, of another format, without the columns, or
 * has a row with the wrong number of fields; RangeError for a column of a kind that is no text, number or truth value.
 */
export async function readFrame(path: string, options: FrameOptions = {}): Promise<Frame> {
  const { columns, quoting = "minimal", fields = "text" } = options;
  if (!(await Deno.stat(path)).isFile) throw new RangeError(`${path} is no file: name a table`);
  const { format, empty } = await recogniseCaptions(path, {
    column: columns?.flat()[0],
    format: options.format,
  });
  if (empty) throw new SyntaxError(`${path} is empty: a table of rows is wanted here`);
  if (format === "text" || format === "tar") {
    const what = format === "tar" ? "an archive" : "plain text";
    throw new SyntaxError(`${path} is ${what}, not a table: give parquet, TSV, CSV, JSONL or a JSON array`);
  }
  if (format === "parquet") {
    const read = await readParquetColumns(path, columns);
    return makeFrame(read.columns, path, read.index);
  }
  if (format === "json" || format === "jsonl") {
    return makeFrame(await readJsonColumns(path, format, columns), path);
  }
  const separator = format === "tsv" ? "\t" : ",", head = await readHead(path, () => true);
  const quotes = quoting === "auto"
    ? quotesLikeCsv(head.bytes, head.mark, separator.charCodeAt(0), head.whole)
    : quoting === "minimal";
  const read = await readDelimitedColumns(path, { ...options, separator, quotes });
  const typed = (column: Column) =>
    fields === "pandas" && column.kind === "text" ? inferColumn(column) : column;
  return makeFrame(read.map(([name, column]) => [name, typed(column)] as const), path);
}
