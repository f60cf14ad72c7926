/** `data caption-cls`: captions that name classes of ImageNet become rows of those classes. */
import { dirname } from "node:path";
import type { Quoting } from "../../captions/caption_file.ts";
import { listCaptionFiles } from "../../captions/inventory.ts";
import { frequencyTableText } from "../../metadata/frequency_table.ts";
import { readClassMetadata } from "../../metadata/class_metadata.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, type FlagValues, readFlags } from "../../program/flags.ts";
import { Failure } from "../../program/outcome.ts";
import { progressOn } from "../../program/progress.ts";
import { writeFully } from "../../runs/atomic.ts";
import { synsetsDigest } from "../../text/wordnet/synsets.ts";
import { loadSynsets } from "../../text/wordnet/wordnet_source.ts";
import { curationFlags, finishCuration } from "../curation.ts";
import { labelCaptions, type LabelledCaptions } from "./caption_cls.ts";

const flagTable = {
  captions: {
    kind: "texts",
    value: "FILE|PATTERN|FOLDER",
    help: "captions with paths: JSONL, JSON, TSV, CSV or parquet; may be repeated; a pattern goes in quotes",
  },
  metadata: {
    kind: "text",
    value: "FOLDER",
    default: "metadata",
    help: "the reference's folder of that name, for the classes",
  },
  out: { kind: "text", value: "FILE", help: "the table (default: NAME_cls.tsv beside the file of captions)" },
  name: { kind: "text", value: "NAME", help: "the captions' name (default: the file's up to its first dot)" },
  "case-sensitive": { kind: "switch", help: "capitals must agree, as in Fang et al.; NAME_cls_cased" },
  "caption-col": { kind: "text", value: "NAME", default: "caption", help: "column or key of the caption" },
  "filepath-col": {
    kind: "text",
    value: "NAME",
    default: "filepath",
    help: "column or key of the image's path",
  },
  quoting: {
    kind: "text",
    choices: ["minimal", "none", "auto"],
    value: "RULE",
    default: "minimal",
    help: "quotes in TSV and CSV: as pandas has them, as letters, or as the file's beginning suggests",
  },
  wordnet: { kind: "text", value: "FOLDER", help: "WordNet 3.0: data.noun (default: found)" },
  ...curationFlags,
  seed: { kind: "whole", least: 0, help: "taken as by the other commands; nothing is drawn here" },
} as const;

const help =
  `Makes a classification set of captions: a caption that names a class of ImageNet, by any lemma of its
synset as a whole word, is a row of that class (YFCC15M-Cls, CC12M-Cls). Rows are ordered by class.

Usage: deno task data caption-cls --captions FILE [--metadata FOLDER] [...]

${describeFlags(flagTable)}

Writes filepath, caption, label as TSV, class_frequency_NAME_cls_imagenet_ori.txt and a provenance file.
A lemma is found as Python's re finds \\b(lemma|...)\\b with IGNORECASE, its dots as dots.

Exit codes: 0 done, 1 done but captions had to be left out, or failed while running, 2 bad input, 130 stopped.

Example: deno task data caption-cls --captions yfcc15m/yfcc15m.jsonl --metadata metadata`;

/** What the outputs are called. Throws RangeError for a name that cannot be one, and where there is no default. */
function outputsOf(values: FlagValues<typeof flagTable>, files: readonly string[]) {
  const [first] = files, single = values.captions.length === 1 && values.captions[0] === first;
  if (values.out === undefined && !single) {
    throw new RangeError("--out is needed where --captions is not one file; see --help");
  }
  const name = values.name ?? (first.split("/").at(-1)!.split(".")[0] || "captions");
  // deno-lint-ignore no-control-regex
  if (name === "" || /[/\\\x00-\x1f]/.test(name)) {
    throw new RangeError(`--name ${JSON.stringify(name)} cannot be part of a file name: give another`);
  }
  const set = `${name}_cls${values["case-sensitive"] ? "_cased" : ""}`;
  const table = values.out ?? `${dirname(first)}/${set}.tsv`;
  return { table, frequencies: `${dirname(table)}/class_frequency_${set}_imagenet_ori.txt` };
}

/** Lemmas of each class. Throws RangeError for an id that WordNet does not have. */
async function classLemmas(wnids: readonly string[], folder: string | undefined, metadata: string) {
  const synsets = await loadSynsets({ folder });
  const lemmas = wnids.map((wnid) => {
    const synset = synsets.synsetOf(wnid);
    if (!synset) {
      throw new RangeError(
        `${metadata}/descriptors/descriptors_imagenet_synset.json: ${wnid} is no noun of WordNet 3.0; correct or remove it`,
      );
    }
    return synset.lemmaNames.map((name) => name.replaceAll("_", " "));
  });
  return { lemmas, digest: synsetsDigest(synsets) };
}

/** The nearest folder above a path that is there. */
async function folderFor(path: string): Promise<string> {
  const folder = dirname(path), stat = await Deno.stat(folder).catch(() => null);
  return stat?.isDirectory || folder === dirname(folder) ? folder : await folderFor(folder);
}

/** What a user should know of the captions. */
function notesOn({ tally, named }: LabelledCaptions, rows: number): string[] {
  const shown = (n: number) => n.toLocaleString("en-US");
  return [
    `${shown(named)} of ${shown(tally.rows)} captions name a class, ${shown(rows)} times in all`,
    ...(tally.nulls ? [`${shown(tally.nulls)} rows have no caption`] : []),
    ...(tally.invalidUtf8
      ? [`${shown(tally.invalidUtf8)} captions hold bytes that are no UTF-8: U+FFFD stands there`]
      : []),
    ...(tally.tooLong ? [`${shown(tally.tooLong)} rows of more than 8 MiB are left out`] : []),
  ];
}

/** Labels captions; see its help. */
export const captionClsCommand: Command = {
  name: "caption-cls",
  summary: "captions that name classes of ImageNet as a classification set (YFCC15M-Cls, CC12M-Cls)",
  help,
  async run(args, signal) {
    const values = readFlags(args, flagTable);
    if (values.help) return console.log(help);
    if (values.captions.length === 0) {
      throw new RangeError("--captions is needed: a file or more; see --help");
    }
    const files = await listCaptionFiles(values.captions), { metadata, json } = values;
    const { table, frequencies } = outputsOf(values, files), dryRun = values["dry-run"];
    const { wnids, classNames } = await readClassMetadata(metadata);
    const { lemmas, digest } = await classLemmas(wnids, values.wordnet, metadata);
    const caseSensitive = values["case-sensitive"], progress = progressOn(), started = performance.now();
    using labelled = await labelCaptions(files, lemmas, {
      caseSensitive,
      column: values["caption-col"],
      pathColumn: values["filepath-col"],
      quoting: values.quoting as Quoting,
      folder: await folderFor(table),
      countOnly: dryRun,
      signal,
      onFile(path, rows) {
        const rate = rows / (performance.now() - started) * 1000;
        progress.show(`${path} read, ${rows} captions, ${rate.toFixed(0)}/s`);
      },
    });
    progress.end();
    if (labelled.tally.rows === 0) {
      throw new RangeError(`${values.captions.join(", ")}: no captions in there`);
    }
    const { counts, tally } = labelled, rows = counts.reduce((sum, count) => sum + count, 0);
    const frequencyText = frequencyTableText(
      classNames.map((name, label) => ({ name, count: counts[label] })),
    );
    const given = [
      "captions",
      "metadata",
      "name",
      "caption-col",
      "filepath-col",
      "quoting",
      "wordnet",
    ] as const;
    await finishCuration({
      command: "caption-cls",
      flags: {
        ...Object.fromEntries(
          given.flatMap((flag) => values[flag] === undefined ? [] : [[flag, values[flag]]]),
        ),
        "case-sensitive": caseSensitive,
      },
      seed: null,
      inputs: [
        ...files,
        ...["imagenet", "imagenet_synset"].map((set) => `${metadata}/descriptors/descriptors_${set}.json`),
      ],
      outputs: [
        { path: table, write: labelled.writeTo },
        { path: frequencies, write: (file) => writeFully(file, new TextEncoder().encode(frequencyText)) },
      ],
      classes: { names: classNames, counts },
      rows,
      notes: notesOn(labelled, rows),
      also: { captions: tally, wordnet_sha256: digest },
    }, { dryRun, json, signal });
    if (tally.tooLong > 0) throw new Failure(`${tally.tooLong} captions were left out: over 8 MiB`, 1);
  },
};
