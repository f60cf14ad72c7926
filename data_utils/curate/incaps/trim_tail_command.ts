/** `data incaps-trim-tail`: a table of ImageNet-Captions whose rarest classes have a few rows, or none. */
import { readClassMetadata } from "../../metadata/class_metadata.ts";
import { frequencyTableText } from "../../metadata/frequency_table.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { writeFully } from "../../runs/atomic.ts";
import { wholeColumn } from "../../tables/column.ts";
import { writeTsv } from "../../tables/write_tsv.ts";
import { type CuratedOutput, curationFlags, finishCuration } from "../curation.ts";
import { countLabels, readLabelledTable, tableFlags } from "./labelled_table.ts";
import { trimmedFrequencies, trimmedTable } from "./names.ts";
import { trimTail } from "./trim_tail.ts";

const flagTable = {
  ...tableFlags,
  lastk: { kind: "whole", default: 5, least: 1, help: "how many of the rarest classes are trimmed" },
  ceil: { kind: "whole", default: 5, least: 0, help: "rows that each of them keeps at most" },
  "freq-path": {
    kind: "text",
    value: "FILE",
    help:
      'its frequency table, which gives the new one its folder and name and is not read; "None" for no such table ' +
      "(default METADATA/freqs/class_frequency_incaps_imagenet_ori.txt)",
  },
  ...curationFlags,
} as const;

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable), { lastk, ceil, metadata: folder, seed, json, quoting } = flags;
  const path = flags["df-path"],
    { classNames } = await readClassMetadata(folder),
    classes = classNames.length;
  if (lastk > classes) throw new RangeError(`--lastk ${lastk} is above the ${classes} classes of ${folder}`);
  const freqPath = flags["freq-path"] ?? `${folder}/freqs/class_frequency_incaps_imagenet_ori.txt`;
  const table = trimmedTable(path, lastk, ceil);
  const frequencies = freqPath === "None" ? null : trimmedFrequencies(freqPath, lastk, ceil);

  const { frame, labels } = await readLabelledTable(path, classes, quoting as "minimal" | "none");
  const { kept, tail } = trimTail(labels, classes, { lastk, ceil, seed });
  if (kept.length === 0) {
    throw new RangeError(`Trimmed so, ${path} has no row left: lower --lastk or raise --ceil`);
  }
  const mine = kept.map((row) => labels[row]), counts = countLabels(mine, classes);
  const trimmed = frame.take(kept).with("label", wholeColumn(mine));
  const text = frequencyTableText(classNames.map((name, label) => ({ name, count: counts[label] })));
  const outputs: CuratedOutput[] = [{ path: table.path, write: (file) => writeTsv(file, trimmed) }];
  if (frequencies) {
    const write = (file: Deno.FsFile) => writeFully(file, new TextEncoder().encode(text));
    outputs.push({ path: frequencies.path, write });
  }
  const before = countLabels(labels, classes);
  const { "dry-run": dryRun, help: _, json: __, seed: ___, ...shaping } = flags;
  await finishCuration({
    command: "incaps-trim-tail",
    flags: shaping,
    seed: ceil === 0 ? null : seed,
    inputs: [
      path,
      ...["imagenet", "imagenet_synset"].map((set) => `${folder}/descriptors/descriptors_${set}.json`),
    ],
    outputs,
    classes: { names: classNames, counts },
    rows: kept.length,
    notes: [
      `${frame.rows - kept.length} of ${frame.rows} rows were dropped; the reference draws them unseeded`,
      ...table.notes,
    ],
    also: { tail: Array.from(tail, (label) => ({ label, name: classNames[label], rows: before[label] })) },
  }, { dryRun, json, signal });
}

export const incapsTrimTailCommand: Command = {
  name: "incaps-trim-tail",
  summary: "such a table with its last classes cut to a few rows or none",
  help:
    `Cuts the rarest classes of a table of ImageNet-Captions down to --ceil rows; the study used 0 and 1, for the last
5, 20, 50, 100, 200 and 500 classes. The tail is in order of (rows, label); rows are drawn without replacement by
NumPy's RandomState(seed), class after class, and the others keep their order.

Usage: deno task data incaps-trim-tail [flags]

${describeFlags(flagTable)}

Output, beside the table: its name up to the last "_" and _fstail{lastk}ceil{ceil}.tsv, and a frequency table with
incaps_fstail{lastk}ceil{ceil} for "incaps" in its name.

Example: deno task data incaps-trim-tail --lastk 100 --ceil 1`,
  run,
};
