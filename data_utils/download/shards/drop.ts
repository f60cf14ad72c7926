/** Taking successes out of a finished shard again, because an earlier row has the same bytes. */
import { tarMembers } from "../../loader/tar.ts";
import { TAR_END, tarEntry } from "../../loader/write_tar.ts";
import { hostOf } from "./hosts.ts";
import { writeTogether } from "./commit.ts";
import { gatherer } from "./gather.ts";
import { writeTemporary } from "./hashed_file.ts";
import { memberStem, type ShardFiles } from "./names.ts";
import type { RowColumn } from "./row_columns.ts";
import { readRowTable, writeRowTable } from "./row_table.ts";
import type { ShardStats } from "./shard.ts";
import { fileNote, finishedShard, statusDict, writeStats } from "./shard_stats.ts";
import type { Reason } from "../outcome.ts";

/** Columns of an image, which a row without one has not. The hash of what was fetched stays. */
const imageColumns = ["width", "height", "original_width", "original_height", "exif", "stored_sha256"];

const valuesOf = (columns: readonly RowColumn[], name: string) =>
  columns.find((column) => column.name === name)?.values ?? [];

/** The columns with these rows, by key, dropped. */
function droppedFrom(columns: readonly RowColumn[], drops: ReadonlyMap<string, string>): RowColumn[] {
  const detail = valuesOf(columns, "key").map((key) => drops.get(String(key)));
  const put: Record<string, (row: number) => string | null> = {
    status: () => "skipped",
    reason: () => "duplicate_content",
    error_message: (row) => detail[row] || "duplicate_content",
    ...Object.fromEntries(imageColumns.map((name) => [name, () => null])),
  };
  return columns.map((column) => {
    const changed = Object.hasOwn(put, column.name) ? put[column.name] : null;
    if (changed === null) return column;
    const values = column.values.map((value, row) => detail[row] === undefined ? value : changed(row));
    return { ...column, values };
  });
}

/** The statistics with the counts of the columns as they are now. */
function countsOf(stats: ShardStats, columns: readonly RowColumn[], urls: readonly string[]) {
  const reasons = valuesOf(columns, "reason") as readonly (Reason | null)[];
  const hosts = new Map(Object.entries(stats.hosts));
  for (const url of urls) {
    const host = hostOf(url), [successes, failures] = hosts.get(host) ?? [0, 0];
    if (successes + failures <= 1) hosts.delete(host);
    else hosts.set(host, [successes - 1, failures]);
  }
  return {
    successes: stats.successes - urls.length,
    skipped: stats.skipped + urls.length,
    status_dict: statusDict(reasons.map((reason) => ({ reason }))),
    hosts: Object.fromEntries(hosts),
  };
}

/** Copies the members whose row stays. */
async function copyMembers(
  path: string,
  stays: (stem: string) => boolean,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const out = gatherer(write);
  for await (const { name, read } of tarMembers(path)) {
    if (stays(name.slice(0, name.indexOf(".")))) await out.put(tarEntry(name, await read()));
  }
  await out.put(TAR_END);
  await out.end();
}

/**
 * Rewrites a finished shard without some of its successes, given by key with what is said of each: they become skipped,
 * for duplicate_content. The new files take their places together, as those of a new shard do. Keys that are no success
 * of the shard are passed over. Throws Error for a shard that is not whole.
 */
export async function dropFromShard(
  files: ShardFiles,
  drops: ReadonlyMap<string, string>,
): Promise<ShardStats> {
  const before = await finishedShard(files);
  if (before === null) throw new Error(`${files.tar} is not whole: give the command of its download again`);
  const columns = await readRowTable(files.parquet), statuses = valuesOf(columns, "status");
  const wanted = new Map<string, string>(), urls: string[] = [], allUrls = valuesOf(columns, "url");
  for (const [row, key] of valuesOf(columns, "key").entries()) {
    const detail = drops.get(String(key));
    if (detail === undefined || statuses[row] !== "success") continue;
    wanted.set(String(key), detail);
    urls.push(String(allUrls[row]));
  }
  if (wanted.size === 0) return before;
  const gone = new Set(Array.from(wanted.keys(), (key) => memberStem(key, files.layout)));
  return await writeTogether(files, async () => {
    const tar = await writeTemporary(
      files.tar,
      (write) => copyMembers(files.tar, (stem) => !gone.has(stem), write),
    );
    const after = droppedFrom(columns, wanted);
    const parquet = await writeTemporary(files.parquet, (write) => writeRowTable(write, after));
    const stats: ShardStats = {
      ...before,
      ...countsOf(before, after, urls),
      tar: fileNote(files.tar, tar),
      parquet: fileNote(files.parquet, parquet),
    };
    await writeStats(files, stats);
    return stats;
  });
}
