/** The stages of `data laionet-build` that work on labels: label, subset, filter. */
import { readFlags } from "../../program/flags.ts";
import { writeFully } from "../../runs/atomic.ts";
import { loadSenses } from "../../text/wordnet/wordnet_source.ts";
import { finishCuration } from "../curation.ts";
import { filterRows } from "./filter_stage.ts";
import { listLabelFiles, readLabelIndex } from "./label_index.ts";
import { labelParts } from "./label_stage.ts";
import { lemmaMap, type LemmaRule, readSynsetList } from "./lemma_map.ts";
import { markOf, type Method, METHOD_PREFIXES } from "./methods.ts";
import { listParts } from "./parts.ts";
import {
  captionFlags,
  countsOf,
  endFlags,
  folderOf,
  labelsFlag,
  methodFlag,
  type Stage,
  stageHelp,
} from "./stage.ts";
import { subsetOutput } from "./subset_stage.ts";

const laionFlag = {
  kind: "texts",
  value: "PATH",
  help:
    "the parts: files, globs or folders of captions, numbered by part-00000 in their names; may be repeated",
} as const;

const labelFlags = {
  laion: laionFlag,
  synsets: {
    kind: "text",
    value: "FILE",
    help: "list of synsets: WNID: lemma, lemma (ILSVRC2012_synsets.txt)",
  },
  out: { kind: "text", value: "DIR", help: "folder of the labels" },
  scope: {
    kind: "text",
    choices: ["ilsvrc", "wordnet"],
    default: "ilsvrc",
    help: "a lemma is used if it stands in one synset only, of the list or of all WordNet",
  },
  empty: {
    kind: "text",
    choices: ["leave", "hypernym"],
    default: "leave",
    help:
      "synsets without such a lemma: left out, or looked for by each lemma with a well-known hypernym behind it",
  },
  wordnet: { kind: "text", value: "DIR", help: "WordNet 3.0 (default: Debian's, else npm's)" },
  ...captionFlags,
  workers: {
    kind: "whole",
    least: 1,
    most: 64,
    default: Math.min(navigator.hardwareConcurrency, 8),
    help: "how many parts are read at a time; does not change the labels",
  },
  ...endFlags,
} as const;

async function runLabel(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, labelFlags, ["laion", "synsets", "out"]);
  const { scope, empty, json, workers, quoting } = flags, folder = folderOf(flags.out!);
  const parts = await listParts(flags.laion), synsets = await readSynsetList(flags.synsets!);
  const senses = scope === "wordnet" || empty === "hypernym"
    ? await loadSenses({ folder: flags.wordnet })
    : null;
  const rule: LemmaRule = {
    unique: scope === "wordnet" ? (lemma) => senses!.sensesOf(lemma) === 1 : undefined,
    extended: empty === "hypernym"
      ? (lemma, wnid) => {
        const hypernym = senses!.wellKnownHypernym(wnid);
        return lemma.includes(hypernym) ? lemma : `${lemma} ${hypernym}`;
      }
      : undefined,
  };
  const map = lemmaMap(synsets, rule),
    options = { column: flags["caption-col"], quoting: quoting as "minimal" };
  const dryRun = flags["dry-run"];
  const { reports, counts, kept } = await labelParts({
    parts,
    map,
    folder,
    options,
    workers,
    dryRun,
    signal,
  });
  if (kept > 0) console.error(`${kept} of ${parts.length} parts were labelled already`);
  const sum = (key: "rows" | "matched" | "nulls") =>
    reports.reduce((total, report) => total + report[key], 0);
  await finishCuration({
    command: "laionet-build label",
    flags: { scope, empty, "caption-col": flags["caption-col"] ?? null, quoting },
    ...{ seed: null, inputs: [...parts.map(({ path }) => path), flags.synsets!] },
    outputs: [{
      path: `${folder}/lemma2wnid.json`,
      write: (file) => {
        const object = Object.fromEntries(map.lemmas.map((lemma, i) => [lemma, map.wnidOf[i]]));
        return writeFully(file, new TextEncoder().encode(JSON.stringify(object, null, 1) + "\n"));
      },
    }],
    classes: { names: map.wnids, counts },
    rows: map.lemmas.length,
    notes: [
      `${sum("rows")} captions (${sum("nulls")} missing) in ${parts.length} parts, ${
        sum("matched")
      } match a lemma`,
      `${map.lemmas.length} lemmas, of which ${map.unmatchable.length} hold punctuation and match nothing; ` +
      `${map.empty.length} of ${synsets.length} synsets have none`,
      "the reference's pickles are JSON here: name to ids, a line each",
    ],
    also: { parts: reports, unmatchable: map.unmatchable, without_lemma: map.empty },
  }, { dryRun, json, signal });
}

export const labelStage: Stage = {
  name: "label",
  summary: "which classes each caption mentions, by the lemmas of their synsets",
  help: stageHelp(
    "label",
    `Labels captions: a row belongs to a class when a lemma of its synset stands in the caption as it is written there,
case and all, between spaces, punctuation or the ends. Of each part, for which DIR/labelled_part0.json is the report,
  DIR/wnid2laionindices(substring_matched_part0).json    class to row ids
  DIR/lemma2laionindices(substring_matched_part0).json   lemma to row ids
A row's id is its number within the part plus 100,000,000 times the part's. Run again, it goes on where it was stopped.`,
    "--laion PATH --synsets FILE --out DIR",
    labelFlags,
    '--laion "laion400m/*.parquet" --synsets ILSVRC2012_synsets.txt --out labels',
  ),
  run: runLabel,
};

const subsetFlags = {
  laion: laionFlag,
  labels: labelsFlag,
  method: { ...methodFlag, default: "substring_matched" },
  "with-wnid": { kind: "switch", help: "adds the class as column wnid; of several the last of the labels" },
  out: { kind: "text", value: "DIR", help: "folder of the table" },
  ...endFlags,
} as const;

async function runSubset(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, subsetFlags, ["laion", "labels", "out"]), { method } = flags;
  const parts = await listParts(flags.laion), files = listLabelFiles(flags.labels);
  const labels = await readLabelIndex(files), withWnid = flags["with-wnid"];
  const prefix = METHOD_PREFIXES[method as Method] + markOf(files),
    several = labels.several.reduce((a, b) => a + b, 0);
  const output = await subsetOutput({
    parts,
    labels,
    folder: folderOf(flags.out!),
    prefix,
    withWnid,
    signal,
  });
  const counts = new Int32Array(labels.names.length);
  for (const code of labels.codes) counts[code]++;
  await finishCuration({
    command: "laionet-build subset",
    flags: { method, "with-wnid": withWnid },
    ...{ seed: null, inputs: [...parts.map(({ path }) => path), ...files], outputs: [output] },
    classes: { names: labels.names, counts },
    rows: labels.ids.length,
    notes: [
      `${several} rows belong to several classes; they are counted here for the last one`,
      "total and part are set apart by _ in the name, which the reference forgot",
    ],
  }, { dryRun: flags["dry-run"], json: flags.json, signal });
}

export const subsetStage: Stage = {
  name: "subset",
  summary: "the labelled rows of all parts as one parquet table",
  help: stageHelp(
    "subset",
    `Takes the rows that labels list out of the parts, in the order of their ids, with all columns and the id as column
index, into DIR/subset_sm_total{rows}_part-00000-to-part00031-....parquet (the beginning by --method). Rows pass from
file to file, so that parts may be of any size; parts in TSV, CSV or JSON are read into memory one at a time.`,
    "--laion PATH --labels PATH --out DIR",
    subsetFlags,
    '--laion "laion400m/*.parquet" --labels labels --out laionet',
  ),
  run: runSubset,
};

const filterFlags = {
  subset: { kind: "text", value: "FILE", help: "the table, with similarities" },
  labels: labelsFlag,
  "similarity-col": {
    kind: "text",
    value: "NAME",
    default: "text_to_name_def_wnid_similarity",
    help: "column of similarities",
  },
  "similarity-th": {
    kind: "number",
    least: -1,
    most: 1,
    default: 0.82,
    help: "rows above it are kept (LAIONet: 0.82; the study: 0.7)",
  },
  "remove-nsfw": { kind: "switch", help: "keep only rows whose NSFW is UNLIKELY" },
  method: { ...methodFlag, default: "substring_matched_filtered" },
  out: { kind: "text", value: "DIR", help: "folder of the table and its labels" },
  ...endFlags,
} as const;

async function runFilter(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, filterFlags, ["subset", "labels", "out"]),
    files = listLabelFiles(flags.labels);
  const labels = await readLabelIndex(files), threshold = flags["similarity-th"], subset = flags.subset!;
  const filtered = await filterRows({
    ...{ subset, labels, threshold, signal, folder: folderOf(flags.out!) },
    similarityColumn: flags["similarity-col"],
    removeNsfw: flags["remove-nsfw"],
    prefix: METHOD_PREFIXES[flags.method as Method],
  });
  if (filtered.rows === 0) {
    throw new RangeError(`${subset}: no row is above ${threshold}; lower --similarity-th`);
  }
  const { method } = flags;
  await finishCuration({
    command: "laionet-build filter",
    flags: {
      "similarity-col": flags["similarity-col"],
      "similarity-th": threshold,
      ...{ "remove-nsfw": flags["remove-nsfw"], method },
    },
    ...{ seed: null, inputs: [subset, ...files], outputs: filtered.outputs, rows: filtered.rows },
    classes: countsOf(labels.names, filtered.lists),
    notes: [
      `${filtered.without} rows have no similarity` +
      (flags["remove-nsfw"] ? `, ${filtered.unsafe} more are not tagged UNLIKELY` : ""),
    ],
  }, { dryRun: flags["dry-run"], json: flags.json, signal });
}

export const filterStage: Stage = {
  name: "filter",
  summary: "the rows whose caption is near to the text of its class",
  help: stageHelp(
    "filter",
    `Keeps the rows whose similarity is above a threshold, adds the column wnid, and writes the labels that are left:
  DIR/subset_sm_filt_thresh{T}_total{rows}_part-....parquet
  DIR/wnid2laionindices(substring_matched_filtered)_smthresh{T}.json`,
    "--subset FILE --labels PATH --out DIR",
    filterFlags,
    "--subset laionet_similar/subset_sm_total9_part-00000-to-part00031.parquet --labels labels --similarity-th 0.7 --remove-nsfw --out laionet",
  ),
  run: runFilter,
};
