/** `data laionet-assign-wnid`: images of LAION that were found by their texts get the class of the most similar one. */
import { parquetCopy } from "../../captions/parquet_copy.ts";
import { parquetRows } from "../../captions/parquet_rows.ts";
import { readClassMetadata } from "../../metadata/class_metadata.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { textAt } from "../../tables/column.ts";
import { readFrame } from "../../tables/read_frame.ts";
import { finishCuration } from "../curation.ts";
import { mostSimilarLabels } from "./assign_wnid.ts";
import { checkedIds, idColumn } from "./laionet_table.ts";
import { laionetFlags } from "./shared_flags.ts";
import { countLabels } from "./training_table.ts";

const flagTable = {
  "df-path": { kind: "text", value: "FILE", help: "parquet of images found by text-to-text retrieval" },
  matches: {
    kind: "text",
    value: "FILE",
    help: "what was retrieved: a table of caption, LAION id, similarity",
  },
  "caption-col": {
    kind: "text",
    value: "NAME",
    help:
      "its column of the captions' images, whose names begin with a wnid (default: ic_index, filename, wnid)",
  },
  "similarity-col": {
    kind: "text",
    value: "NAME",
    default: "similarity",
    help: "its column of similarities",
  },
  out: { kind: "text", value: "FILE", help: "default: the parquet's name with _wnid before its ending" },
  ...{
    metadata: laionetFlags.metadata,
    "index-col": laionetFlags["index-col"],
    quoting: laionetFlags.quoting,
  },
  ...{ "dry-run": laionetFlags["dry-run"], json: laionetFlags.json, help: laionetFlags.help },
} as const;

const help =
  `Gives each image of a table that was found by text-to-text retrieval the wnid of the most similar caption of
ImageNet-Captions. Where two are equally similar it is the one that stands first in the matches.

Usage: deno task data laionet-assign-wnid --df-path FILE --matches FILE [--out FILE]

${describeFlags(flagTable)}

The matches are what data laionet-build retrieve writes, or any parquet, TSV, CSV, JSONL or JSON array with a row for each
pair. The output has all rows and columns of
the parquet as they are stored, and wnid at the end.

Example: deno task data laionet-assign-wnid --df-path laionet_t2t_success309113.parquet \\
  --matches laionet/icimagename2laionindices_top50.parquet`;

const stringOf = (wish: string | readonly string[]) => typeof wish === "string" ? wish : wish[0];

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable, ["df-path", "matches"]);
  const path = flags["df-path"]!, matchesPath = flags.matches!, index = idColumn(flags["index-col"]);
  const out = flags.out ?? path.replace(/(\.parquet)?$/, "_wnid.parquet");
  const classes = await readClassMetadata(flags.metadata), { wnids, classNames } = classes;
  const frame = await readFrame(path, { columns: [index], format: "parquet" });
  const { ids } = checkedIds(frame, stringOf(index));
  if (frame.rows === 0) throw new SyntaxError(`${path} has no rows`);
  signal.throwIfAborted();

  const similarityColumn = flags["similarity-col"],
    caption = flags["caption-col"] ?? ["ic_index", "filename", "wnid"];
  const matches = await readFrame(matchesPath, {
    columns: [caption, index, similarityColumn],
    quoting: flags.quoting as "minimal",
  });
  const captions = matches.text(stringOf(caption)), similarity = matches.numbers(similarityColumn);
  const matchIds = matches.numbers(stringOf(index)), labels = new Int32Array(matches.rows);
  for (let row = 0; row < matches.rows; row++) {
    const name = textAt(captions, row), label = classes.labelOf(name?.split("_", 1)[0] ?? "");
    const where = `${matchesPath}, row ${row} (from 0)`;
    if (label === undefined) {
      throw new SyntaxError(
        `${where}: ${JSON.stringify(name)} does not begin with the wnid of one of the classes`,
      );
    }
    if (!Number.isFinite(similarity[row])) throw new SyntaxError(`${where} has no similarity`);
    labels[row] = label;
  }
  const byId = mostSimilarLabels({ ids: matchIds, labels, similarity }),
    assigned = new Int32Array(frame.rows);
  for (let row = 0; row < frame.rows; row++) {
    const label = byId.get(ids[row]);
    if (label === undefined) {
      throw new SyntaxError(
        `${path}, row ${row} (from 0): LAION id ${ids[row]} is in no row of ${matchesPath}`,
      );
    }
    assigned[row] = label;
  }
  await finishCuration({
    command: "laionet-assign-wnid",
    flags: { "similarity-col": similarityColumn },
    ...{ seed: null, inputs: [path, matchesPath] },
    outputs: [{
      path: out,
      write: (file) => writeAssigned(path, file, (row) => wnids[assigned[row]], signal),
    }],
    classes: { names: classNames, counts: countLabels(assigned, classNames.length) },
    rows: frame.rows,
  }, { dryRun: flags["dry-run"], json: flags.json, signal });
}

/** Copies a parquet file with the column `wnid` replaced or added. */
async function writeAssigned(
  path: string,
  file: Deno.FsFile,
  wnidOf: (row: number) => string,
  signal: AbortSignal,
): Promise<void> {
  using source = await parquetRows(path);
  const copy = await parquetCopy(source, file, signal, {
    added: [{ name: "wnid", kind: "text" }],
    without: ["wnid"],
  });
  let before = 0;
  for (const [group, rows] of source.groups.entries()) {
    const first = before;
    await copy.add(group, Array.from({ length: rows }, (_, i) => i), (row) => [wnidOf(first + row)]);
    before += rows;
  }
  await copy.end();
}

export const laionetAssignCommand: Command = {
  name: "laionet-assign-wnid",
  summary: "images found by their texts get the class of the most similar caption",
  help,
  run,
};
