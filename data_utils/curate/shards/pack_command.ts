/** `data pack`: images with labels and captions into WebDataset shards. */
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { Failure } from "../../program/outcome.ts";
import { clockTime, progressOn } from "../../program/progress.ts";
import { curationFlags, finishCuration } from "../curation.ts";
import { factsOf } from "../file_hash.ts";
import { describeFailures, type FailedSample, writeFailures } from "./failures.ts";
import { openPackSource, type PackSource } from "./pack_source.ts";
import type { PackedShard, PackUnit } from "./pack_unit.ts";
import { runUnits } from "./pool.ts";
import { openRecords, type Records } from "./records.ts";
import { shardTable } from "./shard_table.ts";
import { writeFully } from "../../runs/atomic.ts";

const { "dry-run": dryRun, json, help: helpFlag } = curationFlags;
const flagTable = {
  source: {
    kind: "text",
    value: "PATH",
    help: "a folder with a folder of images per class, or of images; a table " +
      "(TSV, CSV, parquet, JSONL) with a column filepath and perhaps label, caption; or a list of images (.txt)",
  },
  out: { kind: "text", value: "DIR", help: "folder of the shards: 00000.tar, 00001.tar ..." },
  "shard-size": {
    kind: "whole",
    value: "N",
    default: 10_000,
    least: 1,
    most: 1_000_000,
    help: "rows per shard",
  },
  classes: { kind: "text", value: "FILE", help: "class names, one a line; labels may then be names" },
  "image-root": {
    kind: "text",
    value: "DIR",
    help: "what paths are relative to (default: the table's folder)",
  },
  decode: {
    kind: "switch",
    help: "decode every image whole, and leave out damaged ones; else only headers are read",
  },
  workers: {
    kind: "whole",
    value: "N",
    default: 2,
    least: 1,
    most: 256,
    help: "threads, each at a shard of its own",
  },
  "dry-run": dryRun,
  json,
  help: helpFlag,
} as const;

const help =
  `Packs images into WebDataset shards whose bytes depend on nothing but the images, labels and captions: no times,
no owners, members in order. Keys are row numbers of nine digits, N rows to a shard; rows that fail leave gaps, so that
"arrange" finds the others by their keys. Image bytes are not changed. Members: .jpg (.png, .webp), .cls with the label,
.txt with the caption, .json with the row.

Usage: deno task data pack --source PATH --out DIR [--shard-size N] [--classes FILE]

${describeFlags(flagTable)}

Order: of a folder, classes and files by code unit; of tables and lists, their own. Paths may lead into archives, as
shards/0.tar/a.jpg. Beside the shards: shards.tsv (samples, bytes and SHA-256 of each), failures.tsv (rows left out,
each with its reason), shards.tsv.provenance.json. Stopped or killed, the same command goes on where it was.

Exit codes: 0 done, 1 done but rows were left out, 2 bad input, 130 stopped.

Example: deno task data pack --source imagenet/train --out imagenet-shards --workers 8`;

const shardCount = (count: number) => `${count} ${count === 1 ? "shard" : "shards"}`;
const shardName = (shard: number) => `${String(shard).padStart(5, "0")}.tar`;

/** Refuses a folder in which other shards would stand beside ours. */
async function refuseOthers(out: string, shards: number): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(out)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  });
  const begun = entries.some(({ name }) => name === ".pack");
  const own = new Set(begun ? Array.from({ length: shards }, (_, shard) => shardName(shard)) : []);
  const odd = entries.find(({ name }) => name.endsWith(".tar") && !own.has(name));
  if (odd) {
    throw new RangeError(`${out} holds shards already (${odd.name}): choose another --out, or remove them`);
  }
}

/** Rows per label as the source has them, before images are looked at. */
function labelsOf(source: PackSource): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < source.rows; i++) {
    const { label, fault } = source.row(i);
    if (label !== null && fault === undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

function classesOf({ classNames }: PackSource, counts: ReadonlyMap<number, number>) {
  if (counts.size === 0 && classNames === null) return null;
  const classes = classNames?.length ?? Math.max(...counts.keys()) + 1;
  const names = classNames ?? Array.from({ length: classes }, (_, label) => String(label));
  return { names, counts: names.map((_, label) => counts.get(label) ?? 0) };
}

type Asked = { out: string; size: number; decode: boolean; workers: number; signal: AbortSignal };

/** Writes the shards that are not there yet, and returns all of them in order. */
async function writeShards(
  source: PackSource,
  records: Records<PackedShard>,
  asked: Asked,
): Promise<PackedShard[]> {
  const { out, size, decode, workers, signal } = asked, count = Math.ceil(source.rows / size);
  const shards = new Array<PackedShard | null>(count).fill(null),
    progress = progressOn(),
    began = performance.now();
  for (let shard = 0; shard < count; shard++) {
    const record = await records.find(String(shard));
    const bytes = await Deno.stat(`${out}/${shardName(shard)}`).then(({ size }) => size, () => -1);
    if (record?.bytes === bytes) shards[shard] = record;
  }
  const left = shards.flatMap((shard, i) => shard === null ? [i] : []);
  if (left.length < count) progress.note(`${count - left.length} of ${count} shards are there already`);
  function* units(): Generator<PackUnit & { shard: number }> {
    for (const shard of left) {
      const first = shard * size, rows = Math.min(size, source.rows - first);
      const chosen = Array.from({ length: rows }, (_, i) => source.row(first + i));
      yield { shard, path: `${out}/${shardName(shard)}`, first, rows: chosen, decode };
    }
  }
  let done = 0;
  try {
    await runUnits<PackUnit & { shard: number }, PackedShard>(units(), {
      script: import.meta.resolve("./pack_worker.ts"),
      workers: Math.min(workers, Math.max(1, left.length)),
      signal,
      async onDone({ shard }, packed) {
        await records.save(String(shard), packed);
        shards[shard] = packed;
        const seconds = (performance.now() - began) / 1000 * (left.length / ++done - 1);
        progress.show(`${done} of ${left.length} shards, ${clockTime(seconds)} left`);
      },
    });
  } finally {
    progress.end();
  }
  return shards as PackedShard[];
}

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable, ["source", "out"]);
  const path = flags.source!, out = flags.out!.replace(/(?<=.)\/+$/, ""), size = flags["shard-size"];
  const { classes, decode, workers } = flags;
  const source = await openPackSource(path, { classes, imageRoot: flags["image-root"] });
  const count = Math.ceil(source.rows / size), inputs = [path, ...(classes === undefined ? [] : [classes])];
  const shaping = { source: path, "shard-size": size, classes, "image-root": flags["image-root"], decode };
  const names = count === 1 ? shardName(0) : `${shardName(0)} to ${shardName(count - 1)}`;
  const common = { command: "pack", flags: { ...shaping, out }, seed: null, inputs };
  const finish = { dryRun: flags["dry-run"], json: flags.json, signal };
  const outputs = (shards: readonly PackedShard[], failures: readonly FailedSample[]) => [
    {
      path: `${out}/shards.tsv`,
      write: (file: Deno.FsFile) => writeFully(file, shardTable(shards, shardName)),
    },
    { path: `${out}/failures.tsv`, write: (file: Deno.FsFile) => writeFailures(file, failures) },
  ];
  await refuseOthers(out, count);
  if (finish.dryRun) {
    const notes = [`${shardCount(count)}: ${names} in ${out}, ${size} rows each`, ...source.notes];
    const classCounts = classesOf(source, labelsOf(source));
    return await finishCuration(
      { ...common, outputs: outputs([], []), rows: source.rows, classes: classCounts, notes },
      finish,
    );
  }
  using records = await openRecords<PackedShard>(`${out}/.pack`, {
    ...shaping,
    facts: await Promise.all(inputs.map((input) => factsOf(input, signal))),
  });
  const shards = await writeShards(source, records, { out, size, decode, workers, signal });
  const failures = shards.flatMap((shard) => shard.failures), counts = new Map<number, number>();
  for (const [label, n] of shards.flatMap((shard) => shard.labels)) {
    counts.set(label, (counts.get(label) ?? 0) + n);
  }
  const samples = shards.reduce((sum, shard) => sum + shard.samples, 0);
  await finishCuration({
    ...common,
    outputs: outputs(shards, failures),
    rows: samples,
    classes: classesOf(source, counts),
    notes: [`${shardCount(count)}: ${names}`, ...source.notes],
    also: { shards: count, failures: failures.length },
  }, finish);
  await records.remove();
  if (failures.length > 0) {
    throw new Failure(`Left out ${describeFailures(failures)}; see ${out}/failures.tsv`, 1);
  }
}

/** The command. */
export const packCommand: Command = {
  name: "pack",
  summary: "a folder, table or list of images into WebDataset shards of the same bytes on every machine",
  help,
  run,
};
