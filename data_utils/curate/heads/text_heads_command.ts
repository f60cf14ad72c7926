/** `data text-heads`: a classifier's head from a text tower: one embedding per class, as the study's SL heads are. */
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { progressOn } from "../../program/progress.ts";
import { openWeights } from "../../pickle/weights_file.ts";
import { safetensorsContent } from "../../runs/safetensors.ts";
import { curationFlags, finishCuration } from "../curation.ts";
import { HEAD_PROMPTS, type HeadPrompt, headTemplates, headTexts, readConcepts } from "./concepts.ts";
import { headRows, rowCosines } from "./head_rows.ts";

/** What embeds texts with the tower of a file of weights; it lives where the engine may be used. */
export type EmbedWithTower = (
  texts: readonly string[],
  options: {
    weights: string;
    section?: string;
    bpe: string;
    quickGelu?: boolean;
    heads?: number;
    onProgress: (done: number) => void;
    signal: AbortSignal;
  },
) => Promise<{ embeddings: Float32Array; width: number; activation: string }>;

const flagTable = {
  weights: {
    kind: "text",
    value: "FILE",
    help:
      "the model: OpenAI's .pt (TorchScript), or a state dict of OpenAI or open_clip as .pt or safetensors",
  },
  bpe: { kind: "text", value: "FILE", help: "CLIP's byte pairs: bpe_simple_vocab_16e6.txt.gz" },
  ann: {
    kind: "text",
    value: "FILE",
    help:
      "classes: a JSON object whose keys are their names, in order (metadata/descriptors/descriptors_*.json)",
  },
  "concept-set": { kind: "text", value: "FILE", help: "the same as --ann" },
  prompt: {
    kind: "text",
    default: "a",
    choices: Object.keys(HEAD_PROMPTS),
    help: "sentences the classes are put into: " +
      "a X, X, a photo of a X, a photo of a X in the scene, the 80 or the 7 templates",
  },
  templates: {
    kind: "text",
    value: "FILE",
    help:
      "the lists of 80 and 7 (OPENAI_IMAGENET_TEMPLATES, SIMPLE_IMAGENET_TEMPLATES): JSON or zero_shot_metadata.py",
  },
  "avg-synonyms": {
    kind: "switch",
    help: "mean over the phrases of each class (descriptors_imagenet_synset.json)",
  },
  "fix-space": { kind: "switch", help: "_ in names becomes a space" },
  "use-underscore": { kind: "switch", help: "a space in names becomes _" },
  raw: { kind: "switch", help: "no embedding is made of length 1, as in most of the published heads" },
  quickgelu: {
    kind: "switch",
    help: "x sigmoid(1.702 x) in the tower; found by itself in OpenAI's own files",
  },
  heads: { kind: "whole", least: 1, help: "attention heads of the tower (default: its width / 64)" },
  section: {
    kind: "text",
    value: "NAME",
    help: "entry of a checkpoint that holds the model (default: state_dict or model)",
  },
  out: { kind: "text", value: "FILE", help: "the head: safetensors with `head` [classes, width], f32" },
  compare: {
    kind: "text",
    value: "FILE",
    help: "a head (.pt or safetensors) to print the cosines with, class by class",
  },
  seed: { ...curationFlags.seed, help: "changes nothing: nothing is drawn" },
  "dry-run": curationFlags["dry-run"],
  json: curationFlags.json,
  help: curationFlags.help,
} as const;

const help =
  `Makes a classifier's head out of class names: each is put into sentences, these are embedded by CLIP's text
tower, and their mean is the class's row.

Usage: deno task data text-heads --weights FILE --bpe FILE --ann FILE --out FILE [flags]

${describeFlags(flagTable)}

The rows: mean over a phrase's sentences, made of length 1, then mean over a class's phrases. \`sup train --head-weights\`
reads the file. Published heads (.pt) are turned into such a file by \`deno task data convert-weights\`.
Exit codes: 0 done, 1 failed while running, 2 bad input, 130 stopped.

Example: deno task data text-heads --weights RN50.pt --bpe bpe_simple_vocab_16e6.txt.gz \\
  --ann metadata/descriptors/descriptors_imagenet.json --prompt a --out heads/in1k_clip_rn50_a.safetensors`;

interface ReadHead {
  readonly path: string;
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The rows of a head in a file, however it is called there. */
async function readHead(path: string): Promise<ReadHead> {
  using file = await openWeights(path);
  const names = [...file.tensors.keys()], name = names.includes("head") ? "head" : names[0];
  if (name !== "head" && names.length !== 1) {
    throw new RangeError(`${path} holds ${names.length} tensors and none is "head"`);
  }
  const { data, shape } = await file.read(name);
  return { path, data: Float32Array.from(data as ArrayLike<number>), shape };
}

function compared(head: Float32Array, classes: readonly string[], width: number, other: ReadHead) {
  if (other.shape.length !== 2 || other.shape[0] !== classes.length || other.shape[1] !== width) {
    throw new RangeError(
      `${other.path} is a head of [${other.shape}] where [${classes.length}, ${width}] is compared`,
    );
  }
  const cosines = rowCosines(head, other.data, width), least = cosines.indexOf(Math.min(...cosines));
  const mean = cosines.reduce((sum, v) => sum + v, 0) / cosines.length;
  return { file: other.path, mean_cosine: mean, least_cosine: cosines[least], of_class: classes[least] };
}

async function run(args: readonly string[], signal: AbortSignal, embed: EmbedWithTower): Promise<void> {
  const flags = readFlags(args, flagTable, ["weights", "bpe", "out"]),
    ann = flags.ann ?? flags["concept-set"];
  if (ann === undefined) throw new RangeError("--ann is needed: the JSON file of the classes; see --help");
  if (flags.ann !== undefined && flags["concept-set"] !== undefined) {
    throw new RangeError("--ann and --concept-set are the same: give one");
  }
  const { weights, bpe, out, prompt, section, heads, raw } = flags;
  const templates = await headTemplates(prompt as HeadPrompt, flags.templates);
  const concepts = await readConcepts(ann, {
    synonyms: flags["avg-synonyms"],
    fixSpace: flags["fix-space"],
    useUnderscore: flags["use-underscore"],
  });
  const texts = headTexts(concepts, templates), progress = progressOn();
  for (const path of [weights!, bpe!]) await Deno.stat(path);
  const other = flags.compare === undefined ? null : await readHead(flags.compare);
  const curation = {
    command: "text-heads",
    flags: { weights, bpe, ann, ...rest(flags) },
    seed: null,
    inputs: [weights!, bpe!, ann, ...flags.templates ? [flags.templates] : []],
    classes: {
      names: concepts.names,
      counts: concepts.phrases.map(({ length }) => length * templates.length),
    },
    rows: concepts.names.length,
  };
  const finishing = { dryRun: flags["dry-run"], json: flags.json, signal };
  if (flags["dry-run"]) {
    const notes = [`${texts.length} sentences, the first: ${texts[0]}`];
    return await finishCuration(
      { ...curation, notes, outputs: [{ path: out!, write: async () => {} }] },
      finishing,
    );
  }
  const { embeddings, width, activation } = await embed(texts, {
    ...{ weights: weights!, bpe: bpe!, section, heads, signal },
    quickGelu: flags.quickgelu || undefined,
    onProgress: (done) => progress.show(`${done} of ${texts.length} sentences embedded`),
  }).finally(() => progress.end());
  const phrases = concepts.phrases.map(({ length }) => length);
  const head = headRows(embeddings, { templates: templates.length, phrases, width }, raw);
  const comparison = other && compared(head, concepts.names, width, other);
  const shape = [concepts.names.length, width];
  const about = { prompt, activation, normalised: String(!raw), avg_synonyms: String(flags["avg-synonyms"]) };
  const write = safetensorsContent([{ name: "head", shape, dtype: "f32", data: head }], about);
  await finishCuration({
    ...curation,
    outputs: [{ path: out!, write }],
    notes: [
      `[${shape}], activation of the tower: ${activation}`,
      ...comparison === null ? [] : [
        `cosine with ${comparison.file}: mean ${comparison.mean_cosine.toFixed(6)}, ` +
        `least ${comparison.least_cosine.toFixed(6)} (${comparison.of_class})`,
      ],
    ],
    also: { shape, activation, ...comparison && { comparison } },
  }, finishing);
}

/** The flags that shape the rows. */
function rest(flags: Record<string, unknown>): Record<string, unknown> {
  const shaping = [
    "prompt",
    "templates",
    "avg-synonyms",
    "fix-space",
    "use-underscore",
    "raw",
    "quickgelu",
    "heads",
    "section",
  ];
  return Object.fromEntries(shaping.map((name) => [name, flags[name] ?? null]));
}

/** The command, with what embeds texts. */
export function textHeadsCommand(embed: EmbedWithTower): Command {
  return {
    name: "text-heads",
    summary: "class embeddings from CLIP's text tower: a classifier's head",
    help,
    run: (args, signal) => run(args, signal, embed),
  };
}
