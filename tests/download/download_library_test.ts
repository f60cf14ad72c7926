// The downloader as a library: a program of somebody else's opens a folder, plans, downloads and reads what became of it, and
// nothing of it is left running.
import { assert, assertEquals, assertRejects } from "@std/assert";
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

/** Shows nothing. */
const silent = { show() {}, note() {}, end() {} };

/** Threads of this process that are workers, and its connections to the server's ports. */
async function running({ server }: Faults): Promise<{ threads: number; connections: number }> {
  const names = Array.fromAsync(
    Deno.readDir("/proc/self/task"),
    ({ name }) => Deno.readTextFile(`/proc/self/task/${name}/comm`).catch(() => ""),
  );
  const ports = [server.http, server.https, server.selfSigned].map((port) => port.toString(16).toUpperCase());
  const table = (await Deno.readTextFile("/proc/self/net/tcp")).trim().split("\n").slice(1);
  const open = table.map((line) => line.trim().split(/\s+/)).filter(([, , remote, state]) =>
    state === "01" && ports.includes(remote.split(":")[1].replace(/^0+/, ""))
  );
  return {
    threads: (await names).filter((name) => /^worker-\d/.test(name)).length,
    connections: open.length,
  };
}

/** Waits for threads and connections to end, which the machine does a moment after it was told; fails when they do not. */
async function expectQuiet(faults: Faults): Promise<void> {
  let left = await running(faults);
  for (let tries = 0; tries < 100 && left.threads + left.connections > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = await running(faults);
  }
  assertEquals(left, { threads: 0, connections: 0 });
}

/** The sanitizers of Deno.test, which are off by default, see files and timers, but not what node's modules hold idle. */
function test(name: string, body: (faults: Faults) => Promise<void>): void {
  Deno.test({
    name: `download: as a library, ${name}`,
    ignore: !loopback,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: async () => {
      await using faults = await startFaults();
      await body(faults);
      await expectQuiet(faults);
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
  let busy: ReturnType<typeof running> | undefined;
  const tell = (event: DownloadEvent) => {
    if (seen.push(event) !== 5) return;
    busy = running(faults).finally(() => stop.abort(reason));
  };
  using download = await openFolder(config);
  const context = { tell, progress: silent, signal: stop.signal }, plan = await planOf(download, context);
  const error = await assertRejects(() => runDownload(download, plan, context));
  assertEquals(error, reason);
  const { threads, connections } = (await busy)!;
  assert(threads === 1 && connections > 0, `${threads} threads, ${connections} connections`);
  assertEquals(seen.at(-1), { event: "end", done: false });
  assertEquals(await shardsIn(out), []);
  assertEquals(await namesIn(`${out}/.download/spool`), []);
});
