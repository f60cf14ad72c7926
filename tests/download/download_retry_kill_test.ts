// A round of --retry-failed that is killed and stopped again and again: it ends as if it had never been, and no row that it
// finished is asked for twice. Then a second round over what is left.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { untar } from "../curate/shards_made.ts";
import { run } from "../exps/processes.ts";
import { life, requestsOf } from "./download_kills.ts";
import { keyOfRow, outcomesOf, shardsIn } from "./download_outcomes.ts";
import { download, downloadArgs, type Faults, loopback, startFaults, writeRows } from "./download_runs.ts";
import { type FaultRow, faultRow } from "./fault_table.ts";

/** In turn: what is there, what heals, what stays as it is. */
const kinds = ["ok", "500-until-healed", "404-until-healed", "403", "ok", "500-until-healed", "svg"] as const;
const ROWS = 1050;

/** What failed is all on one host, so that a pause between its requests makes a round as slow as the test wants it. */
function rowsOf({ server }: Faults): FaultRow[] {
  return Array.from({ length: ROWS }, (_, i) => {
    const row = faultRow(server, kinds[i % kinds.length], i);
    return { ...row, url: row.url.replace(/127\.1\.\d+\.\d+/, "127.9.9.9") };
  });
}

const count = (test: (kind: string) => boolean) => kinds.filter(test).length * ROWS / kinds.length;

/** The reason that a row should have in the end, by rounds. */
const reasonOf = ({ kind, expected }: FaultRow, healed: boolean) =>
  healed && kind.endsWith("until-healed") ? null : expected.reason;

interface Row {
  readonly shard: string;
  readonly reason: string | null;
}

/** Every outcome that each key ever had, by round, and checks on the way that successes have their images and nobody else. */
async function outcomesByKey(out: string, rows: readonly FaultRow[]): Promise<Map<string, Row[]>> {
  const all = new Map<string, Row[]>(rows.map((_, i) => [keyOfRow(i), []]));
  const shards = (await shardsIn(out)).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  for (const shard of shards) {
    const members = untar(await Deno.readFile(`${out}/${shard}.tar`)), byName = new Map(members);
    let successes = 0;
    for (const { key, reason, url } of await outcomesOf(`${out}/${shard}.parquet`)) {
      const row = rows[Number(key)];
      assertEquals(url, row.url, `${shard} ${key}`);
      all.get(key)!.push({ shard, reason });
      if (reason !== null) continue;
      successes++;
      assertEquals(byName.get(`${key}.jpg`), await row.served(), `${shard} ${key}`);
    }
    assertEquals([members.length, byName.size], [3 * successes, 3 * successes], shard);
  }
  return all;
}

/** Holds each row's outcomes against what should be: the first pass, and `rounds` of retries behind it. */
async function checkRows(out: string, rows: readonly FaultRow[], rounds: number): Promise<void> {
  const all = await outcomesByKey(out, rows);
  for (const [i, row] of rows.entries()) {
    const found = all.get(keyOfRow(i))!, reasons = found.map(({ reason }) => reason);
    const tried = ["403", "500-until-healed", "404-until-healed"].includes(row.kind);
    const again = !tried ? [] : row.kind === "403" ? Array<string>(rounds).fill("http_403") : [null];
    assertEquals(reasons, [row.expected.reason, ...again], `${row.kind} ${i}`);
    const names = found.map(({ shard }) => shard.split("_")[0]).slice(1);
    assertEquals(names, again.map((_, i) => `retry${i + 1}`), `${row.kind} ${i}`);
  }
}

/** The sums of `data download-stats` and the word of `--verify`. */
async function checkSums(faults: Faults, args: readonly string[], out: string, rows: readonly FaultRow[]) {
  const clean = await download(faults, [...args, "--verify"]);
  assertEquals(clean.code, 0, clean.out + clean.err);
  assertMatch(clean.out, /: no fault$/);
  const stats = await run("data_utils/data_cli.ts", ["download-stats", out, "--json"]);
  assertEquals(stats.code, 0, stats.err);
  const expected = new Map<string, number>();
  for (const row of rows) {
    const reason = reasonOf(row, true) ?? "success";
    expected.set(reason, (expected.get(reason) ?? 0) + 1);
  }
  const { count, status_dict } = JSON.parse(stats.out);
  assertEquals([count, status_dict], [rows.length, Object.fromEntries(expected)]);
}

Deno.test({
  name:
    "download: a round of retries that is killed and stopped ends as it was meant, and asks for nothing twice",
  ignore: !loopback,
  fn: async () => {
    await using faults = await startFaults();
    const rows = rowsOf(faults), out = `${faults.folder}/out`, input = await writeRows(faults, rows);
    const args = downloadArgs(faults, input, out, ["--breaker-failures", "0"]);
    const first = await download(faults, args);
    assertEquals(first.code, 0, first.err);
    const base = await shardsIn(out);
    assertEquals(base.length, Math.ceil(ROWS / 100));

    faults.server.heal();
    const again = [...args, "--host-interval", "0.003", "--retry-failed"];
    const retried = async (round = 1) =>
      (await shardsIn(out)).filter((name) => name.startsWith(`retry${round}_`));
    const planned = Math.ceil(count((kind) => kind === "403" || kind.endsWith("until-healed")) / 100);
    for (const goal of [1, 2, 4, null]) {
      const before = await retried(), asked = await requestsOf(faults, out, before);
      const sign = goal === 2 ? "SIGINT" : "SIGKILL";
      // A shard of its own shows that it has begun, and hears a signal.
      const enough = Math.max(goal ?? 0, before.length + 1);
      const ripe = goal === null ? null : async () => (await retried()).length >= enough;
      const { code, signal, err } = await life(faults, again, ripe, { signal: sign, within: 150 });
      if (goal === null) assertEquals(code, 0, err);
      else if (sign === "SIGKILL") {
        assertEquals(signal, sign, `it ended before it was killed: ${code} ${err}`);
      } else {
        assertEquals(code, 130, err);
        assertMatch(err, /(^|\n)Stopped: the same command goes on where it was$/);
      }
      const after = new Set(await retried());
      assert(before.every((name) => after.has(name)), "a finished supplementary shard is gone");
      assert(goal === null ? after.size === planned : after.size < planned, `${after.size} shards`);
      assertEquals(await requestsOf(faults, out, before), asked, "finished rows were asked for again");
      if (goal !== 1) continue;
      const other = await download(faults, [...again, "--reasons", "http_403"]);
      assertEquals(other.code, 2, other.err);
      assertEquals(other.err.split("\n").filter((line) => line.includes("--retry-failed")), [
        "A round of --retry-failed without --reasons is not finished yet: give the same again first",
      ]);
      assertEquals([await retried(), await retried(2)], [[...after], []]);
    }
    await checkRows(out, rows, 1);
    await checkSums(faults, args, out, rows);

    const asked = await requestsOf(faults, out, base),
      left = await download(faults, [...args, "--retry-failed"]);
    assertEquals(left.code, 0, left.err);
    for (const [path, times] of await requestsOf(faults, out, base)) {
      assertEquals(times - asked.get(path)!, path.startsWith("/403/") ? 1 : 0, path);
    }
    assertEquals((await retried(2)).length, Math.ceil(count((kind) => kind === "403") / 100));
    await checkRows(out, rows, 2);
    await checkSums(faults, args, out, rows);
    assertStringIncludes(left.out, "http_403");
  },
});
