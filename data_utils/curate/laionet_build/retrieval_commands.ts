/** The stages of `data laionet-build` that find captions by the texts of images: retrieve, assign. */
import { listCaptionFiles } from "../../captions/inventory.ts";
import { readFlags } from "../../program/flags.ts";
import { parseJson } from "../../metadata/json_keys.ts";
import { readFrame, textAt } from "../../tables/mod.ts";
import { finishCuration } from "../curation.ts";
import { assignIds, IMAGE_COLUMN, wnidOfName, writeMatches } from "./assign_stage.ts";
import { writeIdLists } from "./id_lists.ts";
import { numberParts } from "./parts.ts";
import { retrieve } from "./retrieve_stage.ts";
import { countsOf, endFlags, folderOf, type Stage, stageHelp } from "./stage.ts";
import type { BuildEngine } from "./text_tower.ts";

const retrieveFlags = {
  queries: { kind: "text", value: "FILE.npy", help: "embeddings of the images' texts" },
  images: { kind: "text", value: "FILE", help: "table of the images, ic_index in the order of the queries" },
  texts: {
    kind: "texts",
    value: "PATH",
    help: ".npy files or globs of the captions' embeddings, by part; repeatable",
  },
  topk: { kind: "whole", least: 1, most: 1000, default: 50, help: "captions for each image" },
  out: { kind: "text", value: "DIR", help: "folder of the matches" },
  ...endFlags,
} as const;

async function runRetrieve(engine: BuildEngine, args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, retrieveFlags, ["queries", "images", "texts", "out"]);
  const { topk: k, queries } = flags, folder = folderOf(flags.out!), dryRun = flags["dry-run"];
  const column = (await readFrame(flags.images!, { columns: [IMAGE_COLUMN] })).text(IMAGE_COLUMN);
  const names = Array.from(column.starts, (_, row) => textAt(column, row) ?? "");
  const twice = new Set(names).size < names.length;
  if (twice) {
    throw new RangeError(`${flags.images}: a name stands twice in ${IMAGE_COLUMN}: images would be mixed up`);
  }
  const parts = numberParts(await listNpy(flags.texts));
  const path = `${folder}/icimagename2laionindices_top${k}.parquet`, scratch = `${path}.partial`;
  if (!dryRun) await Deno.mkdir(folder, { recursive: true });
  const openProducts = engine.openProducts;
  const expected = names.length;
  const found = await retrieve({
    ...{ queries: queries!, parts, k, scratch: dryRun ? null : scratch, openProducts, expected, signal },
  });
  const matches = found.top.counts.reduce((sum, count) => sum + count, 0);
  await finishCuration({
    command: "laionet-build retrieve",
    flags: { topk: k },
    ...{ seed: null, inputs: [queries!, flags.images!, ...parts.map((part) => part.path)], classes: null },
    ...{ rows: matches, outputs: [{ path, write: (file) => writeMatches(file, names, found.top) }] },
    notes: [
      `exact over ${found.texts} texts: products in float64, ties to the lower id`,
      "a row for each image and caption (ic_index, index, similarity) in place of the reference's two pickles",
    ],
  }, { dryRun, json: flags.json, signal });
  if (!dryRun) await Deno.remove(scratch).catch(() => {});
}

/** The .npy files that patterns name. */
async function listNpy(patterns: readonly string[]): Promise<string[]> {
  const globs = patterns.map((pattern) => {
    const isFolder = (() => {
      try {
        return Deno.statSync(pattern).isDirectory;
      } catch {
        return false;
      }
    })();
    return isFolder ? `${folderOf(pattern)}/*.npy` : pattern;
  });
  return await listCaptionFiles(globs);
}

const retrieveStage = (engine: BuildEngine): Stage => ({
  name: "retrieve",
  summary: "the captions nearest to each image's text, exactly, on the GPU",
  help: stageHelp(
    "retrieve",
    `Finds for each query the texts with the largest inner products, over all of them, in place of the reference's index:
nothing is left out, and equal products go to the lower id. Texts are read in blocks, so that they may be more than
memory holds; 100,000,000 times a file's number (part-00000 in its name) is added to its rows. Writes
  DIR/icimagename2laionindices_top{K}.parquet   columns ic_index, index, similarity; nearest first
Run again, it goes on behind the last file of texts that it was through.`,
    "--queries FILE --images FILE --texts PATH --out DIR",
    retrieveFlags,
    '--queries embeddings/imagenet_captions.npy --images imagenet-captions/imagenet_captions.parquet --texts "embeddings/part-*.npy" --out laionet',
  ),
  run: (args, signal) => runRetrieve(engine, args, signal),
});

const assignFlags = {
  matches: { kind: "text", value: "FILE", help: "the table of retrieve" },
  "image-wnids": {
    kind: "text",
    value: "FILE",
    help: "JSON of file name to class (default: what a name begins with, as n01440764_10026)",
  },
  out: { kind: "text", value: "DIR", help: "folder of the labels" },
  ...endFlags,
} as const;

async function runAssign(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, assignFlags, ["matches", "out"]), matches = flags.matches!;
  const wnidFile = flags["image-wnids"], wnidOf = wnidFile ? await readWnids(wnidFile) : wnidOfName;
  const { lists, images, without } = await assignIds(matches, wnidOf),
    top = /_top\d+/.exec(matches)?.[0] ?? "";
  await finishCuration({
    command: "laionet-build assign",
    flags: {},
    ...{ seed: null, inputs: [matches, ...(wnidFile ? [wnidFile] : [])] },
    outputs: [{
      path: `${folderOf(flags.out!)}/wnid2laionindices(subset_ic_most_sim_txttxt)${top}.json`,
      write: (file) => writeIdLists(file, lists),
    }],
    classes: countsOf(lists.map(([wnid]) => wnid), lists),
    rows: lists.reduce((sum, [, ids]) => sum + ids.length, 0),
    notes: [`${without} of ${images} images have none: all their captions were taken by images before them`],
  }, { dryRun: flags["dry-run"], json: flags.json, signal });
}

async function readWnids(path: string): Promise<(name: string) => string | undefined> {
  const object = parseJson(await Deno.readTextFile(path), path) as Record<string, unknown> | null;
  const wrong = object && Object.entries(object).find(([, wnid]) => !/^n\d{8}$/.test(String(wnid)));
  if (typeof object !== "object" || object === null || Array.isArray(object) || wrong) {
    throw new SyntaxError(`${path} is no JSON object of file names and wnids${wrong ? `: ${wrong}` : ""}`);
  }
  return (name) => Object.hasOwn(object, name) ? String(object[name]) : undefined;
}

const assignStage: Stage = {
  name: "assign",
  summary: "one caption for each image, none for two, as labels by class",
  help: stageHelp(
    "assign",
    `Goes over the images in their order; each takes its nearest caption that is not taken yet. Writes
  DIR/wnid2laionindices(subset_ic_most_sim_txttxt)_top{K}.json   class to row ids
which subset takes with --method imagenet_captions_most_similar_text_to_texts --with-wnid.`,
    "--matches FILE --out DIR",
    assignFlags,
    "--matches laionet/icimagename2laionindices_top50.parquet --out labels_t2t",
  ),
  run: runAssign,
};

export const retrievalStages = (engine: BuildEngine): Stage[] => [retrieveStage(engine), assignStage];
