// What finished shards are good for later: rows to ask for again, dropping duplicates, and statistics of many.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { dropFromShard } from "../../data_utils/download/shards/drop.ts";
import { shardFiles, shardName } from "../../data_utils/download/shards/names.ts";
import { readShardResults, replacedBy, wantsRetry } from "../../data_utils/download/shards/past_results.ts";
import { finishedShard } from "../../data_utils/download/shards/shard_stats.ts";
import type { ShardStats } from "../../data_utils/download/shards/shard.ts";
import { OTHER_HOSTS, sumStats } from "../../data_utils/download/shards/statistics.ts";
import { verifyShard } from "../../data_utils/download/shards/verify.ts";
import { makeFrame, textColumn, writeParquetFrame } from "../../data_utils/mod.ts";
import { hashesBelow, inFolder } from "../curate/shards_made.ts";
import { failure, madeImage, ROWS_PER_SHARD, success, writeShard } from "./shards_made.ts";

const rows = [
  success(0, "", { n: 1 }),
  failure(1, "http_404", { httpStatus: 404 }),
  failure(2, "timeout", { detail: "after 3 s" }),
  failure(3, "no_url", { status: "skipped", url: "" }),
  failure(4, "opt_out", { url: "https://c.example/x" }),
  success(5),
];

Deno.test("past results: a shard's table gives its rows back", () =>
  inFolder(async (folder) => {
    const { files } = await writeShard(folder, rows), results = await readShardResults(files.parquet);
    assertEquals(results.map(({ index, key, url, caption }) => ({ index, key, url, caption })), [
      ...rows.map(({ index, key, url, caption }) => ({ index, key, url, caption })),
    ]);
    const image = rows[5].image!,
      none = { originalWidth: null, originalHeight: null, sha256: null, storedSha256: null };
    assertEquals(results[5], {
      ...{ index: 5, key: "0000005", url: "http://a.example/5.jpg", caption: "caption 5", status: "success" },
      ...{ reason: null, errorMessage: null, httpStatus: 200, width: image.width, height: image.height },
      ...{ originalWidth: image.originalWidth, originalHeight: image.originalHeight },
      ...{ sha256: image.sha256, storedSha256: image.storedSha256 },
    });
    assertEquals(results[2], {
      ...{
        index: 2,
        key: "0000002",
        url: "http://b.example:81/2",
        caption: "caption 2",
        width: null,
        height: null,
      },
      ...{
        status: "failed_to_download",
        reason: "timeout",
        errorMessage: "after 3 s",
        httpStatus: null,
        ...none,
      },
    });
    const other = `${folder}/other.parquet`;
    {
      using file = await Deno.create(other);
      await writeParquetFrame(file, makeFrame({ key: textColumn(["a"]) }));
    }
    await assertRejects(() => readShardResults(other), SyntaxError, "other.parquet has no column url");
  }));

Deno.test("past results: rows are asked for again by reason, and their new outcomes are counted instead", () =>
  inFolder(async (folder) => {
    const first = await readShardResults((await writeShard(folder, rows)).files.parquet);
    const asked = (reasons: string[] | null) => first.filter(wantsRetry(reasons)).map(({ index }) => index);
    assertEquals(asked(null), [1, 2]);
    assertEquals(asked(["opt_out", "http_404"]), [1, 4]);
    assertEquals(asked(["no_url"]), [3]);
    assertEquals(asked([]), []);
    assertThrows(() => wantsRetry(["bored"]), RangeError, "bored is no reason");

    const before = first.filter(wantsRetry(null)), replaces = replacedBy(before);
    assertEquals(replaces, { status_dict: { http_404: 1, timeout: 1 }, hosts: { "b.example:81": 2 } });
    const again = [{ ...failure(1, "http_410"), index: 0 }, { ...success(2), index: 1, url: rows[2].url }];
    const { files, stats } = await writeShard(folder, again, { tag: "retry1_", replaces });
    assertEquals((await finishedShard(files))!.replaces, replaces);
    assertEquals(
      (await readShardResults(files.parquet)).map(({ index, key, reason }) => [index, key, reason]),
      [
        ...[[0, "0000001", "http_410"], [1, "0000002", null]],
      ],
    );
    const main = (await finishedShard(shardFiles(folder, "webdataset", "00000")))!,
      sum = sumStats([main, stats]);
    assertEquals(sum.status_dict, { success: 3, http_410: 1, no_url: 1, opt_out: 1 });
    assertEquals([sum.count, sum.successes, sum.failed_to_download, sum.skipped, sum.supplements], [
      6,
      3,
      2,
      1,
      1,
    ]);
    assertEquals(Object.fromEntries(sum.hosts), {
      "a.example": { successes: 2, failures: 0 },
      "b.example:81": { successes: 1, failures: 1 },
      "c.example": { successes: 0, failures: 1 },
    });
    assertEquals(sum.wire_bytes, main.wire_bytes + stats.wire_bytes);
    assertEquals(sum.tar_bytes, main.tar.bytes + stats.tar.bytes);
  }));

Deno.test("past results: statistics of more hosts than are told apart, and of none", () => {
  const file = { name: "x", bytes: 1, sha256: "0".repeat(64) };
  const stats = (host: string, start_time: number): ShardStats => ({
    ...{ count: 2, successes: 1, failed_to_download: 1, failed_to_resize: 0, skipped: 0, wire_bytes: 5 },
    ...{ duration: 1, start_time, end_time: start_time + 1, status_dict: { success: 1, dns: 1 } },
    ...{ hosts: { [host]: [1, 1] }, tar: file, parquet: file },
  });
  const sum = sumStats([stats("a", 5), stats("__proto__", 3), stats("c", 4), stats("a", 9)], 2);
  assertEquals([...sum.hosts.keys()], ["a", "__proto__", OTHER_HOSTS]);
  assertEquals(sum.hosts.get("a"), { successes: 2, failures: 2 });
  assertEquals(sum.hosts.get(OTHER_HOSTS), { successes: 1, failures: 1 });
  assertEquals([sum.shards, sum.start_time, sum.end_time, sum.count], [4, 3, 10, 8]);
  assertEquals([sumStats([]).count, sumStats([]).start_time], [0, null]);
});

for (const layout of ["webdataset", "qnq"] as const) {
  Deno.test(`drop: a shard without some successes is as if their rows had been given up (${layout})`, () =>
    inFolder(async (folder) => {
      const many = Array.from(
        { length: 30 },
        (_, i) =>
          i % 7 === 3
            ? failure(i, "dns")
            : success(i, i % 2 ? "" : `c${i}`, { big: "9007199254740993", n: i, x: i / 2, ok: true }, {
              image: madeImage(i, 200_000),
            }),
      );
      const dropped = new Set([0, 5, 29]), name = shardName(0, layout), options = { layout, exif: true };
      const { files, stats: before } = await writeShard(`${folder}/drop`, many, options);
      const drops = new Map(
        many.filter(({ index }) => dropped.has(index)).map(({ key }) => [key, `as ${key}`]),
      );
      drops.set(many[3].key, "no success");
      drops.set("9999999", "no row");
      const stats = await dropFromShard(files, drops);
      const { files: direct } = await writeShard(
        `${folder}/direct`,
        many.map((row) =>
          dropped.has(row.index)
            ? { ...row, status: "skipped", reason: "duplicate_content", detail: `as ${row.key}` }
            : row
        ),
        options,
      );
      const [one, other] = [await hashesBelow(`${folder}/drop`), await hashesBelow(`${folder}/direct`)];
      assertEquals(one, other);
      assertEquals((await verifyShard(files, { rowsPerShard: ROWS_PER_SHARD, rows: 30 })).faults, []);
      assertEquals([before.successes - stats.successes, stats.skipped, stats.hosts["a.example"]], [3, 3, [
        23,
        0,
      ]]);
      assertEquals(await finishedShard(direct), stats);
      assertEquals(await dropFromShard(shardFiles(`${folder}/drop`, layout, name), drops), stats);
      const kept = await readShardResults(files.parquet);
      assertEquals([kept[0].sha256, kept[0].storedSha256], [many[0].image!.sha256, null]);
      if (layout === "qnq") assertEquals(await Deno.readTextFile(files.size!), String(stats.successes));
      await Deno.truncate(files.tar, 1000);
      await assertRejects(() => dropFromShard(files, drops), Error, "is not whole");
    }));
}
