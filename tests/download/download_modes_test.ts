// What can be asked of a download besides: addresses that are refused, parts for several machines, duplicates, hashes, hosts that
// are down, the sources' own rules, sizes and the layout of the original. Each through the program.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { loadSharp } from "../../data_utils/deps.ts";
import { untar } from "../curate/shards_made.ts";
import { checkOutcomes, keyOfRow, namesIn, outcomesOf, shardsIn } from "./download_outcomes.ts";
import { mixedRows } from "./download_kills.ts";
import { download, downloadArgs, downloadTest, type Faults, writeRows } from "./download_runs.ts";
import type { Kind } from "./fault_answers.ts";
import { answered, type FaultRow, faultRow } from "./fault_table.ts";
import type { Reason } from "../../data_utils/download/outcome.ts";

const expecting = (row: FaultRow, reason: Reason): FaultRow => ({ ...row, expected: { reason } });

/** Runs to the end, which is a good one. */
async function done(faults: Faults, args: readonly string[]): Promise<string> {
  const { code, err, out } = await download(faults, args);
  assertEquals(code, 0, err);
  return out;
}

downloadTest("private and loopback addresses are refused unless they are allowed", async (faults) => {
  const { http } = faults.server,
    rows = [
      `http://127.0.0.1:${http}/ok/1`,
      `http://127.77.0.1:${http}/ok/2`,
      `http://images.here.test:${http}/ok/3`,
      `http://[::ffff:127.0.0.1]:${http}/ok/4`,
      `http://2130706433:${http}/ok/5`,
      `http://10.0.0.1:${http}/ok/6`,
      `http://169.254.169.254/latest/meta-data/`,
      `http://[::1]:${http}/ok/7`,
      `http://0.0.0.0:${http}/ok/8`,
    ].map((url) => ({ url, caption: "no business of anybody's" }));
  const out = `${faults.folder}/out`, args = downloadArgs(faults, await writeRows(faults, rows), out);
  await done(faults, args.filter((flag) => flag !== "--allow-private"));
  const reasons = (await outcomesOf(`${out}/00000.parquet`)).map(({ reason }) => reason);
  assertEquals(reasons, rows.map(() => "private_address"));
  assertEquals(faults.server.requests.size, 0);
});

downloadTest("--shard: two machines have all shards between them, in one folder or two", async (faults) => {
  const rows = mixedRows(faults, 350).map(({ kind }, i) => {
    // their order in time is no matter here, so nothing that waits
    const waits = ["stall", "never-answer", "name-fails", "429-then-ok"].includes(kind);
    return faultRow(faults.server, waits ? "404" : kind, i);
  });
  const input = await writeRows(faults, rows), one = `${faults.folder}/one`, two = `${faults.folder}/two`;
  const part = (out: string, i: number) =>
    done(faults, downloadArgs(faults, input, out, ["--breaker-failures", "0", "--shard", `${i}/2`]));
  await part(two, 2);
  await checkOutcomes(two, rows, { shards: [1, 3] });
  for (const [path, asked] of faults.server.requests) {
    if (path.startsWith("/ok/") && /^\d+$/.test(path.slice(4))) {
      assertEquals([Math.floor(Number(path.slice(4)) / 100) % 2, asked], [1, 1], path);
    }
  }
  await Promise.all([part(one, 1), part(one, 2)]);
  // what succeeds at the second or third request has had them
  await checkOutcomes(one, rows);
});

downloadTest(
  "--dedup: rows with an earlier row's URL or bytes are listed, and dropped if wished",
  async (faults) => {
    const [a, b] = [faultRow(faults.server, "ok", 1), faultRow(faults.server, "ok", 2)];
    const rows = [a, b, a, { ...b, url: `${b.url}?copy` }, faultRow(faults.server, "404", 4)];
    const input = await writeRows(faults, rows);
    const run = async (mode: string) => {
      const out = `${faults.folder}/${mode}`;
      await done(faults, downloadArgs(faults, input, out, ["--dedup", mode]));
      const table = (await Deno.readTextFile(`${out}/duplicates.tsv`)).trimEnd().split("\n");
      return { out, table };
    };
    const [k0, k1, k2, k3] = [0, 1, 2, 3].map(keyOfRow);
    const reported = await run("report");
    await checkOutcomes(reported.out, rows);
    const lists = [`url\t${k2}\t${k0}`, `content\t${k2}\t${k0}`, `content\t${k3}\t${k1}`];
    assertEquals(reported.table, ["kind\tkey\tfirst_key", ...lists]);
    assertEquals(faults.server.requests.get("/ok/1"), 2);

    const dropped = await run("drop");
    const left = rows.with(2, expecting(a, "duplicate_url")).with(3, expecting(rows[3], "duplicate_content"));
    await checkOutcomes(dropped.out, left);
    assertEquals(dropped.table, ["kind\tkey\tfirst_key", lists[0], lists[2]]);
    assertEquals(faults.server.requests.get("/ok/1"), 3);
    await done(faults, downloadArgs(faults, input, dropped.out, ["--dedup", "drop", "--verify"]));
  },
);

downloadTest("--verify-hash: other bytes than the input names are a failure", async (faults) => {
  const rows = [1, 2, 3].map((id) => faultRow(faults.server, "ok", id));
  const hash = createHash("sha256").update(await rows[0].served()).digest("hex");
  const lines = rows.map(({ url, caption }, i) =>
    JSON.stringify({ url, caption, sha256: i < 2 ? hash : null })
  );
  const input = `${faults.folder}/rows.jsonl`, out = `${faults.folder}/out`;
  await Deno.writeTextFile(input, lines.join("\n"));
  await done(faults, downloadArgs(faults, input, out, ["--verify-hash", "sha256"]));
  await checkOutcomes(out, [rows[0], expecting(rows[1], "hash_mismatch"), rows[2]]);
});

downloadTest("a host that fails again and again is left alone, others are not", async (faults) => {
  const { server } = faults,
    rows = Array.from({ length: 80 }, (_, i) => faultRow(server, i % 2 ? "reset-before-headers" : "ok", i));
  const dead = rows.map((row) =>
    row.kind === "ok" ? row : { ...row, url: row.url.replace(/127\.\d+\.\d+\.\d+/, "127.9.9.9") }
  );
  const out = `${faults.folder}/out`, flags = ["--breaker-failures", "5", "--per-host", "2"];
  await done(faults, downloadArgs(faults, await writeRows(faults, dead), out, flags));
  const reasons = (await outcomesOf(`${out}/00000.parquet`)).map(({ reason }) => reason);
  assert(
    reasons.every((reason, i) => i % 2 ? reason === "reset" || reason === "host_down" : reason === null),
  );
  const asked = reasons.filter((reason) => reason === "reset").length;
  const requests = [...server.requests].filter(([path]) => path.startsWith("/reset-"));
  assert(asked >= 1 && asked < 10, `${asked} of 40 rows were asked for`);
  assert(requests.reduce((sum, [, count]) => sum + count, 0) < 30);
});

downloadTest("redcaps: the notice that an image was removed is no image", async (faults) => {
  const rows = (["redirect-removed", "ok", "redirect"] as const).map((kind, i) =>
    faultRow(faults.server, kind, i)
  );
  const annotations = rows.map(({ url, caption }, i) => ({
    image_id: `t${i}`,
    url,
    caption,
    subreddit: "pics",
  }));
  const input = `${faults.folder}/pics_2019.json`, out = `${faults.folder}/out`;
  await Deno.writeTextFile(input, JSON.stringify({ info: {}, annotations }));
  await done(faults, downloadArgs(faults, input, out, ["--source", "redcaps"]));
  await checkOutcomes(out, [expecting(rows[0], "removed_image"), rows[1], rows[2]]);
  const members = new Map(untar(await Deno.readFile(`${out}/00000.tar`)));
  const json = JSON.parse(new TextDecoder().decode(members.get(`${keyOfRow(1)}.json`)));
  assertEquals([json.image_id, json.subreddit], ["t1", "pics"]);
});

downloadTest("keep_ratio: every kind of image gets its size, and damage is found", async (faults) => {
  const kinds = (Object.keys(answered) as Kind[]).filter((kind) => {
    const { reason, picture } = answered[kind];
    return picture !== undefined && picture !== "jpeg" || reason === "damaged_image";
  });
  const rows = kinds.map((kind, i) => faultRow(faults.server, kind, i)), out = `${faults.folder}/out`;
  const input = await writeRows(faults, rows), sharp = await loadSharp();
  await done(faults, downloadArgs(faults, input, out, ["--resize-mode", "keep_ratio", "--image-size", "40"]));
  const outcomes = await outcomesOf(`${out}/00000.parquet`);
  const members = new Map(untar(await Deno.readFile(`${out}/00000.tar`)));
  for (const [i, { kind, expected, served }] of rows.entries()) {
    const { key, reason, sha256 } = outcomes[i];
    assertEquals(reason, expected.reason, kind);
    if (reason !== null) continue;
    const bytes = await served(), from = await sharp(bytes).metadata();
    const to = await sharp(members.get(`${key}.jpg`)!).metadata(),
      ratio = 40 / Math.min(from.width, from.height);
    assertEquals([to.format, to.space, Math.min(to.width, to.height)], ["jpeg", "srgb", 40], kind);
    assert(
      Math.abs(to.width - from.width * ratio) <= 1 && Math.abs(to.height - from.height * ratio) <= 1,
      kind,
    );
    assertEquals(sha256, createHash("sha256").update(bytes).digest("hex"));
  }
});

downloadTest("qnq: the names of the original, with every image as JPEG", async (faults) => {
  const kinds: Kind[] = ["ok", "404", "png", "alpha-png", "gif-animated"];
  const rows = kinds.map((kind, i) => faultRow(faults.server, kind, i)), out = `${faults.folder}/out`;
  await done(faults, downloadArgs(faults, await writeRows(faults, rows), out, ["--layout", "qnq"]));
  assertEquals(await shardsIn(`${out}/shards`), ["shard_000000"]);
  const members = untar(await Deno.readFile(`${out}/shards/shard_000000.tar`));
  const images = members.filter(([name]) => name.endsWith(".jpeg")), sharp = await loadSharp();
  for (const [name, bytes] of images) {
    assertMatch(name, /^[0-9a-f]{32}\.jpeg$/);
    assertEquals((await sharp(bytes).metadata()).format, "jpeg");
  }
  const captions = members.filter(([name]) => name.endsWith(".txt")).map(([, text]) =>
    new TextDecoder().decode(text)
  );
  assertEquals(captions, rows.filter(({ kind }) => kind !== "404").map(({ caption }) => caption));
  assertEquals(images.length, 4);
  const sizes = JSON.parse(await Deno.readTextFile(`${out}/shards/sizes.json`));
  assertEquals(Object.values(sizes), [4]);
  assert((await namesIn(`${out}/shards`)).includes("shard_000000_size.txt"));
});

downloadTest("--json: events add up, and a folder is not mixed with another download", async (faults) => {
  const rows = (["ok", "404", "svg", "no-url", "ok"] as const).map((kind, i) =>
    faultRow(faults.server, kind, i)
  );
  const input = await writeRows(faults, rows), out = `${faults.folder}/out`;
  const lines = (await done(faults, downloadArgs(faults, input, out, ["--json"]))).split("\n");
  const events = lines.map((line) => JSON.parse(line));
  assertEquals([events[0].event, events[0].rows, events.at(-1).event], ["start", 5, "end"]);
  assertEquals([events.at(-1).done, events.at(-1).rows, events.at(-1).successes], [true, 5, 2]);
  assertEquals(events.at(-1).status_dict, { success: 2, http_404: 1, unsupported_format: 1, no_url: 1 });
  const asked = new Map(faults.server.requests);
  const other = await writeRows(faults, rows.slice(1), "other");
  for (
    const args of [downloadArgs(faults, other, out), downloadArgs(faults, input, out, ["--image-size", "99"])]
  ) {
    const { code, err } = await download(faults, args);
    assertEquals(code, 2, err);
    assertStringIncludes(err, out);
    assertEquals(err.split("\n").length, 1, err);
  }
  assertEquals(faults.server.requests, asked);
});
