/**
 * Rows that repeat the URL or the bytes of an earlier one. URLs are compared before anything is fetched, bytes when all
 * is there; the first row in the order of keys stays, whichever came first over the network.
 */
import type { Progress } from "../../program/progress.ts";
import { openDuplicateFinder } from "../dedup/duplicate_finder.ts";
import { writeDuplicateTable } from "../dedup/duplicate_table.ts";
import { makePlan, type Plan } from "../plan/plan.ts";
import { rowReaders } from "../plan/row_readers.ts";
import { keyOf, placeOfKey } from "../shards/keys.ts";
import { dropFromShard } from "../shards/drop.ts";
import { listShards, parseShardName, shardFiles } from "../shards/names.ts";
import { readShardResults } from "../shards/past_results.ts";
import { latestOutcomes } from "./latest_outcomes.ts";
import { orNothing } from "./or_nothing.ts";
import type { DownloadFolder } from "./folder.ts";
import { duplicatesPath, isOurs } from "./part.ts";

/** Where it is shown how far things are, and what stops them. */
export interface PassContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Goes over all inputs, and tells which rows have the URL of an earlier one that is to be fetched. */
export async function planWithoutDuplicates(
  folder: DownloadFolder,
  { progress, signal }: PassContext,
): Promise<{ plan: Plan; isDuplicate: (row: number) => boolean }> {
  const { config, inputs, state } = folder, { rows, rowsPerShard } = config;
  const readers = await rowReaders(inputs, config);
  await using finder = await openDuplicateFinder(`${state}/urls`, { signal });
  const plan = await orNothing(folder, () =>
    makePlan({
      ...{ inputs, rows, rowsPerShard, state, progress, signal },
      look(row, number, path) {
        const { url, skip } = readers.get(path)!(row);
        if (!skip) finder.add(url, number);
      },
    }));
  const { count, isDuplicate } = await finder.finish();
  progress.note(`${count} of ${plan.rows} rows have the URL of an earlier one`);
  return { plan, isDuplicate };
}

/** The number over all inputs of the row with a key, and the other way round. */
function rowNumbers({ shards }: Plan, rowsPerShard: number) {
  return {
    rowOf(key: string): number {
      const { shard, index } = placeOfKey(key, rowsPerShard);
      return shards[shard].before + index;
    },
    keyOfRow(row: number): string {
      let low = 0, high = shards.length;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (shards[middle].before <= row) low = middle;
        else high = middle;
      }
      return keyOf(low, row - shards[low].before, rowsPerShard);
    },
  };
}

/** Takes images out of the finished shards whose bytes an earlier row has. */
async function dropContent(
  { config }: DownloadFolder,
  isDuplicate: (key: string) => boolean,
  { signal }: PassContext,
) {
  const { out, layout, part } = config;
  for (const name of await listShards(out, layout)) {
    signal.throwIfAborted();
    if (!isOurs(parseShardName(name, layout)!.shard, part)) continue;
    const files = shardFiles(out, layout, name), results = await readShardResults(files.parquet);
    const gone = results.filter(({ status, key }) => status === "success" && isDuplicate(key));
    if (gone.length === 0) continue;
    await dropFromShard(files, new Map(gone.map(({ key }) => [key, "an earlier row has the same bytes"])));
  }
}

/**
 * Looks for duplicates among the outcomes of a finished download and lists them in duplicates.tsv (kind, key,
 * first_key); with `drop`, images of rows with the bytes of an earlier one are taken out of their shards.
 */
export async function settleDuplicates(
  folder: DownloadFolder,
  plan: Plan,
  context: PassContext,
): Promise<void> {
  const { config, state } = folder, { progress, signal } = context;
  const { rowOf, keyOfRow } = rowNumbers(plan, config.rowsPerShard);
  await using urls = await openDuplicateFinder(`${state}/urls`, { signal });
  await using contents = await openDuplicateFinder(`${state}/contents`, { signal });
  let rows = 0;
  for await (const results of latestOutcomes(config)) {
    signal.throwIfAborted();
    for (const { key, url, status, reason, sha256 } of results) {
      const row = rowOf(key);
      if (status !== "skipped" || reason === "duplicate_url" || reason === "duplicate_content") {
        urls.add(url, row);
      }
      if (sha256 !== null && (status === "success" || reason === "duplicate_content")) {
        contents.addHash(sha256, row);
      }
    }
    progress.show(`comparing row ${rows += results.length} of ${plan.rows}`);
  }
  const sameUrl = await urls.finish(), sameBytes = await contents.finish();
  if (config.dedup === "drop") await dropContent(folder, (key) => sameBytes.isDuplicate(rowOf(key)), context);
  const path = duplicatesPath(config);
  await writeDuplicateTable(path, [
    { kind: "url", duplicates: sameUrl.all(), keyOf: keyOfRow },
    { kind: "content", duplicates: sameBytes.all(), keyOf: keyOfRow },
  ]);
  progress.note(
    `${path}: ${sameUrl.count} rows have the URL of an earlier one, ${sameBytes.count} images the bytes of an earlier one`,
  );
}
