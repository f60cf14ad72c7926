/** Rows of the tables that list images, and what a source makes of them. Plain data throughout. */
import type { Reason } from "./outcome.ts";

/** A value of a table as JSON has it; a whole number beyond 2^53 is its digits. */
export type Cell = string | number | boolean | null | readonly Cell[] | { readonly [key: string]: Cell };

/** Kinds of columns by name; lists and other values are text. A column that is not there may have any values. */
export type ColumnKinds = Readonly<Record<string, "text" | "int64" | "float64" | "boolean">>;

/** A row as read. */
export interface TableRow {
  /** Number within the file, from 0, counting malformed rows too, but neither a header nor blank lines. */
  readonly row: number;
  /** By column name; in a table without a header "0", "1", ... A URL list has the column "url". */
  readonly cells: Readonly<Record<string, Cell>>;
  /** What is wrong with a row that could not be read: it has no cells then. */
  readonly fault?: string;
}

/** A row as a source sees it. */
export interface WantedRow {
  /** Trimmed; "" where there is none. */
  readonly url: string;
  /** "" only where a source needs no caption. */
  readonly caption: string;
  /** All cells but those of url and caption. */
  readonly extra: Readonly<Record<string, Cell>>;
  /** Why it is not asked for. */
  readonly skip?: { readonly reason: Reason; readonly detail: string };
}
