/** `data arrange`: images out of WebDataset shards into ImageNet's layout of folders. */
import { fingerprintFile } from "../../captions/inventory.ts";
import { expandFiles } from "../../loader/shards.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { Failure } from "../../program/outcome.ts";
import { clockTime, progressOn } from "../../program/progress.ts";
import { writeParquetFrame } from "../../tables/mod.ts";
import { curationFlags, finishCuration } from "../curation.ts";
import { factsOf } from "../file_hash.ts";
import { type ArrangeTable, type NumberedShard, numberShards, readArrangeTable } from "./arrange_table.ts";
import type { ArrangedShard, ArrangeUnit } from "./arrange_unit.ts";
import { describeFailures, type FailedSample, writeFailures } from "./failures.ts";
import { runUnits } from "./pool.ts";
import { openRecords, type Records } from "./records.ts";

const { "dry-run": dryRun, json, help: helpFlag } = curationFlags;
const flagTable = {
  "dataset-path": {
    kind: "text",
    value: "SHARDS",
    help: 'the shards: "laionet/{00000..00458}.tar", a glob, a file',
  },
  "metadata-path": {
    kind: "text",
    value: "FILE",
    help: "table of the images: index (LAION id), wnid, perhaps TEXT",
  },
  "target-data-path": {
    kind: "text",
    value: "DIR",
    default: "../datasets/laionet",
    help: "folder of the class folders",
  },
  "target-df-path": {
    kind: "text",
    value: "FILE",
    default: "laionet_thresh07.parquet",
    help: "what the table of successes is called: FILE without .parquet + _success{N}.parquet",
  },
  "num-workers": {
    kind: "whole",
    value: "N",
    default: 2,
    least: 1,
    most: 256,
    help: "threads, each at a shard of its own",
  },
  "shard-size": {
    kind: "whole",
    value: "N",
    default: 10_000,
    least: 1,
    help: "rows per shard, as img2dataset was told",
  },
  "index-col": { kind: "text", value: "NAME", help: "column of the LAION ids (default: index)" },
  "keep-bytes": {
    kind: "switch",
    help: "store JPEG bytes as they are; else, as the reference does, encode anew",
  },
  "any-caption": { kind: "switch", help: "take samples whose caption is not the TEXT of their row" },
  "dry-run": dryRun,
  json,
  help: helpFlag,
} as const;

const help =
  `Stores the images of WebDataset shards as {target}/{wnid}/{LAION id}.jpg. A sample's key is the number of its row in
the metadata, which holds where img2dataset numbered the rows in shards of N (--shard-size): so a key must lie in its
shard's rows, and its caption must be the row's TEXT. Images are decoded whole; JPEGs are encoded anew (quality 75,
4:2:0) unless --keep-bytes. n02112837 (Siberian husky) is stored as n02110185, the id of ImageNet.

Usage: deno task data arrange --dataset-path SHARDS --metadata-path FILE --target-data-path DIR --target-df-path FILE

${describeFlags(flagTable)}

Writes {df}_success{N}.parquet: the N rows whose images are on the disk, with all their columns, with a
.provenance.json; and {df}_failures.tsv: every sample that failed, with its reason. Images that are there already stay.
Stopped or killed, the same command goes on where it was.

Exit codes: 0 done, 1 done but samples failed, 2 bad input, 130 stopped.

Example: deno task data arrange --dataset-path "laion-download/{00000..00458}.tar" \\
  --metadata-path laionet.parquet --target-data-path datasets/laionet --target-df-path laionet_thresh07.parquet`;

type Asked = {
  target: string;
  size: number;
  keepBytes: boolean;
  anyCaption: boolean;
  workers: number;
  signal: AbortSignal;
};

/** Rows that a shard's keys may name. */
function rowsOf(
  { number }: NumberedShard,
  size: number,
  { frame }: ArrangeTable,
): { first: number; rows: number } {
  const first = number * size;
  return { first, rows: Math.min(size, frame.rows - first) };
}

/** Arranges the shards without a record, and returns what became of all, in their order. */
async function arrangeShards(
  shards: readonly NumberedShard[],
  table: ArrangeTable,
  records: Records<ArrangedShard>,
  { target, size, keepBytes, anyCaption, workers, signal }: Asked,
): Promise<ArrangedShard[]> {
  const done = new Map<number, ArrangedShard>(), progress = progressOn(), began = performance.now();
  for (const { number } of shards) {
    const record = await records.find(String(number));
    if (record) done.set(number, record);
  }
  const left = shards.filter(({ number }) => !done.has(number));
  if (done.size > 0) progress.note(`${done.size} of ${shards.length} shards were arranged before`);
  function* units(): Generator<ArrangeUnit & { number: number }> {
    for (const shard of left) {
      const { first, rows } = rowsOf(shard, size, table);
      const places = Array.from({ length: rows }, (_, i) => first + i);
      yield {
        ...{ shard: shard.path, number: shard.number, first, target, keepBytes },
        files: places.map(table.fileOf),
        captions: places.map((row) => anyCaption ? null : table.captionOf(row)),
      };
    }
  }
  let ended = 0, images = 0;
  try {
    await runUnits<ArrangeUnit & { number: number }, ArrangedShard>(units(), {
      script: import.meta.resolve("./arrange_worker.ts"),
      workers: Math.min(workers, Math.max(1, left.length)),
      signal,
      async onDone({ number }, arranged) {
        await records.save(String(number), arranged);
        done.set(number, arranged);
        images += arranged.rows.length;
        const seconds = (performance.now() - began) / 1000, ahead = seconds * (left.length / ++ended - 1);
        progress.show(
          `${ended} of ${left.length} shards, ${(images / seconds).toFixed(0)} images/s, ${
            clockTime(ahead)
          } left`,
        );
      },
    });
  } finally {
    progress.end();
  }
  return shards.map(({ number }) => done.get(number)!);
}

/** Parts rows by whether their file is on the disk now. */
async function onDisk(rows: readonly number[], table: ArrangeTable, target: string) {
  const there: Set<string>[] = [];
  for (const wnid of table.wnids) {
    there.push(new Set((await Array.fromAsync(Deno.readDir(`${target}/${wnid}`))).map(({ name }) => name)));
  }
  const present = rows.filter((row) => there[table.codes[row]].has(table.fileOf(row).split("/")[1]));
  const kept = new Set(present);
  const gone = rows.filter((row) => !kept.has(row)).map((row): FailedSample => (
    { row, source: `${target}/${table.fileOf(row)}`, reason: "was stored, and is no longer there" }
  ));
  return { present, gone };
}

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable, ["dataset-path", "metadata-path"]), size = flags["shard-size"];
  const metadata = flags["metadata-path"]!, target = flags["target-data-path"].replace(/(?<=.)\/+$/, "");
  const stem = flags["target-df-path"].replace(/\.parquet$/, ""), failed = `${stem}_failures.tsv`;
  const paths = expandFiles(flags["dataset-path"]!),
    table = await readArrangeTable(metadata, flags["index-col"]);
  const shards = numberShards(paths, size, table.frame.rows), { wnids, codes, frame } = table;
  const histogram = (rows: Iterable<number>) => {
    const counts = new Int32Array(wnids.length);
    for (const row of rows) counts[codes[row]]++;
    return { names: wnids, counts };
  };
  const shaping = {
    ...{ "dataset-path": flags["dataset-path"], "metadata-path": metadata, "target-data-path": target },
    ...{ "shard-size": size, "index-col": flags["index-col"] },
    ...{ "keep-bytes": flags["keep-bytes"], "any-caption": flags["any-caption"] },
  };
  const common = {
    command: "arrange",
    flags: { ...shaping, "target-df-path": flags["target-df-path"] },
    seed: null,
    inputs: [metadata],
  };
  const finish = { dryRun: flags["dry-run"], json: flags.json, signal };
  const outputs = (rows: readonly number[], failures: readonly FailedSample[], name: string) => [
    {
      path: `${stem}_success${name}.parquet`,
      write: (file: Deno.FsFile) => writeParquetFrame(file, frame.take(rows)),
    },
    { path: failed, write: (file: Deno.FsFile) => writeFailures(file, failures) },
  ];
  const reachable = shards.flatMap((shard) => {
    const { first, rows } = rowsOf(shard, size, table);
    return Array.from({ length: rows }, (_, i) => first + i);
  });
  if (finish.dryRun) {
    const notes = [
      `at most so many: {N} is known when ${shards.length} shards have been read`,
      `images go below ${target}`,
    ];
    return await finishCuration(
      {
        ...common,
        outputs: outputs([], [], "{N}"),
        rows: reachable.length,
        classes: histogram(reachable),
        notes,
      },
      finish,
    );
  }
  const prints = [];
  for (const { path } of shards) prints.push({ path, ...await fingerprintFile(path) });
  const seen = prints.map(({ path, bytes, hash }) => ({ path, bytes, hash_of_ends: hash }));
  using records = await openRecords<ArrangedShard>(`${stem}.arranging`, {
    ...shaping,
    shards: seen,
    facts: await factsOf(metadata, signal),
  });
  for (const wnid of wnids) await Deno.mkdir(`${target}/${wnid}`, { recursive: true });
  const asked = { target, size, signal, keepBytes: flags["keep-bytes"], anyCaption: flags["any-caption"] };
  const arranged = await arrangeShards(shards, table, records, { ...asked, workers: flags["num-workers"] });
  const { present, gone } = await onDisk(arranged.flatMap(({ rows }) => rows), table, target);
  const failures = [...arranged.flatMap((shard) => shard.failures), ...gone];
  const met = new Uint8Array(frame.rows);
  for (const row of present) met[row] = 1;
  for (const { row } of failures) if (row !== null) met[row] = 1;
  const missing = reachable.reduce((sum, row) => sum + 1 - met[row], 0);
  await finishCuration({
    ...common,
    outputs: outputs(present, failures, String(present.length)),
    rows: present.length,
    classes: histogram(present),
    notes: missing === 0
      ? []
      : [`${missing} rows of the metadata are in none of the shards (not downloaded)`],
    also: { failures: failures.length, rows_in_no_shard: missing, shards: seen },
  }, finish);
  await records.remove();
  if (failures.length > 0) throw new Failure(`Failed: ${describeFailures(failures)}; see ${failed}`, 1);
}

/** The command. */
export const arrangeCommand: Command = {
  name: "arrange",
  summary: "images of WebDataset shards into ImageNet's layout, {wnid}/{LAION id}.jpg",
  help,
  run,
};
