// What is done about a download that is there: stopped and gone on with, failures asked for again, verified.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { untar } from "../curate/shards_made.ts";
import { checkOutcomes, keyOfRow, outcomesOf, shardsIn } from "./download_outcomes.ts";
import { download, downloadArgs, downloadTest, endOf, startDownload, writeRows } from "./download_runs.ts";
import type { Kind } from "./fault_answers.ts";
import { faultRow } from "./fault_table.ts";

const hashOf = async (path: string) => createHash("sha256").update(await Deno.readFile(path)).digest("hex");
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

downloadTest("Ctrl-C ends it with 130, and the same command goes on", async (faults) => {
  // One row that stalls keeps each run going for the seconds of its attempts, so it is alive when it is stopped.
  const kinds: Kind[] = ["ok", "404", "redirect", "ok", "svg", "truncated", "ok", "503-then-ok"];
  const kindOf = (i: number) => i === 550 ? "stall" : kinds[i % kinds.length];
  const rows = Array.from({ length: 600 }, (_, i) => faultRow(faults.server, kindOf(i), i));
  const out = `${faults.folder}/out`;
  const args = downloadArgs(faults, await writeRows(faults, rows), out, ["--breaker-failures", "0"]);
  const child = startDownload(faults, args), ended = endOf(child);
  while ((await shardsIn(out)).length === 0) await pause(10);
  child.kill("SIGINT");
  const { code, err } = await ended;
  assertEquals(code, 130, err);
  const finished = await shardsIn(out), asked = new Map(faults.server.requests);
  assert(finished.length < 6, "it was done before it could be stopped");
  const hashes = await Promise.all(finished.map((name) => hashOf(`${out}/${name}.tar`)));
  const again = await download(faults, args);
  assertEquals(again.code, 0, again.err);
  await checkOutcomes(out, rows);
  assertEquals(await Promise.all(finished.map((name) => hashOf(`${out}/${name}.tar`))), hashes);
  for (const name of finished) {
    for (const { url } of await outcomesOf(`${out}/${name}.parquet`)) {
      const path = URL.parse(url ?? "")?.pathname ?? "";
      assertEquals(faults.server.requests.get(path), asked.get(path), path);
    }
  }
  const known = faults.server.requests.size, third = await download(faults, args);
  assertEquals([third.code, faults.server.requests.size], [0, known], third.err);
});

downloadTest(
  "--retry-failed asks again for what failed, by reason, into shards of its own",
  async (faults) => {
    const kinds: Kind[] = [
      "ok",
      "500-until-healed",
      "404-until-healed",
      "403",
      "optout-noai",
      "svg",
      "500-until-healed",
      "ok",
    ];
    const { server } = faults, rows = kinds.map((kind, i) => faultRow(server, kind, i));
    const out = `${faults.folder}/out`, args = downloadArgs(faults, await writeRows(faults, rows), out);
    const paths = rows.map(({ url }) => URL.parse(url)!.pathname);
    const asked = () => paths.map((path) => server.requests.get(path));
    const go = async (...more: string[]) => {
      const { code, err } = await download(faults, [...args, ...more]);
      assertEquals(code, 0, err);
      return err;
    };
    /** Keys and reasons of a supplementary shard; its images are checked. */
    const supplement = async (name: string) => {
      const outcomes = await outcomesOf(`${out}/${name}.parquet`);
      const members = new Map(untar(await Deno.readFile(`${out}/${name}.tar`)));
      for (const { key, reason } of outcomes) {
        const served = reason === null ? await rows[Number(key)].served() : undefined;
        assertEquals(members.get(`${key}.jpg`), served);
      }
      return outcomes.map(({ key, reason }) => [key, reason]);
    };

    await go();
    await checkOutcomes(out, rows);
    const first = await hashOf(`${out}/00000.tar`);
    assertEquals(asked(), [1, 3, 1, 1, 1, 1, 3, 1]);

    server.heal();
    await go("--retry-failed", "--reasons", "http_500");
    assertEquals(asked(), [1, 4, 1, 1, 1, 1, 4, 1]);
    assertEquals(await supplement("retry1_00000"), [[keyOfRow(1), null], [keyOfRow(6), null]]);

    await go("--retry-failed");
    assertEquals(asked(), [1, 4, 2, 2, 1, 1, 4, 1]);
    assertEquals(await supplement("retry2_00000"), [[keyOfRow(2), null], [keyOfRow(3), "http_403"]]);

    assertMatch(await go("--retry-failed", "--reasons", "http_404"), /No row failed/);
    assertEquals(await shardsIn(out), ["00000", "retry1_00000", "retry2_00000"]);
    assertEquals(await hashOf(`${out}/00000.tar`), first);
    await go("--verify");
  },
);

downloadTest(
  "--verify finds what is not as it was written, and what is removed is fetched again",
  async (faults) => {
    const rows = Array.from({ length: 150 }, (_, i) => faultRow(faults.server, i % 10 ? "ok" : "404", i));
    const out = `${faults.folder}/out`, args = downloadArgs(faults, await writeRows(faults, rows), out);
    assertEquals((await download(faults, args)).code, 0);
    const verify = () => download(faults, [...args, "--verify"]);
    const asked = faults.server.requests.size, clean = await verify();
    assertEquals(clean.code, 0, clean.err);
    assertStringIncludes(clean.out, "2 shards, 150 rows, 135 images");

    for (const name of ["00000.tar", "00001.parquet"]) {
      const path = `${out}/${name}`, whole = await Deno.readFile(path), damaged = whole.slice();
      damaged[whole.length >> 1] ^= 1;
      await Deno.writeFile(path, damaged);
      const { code, out: says } = await verify();
      assertEquals(code, 1);
      assertStringIncludes(says, name);
      await Deno.writeFile(path, whole);
    }
    await Deno.remove(`${out}/00001.tar`);
    const { code, out: says } = await verify();
    assertEquals(code, 1);
    assertStringIncludes(says, "00001");
    assertEquals(faults.server.requests.size, asked);

    const again = await download(faults, args);
    assertEquals(again.code, 0, again.err);
    await checkOutcomes(out, rows);
    assertEquals((await verify()).code, 0);
    const twice = rows.map(({ url }) => faults.server.requests.get(URL.parse(url)!.pathname) === 2);
    assertEquals(twice, rows.map((_, i) => i >= 100));
  },
);

downloadTest(
  "shards that are removed after rounds of retries come back, and nothing is there twice",
  async (faults) => {
    const { server } = faults, kinds: Kind[] = ["ok", "500-until-healed", "403"];
    const rows = Array.from({ length: 250 }, (_, i) => faultRow(server, kinds[i % 3], i));
    const out = `${faults.folder}/out`, input = await writeRows(faults, rows);
    const args = downloadArgs(faults, input, out, ["--breaker-failures", "0"]);
    const go = async (...more: string[]) => {
      const { code, out, err } = await download(faults, [...args, ...more]);
      assertEquals(code, 0, out + err);
      return out;
    };
    const remove = async (name: string) => {
      for (const ending of [".tar", ".parquet", "_stats.json"]) await Deno.remove(`${out}/${name}${ending}`);
    };
    const hashes = async () => {
      const names = await shardsIn(out);
      return Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, await hashOf(`${out}/${name}.tar`)])),
      );
    };
    const asked = (kind: Kind) =>
      rows.filter((row) => row.kind === kind).map(({ url }) => server.requests.get(URL.parse(url)!.pathname));

    await go();
    server.heal();
    await go("--retry-failed");
    // a second round, over those that still fail
    await go("--retry-failed");
    const whole = await hashes(), sums = (await go()).split("\n").at(-1)!;
    assertStringIncludes(sums, "250 rows, 167 images");
    assertEquals(Object.keys(whole).map((name) => name.split("_")[0]), [
      ...["00000", "00001", "00002", "retry1", "retry1", "retry2"],
    ]);

    const before = asked("500-until-healed");
    await remove("00001");
    assertEquals((await go()).split("\n").at(-1), sums);
    await remove("retry1_00000");
    await go("--retry-failed");
    assertEquals(await hashes(), whole);
    await go("--verify");
    assertEquals((await go()).split("\n").at(-1), sums);
    // what was in the first shard of the first round was asked for once more, all else that failed was not
    const more = asked("500-until-healed").map((times, i) => times! - before[i]!);
    assertEquals(more.reduce((sum, times) => sum + times), 50);
    assertEquals(new Set(asked("403")), new Set([3]));
  },
);
