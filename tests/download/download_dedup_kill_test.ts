// Duplicates by content are taken out of finished shards at the end of a download. Killed amidst that, the same command ends
// it, and what it leaves is byte for byte what a download that was never killed leaves.
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { run } from "../exps/processes.ts";
import { life } from "./download_kills.ts";
import { checkOutcomes, keyOfRow, shardsIn } from "./download_outcomes.ts";
import { download, downloadArgs, type Faults, loopback, startFaults, writeRows } from "./download_runs.ts";
import { type FaultRow, faultRow } from "./fault_table.ts";

const SHARDS = 12, ROWS = 100 * SHARDS;

/** A row, and the earlier one that it repeats. */
interface Repeat extends FaultRow {
  readonly same?: { readonly kind: "url" | "content"; readonly first: number };
}

/** A half is new. Of the others some have an earlier row's URL, most its bytes under another one. */
function rowsOf({ server }: Faults): Repeat[] {
  const rows: Repeat[] = [];
  for (let i = 0; i < ROWS; i++) {
    if (i % 2 === 0 || i < 50) rows.push(faultRow(server, i % 50 === 48 ? "404" : "ok", i));
    else {
      const first = 2 * Math.floor(i / 40), kind = i % 20 === 7 ? "url" : "content", row = rows[first];
      const reason = kind === "url" ? "duplicate_url" : "duplicate_content";
      const url = kind === "url" ? row.url : `${row.url}?copy=${i}`;
      const repeats = row.expected.reason === null || kind === "url";
      rows.push({
        ...{ ...row, url },
        ...repeats ? { expected: { reason }, same: { kind, first } } : {},
      });
    }
  }
  return rows;
}

const hashesOf = async (out: string) =>
  await Promise.all(
    (await shardsIn(out)).map(async (name) =>
      createHash("sha256").update(await Deno.readFile(`${out}/${name}.tar`)).digest("hex")
    ),
  );

/** How many shards say that images were taken out of them. */
async function settled(out: string): Promise<number> {
  const stats = await Promise.all((await shardsIn(out)).map(async (name) => {
    const text = await Deno.readTextFile(`${out}/${name}_stats.json`).catch(() => null);
    return text !== null && "duplicate_content" in JSON.parse(text).status_dict;
  }));
  return stats.filter(Boolean).length;
}

Deno.test({
  name: "download: killed while duplicates are dropped it ends as if it had not been",
  ignore: !loopback,
  fn: async () => {
    await using faults = await startFaults();
    const rows = rowsOf(faults), input = await writeRows(faults, rows), { requests } = faults.server;
    const killed = `${faults.folder}/killed`, whole = `${faults.folder}/whole`;
    const argsOf = (out: string) =>
      downloadArgs(faults, input, out, ["--dedup", "drop", "--breaker-failures", "0"]);
    let asked: Map<string, number> | null = null;
    for (const goal of [2, 7, null]) {
      const ripe = goal === null ? null : async () => await settled(killed) >= goal;
      const { code, signal, err } = await life(faults, argsOf(killed), ripe, { within: 20 });
      if (goal === null) assertEquals(code, 0, err);
      else {
        assertEquals(signal, "SIGKILL", `it ended before it was killed: ${code} ${err}`);
        const done = await settled(killed);
        assert(done >= goal && done < SHARDS, `${done} of ${SHARDS} shards were settled at the kill`);
      }
      asked ??= new Map(requests);
      assertEquals(new Map(requests), asked, "images were asked for again");
    }
    await checkOutcomes(killed, rows);

    const lines = rows.flatMap(({ same }, i) =>
      same ? [`${same.kind}\t${keyOfRow(i)}\t${keyOfRow(same.first)}`] : []
    );
    const byKind = lines.toSorted((a, b) => (a[0] > b[0] ? -1 : a[0] < b[0] ? 1 : 0));
    assertEquals(
      await Deno.readTextFile(`${killed}/duplicates.tsv`),
      [
        "kind\tkey\tfirst_key",
        ...byKind,
        "",
      ].join("\n"),
    );
    const verified = await download(faults, [...argsOf(killed), "--verify"]);
    assertEquals(verified.code, 0, verified.out + verified.err);
    const stats = await run("data_utils/data_cli.ts", ["download-stats", killed, "--json"]);
    const expected: Record<string, number> = {};
    for (const { expected: { reason } } of rows) {
      expected[reason ?? "success"] = (expected[reason ?? "success"] ?? 0) + 1;
    }
    assertEquals([JSON.parse(stats.out).count, JSON.parse(stats.out).status_dict], [ROWS, expected]);

    const once = await download(faults, argsOf(whole));
    assertEquals(once.code, 0, once.err);
    assertEquals(await hashesOf(killed), await hashesOf(whole));
    assertEquals(
      await Deno.readTextFile(`${killed}/duplicates.tsv`),
      await Deno.readTextFile(`${whole}/duplicates.tsv`),
    );
  },
});
