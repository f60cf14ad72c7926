/**
 * How the files of a shard take their places together. All are first written under temporary names. The statistics are
 * renamed first: they name the bytes and hashes of the others, so a process that comes after a kill can tell a temporary
 * file that belongs in its place from a half-written one, and finish what was begun. The archive comes last.
 */
import { hashOpenFile } from "../../curate/file_hash.ts";
import { writeError } from "../../runs/atomic.ts";
import { syncFolder, temporaryOf } from "./hashed_file.ts";
import {
  filesIn,
  parseShardName,
  type ShardFiles,
  shardFiles,
  shardFolder,
  type ShardId,
  shardOfFile,
} from "./names.ts";
import type { Layout, ShardStats } from "./shard.ts";
import { readStats } from "./shard_stats.ts";
import { addSize, sizesOwner } from "./sizes.ts";

/** In the order in which they take their places. */
const inOrder = ({ stats, size, parquet, tar }: ShardFiles): string[] =>
  [stats, size, parquet, tar].filter((path) => path !== null);

const removeQuietly = (path: string) => Deno.remove(path).catch(() => {});

/** Takes away what was written of a shard under temporary names. */
async function removeTemporaries(files: ShardFiles): Promise<void> {
  for (const path of inOrder(files)) await removeQuietly(temporaryOf(path));
}

/** Puts all files of a shard, written and synced, into their places. */
async function placeAll(files: ShardFiles): Promise<void> {
  for (const [i, path] of inOrder(files).entries()) {
    try {
      await Deno.rename(temporaryOf(path), path);
    } catch (error) {
      if (i === 0) await removeTemporaries(files); // else `clearLeftovers` goes on
      throw writeError(path, error);
    }
  }
  await syncFolder(files.folder);
}

/**
 * Replaces the files of a shard by those that `write` writes under their temporary names; returns their statistics.
 * When one of them or the disk fails, nothing has changed and nothing is left.
 */
export async function writeTogether(
  files: ShardFiles,
  write: () => Promise<ShardStats>,
): Promise<ShardStats> {
  const stats = await write().catch(async (error) => {
    await removeTemporaries(files);
    throw error;
  });
  await placeAll(files);
  if (files.size !== null) await addSize(files, stats.successes);
  return stats;
}

/** Whether a temporary file is what the statistics say. */
async function isWhole(path: string, note: { bytes: number; sha256: string }): Promise<boolean> {
  using file = await Deno.open(temporaryOf(path)).catch(() => null);
  if (file === null || (await file.stat()).size !== note.bytes) return false;
  return (await hashOpenFile(file)).sha256 === note.sha256;
}

/** Finishes what a killed process began with a shard, or takes it away. */
async function recoverShard(files: ShardFiles): Promise<void> {
  const stats = await readStats(files.stats), { parquet, tar, size } = files;
  const place = (path: string) => Deno.rename(temporaryOf(path), path);
  if (stats !== null) {
    const written = size && await Deno.readTextFile(temporaryOf(size)).catch(() => null);
    if (size && written === String(stats.successes)) await place(size);
    if (await isWhole(parquet, stats.parquet)) await place(parquet);
    if (await isWhole(tar, stats.tar)) await place(tar);
    await syncFolder(files.folder);
  }
  await removeTemporaries(files);
}

/** Where leftovers may be, and whose. */
export interface LeftoverOptions {
  readonly out: string;
  readonly layout: Layout;
  /** Folder of the spools. */
  readonly scratch: string;
  /** Shards that no other process can be at work on. */
  readonly mine: (shard: ShardId) => boolean;
}

/**
 * Finishes or takes away what killed processes left of shards of ours: temporary files and spools. Returns the names of
 * the shards of which there was anything. Other files stay.
 */
export async function clearLeftovers({ out, layout, scratch, mine }: LeftoverOptions): Promise<string[]> {
  const isMine = (name: string | null): name is string => {
    const id = name === null ? null : parseShardName(name, layout);
    return id !== null && mine(id);
  };
  const folder = shardFolder(out, layout), begun = new Set<string>();
  for (const file of await filesIn(folder)) {
    const whole = file.endsWith(".tmp") ? file.slice(0, -4) : "";
    const name = shardOfFile(whole, layout), owner = sizesOwner(file);
    if (isMine(name)) begun.add(name);
    if (isMine(owner)) await removeQuietly(`${folder}/${file}`);
  }
  for (const name of begun) await recoverShard(shardFiles(out, layout, name));
  for (const file of await filesIn(scratch)) {
    const name = file.endsWith(".spool") ? file.slice(0, -6) : null;
    if (!isMine(name)) continue;
    await removeQuietly(`${scratch}/${file}`);
    begun.add(name);
  }
  return [...begun];
}
