/** The statistics of a shard: made from its rows, and read back as the sign that it is finished. */
import { hostOf } from "./hosts.ts";
import { writeTemporary, type WrittenFile } from "./hashed_file.ts";
import type { ShardFiles } from "./names.ts";
import type { RowResult, ShardStats } from "./shard.ts";

type Counted = Pick<RowResult, "status" | "reason" | "url" | "wireBytes">;

const byCount = (a: readonly [string, number], b: readonly [string, number]) =>
  b[1] - a[1] || (a[0] < b[0] ? -1 : 1);

/** Rows by "success" or reason, the most frequent first. */
export function statusDict(rows: Iterable<Pick<RowResult, "reason">>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of rows) counts.set(reason ?? "success", (counts.get(reason ?? "success") ?? 0) + 1);
  return Object.fromEntries([...counts].sort(byCount));
}

/** Successes and failures by host. */
function hostCounts(rows: Iterable<Counted>): Record<string, [number, number]> {
  const counts = new Map<string, [number, number]>();
  for (const { url, status } of rows) {
    if (status === "skipped") continue;
    const host = hostOf(url), count = counts.get(host) ?? [0, 0];
    count[status === "success" ? 0 : 1]++;
    counts.set(host, count);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => a < b ? -1 : 1));
}

/** What is counted of rows. */
export function countRows(
  rows: readonly Counted[],
): Omit<ShardStats, "duration" | "start_time" | "end_time" | "tar" | "parquet" | "replaces"> {
  const having = (status: RowResult["status"]) => rows.filter((row) => row.status === status).length;
  return {
    count: rows.length,
    successes: having("success"),
    failed_to_download: having("failed_to_download"),
    failed_to_resize: having("failed_to_resize"),
    skipped: having("skipped"),
    status_dict: statusDict(rows),
    wire_bytes: rows.reduce((sum, { wireBytes }) => sum + wireBytes, 0),
    hosts: hostCounts(rows),
  };
}

/** How a file is named in the statistics. */
export const fileNote = (path: string, written: WrittenFile) => ({
  name: path.slice(path.lastIndexOf("/") + 1),
  ...written,
});

/** Writes the statistics, and the number of successes where the layout has a file of it, under temporary names. */
export async function writeStats({ stats: path, size }: ShardFiles, stats: ShardStats): Promise<void> {
  const writeText = (path: string, text: string) =>
    writeTemporary(path, (write) => write(new TextEncoder().encode(text)));
  await writeText(path, JSON.stringify(stats, null, 4) + "\n");
  if (size !== null) await writeText(size, String(stats.successes));
}

const isNote = (value: unknown): boolean => {
  const { name, bytes, sha256 } = value as Partial<ShardStats["tar"]> ?? {};
  return typeof name === "string" && Number.isSafeInteger(bytes) && /^[0-9a-f]{64}$/.test(sha256 ?? "");
};

/** The statistics in a file; null where there is none or no such one. */
export async function readStats(path: string): Promise<ShardStats | null> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "null";
    throw error;
  });
  try {
    const stats = JSON.parse(text) as ShardStats | null;
    const whole = stats !== null && isNote(stats.tar) && isNote(stats.parquet) &&
      Number.isSafeInteger(stats.count) && Number.isSafeInteger(stats.successes) &&
      typeof stats.status_dict === "object" && typeof stats.hosts === "object";
    return whole ? stats : null;
  } catch {
    return null;
  }
}

/** Size of a file, or -1. */
const sizeOf = (path: string) => Deno.stat(path).then(({ size, isFile }) => isFile ? size : -1, () => -1);

/**
 * The statistics of a shard that is whole: its archive and table are there, with as many bytes as the statistics say.
 * Null of any other. Hashes are not looked at; see `verifyShard`.
 */
export async function finishedShard({ stats, tar, parquet }: ShardFiles): Promise<ShardStats | null> {
  const found = await readStats(stats);
  if (found === null) return null;
  const sizes = await Promise.all([sizeOf(tar), sizeOf(parquet)]);
  return sizes[0] === found.tar.bytes && sizes[1] === found.parquet.bytes ? found : null;
}
