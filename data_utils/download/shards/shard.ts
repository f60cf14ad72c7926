/** What a shard is made of and what is said of it when it is finished. */
import type { Reason, Status } from "../outcome.ts";
import type { Prepared } from "../picture/image_rules.ts";
import type { Cell } from "../row.ts";

/** `webdataset`: what img2dataset writes; `qnq`: what the downloaders of Quality Not Quantity write. */
export type Layout = "webdataset" | "qnq";

/** One input row's end. */
export interface RowResult {
  /** Place within the shard, from 0. */
  readonly index: number;
  /** Stable for ever: number of shard and row. */
  readonly key: string;
  readonly url: string;
  readonly caption: string;
  readonly extra: Readonly<Record<string, Cell>>;
  readonly status: Status;
  /** Null of a success. */
  readonly reason: Reason | null;
  readonly detail: string;
  readonly httpStatus: number | null;
  readonly attempts: number;
  /** Bytes over the wire in all attempts that gave an answer. */
  readonly wireBytes: number;
  /** Of a success. A row that is given up after all may have one: its bytes are not stored, the hash of them is noted. */
  readonly image: Prepared | null;
}

/** `NAME_stats.json`: img2dataset's fields and more. */
export interface ShardStats {
  readonly count: number;
  readonly successes: number;
  readonly failed_to_download: number;
  readonly failed_to_resize: number;
  readonly skipped: number;
  /** Seconds, and Unix times in seconds. */
  readonly duration: number;
  readonly start_time: number;
  readonly end_time: number;
  /** Rows by "success" or reason. */
  readonly status_dict: Readonly<Record<string, number>>;
  readonly wire_bytes: number;
  /** By host of the row's URL: successes, failures; skipped rows are not counted. */
  readonly hosts: Readonly<Record<string, readonly [number, number]>>;
  /** Of a supplementary shard: the earlier outcomes that its rows had, which these ones take the place of. */
  readonly replaces?: {
    /** Rows by reason. */
    readonly status_dict: Readonly<Record<string, number>>;
    /** Failures by host; skipped rows are not counted. */
    readonly hosts: Readonly<Record<string, number>>;
  };
  readonly tar: { readonly name: string; readonly bytes: number; readonly sha256: string };
  readonly parquet: { readonly name: string; readonly bytes: number; readonly sha256: string };
}

/** A shard that is being filled. Rows may come in any order; the archive has them in theirs. */
export interface ShardWriter {
  /** Takes each row of the shard once. Images go to a spool file at once, so memory does not grow with them. */
  add(result: RowResult): Promise<void>;
  /**
   * Writes tar, parquet and stats under temporary names, syncs them and renames them, the tar last. Unix times in
   * milliseconds. Throws Error naming the file that the disk has no room for; then nothing has changed.
   */
  finish(times: { readonly started: number; readonly ended: number }): Promise<ShardStats>;
  /** Closes and removes what was begun; harmless at any time. */
  abandon(): Promise<void>;
}
