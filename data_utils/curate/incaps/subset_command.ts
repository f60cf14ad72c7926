/** `data incaps-subset`: some of the classes, some of the rows, or both, of a table of ImageNet-Captions. */
import { imagenet100File, readClassMetadata, readLabelList } from "../../metadata/class_metadata.ts";
import { frequencyTableText } from "../../metadata/frequency_table.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, type FlagValues, readFlags } from "../../program/flags.ts";
import { writeFully } from "../../runs/atomic.ts";
import { wholeColumn } from "../../tables/column.ts";
import { writeTsv } from "../../tables/write_tsv.ts";
import { curationFlags, finishCuration } from "../curation.ts";
import { countLabels, readLabelledTable, tableFlags } from "./labelled_table.ts";
import { subsetFrequencies, subsetTable } from "./names.ts";
import { drawClasses, drawRows, rowsOfClasses } from "./subset.ts";

const flagTable = {
  ...tableFlags,
  "freq-path": {
    kind: "text",
    value: "FILE",
    help: "its frequency table, which gives the subset's its folder and name and is not read " +
      "(default METADATA/freqs/class_frequency_incaps_imagenet_ori.txt)",
  },
  k: { kind: "whole", least: 2, most: 1000, help: "number of classes, drawn" },
  "use-in100": { kind: "switch", help: "the classes of ImageNet-100: METADATA/imagenet100_idxs.txt" },
  n: { kind: "whole", least: 2, help: "number of rows, drawn" },
  ...curationFlags,
} as const;

type Values = FlagValues<typeof flagTable>;

/** The labels that are kept, ascending, or null for all. */
async function chosenClasses(flags: Values, classes: number): Promise<Int32Array | null> {
  const { k, metadata, seed } = flags;
  if (flags["use-in100"]) return Int32Array.from(await readLabelList(imagenet100File(metadata), classes));
  if (k === undefined) return null;
  if (k > classes) throw new RangeError(`--k ${k} is above the ${classes} classes of ${metadata}`);
  return drawClasses(classes, k, seed);
}

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable), { k, n, metadata: folder, seed, json, quoting } = flags;
  if (k !== undefined && flags["use-in100"]) {
    throw new RangeError("--k and --use-in100 both choose classes: give one of them");
  }
  if (k === undefined && n === undefined && !flags["use-in100"]) {
    throw new RangeError("A subset needs --k classes, --use-in100 or --n rows; see --help");
  }
  const path = flags["df-path"], { classNames } = await readClassMetadata(folder);
  const freqPath = flags["freq-path"] ?? `${folder}/freqs/class_frequency_incaps_imagenet_ori.txt`;
  const chosen = await chosenClasses(flags, classNames.length);
  const size = { classes: chosen?.length ?? null, rows: n ?? null };
  const table = subsetTable(path, size), frequencies = subsetFrequencies(freqPath, size);
  if (table.path === path) {
    throw new RangeError(`The subset's name would be that of its input, ${path}: rename that`);
  }

  const { frame, labels } = await readLabelledTable(path, classNames.length, quoting as "minimal" | "none");
  let rows = chosen ? rowsOfClasses(labels, chosen) : Int32Array.from(labels.keys());
  if (rows.length === 0) throw new RangeError(`${path} has no row of the chosen classes`);
  if (n !== undefined) {
    if (n > rows.length) {
      const of = chosen ? ` of the ${chosen.length} chosen classes` : "";
      throw new RangeError(`--n ${n} is above the ${rows.length} rows${of} in ${path}`);
    }
    rows = drawRows(frame.text("filepath"), rows, n, seed);
  }
  const original = rows.map((row) => labels[row]);
  const renumbered = new Map(chosen ? [...chosen].map((label, i) => [label, i]) : []);
  const mine = chosen ? original.map((label) => renumbered.get(label)!) : original;
  const renamed = frame.take(rows).with("label", wholeColumn(mine));
  const subset = chosen ? renamed.with("label_ori", wholeColumn(original)) : renamed;
  const names = chosen ? [...chosen].map((label) => classNames[label]) : classNames;
  const counts = countLabels(mine, names.length);
  const text = frequencyTableText(names.map((name, label) => ({ name, count: counts[label] })));

  const { "dry-run": dryRun, help: _, json: __, seed: ___, ...shaping } = flags;
  await finishCuration({
    command: "incaps-subset",
    flags: shaping,
    seed: k === undefined && n === undefined ? null : seed,
    inputs: [
      path,
      ...["imagenet", "imagenet_synset"].map((set) => `${folder}/descriptors/descriptors_${set}.json`),
      ...flags["use-in100"] ? [imagenet100File(folder)] : [],
    ],
    outputs: [
      { path: table.path, write: (file) => writeTsv(file, subset) },
      { path: frequencies.path, write: (file) => writeFully(file, new TextEncoder().encode(text)) },
    ],
    classes: { names, counts },
    rows: rows.length,
    notes: [...table.notes, ...frequencies.notes],
    also: chosen ? { labels_kept: [...chosen] } : {},
  }, { dryRun, json, signal });
}

export const incapsSubsetCommand: Command = {
  name: "incaps-subset",
  summary: "some classes (k, ImageNet-100), some rows (n) or both of such a table",
  help:
    `Makes a subset of a table of ImageNet-Captions. Classes: k drawn with NumPy's RandomState(seed), or those of
ImageNet-100; their labels are numbered from 0, the column label_ori keeps the old ones. Rows: the table (of the chosen
classes) is sorted by file path, rows of the same path in their order, and n rows drawn as DataFrame.sample does.

Usage: deno task data incaps-subset [--k N | --use-in100] [--n N] [flags]

${describeFlags(flagTable)}

Output, beside the table: in{k}caps for "incaps" in its name, and n behind the last "_"; likewise the frequency table's
name with incaps_n{n}. Captions such as NA and null stay text.

Example: deno task data incaps-subset --n 44548
Example: deno task data incaps-subset --use-in100 --df-path ../datasets/imagenet-captions/incaps_cname_448896.tsv`,
  run,
};
