/** `data laionet-subset`: LAIONet above a threshold, a part of it, or so many rows of it. */
import { readClassMetadata } from "../../metadata/class_metadata.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { pythonFloat } from "../../tables/float_text.ts";
import { finishCuration } from "../curation.ts";
import { chooseSubset } from "./choose_subset.ts";
import { readLaionetTable, renamedNote } from "./laionet_table.ts";
import { folderOf, freqFolder, laionetFlags, outputFlags } from "./shared_flags.ts";
import { countLabels, countsOutput, missingNote, tableOutput, trainingTable } from "./training_table.ts";

const flagTable = {
  "df-path": { kind: "text", value: "FILE", help: "LAIONet: index, wnid, TEXT and the similarity" },
  thresh: {
    kind: "number",
    default: 0.7,
    least: -1,
    most: 1,
    help: "keeps rows whose similarity is this or above",
  },
  frac: { kind: "number", least: 0, most: 1, help: "keeps this part of them (default 1)" },
  n: { kind: "whole", least: 1, help: "keeps so many of them" },
  "similarity-col": {
    kind: "text",
    value: "NAME",
    default: "text_to_name_def_wnid_similarity",
    help: "column of the similarity",
  },
  ...outputFlags,
  ...laionetFlags,
} as const;

const help =
  `Makes a subset of LAIONet: rows at or above a similarity, of those a part (--frac) or so many (--n),
drawn as pandas draws them with the seed. A class of which no row is left gets its first one back; with --n as many rows
of the ten largest classes go instead. Rows come in the order of their LAION ids.

Usage: deno task data laionet-subset --df-path FILE [--thresh T] [--frac F | --n N]

${describeFlags(flagTable)}

Writes laionet_thresh{T}[_frac{F}]_{rows}.tsv (filepath, label, caption), with a .provenance.json, and
class_frequency_laionet_thresh{T}[_frac{F} | _n{N}]_ori.txt.

Example: deno task data laionet-subset --df-path laionet_thresh07_success3256561.parquet --thresh 0.75 --n 448896`;

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable, ["df-path"]);
  const { "df-path": path, thresh, frac, n, seed, json, "similarity-col": similarityColumn } = flags;
  if (n !== undefined && frac !== undefined) {
    throw new RangeError("--n and --frac cannot go together: give one");
  }
  if (frac === 0) throw new RangeError("--frac 0 would keep no rows: give more than 0");
  const classes = await readClassMetadata(flags.metadata), { classNames } = classes;
  const table = await readLaionetTable(path!, classes, {
    indexCol: flags["index-col"],
    quoting: flags.quoting as "minimal",
  }, [similarityColumn]);
  signal.throwIfAborted();

  const similarity = table.frame.numbers(similarityColumn), { ids, labels } = table;
  const chosen = chooseSubset({ similarity, labels, classes: classNames.length }, {
    ...{ threshold: thresh, count: n, part: frac, seed },
  });
  const isChosen = new Uint8Array(table.rows);
  for (const row of chosen.rows) isChosen[row] = 1;
  const rows = table.byId.filter((row) => isChosen[row]), folder = `${folderOf(flags.images)}/laionet`;
  const { frame, missing } = trainingTable(
    rows.length,
    (i) => ({ captions: table.captions, row: rows[i], id: ids[rows[i]], label: labels[rows[i]], folder }),
    classes,
  );
  signal.throwIfAborted();

  const counts = countLabels(rows.map((row) => labels[row]), classNames.length);
  const part = frac !== undefined && frac < 1 ? `_frac${pythonFloat(frac)}` : "";
  const stem = `laionet_thresh${pythonFloat(thresh)}`;
  await finishCuration({
    command: "laionet-subset",
    flags: {
      thresh,
      frac: frac ?? (n === undefined ? 1 : null),
      n: n ?? null,
      "similarity-col": similarityColumn,
    },
    ...{ seed, inputs: [path!] },
    outputs: [
      tableOutput(`${folderOf(flags.out)}/${stem}${part}_${rows.length}.tsv`, frame),
      countsOutput(
        `${freqFolder(flags)}/class_frequency_${stem}${n === undefined ? part : `_n${n}`}_ori.txt`,
        classNames,
        counts,
      ),
    ],
    classes: { names: classNames, counts },
    rows: rows.length,
    notes: [...renamedNote([table]), ...missingNote(missing)],
    also: { aboveThreshold: chosen.aboveThreshold, rescued: chosen.rescued, dropped: chosen.dropped },
  }, { dryRun: flags["dry-run"], json, signal });
}

export const laionetSubsetCommand: Command = {
  name: "laionet-subset",
  summary: "LAIONet above a similarity threshold, a part of it, or so many rows of it",
  help,
  run,
};
