/** `data laionet-match-freq`: LAIONet with the class frequencies of another data set. */
import { basename } from "node:path";
import { readClassMetadata } from "../../metadata/class_metadata.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { finishCuration } from "../curation.ts";
import { type LaionetTable, readLaionetTable, renamedNote } from "./laionet_table.ts";
import { matchCounts } from "./match_counts.ts";
import { folderOf, freqFolder, laionetFlags, outputFlags } from "./shared_flags.ts";
import { targetsOfImages, targetsOfTable } from "./target_counts.ts";
import { countsOutput, missingNote, tableOutput, trainingTable } from "./training_table.ts";

const flagTable = {
  "df-path": { kind: "text", value: "FILE", help: "LAIONet: index, wnid, TEXT" },
  "t2tdf-path": {
    kind: "text",
    value: "FILE",
    help: "the second source, LAION by text-to-text retrieval: the same columns",
  },
  freq: {
    kind: "text",
    value: "FILE",
    help: "the frequencies to match: lines of a class, a tab and a count",
  },
  "cap-path": {
    kind: "text",
    value: "FILE",
    help: "instead: a table of ImageNet-Captions, whose images' names are counted by wnid",
  },
  "capdf-path": { kind: "text", value: "FILE", help: "the same under the name in the reference's README" },
  "cap-col": {
    kind: "text",
    value: "NAME",
    help: "column of its images' names (default: ic_index, filename, or pandas' unnamed index)",
  },
  name: {
    kind: "text",
    value: "NAME",
    help:
      "what the frequencies are called in the outputs' names (default: incaps for --cap-path, else from FILE)",
  },
  ...outputFlags,
  ...laionetFlags,
} as const;

const help =
  `Makes a subset of LAIONet whose classes have as many rows as another data set's: drawn from LAIONet, and
where it has too few from a second source, which gives no image that the first gave. Rows come in the order of their
LAION ids. A class of which both together have too few gets all there are and is listed.

Usage: deno task data laionet-match-freq --df-path FILE [--t2tdf-path FILE] (--freq FILE | --cap-path FILE)

${describeFlags(flagTable)}

Writes laionet_match_{NAME}_{rows}.tsv (filepath, label, caption), with a .provenance.json, and
class_frequency_laionet_match_{NAME}_ori.txt.

Example: deno task data laionet-match-freq --df-path laionet_thresh07_success3256561.parquet \\
  --t2tdf-path laionet_t2t_success309113.parquet --freq ../metadata/freqs/class_frequency_incaps_imagenet_ori.txt`;

/** The data set's name in that of a frequency table: class_frequency_incaps_imagenet_ori.txt is of incaps. */
export function nameOfTable(path: string): string {
  const stem = basename(path).replace(/\.[^.]*$/, "");
  return stem.replace(/^class_frequency_/, "").replace(/_ori$/, "").replace(/_imagenet$/, "") || stem;
}

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable, ["df-path"]),
    { "df-path": first, "t2tdf-path": second, freq, seed } = flags;
  const captions = flags["cap-path"] ?? flags["capdf-path"];
  if (flags["cap-path"] !== undefined && flags["capdf-path"] !== undefined) {
    throw new RangeError("--cap-path and --capdf-path are one flag: give one");
  }
  if ((freq === undefined) === (captions === undefined)) {
    throw new RangeError(
      "One of --freq and --cap-path says which frequencies to match: give one; see --help",
    );
  }
  const name = flags.name ?? (freq === undefined ? "incaps" : nameOfTable(freq));
  if (!/^[^/\\\s]+$/.test(name)) throw new RangeError(`--name ${name} cannot be part of a file name`);
  const classes = await readClassMetadata(flags.metadata), { classNames } = classes;
  const quoting = flags.quoting as "minimal", columns = { indexCol: flags["index-col"], quoting };
  const targets = freq === undefined
    ? await targetsOfImages(captions!, classes, flags["cap-col"], quoting)
    : await targetsOfTable(freq, classes);
  const paths = [first!, ...second === undefined ? [] : [second]];
  const tables: LaionetTable[] = [];
  for (const path of paths) {
    tables.push(await readLaionetTable(path, classes, columns));
    signal.throwIfAborted();
  }

  const { rows, short } = matchCounts(tables, targets, seed),
    counts = targets.map((target, i) => target - short[i]);
  const root = folderOf(flags.images), folders = [`${root}/laionet`, `${root}/laionet-t2t`];
  const { frame, missing } = trainingTable(rows.length, (i) => {
    const { source, row } = rows[i], { captions, ids, labels } = tables[source];
    return { captions, row, id: ids[row], label: labels[row], folder: folders[source] };
  }, classes);
  signal.throwIfAborted();
  if (rows.length === 0) throw new RangeError(`${paths.join(" and ")} have no row of the classes to match`);

  const lacking = classNames.map((name, label) => ({ name, asked: targets[label], there: counts[label] }))
    .filter(({ asked, there }) => asked > there);
  const lacked = short.reduce((sum, n) => sum + n, 0),
    shown = lacking.slice(0, 5).map(({ name }) => name).join(", ");
  const fromFirst = rows.reduce((sum, { source }) => sum + (source === 0 ? 1 : 0), 0);
  await finishCuration({
    command: "laionet-match-freq",
    flags: { name, images: flags.images },
    ...{ seed, inputs: [...paths, (freq ?? captions)!] },
    outputs: [
      tableOutput(`${folderOf(flags.out)}/laionet_match_${name}_${rows.length}.tsv`, frame),
      countsOutput(
        `${freqFolder(flags)}/class_frequency_laionet_match_${name}_ori.txt`,
        classNames,
        counts,
      ),
    ],
    classes: { names: classNames, counts },
    rows: rows.length,
    notes: [
      ...lacking.length === 0 ? [] : [
        `${lacking.length} classes have fewer rows than asked for, ${lacked} in all: ${shown}${
          lacking.length > 5 ? ", ..." : ""
        }`,
      ],
      ...name === "incaps"
        ? ["the published table of rows per class is called class_frequency_laionet_match_incap_ori.txt"]
        : [],
      "the reference draws without a seed and may take an image from both sources: its rows cannot be drawn again",
      ...renamedNote(tables),
      ...missingNote(missing),
    ],
    also: { fromFirst, fromSecond: rows.length - fromFirst, short: lacking },
  }, { dryRun: flags["dry-run"], json: flags.json, signal });
}

export const laionetMatchCommand: Command = {
  name: "laionet-match-freq",
  summary: "LAIONet, and a second source, with the class frequencies of another data set",
  help,
  run,
};
