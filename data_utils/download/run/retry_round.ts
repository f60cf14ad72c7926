/**
 * Going again over rows that failed. Each round is written down before it begins, shard by shard: which rows, and what
 * their outcomes were; so that a round which was killed goes on as it was meant, and a row is never in two shards of it.
 */
import { writeJsonAtomically } from "../../runs/atomic.ts";
import type { Plan } from "../plan/plan.ts";
import { openShardRows } from "../plan/shard_rows.ts";
import { placeOfKey } from "../shards/keys.ts";
import { shardName } from "../shards/names.ts";
import { type PastResult, replacedBy, wantsRetry } from "../shards/past_results.ts";
import type { ShardStats } from "../shards/shard.ts";
import { sources } from "../sources/sources.ts";
import type { JobRow, ShardJob } from "./fill_shards.ts";
import { clearFolder, type DownloadFolder } from "./folder.ts";
import { fillAll, type RunContext, sortShards, writerOf } from "./run_download.ts";
import { latestOutcomes } from "./latest_outcomes.ts";
import { ourNumber } from "./part.ts";

/** A round, in `retryN/round.json`. */
interface Round {
  /** Null for all that may pass. */
  readonly reasons: readonly string[] | null;
  readonly shards: readonly { readonly name: string; readonly rows: number }[];
  readonly done: boolean;
}

/** A shard of a round, in `retryN/NAME.json`. */
interface RoundShard {
  readonly keys: readonly string[];
  readonly replaces: NonNullable<ShardStats["replaces"]>;
}

const readJson = async <T>(path: string): Promise<T | null> => {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
};

const roundFile = (state: string, round: number) => `${state}/retry${round}/round.json`;

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
  await Deno.mkdir(`${state}/retry${round}`, { recursive: true });
  async function write() {
    if (waiting.length === 0) return;
    const name = shardName(ourNumber(shards.length, part), layout, `retry${round}_`);
    const shard: RoundShard = { keys: waiting.map(({ key }) => key), replaces: replacedBy(waiting) };
    await writeJsonAtomically(`${state}/retry${round}/${name}.json`, shard);
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
  await writeJsonAtomically(roundFile(state, round), planned);
  return planned;
}

/** The round that is to be run: one that was begun, or a new one. */
async function currentRound(folder: DownloadFolder, reasons: readonly string[] | null, signal: AbortSignal) {
  for (let number = 1;; number++) {
    const begun = await readJson<Round>(roundFile(folder.state, number));
    if (begun === null) return { number, round: await planRound(folder, number, reasons, signal) };
    if (begun.done) continue;
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
    await Deno.remove(`${state}/retry${number}`, { recursive: true });
    return context.progress.note("No row failed in a way that is to be tried again");
  }
  const { left, before } = await sortShards(folder, round.shards, ({ name }) => name);
  await using input = openShardRows(plan, sources[config.source], choice, rowOptions);

  async function rowsOf(keys: readonly string[], signal: AbortSignal): Promise<JobRow[]> {
    const byShard = Map.groupBy(keys, (key) => placeOfKey(key, rowsPerShard).shard), rows: JobRow[] = [];
    for (const [shard, own] of byShard) {
      const wanted = await input.read(plan.shards[shard], signal);
      for (const key of own) rows.push({ key, row: wanted[placeOfKey(key, rowsPerShard).index] });
    }
    return rows;
  }
  async function* jobs(): AsyncGenerator<ShardJob> {
    for (const { name } of left) {
      const shard = await readJson<RoundShard>(`${state}/retry${number}/${name}.json`);
      if (shard === null) {
        throw new Error(`${state}/retry${number}/${name}.json is gone: remove ${state}/retry${number}`);
      }
      yield {
        name,
        read: (signal) => rowsOf(shard.keys, signal),
        write: writerOf(folder, input, name, shard.replaces),
      };
    }
  }
  await fillAll(folder, { jobs: jobs(), left, before }, context);
  await writeJsonAtomically(roundFile(state, number), { ...round, done: true });
}
