/** A download from its first row to its last: what earlier processes finished stays, the rest is fetched. */
import type { Progress } from "../../program/progress.ts";
import type { Tell } from "../download_event.ts";
import type { Plan } from "../plan/plan.ts";
import { openShardRows, type ShardRows } from "../plan/shard_rows.ts";
import type { WantedRow } from "../row.ts";
import { keyOf } from "../shards/keys.ts";
import { shardFiles, shardName } from "../shards/names.ts";
import type { ShardStats } from "../shards/shard.ts";
import { finishedShard } from "../shards/shard_stats.ts";
import { rebuildSizes } from "../shards/sizes.ts";
import { openShardWriter } from "../shards/shard_writer.ts";
import { sources } from "../sources/sources.ts";
import { fillShards, type ShardJob } from "./fill_shards.ts";
import { clearFolder, type DownloadFolder, writeConfig } from "./folder.ts";
import { isOurs } from "./part.ts";
import { retriedRows } from "./rounds.ts";

/** Where a run shows what it does. */
export interface RunContext {
  readonly tell: Tell;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Shards that are there already. */
interface Before {
  readonly shards: number;
  readonly rows: number;
}

/** Which of these shards are to be filled, and how many are there already. */
export async function sortShards<S extends { readonly rows: number }>(
  { config: { out, layout } }: DownloadFolder,
  shards: readonly S[],
  nameOf: (shard: S) => string,
): Promise<{ left: S[]; before: Before }> {
  const left: S[] = [];
  let count = 0, rows = 0;
  for (const shard of shards) {
    if (await finishedShard(shardFiles(out, layout, nameOf(shard)))) {
      count++;
      rows += shard.rows;
    } else left.push(shard);
  }
  return { left, before: { shards: count, rows } };
}

/** What is needed to write a shard of a folder. */
export function writerOf(
  { config, state }: DownloadFolder,
  input: ShardRows,
  name: string,
  replaces?: ShardStats["replaces"],
) {
  const { out, layout, images } = config, files = shardFiles(out, layout, name);
  return (rows: number) =>
    openShardWriter({
      ...{ files, rows, replaces, scratch: `${state}/spool`, exif: images.exif, kinds: input.kinds() },
    });
}

/** Fills shards, telling of the beginning and the end; `before` are there already. */
export async function fillAll(
  { config }: DownloadFolder,
  { jobs, left, before }: {
    readonly jobs: Iterable<ShardJob> | AsyncIterable<ShardJob>;
    readonly left: readonly { readonly rows: number }[];
    readonly before: Before;
  },
  { tell, signal }: RunContext,
): Promise<void> {
  const { out, layout, part } = config;
  tell({
    event: "start",
    rows: left.reduce((sum, { rows }) => sum + rows, before.rows),
    shards: left.length + before.shards,
    rowsBefore: before.rows,
    shardsBefore: before.shards,
  });
  let done = false;
  try {
    await fillShards(jobs, { config, source: sources[config.source], tell, signal });
    done = true;
  } finally {
    if (layout === "qnq") await rebuildSizes(out, shardName(part?.index ?? 0, layout));
    tell({ event: "end", done });
  }
}

const sameUrl: WantedRow["skip"] = { reason: "duplicate_url", detail: "an earlier row has the same URL" };

/** Fetches every shard of ours that is not there. Throws what `signal` aborted with. */
export async function runDownload(
  folder: DownloadFolder,
  plan: Plan,
  context: RunContext,
  isDuplicate: (row: number) => boolean = () => false,
): Promise<void> {
  const { config, state } = folder, { layout, rowsPerShard, choice, rows: rowOptions } = config;
  await writeConfig(folder, plan);
  await clearFolder(folder);
  const ours = plan.shards.filter(({ number }) => isOurs(number, config.part));
  const { left, before } = await sortShards(folder, ours, ({ number }) => shardName(number, layout));
  const retried = await retriedRows(state, rowsPerShard, 0);
  await using input = openShardRows(plan, sources[config.source], choice, rowOptions);
  function* jobs(): Generator<ShardJob> {
    for (const shard of left) {
      const name = shardName(shard.number, layout);
      yield {
        name,
        async read(signal) {
          const wanted = await input.read(shard, signal), later = await retried(shard.number);
          return wanted.map((row, index) => {
            const key = keyOf(shard.number, index, rowsPerShard);
            const duplicate = isDuplicate(shard.before + index) ? sameUrl : undefined;
            return { key, row: { ...row, skip: later.get(key) ?? row.skip ?? duplicate } };
          });
        },
        write: writerOf(folder, input, name),
      };
    }
  }
  await fillAll(folder, { jobs: jobs(), left, before }, context);
}
