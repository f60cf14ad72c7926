/**
 * Captions as they lie on disk: what a file is, into which units of work it falls, and what was met on reading one.
 * Every format is read in the same way: the bytes of many captions at a time go into an arena (arena.ts), and few
 * captions ever become strings.
 */
import type { CaptionArena } from "./arena.ts";

/** How captions are stored, as recognised by content. */
export type CaptionFormat = "parquet" | "tsv" | "csv" | "jsonl" | "json" | "text" | "tar";

/** How quotes are read in TSV and CSV: as pandas' QUOTE_MINIMAL or QUOTE_NONE, or as the file's beginning suggests. */
export type Quoting = "minimal" | "none" | "auto";

/** What a user may say about the files; everything has a default or is recognised. */
export interface CaptionOptions {
  /** Column or key of the caption, or its number from 0. Default: the first there is of TEXT, caption, text. */
  readonly column?: string;
  /** Default "minimal". */
  readonly quoting?: Quoting;
  /** Whether a table's first row names its columns. Default: it does when it holds the column that is asked for. */
  readonly header?: boolean;
  /** Reads the file as this instead of what it looks like. */
  readonly format?: CaptionFormat;
}

/**
 * A part of a file that one worker reads: bytes of a plain table, JSONL or text file, row groups of a parquet file, or
 * the whole file (gzip, JSON array, tar).
 */
export interface CaptionUnit {
  /** Number within the file, from 0. */
  readonly index: number;
  /** First byte or row group, and the one behind the last. A record belongs to the unit in which it begins. */
  readonly start: number;
  readonly end: number;
}

/** A file that was looked at: all that a worker needs to read its units. Plain data, so it can be posted. */
export interface CaptionFile {
  readonly path: string;
  readonly format: CaptionFormat;
  readonly gzipped: boolean;
  readonly bytes: number;
  /** Name of the column or key that holds the caption; null for text. */
  readonly column: string | null;
  readonly units: readonly CaptionUnit[];
  /** What the format's reader keeps for itself, such as the number of the column or how quotes are read. */
  readonly layout: Readonly<Record<string, string | number | boolean | null>>;
}

/** What was met on reading. Every row is counted once in `rows`, and in one of the others where that applies. */
export interface CaptionTally {
  /** Records read, with or without a caption. */
  rows: number;
  /** Captions that are null or absent (in tables also what pandas reads as NaN: empty, NA, null, ...). */
  nulls: number;
  /** Captions of no character. */
  empty: number;
  /** Captions with bytes that are no UTF-8; each bad sequence counts as one character that is no letter. */
  invalidUtf8: number;
  /** Captions longer than the arena's text (8 MiB), which are left out. */
  tooLong: number;
  /** Records that are malformed (wrong number of fields, broken JSON) and therefore have no caption. */
  malformed: number;
}

/** How the reading of a unit ended. */
export interface UnitReading {
  readonly tally: CaptionTally;
  /**
   * Where the first record of the unit began, and where the one behind its last begins. A block that starts amid a
   * file guesses the first from what it sees; the guess was right iff it equals the `ended` of the unit before.
   */
  readonly began: number;
  readonly ended: number;
}

/** Captions handed on: the first `count` spans of the arena. Synchronous; the spans hold until it returns. */
export type CaptionSink = (count: number) => void;

/** How a unit is read. */
export interface ReadOptions {
  /** Start at this record instead of guessing: the `ended` of the unit before. */
  readonly from?: number;
  /**
   * Also gives `arena.rows()`: the span of each whole record. Of a tar, whose members lie apart, it is the sample's key;
   * of parquet, whose columns do, there is none (RangeError; its rows are read by their number, see parquet_rows.ts).
   */
  readonly rows?: boolean;
  /**
   * Called in its place between two batches for each record that has no caption at all (malformed, too long), so that
   * records can be numbered. Not by the formats of lines.
   */
  readonly onLeftOut?: () => void;
  readonly signal?: AbortSignal;
}

/** Reads a unit's captions in order. Throws SyntaxError naming file and place for a file that is damaged. */
export type ReadUnit = (
  file: CaptionFile,
  unit: CaptionUnit,
  arena: CaptionArena,
  sink: CaptionSink,
  options?: ReadOptions,
) => Promise<UnitReading>;

/** A tally of nothing. */
export function emptyTally(): CaptionTally {
  return { rows: 0, nulls: 0, empty: 0, invalidUtf8: 0, tooLong: 0, malformed: 0 };
}

/** Adds `from` to `to`. */
export function addTally(to: CaptionTally, from: CaptionTally): void {
  for (const key of Object.keys(to) as (keyof CaptionTally)[]) to[key] += from[key];
}
