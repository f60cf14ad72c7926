// A download that is killed again and again, and what must hold all the same: what the kill test does in small and the soak
// in large.
import { assert, assertEquals } from "@std/assert";
import { killIfAlive } from "../startup/kill.ts";
import { checkOutcomes, namesIn, outcomesOf, shardsIn } from "./download_outcomes.ts";
import {
  downloadArgs,
  type Ended,
  endOf,
  type Faults,
  ROWS_PER_SHARD,
  startDownload,
  writeRows,
} from "./download_runs.ts";
import { type FaultRow, faultRow, rowKinds } from "./fault_table.ts";

/** So many bytes a download of any size may take at most. */
export const MOST_MEMORY = 600 * 2 ** 20;

/** Rows as a list has them: three good ones, then one of another kind, all kinds in turn. */
export function mixedRows({ server }: Faults, count: number): FaultRow[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = i % 4 === 3 ? rowKinds[(i >> 2) % rowKinds.length] : "ok";
    return faultRow(server, kind, i);
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Requests so far for the rows of shards, which are all that are finished unless named. */
export async function requestsOf(
  { server }: Faults,
  out: string,
  shards?: readonly string[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const name of shards ?? await shardsIn(out)) {
    for (const { url } of await outcomesOf(`${out}/${name}.parquet`)) {
      const path = URL.parse(url ?? "")?.pathname;
      if (path !== undefined && server.requests.has(path)) counts.set(path, server.requests.get(path)!);
    }
  }
  return counts;
}

/**
 * One process: once `ripe` says so it is ended by a signal at a random moment of the next `within` milliseconds; left to
 * its end where that is null.
 */
export async function life(
  faults: Faults,
  args: readonly string[],
  ripe: (() => Promise<boolean>) | null,
  { signal = "SIGKILL", within = 500 }: { signal?: "SIGKILL" | "SIGINT"; within?: number } = {},
): Promise<Ended> {
  const child = startDownload(faults, args), ended = endOf(child);
  let alive = true;
  ended.finally(() => alive = false);
  if (ripe !== null) {
    while (alive && !await ripe()) await pause(10);
    await pause(Math.random() * within);
    killIfAlive(child, signal);
  }
  return await ended;
}

/**
 * Downloads `count` rows in spite of `kills`. Checks that finished shards stay and their rows are never asked for again,
 * that memory is bounded, and in the end every row's outcome and every image's bytes. Tells of each life.
 */
export async function downloadThroughKills(
  faults: Faults,
  { count, kills, tell = () => {} }: { count: number; kills: number; tell?: (says: string) => void },
): Promise<{ out: string; rows: readonly FaultRow[] }> {
  const rows = mixedRows(faults, count), out = `${faults.folder}/out`, input = await writeRows(faults, rows);
  const args = downloadArgs(faults, input, out, ["--breaker-failures", "0"]);
  const total = Math.ceil(count / ROWS_PER_SHARD);
  for (let kill = 0; kill <= kills; kill++) {
    const before = await requestsOf(faults, out), shards = await shardsIn(out);
    const room = (total - 6 - shards.length) / (kills - kill),
      goal = shards.length + Math.ceil(Math.random() * room);
    // A row that stalls keeps each run going for 12 s after its last shards began, so it is alive at its kill.
    const ripe = async () => (await shardsIn(out)).length >= goal;
    const { code, signal, err, peak } = await life(faults, args, kill < kills ? ripe : null);
    if (kill < kills) assertEquals(signal, "SIGKILL", `it ended before it was killed: ${code} ${err}`);
    else assertEquals(code, 0, err);
    const after = new Set(await shardsIn(out));
    assert(shards.every((name) => after.has(name)), "a finished shard is gone");
    const again = [...before].filter(([path, asked]) => faults.server.requests.get(path) !== asked);
    assertEquals(again, [], "rows of finished shards were asked for again");
    assert(peak > 0 && peak < MOST_MEMORY, `${(peak / 2 ** 20).toFixed(0)} MiB`);
    tell(
      `life ${kill + 1} of ${kills + 1}: ${after.size} of ${total} shards, ` +
        `${(peak / 2 ** 20).toFixed(0)} MiB`,
    );
  }
  await checkOutcomes(out, rows);
  const odd = (await namesIn(out)).filter((name) =>
    !/^(\d{5}(\.tar|\.parquet|_stats\.json)|\.download|download\.json)$/.test(name)
  );
  assertEquals(odd, []);
  return { out, rows };
}
