/** A row's end as a shard under way holds it: the bytes of its image are in the spool. */
import type { Prepared } from "../picture/image_rules.ts";
import type { RowResult } from "./shard.ts";

/** A stretch of the spool. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

export interface StoredRow extends Omit<RowResult, "image"> {
  /** `at` is null of an image that is not in the archive, for its row is no success. */
  readonly image: (Omit<Prepared, "bytes"> & { readonly at: Stretch | null }) | null;
}

/** Null where there is nothing: in tables and JSON a text that is not there is missing, not empty. */
export const orNull = (text: string): string | null => text === "" ? null : text;

/** One line on what went wrong; null of a success. */
export const errorMessage = ({ reason, detail }: Pick<RowResult, "reason" | "detail">): string | null =>
  reason === null ? null : detail || reason;
