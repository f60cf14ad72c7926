// What a download left in its folder, read with nothing of the downloader's own, and held against what should have become of
// each row.
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { parquetReadObjects } from "hyparquet";
import { loadSharp } from "../../data_utils/deps.ts";
import { untar } from "../curate/shards_made.ts";
import { ROWS_PER_SHARD } from "./download_runs.ts";
import type { FaultRow } from "./fault_table.ts";

/** A row of a shard's parquet file. */
export interface Outcome {
  readonly key: string;
  readonly url: string | null;
  readonly caption: string | null;
  readonly status: string;
  readonly reason: string | null;
  readonly error_message: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly sha256: string | null;
  readonly stored_sha256: string | null;
}

export async function outcomesOf(path: string): Promise<Outcome[]> {
  const { buffer } = await Deno.readFile(path);
  return await parquetReadObjects({ file: buffer }) as unknown as Outcome[];
}

/** Names of files in a folder, sorted. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

/** Finished shards of a folder, as their archives are called without the ending. */
export async function shardsIn(folder: string): Promise<string[]> {
  const names = await namesIn(folder).catch(() => []);
  return names.filter((name) => name.endsWith(".tar")).map((name) => name.slice(0, -4));
}

const hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const decoder = new TextDecoder();

/** The key of a row by img2dataset's rule. */
export const keyOfRow = (row: number) => String(row).padStart(5 + String(ROWS_PER_SHARD - 1).length, "0");

/** What is wrong with the members of a success. */
async function faultsOfSample(
  { url, caption, expected, served }: FaultRow,
  outcome: Outcome,
  members: ReadonlyMap<string, Uint8Array>,
): Promise<string[]> {
  const { key, width, height } = outcome, from = hex(await served());
  const ending = ["jpg", "png", "webp"].find((each) => members.has(`${key}.${each}`));
  const image = members.get(`${key}.${ending}`), notes = members.get(`${key}.json`);
  if (!image || !notes) return [`${url}: no image, or no notes`];
  const json = JSON.parse(decoder.decode(notes)), seen = await (await loadSharp())(image).metadata();
  const rules: [boolean, string][] = [
    [!expected.kept || hex(image) === from, "other bytes than were served"],
    [outcome.sha256 === from && outcome.stored_sha256 === hex(image), "other hashes"],
    [width === seen.width && height === seen.height, "another size"],
    [decoder.decode(members.get(`${key}.txt`)) === caption, "another caption"],
    [json.url === url && json.caption === caption && json.key === key, "notes of another row"],
    [json.status === "success" && json.sha256 === from && json.width === width, "other notes"],
  ];
  return rules.filter(([holds]) => !holds).map(([, says]) => `${url}: ${says}`);
}

/**
 * Checks every shard: each row stands once in its place with its reason, and successes have their members and nobody else
 * has any. `shards`: numbers of those that should be there (default all).
 */
export async function checkOutcomes(
  out: string,
  rows: readonly FaultRow[],
  { shards }: { shards?: readonly number[] } = {},
): Promise<void> {
  const wanted = shards ?? Array.from({ length: Math.ceil(rows.length / ROWS_PER_SHARD) }, (_, i) => i);
  const names = wanted.map((shard) => String(shard).padStart(5, "0")), wrong: string[] = [];
  assertEquals(await shardsIn(out), names);
  for (const [i, name] of names.entries()) {
    const first = wanted[i] * ROWS_PER_SHARD, own = rows.slice(first, first + ROWS_PER_SHARD);
    const outcomes = await outcomesOf(`${out}/${name}.parquet`);
    assertEquals(outcomes.map(({ key }) => key), own.map((_, index) => keyOfRow(first + index)), name);
    const archive = untar(await Deno.readFile(`${out}/${name}.tar`)), members = new Map(archive);
    assertEquals(archive.length, members.size, `${name} has a member twice`);
    let successes = 0;
    for (const [index, row] of own.entries()) {
      const outcome = outcomes[index], { reason } = row.expected;
      assertEquals([outcome.url ?? "", outcome.caption ?? ""], [row.url, row.caption]);
      assertEquals(outcome.status === "success", outcome.reason === null);
      if (outcome.reason !== reason) {
        wrong.push(`${row.kind}: ${outcome.reason} where ${reason} should be; ${outcome.error_message}`);
      } else if (reason === null) wrong.push(...await faultsOfSample(row, outcome, members));
      if (outcome.reason === null) successes++;
    }
    assertEquals(archive.length, 3 * successes, `${name} has members of nobody`);
    const stats = JSON.parse(await Deno.readTextFile(`${out}/${name}_stats.json`));
    assertEquals([stats.count, stats.successes], [own.length, successes]);
  }
  assert(wrong.length === 0, wrong.join("\n"));
}
