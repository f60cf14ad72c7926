/**
 * What is written down of rounds of retries before they begin: `retryN/round.json` says which shards a round has,
 * `retryN/NAME.json` which rows each of these has, and why they had failed until then.
 */
import { writeJsonAtomically } from "../../runs/atomic.ts";
import type { Reason } from "../outcome.ts";
import type { WantedRow } from "../row.ts";
import { placeOfKey } from "../shards/keys.ts";
import type { ShardStats } from "../shards/shard.ts";

/** A round. */
export interface Round {
  /** Null for all that may pass. */
  readonly reasons: readonly string[] | null;
  readonly shards: readonly { readonly name: string; readonly rows: number }[];
  readonly done: boolean;
}

/** A shard of a round. */
export interface RoundShard {
  /** In order. */
  readonly keys: readonly string[];
  /** Of each key, why it failed before. */
  readonly reasons: readonly Reason[];
  readonly replaces: NonNullable<ShardStats["replaces"]>;
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Where a round is written down. */
export const roundFolder = (state: string, number: number): string => `${state}/retry${number}`;

/** A round, or null where there is none of that number. */
export const readRound = (state: string, number: number): Promise<Round | null> =>
  readJson(`${roundFolder(state, number)}/round.json`);

export const writeRound = (state: string, number: number, round: Round): Promise<void> =>
  writeJsonAtomically(`${roundFolder(state, number)}/round.json`, round);

/** Throws Error where it is gone. */
export async function readRoundShard(state: string, number: number, name: string): Promise<RoundShard> {
  const folder = roundFolder(state, number), shard = await readJson<RoundShard>(`${folder}/${name}.json`);
  if (shard === null) throw new Error(`${folder}/${name}.json is gone: remove ${folder}`);
  return shard;
}

export const writeRoundShard = (
  ...[state, number, name, shard]: [state: string, number: number, name: string, shard: RoundShard]
): Promise<void> => writeJsonAtomically(`${roundFolder(state, number)}/${name}.json`, shard);

/** Rows of an input shard that later rounds went over, by key, as they ended before. */
export type RetriedRows = (shard: number) => Promise<ReadonlyMap<string, NonNullable<WantedRow["skip"]>>>;

/**
 * For shards that were removed and are filled again: the rows that rounds after the number `after` have gone over. They
 * end as they did when that round was planned and are not asked for, since it has what became of them: a row is a success
 * in one shard only, and statistics still sum up.
 */
export async function retriedRows(state: string, rowsPerShard: number, after: number): Promise<RetriedRows> {
  const spans: { number: number; name: string; first: number; last: number }[] = [];
  const shardOf = (key: string) => placeOfKey(key, rowsPerShard).shard;
  for (let number = after + 1;; number++) {
    const round = await readRound(state, number);
    if (round === null) break;
    for (const { name } of round.shards) {
      const { keys } = await readRoundShard(state, number, name);
      spans.push({ number, name, first: shardOf(keys[0]), last: shardOf(keys.at(-1)!) });
    }
  }
  spans.reverse(); // of several rounds the earliest has the last word
  return async (shard) => {
    const rows = new Map<string, NonNullable<WantedRow["skip"]>>();
    for (const { number, name } of spans.filter(({ first, last }) => first <= shard && shard <= last)) {
      const { keys, reasons } = await readRoundShard(state, number, name);
      for (const [i, key] of keys.entries()) {
        if (shardOf(key) === shard) {
          rows.set(key, { reason: reasons[i], detail: `${name} has what became of it` });
        }
      }
    }
    return rows;
  };
}
