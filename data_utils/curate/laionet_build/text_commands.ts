/** The stages of `data laionet-build` that work on texts and their embeddings: queries, images, embed, similarity. */
import { basename } from "node:path";
import { listCaptionFiles } from "../../captions/inventory.ts";
import { readFlags } from "../../program/flags.ts";
import { writeFully } from "../../runs/atomic.ts";
import { makeFrame, textColumn } from "../../tables/mod.ts";
import type { NpyDtype } from "../../tables/npy.ts";
import { writeParquetFrame } from "../../tables/write_parquet.ts";
import { loadSynsets } from "../../text/wordnet/wordnet_source.ts";
import { finishCuration } from "../curation.ts";
import { factsOf } from "../file_hash.ts";
import { IMAGE_COLUMN } from "./assign_stage.ts";
import { embeddingPaths, embedFiles } from "./embed_stage.ts";
import { readImageTexts } from "./incaps_texts.ts";
import { listLabelFiles, readLabelIndex } from "./label_index.ts";
import { readSynsetList } from "./lemma_map.ts";
import { QUERY_TEXTS, QUERY_TYPES, type QueryType } from "./query_texts.ts";
import { type EmbeddingSource, readQueries, similarities, similarityOutput } from "./similarity_stage.ts";
import { captionFlags, endFlags, folderOf, labelsFlag, type Stage, stageHelp, towerFlags } from "./stage.ts";
import type { BuildEngine, TowerFiles } from "./text_tower.ts";

const queryType = {
  kind: "text",
  choices: QUERY_TYPES,
  default: "name_def",
  help: "what a class's text is",
} as const;

const queriesFlags = {
  synsets: {
    kind: "text",
    value: "FILE",
    help: "list of synsets: WNID: lemma, lemma (ILSVRC2012_synsets.txt)",
  },
  "query-type": queryType,
  wordnet: { kind: "text", value: "DIR", help: "WordNet 3.0 (default: Debian's, else npm's)" },
  out: { kind: "text", value: "FILE", help: "the table, parquet" },
  ...endFlags,
} as const;

async function runQueries(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, queriesFlags, ["synsets", "out"]), type = flags["query-type"] as QueryType;
  const listed = await readSynsetList(flags.synsets!), synsets = await loadSynsets({ folder: flags.wordnet });
  const wnids = listed.map(({ wnid }) => wnid).sort();
  const texts = wnids.map((wnid) => {
    const synset = synsets.synsetOf(wnid);
    if (synset) return QUERY_TEXTS[type](synset);
    throw new RangeError(`${flags.synsets} lists ${wnid}, which is no synset of WordNet 3.0`);
  });
  const frame = makeFrame({ wnid: textColumn(wnids), TEXT: textColumn(texts) });
  await finishCuration({
    command: "laionet-build queries",
    flags: { "query-type": type },
    ...{ seed: null, inputs: [flags.synsets!], classes: null, rows: frame.rows },
    outputs: [{ path: flags.out!, write: (file) => writeParquetFrame(file, frame) }],
  }, { dryRun: flags["dry-run"], json: flags.json, signal });
}

export const queriesStage: Stage = {
  name: "queries",
  summary: "a text for each class: its name, definition or lemmas",
  help: stageHelp(
    "queries",
    `Writes a table with the columns wnid and TEXT, in the order of the ids: what captions are compared with. name_def is
"{name} which is {definition}" of WordNet, lemmas is "{lemma} or {lemma}".`,
    "--synsets FILE --out FILE",
    queriesFlags,
    "--synsets ILSVRC2012_synsets.txt --out name_def.parquet",
  ),
  run: runQueries,
};

const imagesFlags = {
  incaps: { kind: "text", value: "FILE", help: "imagenet_captions.json" },
  out: { kind: "text", value: "DIR", help: "folder of the table and the images' classes" },
  ...endFlags,
} as const;

async function runImages(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, imagesFlags, ["incaps", "out"]), folder = folderOf(flags.out!);
  const { names, texts, wnids, repeated } = await readImageTexts(flags.incaps!);
  const frame = makeFrame({ [IMAGE_COLUMN]: textColumn(names), TEXT: textColumn(texts) });
  const counts = new Map<string, number>();
  for (const wnid of wnids) counts.set(wnid, (counts.get(wnid) ?? 0) + 1);
  const classes = [...counts].sort(([a], [b]) => a < b ? -1 : 1);
  await finishCuration({
    command: "laionet-build images",
    flags: {},
    ...{ seed: null, inputs: [flags.incaps!], rows: frame.rows },
    outputs: [
      { path: `${folder}/imagenet_captions.parquet`, write: (file) => writeParquetFrame(file, frame) },
      {
        path: `${folder}/icimagename2wnid.json`,
        write(file) {
          const lines = names.map((name, i) => `${JSON.stringify(name)}: ${JSON.stringify(wnids[i])}`);
          return writeFully(file, new TextEncoder().encode(`{\n${lines.join(",\n")}\n}\n`));
        },
      },
    ],
    classes: { names: classes.map(([wnid]) => wnid), counts: classes.map(([, count]) => count) },
    notes: [`${repeated} records repeat a file name; the first of each counts`],
  }, { dryRun: flags["dry-run"], json: flags.json, signal });
}

export const imagesStage: Stage = {
  name: "images",
  summary: "ImageNet-Captions as one text per image, for retrieval and matching",
  help: stageHelp(
    "images",
    `Joins title, tags and description of each image by spaces, and writes
  DIR/imagenet_captions.parquet   columns ic_index (the file name) and TEXT
  DIR/icimagename2wnid.json       file name to class`,
    "--incaps FILE --out DIR",
    imagesFlags,
    "--incaps imagenet_captions.json --out imagenet-captions",
  ),
  run: runImages,
};

const embedFlags = {
  captions: { kind: "texts", value: "PATH", help: "files, globs or folders of captions; may be repeated" },
  ...towerFlags,
  dtype: { kind: "text", choices: ["f32", "f16"], default: "f32", help: "how numbers are stored" },
  out: { kind: "text", value: "DIR", help: "folder of the .npy files, one per file of captions" },
  ...captionFlags,
  ...endFlags,
} as const;

function towerOf(flags: { weights?: string; bpe?: string }): TowerFiles {
  const { weights, bpe } = flags;
  if (weights === undefined || bpe === undefined) {
    throw new RangeError("A text tower needs both --weights and --bpe; see --help");
  }
  return { weights, bpe };
}

async function runEmbed(engine: BuildEngine, args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, embedFlags, ["captions", "weights", "bpe", "out"]), tower = towerOf(flags);
  const paths = await listCaptionFiles(flags.captions),
    folder = folderOf(flags.out!),
    dryRun = flags["dry-run"];
  const options = { column: flags["caption-col"], quoting: flags.quoting as "minimal" };
  const dtype = flags.dtype as NpyDtype, targets = embeddingPaths(paths, folder);
  const { sha256 } = await factsOf(tower.weights, signal);
  const openTower = () => engine.openTower(tower);
  const made = dryRun
    ? null
    : await embedFiles({ paths, options, folder, dtype, weights: sha256!, openTower, signal });
  if (made && made.kept > 0) console.error(`${made.kept} of ${paths.length} files were embedded already`);
  const report = made?.files.map(({ path, rows, width }) => ({ path, rows, width })) ?? [];
  await finishCuration({
    command: "laionet-build embed",
    flags: { dtype, "caption-col": flags["caption-col"] ?? null, quoting: flags.quoting },
    ...{ seed: null, inputs: [...paths, tower.weights, tower.bpe], classes: null },
    rows: report.reduce((sum, { rows }) => sum + rows, 0),
    outputs: [{
      path: `${folder}/embedded.json`,
      write: (file) => writeFully(file, new TextEncoder().encode(JSON.stringify(report, null, 2) + "\n")),
    }],
    notes: [`a file for each of the captions': ${targets.join(", ")}`],
  }, { dryRun, json: flags.json, signal });
}

const embedStage = (engine: BuildEngine): Stage => ({
  name: "embed",
  summary: "captions through CLIP's text tower, into .npy files",
  help: stageHelp(
    "embed",
    `Embeds captions on the GPU: unit vectors, a row for each row of the captions, a .npy for each file. A missing caption
is embedded as "None", a long one is cut at 77 tokens, both as in the reference. Files that stand in DIR already, made of
the same captions by the same weights, are kept.`,
    "--captions PATH --weights FILE --bpe FILE --out DIR",
    embedFlags,
    '--captions "laion400m/*.parquet" --weights ViT-B-32.pt --bpe bpe_simple_vocab_16e6.txt.gz --dtype f16 --out embeddings',
  ),
  run: (args, signal) => runEmbed(engine, args, signal),
});

const similarityFlags = {
  subset: { kind: "text", value: "FILE", help: "the table (parquet) of subset" },
  labels: labelsFlag,
  queries: { kind: "text", value: "FILE", help: "table with a name (wnid) and TEXT for each label" },
  "query-type": { ...queryType, help: "what the texts are, for the columns' names" },
  "query-key": { kind: "text", choices: ["wnid", "lemma"], default: "wnid", help: "what the labels are" },
  ...towerFlags,
  embeddings: {
    kind: "text",
    value: "FILE.npy",
    help: "instead of a tower: a row for each row of the table",
  },
  "query-embeddings": { kind: "text", value: "FILE.npy", help: "and one for each row of the queries" },
  "caption-col": { kind: "text", value: "NAME", default: "TEXT", help: "column of the captions" },
  out: { kind: "text", value: "DIR", help: "folder of the table with similarities, which keeps its name" },
  ...endFlags,
} as const;

async function runSimilarity(
  engine: BuildEngine,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const flags = readFlags(args, similarityFlags, ["subset", "labels", "queries", "out"]);
  const { embeddings, "query-embeddings": queryEmbeddings, "query-key": key, "query-type": type } = flags;
  const given = [embeddings, queryEmbeddings].filter((path) => path !== undefined).length;
  if (given === 1 || given === 2 && (flags.weights ?? flags.bpe) !== undefined) {
    throw new RangeError("Give --embeddings with --query-embeddings, or --weights with --bpe; see --help");
  }
  const towerFiles = given === 0 ? towerOf(flags) : null, files = listLabelFiles(flags.labels);
  const labels = await readLabelIndex(files), queries = await readQueries(flags.queries!, key);
  const path = `${folderOf(flags.out!)}/${basename(flags.subset!)}`;
  const tower = towerFiles && await engine.openTower(towerFiles);
  const source: EmbeddingSource = tower ? { tower } : { rows: embeddings!, queries: queryEmbeddings! };
  const job = { subset: flags.subset!, labels, queries, source, textColumn: flags["caption-col"], signal };
  try {
    const found = await similarities(job);
    const names = { similarity: `text_to_${type}_${key}_similarity`, text: `${type}_${key}` };
    const counts = new Int32Array(queries.names.length);
    for (const query of found.queryOf) if (query >= 0) counts[query]++;
    const read = towerFiles ? [towerFiles.weights, towerFiles.bpe] : [embeddings!, queryEmbeddings!];
    await finishCuration({
      command: "laionet-build similarity",
      flags: { "query-type": type, "query-key": key, "caption-col": flags["caption-col"] },
      ...{
        seed: null,
        inputs: [flags.subset!, flags.queries!, ...files, ...read],
        rows: found.values.length,
      },
      outputs: [similarityOutput(path, job, found, names)],
      classes: { names: queries.names, counts },
      notes: [
        `${found.several} rows belong to several classes and ${found.none} to none: they have no similarity`,
        `new columns: ${names.similarity}, ${names.text}`,
      ],
    }, { dryRun: flags["dry-run"], json: flags.json, signal });
  } finally {
    tower?.destroy();
  }
}

const similarityStage = (engine: BuildEngine): Stage => ({
  name: "similarity",
  summary: "cosines of captions and the texts of their classes, as a column",
  help: stageHelp(
    "similarity",
    `Adds to a table the columns text_to_{type}_{key}_similarity, the cosine of the embeddings of each row's caption and of
the text of its class, and {type}_{key}, that text. Rows of several classes have none. The embeddings come from a text
tower, or from .npy files.`,
    "--subset FILE --labels PATH --queries FILE --out DIR (--weights FILE --bpe FILE | --embeddings FILE --query-embeddings FILE)",
    similarityFlags,
    "--subset laionet/subset_sm_total9_part-00000-to-part00031.parquet --labels labels --queries name_def.parquet " +
      "--weights ViT-B-32.pt --bpe bpe_simple_vocab_16e6.txt.gz --out laionet_similar",
  ),
  run: (args, signal) => runSimilarity(engine, args, signal),
});

/** The stages that need the engine. */
export const textStages = (engine: BuildEngine): Stage[] => [
  queriesStage,
  similarityStage(engine),
  imagesStage,
  embedStage(engine),
];
