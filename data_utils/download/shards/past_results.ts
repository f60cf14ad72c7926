/** What finished shards say of their rows: for failures that are asked for again, and for duplicates by content. */
import { noteOf, type Reason, type Status } from "../outcome.ts";
import { readFrame } from "../../tables/read_frame.ts";
import { textAt } from "../../tables/column.ts";
import { hostOf } from "./hosts.ts";
import type { ShardStats } from "./shard.ts";
import { statusDict } from "./shard_stats.ts";

/** A row's end as its shard's parquet file has it, without the input's other columns. */
export interface PastResult {
  /** Place within this shard, from 0; in a supplementary one not that of the input. */
  readonly index: number;
  readonly key: string;
  readonly url: string;
  readonly caption: string;
  readonly status: Status;
  readonly reason: Reason | null;
  readonly errorMessage: string | null;
  readonly httpStatus: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly originalWidth: number | null;
  readonly originalHeight: number | null;
  /** Of what was fetched; also of a row that was dropped for it. */
  readonly sha256: string | null;
  readonly storedSha256: string | null;
}

const texts = [
  "key",
  "url",
  "caption",
  "status",
  "reason",
  "error_message",
  "sha256",
  "stored_sha256",
] as const;
const numbers = ["http_status", "width", "height", "original_width", "original_height"] as const;

/**
 * The rows of a shard by its parquet file. Throws SyntaxError naming the file when it is damaged, lacks a column, or
 * has a row without a key or a status.
 */
export async function readShardResults(path: string): Promise<PastResult[]> {
  const frame = await readFrame(path, { columns: [...texts, ...numbers], format: "parquet" });
  const text = (name: typeof texts[number]) => {
    const column = frame.text(name);
    return (row: number) => textAt(column, row);
  };
  const number = (name: typeof numbers[number]) => {
    const values = frame.numbers(name);
    return (row: number) => Number.isNaN(values[row]) ? null : values[row];
  };
  const [key, url, caption, status, reason, message, sha256, stored] = texts.map(text);
  const [httpStatus, width, height, originalWidth, originalHeight] = numbers.map(number);
  return Array.from({ length: frame.rows }, (_, row) => {
    const name = key(row), end = status(row), why = reason(row);
    if (name === null || end === null || (why === null) !== (end === "success")) {
      throw new SyntaxError(`${path} is no table of a download: row ${row} has no key, status or reason`);
    }
    if (why !== null) noteOf(why);
    return {
      index: row,
      key: name,
      url: url(row) ?? "",
      caption: caption(row) ?? "",
      status: end as Status,
      reason: why as Reason | null,
      errorMessage: message(row),
      httpStatus: httpStatus(row),
      width: width(row),
      height: height(row),
      originalWidth: originalWidth(row),
      originalHeight: originalHeight(row),
      sha256: sha256(row),
      storedSha256: stored(row),
    };
  });
}

/**
 * Whether a row is asked for again: when its reason is among those named, or, with none named, when another try may
 * help. Throws RangeError, listing the reasons, for a name that is none.
 */
export function wantsRetry(
  reasons: readonly string[] | null,
): (result: Pick<PastResult, "reason">) => boolean {
  for (const reason of reasons ?? []) noteOf(reason);
  const named = reasons && new Set(reasons);
  return ({ reason }) => reason !== null && (named ? named.has(reason) : noteOf(reason).retry !== "never");
}

/** What the statistics of a supplementary shard say of the outcomes that its rows had before. */
export function replacedBy(rows: Iterable<PastResult>): NonNullable<ShardStats["replaces"]> {
  const before = [...rows], hosts = new Map<string, number>();
  for (const { status, url } of before) {
    if (status === "skipped") continue;
    hosts.set(hostOf(url), (hosts.get(hostOf(url)) ?? 0) + 1);
  }
  return {
    status_dict: statusDict(before),
    hosts: Object.fromEntries([...hosts].sort(([a], [b]) => a < b ? -1 : 1)),
  };
}
