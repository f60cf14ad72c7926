/** What became of every row in the end: of the shards and of those that supplement them. */
import { placeOfKey } from "../shards/keys.ts";
import { listShards, parseShardName, shardFiles } from "../shards/names.ts";
import { type PastResult, readShardResults } from "../shards/past_results.ts";
import type { DownloadConfig } from "./download_config.ts";
import { isOurs } from "./part.ts";

/** Names of this machine's shards in order, by round (0: those that supplement none). */
async function shardsByRound(
  { out, layout, part }: DownloadConfig,
): Promise<Map<number, string[]>> {
  const names = (await listShards(out, layout)).filter((name) =>
    isOurs(parseShardName(name, layout)!.shard, part)
  );
  return Map.groupBy(names, (name) => Number(/^retry(\d+)_/.exec(name)?.[1] ?? 0));
}

/**
 * The latest outcome of every row, in the order of keys. Supplementary shards have their rows in that order too, so each
 * round is read along with the shards it supplements, and memory holds one shard of each.
 */
export async function* latestOutcomes(config: DownloadConfig): AsyncGenerator<PastResult[]> {
  const { out, layout, rowsPerShard } = config, rounds = await shardsByRound(config);
  const files = (name: string) => shardFiles(out, layout, name).parquet;
  async function* resultsOf(names: readonly string[]): AsyncGenerator<PastResult> {
    for (const name of names) yield* await readShardResults(files(name));
  }
  const retried = [...rounds.keys()].filter((round) => round > 0).sort((a, b) => a - b);
  const cursors = await Promise.all(retried.map(async (round) => {
    const results = resultsOf(rounds.get(round)!);
    return { results, head: await results.next() };
  }));
  for (const name of rounds.get(0) ?? []) {
    const shard = parseShardName(name, layout)!.shard, results = await readShardResults(files(name));
    for (const cursor of cursors) {
      while (!cursor.head.done && placeOfKey(cursor.head.value.key, rowsPerShard).shard === shard) {
        results[placeOfKey(cursor.head.value.key, rowsPerShard).index] = cursor.head.value;
        cursor.head = await cursor.results.next();
      }
    }
    yield results;
  }
}
