/**
 * Going again over rows that failed. Each round is written down before it begins, shard by shard: which rows, and what
 * their outcomes were; so that a round which was killed goes on as it was meant, and a row is never in two shards of it.
 */
import type { Plan } from "../plan/plan.ts";
import { openShardRows } from "../plan/shard_rows.ts";
import { placeOfKey } from "../shards/keys.ts";
import { shardName } from "../shards/names.ts";
import { type PastResult, replacedBy, wantsRetry } from "../shards/past_results.ts";
import { sources } from "../sources/sources.ts";
import type { JobRow, ShardJob } from "./fill_shards.ts";
import { clearFolder, type DownloadFolder } from "./folder.ts";
import { fillAll, type RunContext, sortShards, writerOf } from "./run_download.ts";
import { latestOutcomes } from "./latest_outcomes.ts";
import {
  readRound,
  readRoundShard,
  retriedRows,
  type Round,
  roundFolder,
  writeRound,
  writeRoundShard,
} from "./rounds.ts";
import { ourNumber } from "./part.ts";

/** Writes a round down. */
async function planRound(
  folder: DownloadFolder,
  round: number,
  reasons: readonly string[] | null,
  signal: AbortSignal,
): Promise<Round> {
  const { config: { layout, part, rowsPerShard }, state } = folder, wants = wantsRetry(reasons);
  const shards: { name: string; rows: number }[] = [];
  let waiting: PastResult[] = [];
  await Deno.mkdir(roundFolder(state, round), { recursive: true });
  async function write() {
    if (waiting.length === 0) return;
    const name = shardName(ourNumber(shards.length, part), layout, `retry${round}_`);
    await writeRoundShard(state, round, name, {
      keys: waiting.map(({ key }) => key),
      reasons: waiting.map(({ reason }) => reason!),
      replaces: replacedBy(waiting),
    });
    shards.push({ name, rows: waiting.length });
    waiting = [];
  }
  for await (const results of latestOutcomes(folder.config)) {
    signal.throwIfAborted();
    for (const result of results) {
      if (wants(result) && waiting.push(result) === rowsPerShard) await write();
    }
  }
  await write();
  const planned: Round = { reasons, shards, done: shards.length === 0 };
  await writeRound(state, round, planned);
  return planned;
}

const sorted = (folder: DownloadFolder, { shards }: Round) => sortShards(folder, shards, ({ name }) => name);

/** The round that is to be run: one that was begun or lost a shard since, or a new one. */
async function currentRound(folder: DownloadFolder, reasons: readonly string[] | null, signal: AbortSignal) {
  for (let number = 1;; number++) {
    const begun = await readRound(folder.state, number);
    if (begun === null) return { number, round: await planRound(folder, number, reasons, signal) };
    if (begun.done && (await sorted(folder, begun)).left.length === 0) continue;
    if (JSON.stringify(begun.reasons) === JSON.stringify(reasons)) return { number, round: begun };
    const before = begun.reasons === null ? "without --reasons" : `with --reasons ${begun.reasons.join(",")}`;
    throw new RangeError(
      `A round of --retry-failed ${before} is not finished yet: give the same again first`,
    );
  }
}

/**
 * Fetches rows again that failed for one of these reasons (null: for one that may pass). Throws RangeError for a reason
 * that is none, and while a round for other reasons is unfinished; and what the signal aborted with.
 */
export async function retryFailed(
  folder: DownloadFolder,
  plan: Plan,
  reasons: readonly string[] | null,
  context: RunContext,
): Promise<void> {
  const { config, state } = folder, { rowsPerShard, choice, rows: rowOptions } = config;
  await clearFolder(folder);
  const { number, round } = await currentRound(folder, reasons, context.signal);
  if (round.shards.length === 0) {
    await Deno.remove(roundFolder(state, number), { recursive: true });
    return context.progress.note("No row failed in a way that is to be tried again");
  }
  const { left, before } = await sorted(folder, round);
  const retried = await retriedRows(state, rowsPerShard, number);
  await using input = openShardRows(plan, sources[config.source], choice, rowOptions);

  async function rowsOf(keys: readonly string[], signal: AbortSignal): Promise<JobRow[]> {
    const byShard = Map.groupBy(keys, (key) => placeOfKey(key, rowsPerShard).shard), rows: JobRow[] = [];
    for (const [shard, own] of byShard) {
      const wanted = await input.read(plan.shards[shard], signal), later = await retried(shard);
      for (const key of own) {
        const row = wanted[placeOfKey(key, rowsPerShard).index], skip = later.get(key);
        rows.push({ key, row: skip ? { ...row, skip } : row });
      }
    }
    return rows;
  }
  async function* jobs(): AsyncGenerator<ShardJob> {
    for (const { name } of left) {
      const shard = await readRoundShard(state, number, name);
      yield {
        name,
        read: (signal) => rowsOf(shard.keys, signal),
        write: writerOf(folder, input, name, shard.replaces),
      };
    }
  }
  await fillAll(folder, { jobs: jobs(), left, before }, context);
  await writeRound(state, number, { ...round, done: true });
}
