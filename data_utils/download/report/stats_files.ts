/** The statistics of downloads as files: those of shards, in folders of both layouts, and sums that were merged before. */
import { expectFields, type Fields, isNumber, isObject } from "../../runs/expect.ts";
import { noteOf } from "../outcome.ts";
import { compareShards, filesIn, parseShardName, type ShardId, shardOfFile } from "../shards/names.ts";
import type { Layout, ShardStats } from "../shards/shard.ts";
import type { StatsSum } from "../shards/statistics.ts";

/** A sum as JSON. It has the fields of a shard's statistics, so that sums can be summed again. */
export interface MergedStats extends Omit<StatsSum, "hosts"> {
  /** Successes and failures by host, the host with most rows first. */
  readonly hosts: Readonly<Record<string, readonly [number, number]>>;
}

/** What a file adds to a sum. */
export interface StatsPart {
  readonly stats: ShardStats;
  readonly shards: number;
  readonly supplements: number;
  /** The same for a copy of the same shard in another folder; null of a sum. */
  readonly identity: string | null;
}

interface Found extends ShardId {
  readonly path: string;
}

const isCounts = (value: unknown) =>
  isObject(value) && Object.values(value as object).every(Number.isSafeInteger);
const isPair = (value: unknown) =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);

const fields: Fields<Pick<ShardStats, "status_dict" | "hosts" | "wire_bytes" | "start_time" | "end_time">> = {
  status_dict: isCounts,
  hosts: (value) => isObject(value) && Object.values(value as object).every(isPair),
  wire_bytes: isNumber,
  start_time: isNumber,
  end_time: isNumber,
};
const isFile = (value: unknown) =>
  isObject(value) && typeof (value as { sha256: unknown }).sha256 === "string";
const shardFields = { tar: isFile, parquet: isFile };
const sumFields = { shards: Number.isSafeInteger, supplements: Number.isSafeInteger, tar_bytes: isNumber };

/** Statistics of shards in a folder, which may be the folder of a download or the one within it that has the shards. */
async function statsIn(folder: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const within of [folder, `${folder}/shards`]) {
    for (const file of await filesIn(within)) {
      if (!file.endsWith("_stats.json")) continue;
      for (const layout of ["webdataset", "qnq"] satisfies Layout[]) {
        const name = shardOfFile(file, layout);
        if (name !== null) found.push({ path: `${within}/${file}`, ...parseShardName(name, layout)! });
      }
    }
  }
  return found;
}

/**
 * The files that folders hold and paths name, those of supplementary shards last. Throws RangeError for a folder without
 * statistics, and NotFound for a path that leads nowhere.
 */
export async function statsFiles(paths: readonly string[]): Promise<string[]> {
  const found: Found[] = [], seen = new Set<string>();
  for (const path of paths) {
    const real = await Deno.realPath(path);
    if (seen.has(real)) continue;
    seen.add(real);
    const { isDirectory } = await Deno.stat(path);
    const own = isDirectory ? await statsIn(path) : [{ path, tag: "", shard: -1 }];
    if (own.length === 0) {
      throw new RangeError(
        `${path} holds no statistics (00000_stats.json ...): name the folder of a download`,
      );
    }
    found.push(...own);
  }
  return found.sort(compareShards).map(({ path }) => path);
}

/** Reads a file of statistics. Throws SyntaxError, naming it, for what is none. */
export async function readStatsFile(path: string): Promise<StatsPart> {
  const text = await Deno.readTextFile(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SyntaxError(`${path} is no JSON`);
  }
  const merged = isObject(value) && "shards" in (value as object);
  expectFields(value, { ...fields, ...merged ? sumFields : shardFields }, path);
  const stats = value as ShardStats & MergedStats, { replaces } = stats;
  if (replaces !== undefined) {
    expectFields(replaces, { status_dict: isCounts, hosts: isCounts }, `${path}: replaces`);
  }
  const reasons = [...Object.keys(stats.status_dict), ...Object.keys(replaces?.status_dict ?? {})];
  for (const reason of reasons) {
    try {
      if (reason !== "success") noteOf(reason);
    } catch {
      throw new SyntaxError(`${path} was not written by this program: it has the reason ${reason}`);
    }
  }
  if (merged) {
    const tar = { name: "", bytes: stats.tar_bytes, sha256: "" };
    const { shards, supplements } = stats;
    return { stats: { ...stats, tar }, shards, supplements, identity: null };
  }
  const identity = [stats.parquet, stats.tar].map(({ name, sha256 }) => `${name} ${sha256}`).join(" ");
  return { stats, shards: 1, supplements: replaces ? 1 : 0, identity };
}
