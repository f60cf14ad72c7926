/**
 * Tables of any size and format, read a run of rows at a time. One pass finds out how many rows there are and where
 * each run begins; later any run can be read by its place without those before it, where the format allows that.
 */
import type { ColumnKinds, TableRow } from "../row.ts";

/** Where a run of rows begins. Plain data, kept between processes. */
export interface RowPlace {
  /** Number of its first row in the file. */
  readonly row: number;
  /** Byte of the file at which it begins; absent of a gzipped file, which is read from its start, and of parquet. */
  readonly byte?: number;
}

/** What one pass over a file found. */
export interface Survey {
  readonly rows: number;
  /** Beginning of every run; the last run may be short. Empty for a file without rows. */
  readonly places: readonly RowPlace[];
}

/**
 * How tables are read. In TSV and CSV an empty field is null and any other is its text: a caption such as "None" or "NA",
 * which pandas takes for a missing one, is a caption. A quote that opens a field and does not close it within 64 KiB and
 * 100 lines makes its line a malformed row, and no more than its line.
 */
export interface RowFileOptions {
  /** Quotes in TSV and CSV: minimal (pandas' default), none, or auto, as the first rows have them. Default "auto". */
  readonly quoting?: "minimal" | "none" | "auto";
  /** Whether a table's first row names its columns; absent: it does when none of its fields is a URL and all look like names. */
  readonly header?: boolean;
  /** Reads the file as this instead of what it looks like. `text` is one URL per line. */
  readonly format?: "parquet" | "tsv" | "csv" | "jsonl" | "json" | "text";
}

/** A table that was looked at. */
export interface RowFile extends AsyncDisposable {
  readonly path: string;
  readonly format: NonNullable<RowFileOptions["format"]>;
  /** Names of a table's columns in order ("0", "1", ... without a header); of JSON the keys of the first rows. */
  readonly columns: readonly string[];
  /** Columns of a parquet file that are not read, since their values are no cells: structs, maps, decimals. */
  readonly leftOut: readonly string[];
  readonly named: boolean;
  /** What the values of columns are, where the format says so: the same in every part of the file. */
  readonly kinds: ColumnKinds;
  /**
   * Goes over the file once (a parquet file without `look`: over its footer). `look` sees every row in order.
   * `passed` is told of bytes as they are passed.
   */
  survey(
    rowsPerRun: number,
    options?: {
      readonly look?: (row: TableRow) => void;
      readonly passed?: (bytes: number) => void;
      readonly signal?: AbortSignal;
    },
  ): Promise<Survey>;
  /** `count` rows from a place of a survey on (fewer where the file ends). Cheap when places ascend. */
  read(place: RowPlace, count: number, signal?: AbortSignal): Promise<TableRow[]>;
}

/**
 * Opens a table. Throws SyntaxError naming the file (and the remedy) for what is no table, damaged, compressed in
 * another way, or a pointer.
 */
export type OpenRowFile = (path: string, options?: RowFileOptions) => Promise<RowFile>;
