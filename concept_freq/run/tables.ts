/** From a count's partial results to its tables: what each counting command provides, for its own runs and for merges. */
import type { Progress } from "../../data_utils/mod.ts";
import type { CountOutcome } from "./count_job.ts";

/** Where tables go, and what writing them may use. */
export interface TablesContext {
  /** Folder of the tables, which is there. */
  readonly out: string;
  /** The captions' name in the tables' names. */
  readonly name: string;
  /** A folder for temporary files, which is there and goes away by itself. */
  readonly scratch: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Tables that were written. */
export interface WrittenTables {
  /** The tables' paths, the main one first. */
  readonly tables: readonly string[];
  /** Where the description of the count goes: {@link "./provenance.ts"}. */
  readonly provenance: string;
}

/** Writes the tables of a count. */
export type WriteTables = (outcome: CountOutcome, context: TablesContext) => Promise<WrittenTables>;
