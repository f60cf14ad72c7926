/** Statistics of many shards and machines as one sum, read piece by piece. */
import { errorLine } from "../../program/outcome.ts";
import type { ShardStats } from "../shards/shard.ts";
import { type StatsSum, sumStats } from "../shards/statistics.ts";
import { byCount } from "./amounts.ts";
import { type MergedStats, readStatsFile } from "./stats_files.ts";

/** Entries of hosts that are held before they are summed: few against the memory of a million hosts. */
const MOST_HELD = 1_000_000;

/** What became of the files. */
export interface Merged {
  readonly sum: StatsSum;
  /** Why each of those is left out that could not be read. */
  readonly unreadable: readonly string[];
  /** Files of shards that were there before, from another folder. */
  readonly copies: readonly string[];
}

/** A sum in the form of a shard's statistics. */
function asStats({ hosts, tar_bytes, start_time, end_time, ...sum }: StatsSum): ShardStats {
  const file = { name: "", bytes: 0, sha256: "" };
  return {
    ...sum,
    hosts: Object.fromEntries(
      Array.from(hosts, ([host, { successes, failures }]) => [host, [successes, failures]]),
    ),
    ...{ start_time: start_time ?? Infinity, end_time: end_time ?? -Infinity, duration: 0 },
    ...{ tar: { ...file, bytes: tar_bytes }, parquet: file },
  };
}

/** Whether nothing is less than nothing: what a supplementary shard replaces has been counted too. */
const isComplete = ({ status_dict }: StatsSum) => Object.values(status_dict).every((rows) => rows >= 0);

/**
 * Sums files of statistics, each row with its latest outcome, and copies of a shard once. Throws RangeError when a
 * supplementary shard is among them and the shards it supplements are not, and what `signal` aborted with.
 */
export async function mergeStats(
  paths: readonly string[],
  signal: AbortSignal,
  mostHeld = MOST_HELD,
): Promise<Merged> {
  const unreadable: string[] = [], copies: string[] = [], known = new Set<string>();
  let held: ShardStats[] = [], entries = 0, shards = 0, supplements = 0, readable = 0;
  for (const path of paths) {
    signal.throwIfAborted();
    try {
      const part = await readStatsFile(path);
      readable++;
      if (part.identity !== null && known.has(part.identity)) {
        copies.push(path);
        continue;
      }
      if (part.identity !== null) known.add(part.identity);
      held.push(part.stats);
      shards += part.shards;
      supplements += part.supplements;
      entries += Object.keys(part.stats.hosts).length;
    } catch (error) {
      unreadable.push(errorLine(error));
    }
    if (entries < mostHeld) continue;
    held = [asStats(sumStats(held))];
    entries = 0;
  }
  if (readable === 0) throw new RangeError(`No statistics could be read: ${unreadable[0]}`);
  const sum = { ...sumStats(held), shards, supplements };
  if (!isComplete(sum)) {
    const why = unreadable.length > 0 ? ` (${unreadable.join("; ")})` : "";
    throw new RangeError(
      `A supplementary shard (retry...) is there without the shards whose rows it went over again${why}: ` +
        "name their folder too",
    );
  }
  return { sum, unreadable, copies };
}

/** A sum as it is written. */
export function mergedJson({ hosts, ...sum }: StatsSum): MergedStats {
  const order = byCount(
    Array.from(hosts, ([host, { successes, failures }]) => [host, successes + failures]),
  );
  const pairs = order.filter(([, rows]) => rows !== 0).map(([host]): [string, [number, number]] => {
    const { successes, failures } = hosts.get(host)!;
    return [host, [successes, failures]];
  });
  return { ...sum, hosts: Object.fromEntries(pairs) };
}
