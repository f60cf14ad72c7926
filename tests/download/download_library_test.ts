// The downloader as a library: a program of somebody else's opens a folder, plans, downloads and reads what became of it, and
// nothing of it is left running.
import { assertEquals } from "@std/assert";
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
import { checkOutcomes } from "./download_outcomes.ts";
import { loopback, startFaults, writeRows } from "./download_runs.ts";
import type { Kind } from "./fault_answers.ts";
import { faultRow, type RowKind } from "./fault_table.ts";

const kinds: readonly RowKind[] = [
  ...["ok", "png", "404", "gzip", "chunked", "redirect", "reset-before-headers", "zero-bytes"] as Kind[],
  ...["500-until-healed", "damaged-png", "avif", "truncated"] as Kind[],
  ...["named", "name-unknown", "no-url", "https-self-signed"] as const,
];

const silent = { show() {}, note() {}, end() {} };

Deno.test({
  name: "download: as a library, with its events, and closed without a trace",
  ignore: !loopback,
  fn: async () => {
    await using faults = await startFaults();
    const { names, folder, server } = faults, out = `${folder}/out`;
    const rows = Array.from({ length: 30 }, (_, i) => faultRow(server, kinds[i % kinds.length], i));
    const config: DownloadConfig = {
      ...{ source: "generic", choice: {}, rows: {}, inputs: [await writeRows(faults, rows)], out },
      ...{ layout: "webdataset", rowsPerShard: 100, part: null, workers: 1, dedup: "none", hashColumn: null },
      images: { ...defaultImageRules, decode: true },
      fetch: {
        ...defaultFetchSettings,
        userAgent: userAgentOf("0", "test@example.org"),
        allowPrivate: true,
        nameServers: [`127.0.0.1:${names.port}`],
      },
      queue: { ...defaultQueueSettings, backoff: 20 },
    };
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
      const shards = first.flatMap((event) =>
        event.event === "shard" ? [[event.name, event.stats.count]] : []
      );
      assertEquals(shards, [["00000", 30]]);

      server.heal();
      await retryFailed(download, plan, ["http_500"], context);
      const again = await readShardResults(shardFiles(out, "webdataset", "retry1_00000").parquet);
      assertEquals(again.map(({ key, reason }) => [Number(key), reason]), [[8, null], [24, null]]);
      assertEquals(events.filter(({ event }) => event === "row").length, 2);
    }
    const checks = await Array.fromAsync(verifyFolder({ out, layout: "webdataset", rows: [30] }));
    assertEquals(checks.flatMap(({ faults }) => faults), []);
  },
});
