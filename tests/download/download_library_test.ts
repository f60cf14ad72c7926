// The downloader as a library: a program of somebody else's opens a folder, plans, downloads and reads what became of it, and
// nothing of it is left running.
import { assertEquals, assertRejects } from "@std/assert";
import {
  defaultFetchSettings,
  defaultImageRules,
  defaultQueueSettings,
  type DownloadConfig,
  type DownloadEvent,
  openFolder,
  planOf,
  readShardResults,
  retryFailed,
  runDownload,
  shardFiles,
  userAgentOf,
  verifyFolder,
} from "../../data_utils/download/mod.ts";
import { checkOutcomes, namesIn, shardsIn } from "./download_outcomes.ts";
import { type Faults, loopback, startFaults, writeRows } from "./download_runs.ts";
import type { Kind } from "./fault_answers.ts";
import { faultRow, type RowKind } from "./fault_table.ts";

const kinds: readonly RowKind[] = [
  ...["ok", "png", "404", "gzip", "chunked", "redirect", "reset-before-headers", "zero-bytes"] as Kind[],
  ...["500-until-healed", "damaged-png", "avif", "truncated"] as Kind[],
  ...["named", "name-unknown", "no-url", "https-self-signed"] as const,
];

const silent = { show() {}, note() {}, end() {} };

/** The sanitizers of Deno.test, which are off by default, see what a download leaves open. */
function test(name: string, body: (faults: Faults) => Promise<void>): void {
  Deno.test({
    name: `download: as a library, ${name}`,
    ignore: !loopback,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: async () => {
      await using faults = await startFaults();
      await body(faults);
    },
  });
}

/** What a program gives that has no flags. */
const configOf = ({ names }: Faults, input: string, out: string): DownloadConfig => ({
  ...{ source: "generic", choice: {}, rows: {}, inputs: [input], out },
  ...{ layout: "webdataset", rowsPerShard: 100, part: null, workers: 1, dedup: "none", hashColumn: null },
  images: { ...defaultImageRules, decode: true },
  fetch: {
    ...defaultFetchSettings,
    userAgent: userAgentOf("0", "test@example.org"),
    allowPrivate: true,
    nameServers: [`127.0.0.1:${names.port}`],
  },
  queue: { ...defaultQueueSettings, backoff: 20 },
});

test("it tells of everything and leaves nothing running", async (faults) => {
  const out = `${faults.folder}/out`, { server } = faults;
  const rows = Array.from({ length: 30 }, (_, i) => faultRow(server, kinds[i % kinds.length], i));
  const config = configOf(faults, await writeRows(faults, rows), out);
  const events: DownloadEvent[] = [], tell = (event: DownloadEvent) => void events.push(event);
  const context = { tell, progress: silent, signal: new AbortController().signal };
  {
    using download = await openFolder(config);
    const plan = await planOf(download, context);
    assertEquals([plan.rows, plan.shards.length], [30, 1]);
    await runDownload(download, plan, context);
    await checkOutcomes(out, rows);

    const first = events.splice(0), last = first.at(-1);
    assertEquals(first[0], { event: "start", rows: 30, shards: 1, rowsBefore: 0, shardsBefore: 0 });
    assertEquals(last, { event: "end", done: true });
    const reasons = first.flatMap((event) => event.event === "row" ? [event.reason] : []);
    assertEquals(reasons.sort(), rows.map(({ expected }) => expected.reason ?? "success").sort());
    const shards = first.flatMap((event) => event.event === "shard" ? [[event.name, event.stats.count]] : []);
    assertEquals(shards, [["00000", 30]]);

    server.heal();
    await retryFailed(download, plan, ["http_500"], context);
    const again = await readShardResults(shardFiles(out, "webdataset", "retry1_00000").parquet);
    assertEquals(again.map(({ key, reason }) => [Number(key), reason]), [[8, null], [24, null]]);
    assertEquals(events.filter(({ event }) => event === "row").length, 2);
  }
  const checks = await Array.fromAsync(verifyFolder({ out, layout: "webdataset", rows: [30] }));
  assertEquals(checks.flatMap(({ faults }) => faults), []);
});

test("it is stopped amidst requests and threads, and leaves nothing running", async (faults) => {
  const slow: RowKind[] = ["ok", "stall", "slow-body", "never-answer", "png", "name-fails"];
  const rows = Array.from({ length: 60 }, (_, i) => faultRow(faults.server, slow[i % slow.length], i));
  const out = `${faults.folder}/out`, config = configOf(faults, await writeRows(faults, rows), out);
  const stop = new AbortController(), reason = new Error("enough"), seen: DownloadEvent[] = [];
  const tell = (event: DownloadEvent) => {
    seen.push(event);
    if (seen.length === 5) stop.abort(reason);
  };
  using download = await openFolder(config);
  const context = { tell, progress: silent, signal: stop.signal }, plan = await planOf(download, context);
  const error = await assertRejects(() => runDownload(download, plan, context));
  assertEquals(error, reason);
  assertEquals(seen.at(-1), { event: "end", done: false });
  assertEquals(await shardsIn(out), []);
  assertEquals(await namesIn(`${out}/.download/spool`), []);
});
