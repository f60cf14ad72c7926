/** Verifying all shards of a download, and that together they have each row once. */
import { compareShards, listShards, parseShardName, shardFiles, type ShardId, shardName } from "./names.ts";
import { readShardResults } from "./past_results.ts";
import type { Layout } from "./shard.ts";
import { type ShardCheck, verifyShard } from "./verify.ts";

/** Which download, and what it should hold. */
export interface FolderExpectation {
  readonly out: string;
  readonly layout: Layout;
  readonly rowsPerShard?: number;
  /** Rows of each shard in order, where that is known; else shards up to the last one that is there are expected. */
  readonly rows?: readonly number[];
  /** Shards that should be there: of one machine's share, its own. Default all. */
  readonly mine?: (shard: number) => boolean;
  readonly signal?: AbortSignal;
}

/** Names of all shards that are or should be there, in order. */
async function namesOf({ out, layout, rows, mine = () => true }: FolderExpectation): Promise<string[]> {
  const there = await listShards(out, layout), ids = there.map((name) => parseShardName(name, layout)!);
  const last = ids.reduce((most, { shard, tag }) => tag === "" ? Math.max(most, shard) : most, -1);
  const wanted: ShardId[] = Array.from(
    { length: rows?.length ?? last + 1 },
    (_, shard) => ({ shard, tag: "" }),
  )
    .filter(({ shard }) => mine(shard));
  const all = new Map([...wanted, ...ids].map((id) => [shardName(id.shard, layout, id.tag), id]));
  return [...all].sort((a, b) => compareShards(a[1], b[1])).map(([name]) => name);
}

/** Keys of the successes of supplementary shards, with the shard: those rows failed everywhere else. */
async function supplementedKeys(
  { out, layout }: FolderExpectation,
  names: readonly string[],
): Promise<Map<number, string>> {
  const keys = new Map<number, string>();
  for (const name of names) {
    if (parseShardName(name, layout)!.tag === "") continue;
    const results = await readShardResults(shardFiles(out, layout, name).parquet).catch(() => []);
    for (const { key, status } of results) {
      if (status === "success" && !keys.has(Number(key))) keys.set(Number(key), name);
    }
  }
  return keys;
}

/**
 * Checks a download shard by shard, those that supplement others last. A shard that should be there and is not is a
 * fault, and so is a row that is a success in two shards.
 */
export async function* verifyFolder(expected: FolderExpectation): AsyncGenerator<ShardCheck> {
  const { out, layout, rowsPerShard, rows, signal } = expected, names = await namesOf(expected);
  const supplemented = await supplementedKeys(expected, names);
  for (const name of names) {
    const files = shardFiles(out, layout, name), { shard, tag } = parseShardName(name, layout)!;
    const check = await verifyShard(files, {
      ...{ rowsPerShard, signal },
      ...tag === "" && rows ? { rows: rows[shard] ?? 0 } : {},
    });
    const twice: string[] = [];
    if (supplemented.size > 0) {
      for (const { key, status } of await readShardResults(files.parquet).catch(() => [])) {
        const other = supplemented.get(Number(key));
        if (status !== "success" || other === undefined || other === name) continue;
        twice.push(`${files.parquet}: key ${key} is a success in ${other} too`);
      }
    }
    yield { ...check, faults: [...check.faults, ...twice] };
  }
}
