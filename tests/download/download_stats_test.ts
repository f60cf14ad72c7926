// `data download-stats`: the sum of made rounds on made machines against a plain count of every row's last outcome; and
// what is said of copies, of damaged files and of missing ones.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exitCode } from "../../data_utils/program/outcome.ts";
import { randomStream } from "../../data_utils/random/philox.ts";
import { noteOf } from "../../data_utils/download/outcome.ts";
import { downloadStatsCommand } from "../../data_utils/download/report/download_stats_command.ts";
import { mergedJson, mergeStats } from "../../data_utils/download/report/merge_stats.ts";
import { statsFiles } from "../../data_utils/download/report/stats_files.ts";
import type { ShardStats } from "../../data_utils/download/shards/shard.ts";
import { inFolder } from "../curate/shards_made.ts";
import { madeStats } from "./stats_made.ts";

/** Runs the command; what it printed and threw. */
async function stats(...args: string[]) {
  const { log, error } = console, out: string[] = [], err: string[] = [];
  console.log = (text) => out.push(text);
  console.error = (text) => err.push(text);
  let thrown: Error | null = null;
  try {
    await downloadStatsCommand.run(args, new AbortController().signal);
  } catch (caught) {
    thrown = caught as Error;
  } finally {
    Object.assign(console, { log, error });
  }
  return { out: out.join("\n"), err: err.join("\n"), thrown, code: thrown ? exitCode(thrown) : 0 };
}

interface Row {
  readonly host: string;
  reason: string;
}

const tally = (texts: Iterable<string>) => {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
};
const skipped = (reason: string) => reason !== "success" && noteOf(reason).status === "skipped";

/** Successes and failures by host, as statistics have them. */
function hostsOf(rows: readonly Row[]): Record<string, [number, number]> {
  const hosts: Record<string, [number, number]> = {};
  for (const { host, reason } of rows) {
    if (!skipped(reason)) (hosts[host] ??= [0, 0])[reason === "success" ? 0 : 1]++;
  }
  return hosts;
}

/** A shard's statistics; `before` are the outcomes that its rows had. */
function statsOf(name: string, rows: readonly Row[], before?: readonly Row[]): ShardStats {
  const file = { name: `${name}.tar`, bytes: 10 * rows.length, sha256: name.padStart(64, "0") };
  const replaces = before && {
    status_dict: tally(before.map(({ reason }) => reason)),
    hosts: tally(before.filter(({ reason }) => !skipped(reason)).map(({ host }) => host)),
  };
  return madeStats({
    ...{ status_dict: tally(rows.map(({ reason }) => reason)), hosts: hostsOf(rows) },
    ...{ wire_bytes: rows.length * 100, tar: file, parquet: { ...file, name: `${name}.parquet` } },
    ...replaces && { replaces },
  });
}

const write = async (folder: string, name: string, value: ShardStats) => {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/${name}_stats.json`, JSON.stringify(value));
};

const reasons = ["success", "success", "http_404", "timeout", "dns", "too_small", "language"];

/** Two machines, one in each layout, and two further rounds over what failed; returns the rows as they ended. */
async function madeDownload(folder: string): Promise<Row[]> {
  const random = randomStream(7), all: Row[] = [];
  const drawn = () => reasons[random.int(reasons.length)];
  for (let shard = 0; shard < 12; shard++) {
    const qnq = shard % 2 === 1, where = qnq ? `${folder}/b/shards` : `${folder}/a`;
    const nameOf = (tag: string) =>
      tag + (qnq ? `shard_${String(shard).padStart(6, "0")}` : String(shard).padStart(5, "0"));
    const rows = Array.from({ length: 50 }, (): Row => ({ host: `h${random.int(9)}`, reason: drawn() }));
    await write(where, nameOf(""), statsOf(nameOf(""), rows));
    for (const tag of ["retry1_", "retry2_"]) {
      // some rows are tried again and fail in another way, or are left out as duplicates
      const again = rows.filter(({ reason }) => reason !== "success" && random.int(3) > 0);
      const before = again.map((row) => ({ ...row }));
      for (const row of again) row.reason = random.int(9) === 0 ? "duplicate_url" : drawn();
      if (again.length > 0) await write(where, nameOf(tag), statsOf(nameOf(tag), again, before));
    }
    all.push(...rows);
  }
  return all;
}

Deno.test("download-stats: every row counts once, with its last outcome, over rounds, layouts and machines", () =>
  inFolder(async (folder) => {
    const rows = await madeDownload(folder), expected = tally(rows.map(({ reason }) => reason));
    const paths = await statsFiles([`${folder}/a`, `${folder}/b`]), { signal } = new AbortController();
    assertEquals(paths.length, 36);
    const { sum } = await mergeStats(paths, signal), merged = mergedJson(sum);
    assertEquals(merged.status_dict, expected);
    assertEquals([merged.count, merged.successes], [600, expected.success]);
    assertEquals(merged.failed_to_resize, expected.too_small);
    assertEquals(merged.skipped, expected.language + expected.duplicate_url);
    assertEquals(merged.hosts, hostsOf(rows));
    assertEquals([merged.shards, merged.supplements], [36, 24]);
    // piece by piece it is the same; the folder of the shards will do as well
    const pieces = mergedJson((await mergeStats(paths, signal, 20)).sum);
    assertEquals(pieces, merged);
    assertEquals((await statsFiles([`${folder}/b/shards`])).length, 18);

    const both = await stats(`${folder}/a`, `${folder}/b`, "--json", "--out", `${folder}/all.json`);
    assertEquals([both.code, both.err], [0, ""]);
    assertEquals(JSON.parse(both.out), merged);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/all.json`)), merged);
    const text = await stats(`${folder}/a`, `${folder}/b`);
    assertStringIncludes(text.out, `\n600 rows, ${expected.success} images`);
    assertStringIncludes(text.out, "the server answered 404");
  }));

Deno.test("download-stats: sums can be summed again, beside folders", () =>
  inFolder(async (folder) => {
    await madeDownload(folder);
    const whole = await stats(`${folder}/a`, `${folder}/b`, "--json");
    assertEquals((await stats(`${folder}/a`, "--out", `${folder}/a.json`)).code, 0);
    assertEquals((await stats(`${folder}/a.json`, `${folder}/b`, "--json")).out, whole.out);
    assertEquals((await stats(`${folder}/b/`, `${folder}/a.json`, `${folder}/b`, "--json")).out, whole.out);
  }));

Deno.test("download-stats: a shard in two folders counts once, another of the same name counts", () =>
  inFolder(async (folder) => {
    const rows = [{ host: "a", reason: "success" }, { host: "a", reason: "dns" }];
    await write(`${folder}/a`, "00000", statsOf("00000", rows));
    await write(`${folder}/copy`, "00000", statsOf("00000", rows));
    const other = { name: "00000.tar", bytes: 7, sha256: "f".repeat(64) };
    await write(`${folder}/other`, "00000", { ...statsOf("00000", rows), tar: other, parquet: other });
    const { out, err, code } = await stats(
      ...["a", "copy", "other"].map((name) => `${folder}/${name}`),
      "--json",
    );
    assertEquals([code, JSON.parse(out).count, JSON.parse(out).shards], [0, 4, 2]);
    assertStringIncludes(err, "copy/00000_stats.json is a copy");
  }));

Deno.test("download-stats: what cannot be read is named and left out", () =>
  inFolder(async (folder) => {
    const rows = [{ host: "a", reason: "success" }], good = statsOf("00000", rows);
    await write(folder, "00000", good);
    await Deno.writeTextFile(`${folder}/00001_stats.json`, JSON.stringify(good).slice(0, 40));
    await write(folder, "00002", { ...good, status_dict: { "HTTP Error 404: Not Found": 1 } });
    await write(folder, "00003", { ...good, hosts: { a: [1] as unknown as [number, number] } });
    await Deno.writeTextFile(`${folder}/notes_stats.json`, "of somebody else");
    const { out, err, thrown, code } = await stats(folder, "--json");
    assertEquals([code, JSON.parse(out).count], [1, 1]);
    assertEquals(thrown!.message.split(":")[0], "Left out 3 files that could not be read");
    for (
      const [i, said] of ["is no JSON", "has the reason HTTP Error 404", "hosts is missing or of"].entries()
    ) {
      assert(err.split("\n")[i].includes(`0000${i + 1}_stats.json`), err);
      assert(err.split("\n")[i].includes(said), err);
    }
    await Deno.remove(`${folder}/00000_stats.json`);
    const none = await stats(folder, "--out", `${folder}/out.json`);
    assertEquals([none.code, none.out], [2, ""]);
    assertStringIncludes(none.thrown!.message, "00001_stats.json is no JSON");
    assertEquals(await Deno.stat(`${folder}/out.json`).catch(() => null), null);
  }));

Deno.test("download-stats: bad input", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/empty`);
    const again = [{ host: "a", reason: "success" }], before = [{ host: "a", reason: "dns" }];
    await write(`${folder}/retry`, "retry1_00000", statsOf("retry1_00000", again, before));
    await write(`${folder}/half`, "retry1_00000", statsOf("retry1_00000", again, before));
    await Deno.writeTextFile(`${folder}/half/00000_stats.json`, "{");
    for (
      const [args, said] of [
        [[], "needs a folder"],
        [[`${folder}/empty`], "empty holds no statistics"],
        [[`${folder}/gone`], "gone"],
        [[`${folder}/half`], "00000_stats.json is no JSON"],
        [[`${folder}/retry`], "name their folder too"],
      ] as const
    ) {
      const { thrown, code, out } = await stats(...args);
      assertEquals([code, out], [2, ""], said);
      assertStringIncludes(thrown!.message, said);
    }
  }));
