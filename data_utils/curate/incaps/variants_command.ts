/** `data incaps-variants`: ImageNet-Captions as a table of images and captions made by a rule. */
import { type ClassMetadata, readClassMetadata } from "../../metadata/class_metadata.ts";
import { frequencyTableText } from "../../metadata/frequency_table.ts";
import { parseZeroShotLists } from "../../metadata/zero_shot_file.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, type FlagValues, readFlags } from "../../program/flags.ts";
import { progressOn } from "../../program/progress.ts";
import { writeFully } from "../../runs/atomic.ts";
import { loadPrompts } from "../../text/prompts.ts";
import { loadSynsets } from "../../text/wordnet/wordnet_source.ts";
import { curationFlags, finishCuration } from "../curation.ts";
import type { CaptionRule, ClassNaming } from "./caption_rule.ts";
import { variantFrequencies, variantTable } from "./names.ts";
import { countVariant } from "./variants.ts";

const flagTable = {
  root: {
    kind: "text",
    default: "../datasets/",
    value: "FOLDER",
    help: "data sets; captions are in FOLDER/imagenet-captions",
  },
  "use-title": { kind: "switch", help: "captions hold the title" },
  "use-tags": { kind: "switch", help: "captions hold the tags" },
  "use-description": { kind: "switch", help: "captions hold the description" },
  "append-cname": { kind: "switch", help: "captions begin with the class name" },
  "use-synset": { kind: "switch", help: "with a name of its synset in WordNet, drawn for each" },
  mode: {
    kind: "text",
    default: "cname",
    choices: ["cname", "a+cname", "photo", "openai80"],
    help: "the class name's template; of openai80 one is drawn for each",
  },
  shuffle: { kind: "switch", help: "shuffle the images first" },
  metadata: { kind: "text", default: "metadata", value: "FOLDER", help: "class names and ids" },
  templates: {
    kind: "text",
    value: "FILE",
    help:
      "zero_shot_metadata.py, or JSON with OPENAI_IMAGENET_TEMPLATES (default METADATA/zero_shot_metadata.py)",
  },
  wordnet: { kind: "text", value: "FOLDER", help: "WordNet 3.0's data.noun (default: Debian's or npm's)" },
  freqs: {
    kind: "text",
    value: "FOLDER",
    help: "where the frequency table goes (default METADATA/freqs); one that is there is never changed",
  },
  ...curationFlags,
  seed: { ...curationFlags.seed, default: 0, help: "seed of Python's random" },
} as const;

type Values = FlagValues<typeof flagTable>;

async function openai80(file: string): Promise<readonly string[]> {
  if (!(await Deno.stat(file).catch(() => null))?.isFile) {
    throw new RangeError(
      `The templates of openai80 are not there: ${file}; name zero_shot_metadata.py or a JSON file with --templates, ` +
        "or fetch it: deno task data metadata fetch",
    );
  }
  const list = file.endsWith(".py")
    ? parseZeroShotLists(await Deno.readTextFile(file), file).templates.OPENAI_IMAGENET_TEMPLATES
    : await loadPrompts("openai80", file);
  if (list?.length === 80) return list;
  throw new SyntaxError(`${file} has ${list?.length ?? 0} OPENAI_IMAGENET_TEMPLATES instead of 80`);
}

/** How classes are named, and the files that say so. */
async function namingOf(
  flags: Values,
  { wnids, classNames }: ClassMetadata,
): Promise<{ naming: ClassNaming; inputs: string[] }> {
  const { mode, metadata, wordnet } = flags, inputs: string[] = [];
  let templates: readonly string[], names: (readonly string[])[] = classNames.map((name) => [name]);
  if (mode === "openai80") {
    inputs.push(flags.templates ?? `${metadata}/zero_shot_metadata.py`);
    templates = await openai80(inputs[0]);
  } else templates = await loadPrompts(mode as "cname" | "a+cname" | "photo");
  if (flags["use-synset"]) {
    if (wordnet !== undefined) inputs.push(wordnet);
    const synsets = await loadSynsets({ folder: wordnet });
    names = wnids.map((wnid) => {
      const lemmas = synsets.synsetOf(wnid)?.lemmaNames;
      if (lemmas) return lemmas.map((lemma) => lemma.replaceAll("_", " "));
      throw new RangeError(`${wnid} of ${metadata} is no synset of WordNet 3.0`);
    });
  }
  return { naming: { mode, templates, names, drawn: flags["use-synset"] }, inputs };
}

function checkFlags(flags: Values): void {
  const named = flags["append-cname"];
  if (!named && !flags["use-title"] && !flags["use-tags"] && !flags["use-description"]) {
    throw new RangeError(
      "Captions need one of --use-title, --use-tags, --use-description and --append-cname; see --help",
    );
  }
  if (named) return;
  const idle = flags["use-synset"] ? "use-synset" : flags.mode !== "cname" ? `mode ${flags.mode}` : null;
  if (idle !== null) throw new RangeError(`--${idle} is about class names: it needs --append-cname`);
}

/** Throws RangeError when a file is there that says something else. */
async function refuseOther(path: string, text: string): Promise<void> {
  const there = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return text;
    throw error;
  });
  if (there === text) return;
  throw new RangeError(
    `${path} is there with other counts than those of this variant: name another folder with --freqs, or move it away`,
  );
}

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable), { root, metadata: folder, shuffle, seed, json } = flags;
  checkFlags(flags);
  const metadata = await readClassMetadata(folder);
  const { naming, inputs } = await namingOf(flags, metadata);
  const rule: CaptionRule = {
    title: flags["use-title"],
    tags: flags["use-tags"],
    description: flags["use-description"],
    className: flags["append-cname"] ? naming : null,
  };
  const source = `${root.replace(/(?<=.)\/+$/, "")}/imagenet-captions`,
    captions = `${source}/imagenet_captions.json`;
  const progress = progressOn(), show = progress.show;
  const variant = await countVariant({ captions, root, metadata, rule, shuffle, seed, signal, show });
  progress.end();
  const table = variantTable(source, rule, variant.rows);
  const frequencies = variantFrequencies(flags.freqs ?? `${folder}/freqs`, rule);
  const { classNames } = metadata, { counts, items, unknown, blank } = variant;
  const text = frequencyTableText(classNames.map((name, label) => ({ name, count: counts[label] })));
  await refuseOther(frequencies.path, text);
  const left = [
    ...unknown > 0
      ? [`${unknown} of ${items} items are of none of the ${classNames.length} classes: left out`]
      : [],
    ...blank > 0 ? [`${blank} of ${items} items have no caption: left out`] : [],
  ];
  const { "dry-run": dryRun, help: _, json: __, seed: ___, ...shaping } = flags;
  await finishCuration({
    command: "incaps-variants",
    flags: shaping,
    seed: shuffle || rule.className?.drawn || (rule.className?.templates.length ?? 0) > 1 ? seed : null,
    inputs: [
      captions,
      ...["imagenet", "imagenet_synset"].map((set) => `${folder}/descriptors/descriptors_${set}.json`),
      ...inputs,
    ],
    outputs: [
      { path: table.path, write: (file) => variant.write(file).finally(progress.end) },
      { path: frequencies.path, write: (file) => writeFully(file, new TextEncoder().encode(text)) },
    ],
    classes: { names: classNames, counts },
    rows: variant.rows,
    notes: [...left, ...table.notes, ...frequencies.notes],
    also: { items, of_unknown_class: unknown, without_caption: blank },
  }, { dryRun, json, signal });
}

export const incapsVariantsCommand: Command = {
  name: "incaps-variants",
  summary: "ImageNet-Captions as images with captions of title, tags, description and class name",
  help:
    `Makes a table of images and captions out of ImageNet-Captions: ROOT/imagenet-captions/imagenet_captions.json.
A caption is the class name in a template, if asked for, then title, tags and description, as far as asked for, with a
space between them; images without a caption are left out. What an item lacks, or has as null, is empty.

Usage: deno task data incaps-variants [flags]

${describeFlags(flagTable)}

Output: ROOT/imagenet-captions/incaps[_title][_tags][_description][_MODE][_synset]_ROWS.tsv with its provenance, and
class_frequency_incaps[_...]_imagenet_ori.txt. The draws are those of Python's random with the seed.

Example: deno task data incaps-variants --use-title --use-tags --use-description --append-cname --root ../datasets`,
  run,
};
