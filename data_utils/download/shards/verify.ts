/** Reading a finished shard again: whether all that was promised of it is there, byte for byte. */
import { createHash } from "node:crypto";
import { hashOpenFile } from "../../curate/file_hash.ts";
import { type TarMember, tarMembers } from "../../loader/tar.ts";
import { keyOf } from "./keys.ts";
import { memberStem, parseShardName, type ShardFiles } from "./names.ts";
import { type PastResult, readShardResults } from "./past_results.ts";
import type { ShardStats } from "./shard.ts";
import { readStats, statusDict } from "./shard_stats.ts";

/** What a shard should be, as far as that is known from elsewhere. */
export interface ShardExpectation {
  readonly rowsPerShard?: number;
  /** Rows of this shard. */
  readonly rows?: number;
  readonly signal?: AbortSignal;
}

/** What was found of a shard. */
export interface ShardCheck {
  readonly name: string;
  readonly rows: number;
  readonly successes: number;
  /** One line each, naming the file and the key; none of a shard that is as it was written. */
  readonly faults: readonly string[];
}

/** Takes faults down. */
type Say = (fault: string) => void;

const imageKinds = { webdataset: new Set(["jpg", "png", "webp"]), qnq: new Set(["jpeg", "png", "webp"]) };
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const said = (error: unknown) => error instanceof Error ? error.message : String(error);

/** Compares a file with what the statistics say of it. */
async function checkFile(
  path: string,
  note: ShardStats["tar"],
  say: Say,
  signal?: AbortSignal,
): Promise<void> {
  using file = await Deno.open(path).catch(() => null);
  if (file === null) return say(`${path} is missing`);
  const { bytes, sha256 } = await hashOpenFile(file, signal);
  if (bytes !== note.bytes) say(`${path} has ${bytes} bytes, not the ${note.bytes} that were written`);
  else if (sha256 !== note.sha256) say(`${path} has other bytes than were written (SHA-256)`);
}

/** Compares the table with the statistics, the name of the shard and what is expected. */
function checkRows(
  { name, layout, parquet }: ShardFiles,
  results: readonly PastResult[],
  stats: ShardStats,
  { rowsPerShard, rows = stats.count }: ShardExpectation,
  say: Say,
): void {
  if (results.length !== rows) say(`${parquet} has ${results.length} rows, not ${rows}`);
  const counts = JSON.stringify(statusDict(results)), noted = JSON.stringify(stats.status_dict);
  if (counts !== noted) say(`${parquet} has the outcomes ${counts}, its statistics say ${noted}`);
  const { tag, shard } = parseShardName(name, layout)!, keys = new Set<string>();
  for (const { key, index, status, storedSha256 } of results) {
    if (keys.has(key)) say(`${parquet}: key ${key} is there twice`);
    keys.add(key);
    if (status === "success" && storedSha256 === null) say(`${parquet}: key ${key} has no stored_sha256`);
    if (tag !== "" || rowsPerShard === undefined || index >= rowsPerShard) continue;
    const wanted = keyOf(shard, index, rowsPerShard);
    if (key !== wanted) say(`${parquet}: row ${index} has the key ${key}, not ${wanted}`);
  }
}

/** What KEY.json says otherwise than the table, as names. */
function notesDiffer(text: string, row: PastResult): string[] {
  const wanted = {
    ...{ caption: row.caption || null, url: row.url, key: row.key, status: row.status },
    ...{ width: row.width, height: row.height, original_width: row.originalWidth },
    ...{ original_height: row.originalHeight, sha256: row.sha256, stored_sha256: row.storedSha256 },
  };
  const notes = JSON.parse(text) as Record<string, unknown>;
  return Object.entries(wanted).filter(([name, value]) => notes[name] !== value).map(([name]) => name);
}

/** What is wrong with a member of a success, or null. */
async function memberFault({ read }: TarMember, kind: string, row: PastResult): Promise<string | null> {
  const bytes = await read();
  if (kind === "txt") return decoder.decode(bytes) === row.caption ? null : "is not the caption";
  if (kind !== "json") {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return sha256 === row.storedSha256 ? null : "has other bytes than stored_sha256 says";
  }
  try {
    const names = notesDiffer(decoder.decode(bytes), row);
    return names.length === 0 ? null : `says otherwise than the table: ${names.join(", ")}`;
  } catch {
    return "is no JSON";
  }
}

/** Compares the archive with the successes of the table. */
async function checkMembers(
  { tar, layout }: ShardFiles,
  results: readonly PastResult[],
  say: Say,
  signal?: AbortSignal,
): Promise<void> {
  const successes = new Map(
    results.filter(({ status }) => status === "success").map((row) => [memberStem(row.key, layout), row]),
  );
  const wanted = layout === "qnq" ? ["image", "txt"] : ["image", "json", "txt"];
  const seen = new Map<string, Set<string>>();
  for await (const member of tarMembers(tar)) {
    signal?.throwIfAborted();
    const dot = member.name.indexOf("."), stem = member.name.slice(0, dot), kind = member.name.slice(dot + 1);
    const row = successes.get(stem), role = imageKinds[layout].has(kind) ? "image" : kind;
    if (!row || !wanted.includes(role)) {
      say(`${tar}: ${member.name} belongs to no success of the table`);
      continue;
    }
    const fault = await memberFault(member, kind, row), roles = seen.get(stem) ?? new Set();
    if (fault !== null) say(`${tar}: key ${row.key}: ${member.name} ${fault}`);
    if (roles.has(role)) say(`${tar}: key ${row.key}: ${member.name} is one ${role} too many`);
    seen.set(stem, roles.add(role));
  }
  for (const [stem, { key }] of successes) {
    const lacking = wanted.filter((role) => !seen.get(stem)?.has(role));
    if (lacking.length > 0) say(`${tar}: key ${key}: no ${lacking.join(", no ")}`);
  }
}

/** Checks a shard; the archive is read twice, a piece at a time. Throws only what `signal` aborted with. */
export async function verifyShard(files: ShardFiles, expected: ShardExpectation = {}): Promise<ShardCheck> {
  const faults: string[] = [], say: Say = (fault) => void faults.push(fault), { signal } = expected;
  const stats = await readStats(files.stats);
  const check = { name: files.name, rows: stats?.count ?? 0, successes: stats?.successes ?? 0, faults };
  if (stats === null) {
    const none = await Deno.stat(files.tar).then(() => false, () => true);
    say(none ? `${files.tar} is missing: download again` : `${files.stats} is missing or damaged`);
    return check;
  }
  await checkFile(files.parquet, stats.parquet, say, signal);
  await checkFile(files.tar, stats.tar, say, signal);
  if (files.size !== null) {
    const noted = await Deno.readTextFile(files.size).catch(() => "nothing");
    if (noted !== String(stats.successes)) say(`${files.size} says ${noted}, not ${stats.successes}`);
  }
  try {
    const results = await readShardResults(files.parquet);
    checkRows(files, results, stats, expected, say);
    await checkMembers(files, results, say, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Deno.errors.NotFound)) say(said(error));
  }
  return check;
}
