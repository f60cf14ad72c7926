// The command line of `clip train`, `clip eval` and `clip zero-shot`: the reference's flags (open_clip's and those of its
// fork) under their names, ours beside them, and how they become settings. What a flag leaves open the recipe says.

import {
  type FlagTable,
  type FlagValues,
  type ImageSource,
  loadPrompts,
  type PromptSet,
  type RunConfig,
  type SourceOptions,
  WORLD_TEMPLATES,
} from "../data_utils/mod.ts";
import type { CaptionKind, ClipSettings, CountedOnce, ModelName, RecipeName } from "./presets.ts";
import { modelFor, models, recipes } from "./presets.ts";
import type { TextCoding } from "./captions.ts";

const csvFlags = {
  "csv-img-key": { kind: "text", default: "filepath", help: "a table's column of image paths" },
  "csv-caption-key": { kind: "text", default: "caption", help: "a table's column of captions" },
  "csv-label-key": { kind: "text", default: "label", help: "a table's column of labels" },
} as const satisfies FlagTable;

const promptFlags = {
  "template-type": {
    kind: "text",
    default: "six",
    choices: ["six", "cname", "a+cname", "photo", "openai", "simple"],
    help: "prompts of zero-shot classification; openai (80) and simple (7) need --template-file",
  },
  "template-file": {
    kind: "text",
    value: "FILE",
    help: "JSON with the lists OPENAI_IMAGENET_TEMPLATES and SIMPLE_IMAGENET_TEMPLATES",
  },
  "frequency-file": {
    kind: "text",
    value: "FILE",
    help: "lines name<TAB>count in class order, in place of the classes' numbers of training images",
  },
} as const satisfies FlagTable;

const commonFlags = {
  "val-data": { kind: "texts", value: "PATH", help: "test images, as --train-data" },
  workers: {
    kind: "whole",
    least: 0,
    most: 64,
    default: 2,
    help: "threads that decode images above 64 pixels",
  },
  "max-skipped": {
    kind: "whole",
    least: 0,
    help:
      "samples that may be unusable before the run stops (default: 100, or 1 % of all where that is more)",
  },
  json: { kind: "switch", help: "one JSON object on standard output instead of text" },
  help: { kind: "switch", help: "this text" },
} as const satisfies FlagTable;

/** Flags of `clip train`. */
export const clipTrainFlags = {
  "train-data": {
    kind: "texts",
    value: "PATH",
    help:
      "training pairs: a TSV with columns filepath and caption (or label), WebDataset shards (a pattern), or a " +
      "folder with a subfolder per class; may be repeated",
  },
  ...csvFlags,
  captions: {
    kind: "text",
    choices: ["own", "templates", "mix"],
    help:
      "captions of the data, class names in prompts, or either, half each (default: own, unless they only repeat the " +
      "class names)",
  },
  "count-once": {
    kind: "text",
    choices: ["caption", "class"],
    help: "what counts once in the loss where several images of a batch share it (default: nothing)",
  },
  classes: { kind: "text", value: "FILE", help: "names of the classes, one a line" },
  "num-classes": { kind: "whole", least: 2, help: "number of classes, where nothing names them" },
  law: {
    kind: "text",
    help: "imbalance of the training images: ratio:R, zipf:S, uniform, or a file of counts",
  },
  size: {
    kind: "whole",
    least: 32,
    most: 1024,
    help: "side of the images (default: that of the first, at most 224)",
  },
  bpe: {
    kind: "text",
    value: "FILE",
    help: "CLIP's byte pairs (bpe_simple_vocab_16e6.txt.gz) in place of words",
  },
  "context-length": { kind: "whole", least: 4, most: 512, default: 77, help: "longest caption in tokens" },
  recipe: {
    kind: "text",
    default: "small",
    choices: Object.keys(recipes),
    help: "where all else is taken from",
  },
  model: { kind: "text", choices: Object.keys(models), help: "image and text tower" },
  epochs: { kind: "whole", least: 1, help: "passes over the training pairs" },
  "batch-size": {
    kind: "whole",
    least: 2,
    short: "b",
    help: "pairs to a step, all of which meet in the loss",
  },
  "accum-freq": { kind: "whole", least: 1, default: 1, help: "micro-batches to a step" },
  lr: { kind: "number", least: 0, help: "peak learning rate" },
  beta1: { kind: "number", least: 0, most: 1, help: "AdamW's first beta" },
  beta2: { kind: "number", least: 0, most: 1, help: "AdamW's second beta" },
  eps: { kind: "number", least: 0, help: "AdamW's epsilon" },
  wd: { kind: "number", least: 0, help: "weight decay" },
  precision: {
    kind: "text",
    default: "fp32",
    choices: ["fp32", "amp"],
    help: "amp stores activations in half precision, on a GPU that can",
  },
  warmup: { kind: "number", least: 0, help: "steps of the warm-up; below 1: their share of all steps" },
  pretrained: { kind: "text", value: "FILE", help: "safetensors with weights to begin with" },
  "partial-load": {
    kind: "text",
    choices: ["visual", "text"],
    help: "take only this tower from --pretrained",
  },
  "lock-text": { kind: "switch", help: "keep the text tower" },
  "lock-image": { kind: "switch", help: "keep the image tower" },
  logs: { kind: "text", value: "DIR", default: "runs", help: "where the run folder goes" },
  name: { kind: "text", help: "name of the run folder (default: made from the settings)" },
  seed: {
    kind: "whole",
    least: 0,
    most: 2 ** 24 - 1,
    default: 0,
    help: "decides weights, order and prompts",
  },
  "zeroshot-frequency": {
    kind: "whole",
    least: 1,
    default: 2,
    help: "epochs between zero-shot evaluations on --val-data",
  },
  "report-to": {
    kind: "text",
    default: "",
    help: "write the metrics also as csv, tensorboard, or both, separated by a comma",
  },
  "save-every": { kind: "number", least: 0, default: 60, help: "seconds between checkpoints, at least" },
  ...promptFlags,
  ...commonFlags,
} as const satisfies FlagTable;

/** Flags of `clip zero-shot`. */
export const clipZeroShotFlags = {
  run: { kind: "text", value: "DIR", help: "the run folder of a training" },
  classes: {
    kind: "text",
    value: "FILE",
    help: "names of the test images' classes (default: those of the run)",
  },
  ...promptFlags,
  "nc-metrics": { kind: "switch", help: "measure neural collapse too" },
  ...commonFlags,
} as const satisfies FlagTable;

/** Flags of `clip eval`. */
export const clipEvalFlags = {
  run: { kind: "text", value: "DIR", help: "the run folder of a training" },
  ...csvFlags,
  pairs: {
    kind: "whole",
    least: 2,
    default: 2000,
    help: "pairs among which each looks for its match, at most",
  },
  ...commonFlags,
} as const satisfies FlagTable;

/** The columns that flags name. */
export function columnsOf(flags: FlagValues<typeof csvFlags>): NonNullable<SourceOptions["columns"]> {
  return { file: flags["csv-img-key"], caption: flags["csv-caption-key"], label: flags["csv-label-key"] };
}

/** The prompts that flags name. Throws RangeError or SyntaxError like loadPrompts. */
export async function templatesOf(flags: FlagValues<typeof promptFlags>): Promise<readonly string[]> {
  const kind = flags["template-type"], file = flags["template-file"];
  if (kind === "six") return WORLD_TEMPLATES;
  return await loadPrompts(({ openai: "openai80", simple: "simple7" }[kind] ?? kind) as PromptSet, file);
}

/** Settings from the flags and what is known of the data. Throws RangeError for flags that do not go together. */
export function clipSettings(
  flags: FlagValues<typeof clipTrainFlags>,
  data: Pick<ImageSource, "classNames" | "size" | "count">,
  text: TextCoding & { captions: CaptionKind; templates: readonly string[] },
): ClipSettings {
  const recipe = recipes[flags.recipe as RecipeName], name = (flags.model ?? recipe.model) as ModelName;
  const batchSize = flags["batch-size"] ?? recipe.batchSize, accumulate = flags["accum-freq"];
  if (batchSize % accumulate !== 0) {
    throw new RangeError(
      `A batch of ${batchSize} does not split into --accum-freq ${accumulate} equal parts`,
    );
  }
  if (flags["lock-text"] && flags["lock-image"]) {
    throw new RangeError("With both towers locked nothing would train");
  }
  if (flags["count-once"] && accumulate > 1) {
    throw new RangeError("--count-once compares all of a batch; leave out --accum-freq");
  }
  const epochSteps = Math.floor(data.count / batchSize), steps = epochsOf(flags) * epochSteps;
  if (steps === 0) {
    throw new RangeError(`${data.count} images do not fill a batch: use a smaller --batch-size`);
  }
  const { tokenizer: { vocabSize }, contextLength, captions, templates } = text;
  return {
    name,
    model: modelFor(name, { size: data.size, vocabSize, contextLength }),
    size: data.size,
    classNames: data.classNames,
    captions,
    countOnce: flags["count-once"] as CountedOnce | undefined ?? null,
    templates,
    bpe: flags.bpe ?? null,
    batchSize,
    accumulate,
    steps,
    lr: flags.lr ?? recipe.lr,
    betas: [flags.beta1 ?? recipe.betas[0], flags.beta2 ?? recipe.betas[1]],
    eps: flags.eps ?? recipe.eps,
    weightDecay: flags.wd ?? recipe.weightDecay,
    decay: recipe.decay,
    warmup: flags.warmup ?? recipe.warmup,
    storage: flags.precision === "amp" ? "f16" : "f32",
    frozen: [
      ...flags["lock-image"] ? ["visual" as const] : [],
      ...flags["lock-text"] ? ["text" as const] : [],
    ],
    evaluateEvery: flags["val-data"].length > 0 ? flags["zeroshot-frequency"] * epochSteps : null,
    seed: flags.seed,
  };
}

/** Passes over the training pairs. */
export function epochsOf(flags: Pick<FlagValues<typeof clipTrainFlags>, "epochs" | "recipe">): number {
  return flags.epochs ?? recipes[flags.recipe as RecipeName].epochs;
}

/** The reference's automatic name without its date, so that the same command finds its run again. */
export function clipRunName(
  { name, lr, batchSize, storage, frozen, countOnce, seed }: ClipSettings,
  epochs: number,
): string {
  const locked = frozen.map((tower) => `-freeze${tower}`).join("");
  return `${name}-lr_${lr}-b_${batchSize}-e_${epochs}-p_${storage === "f16" ? "amp" : "fp32"}${locked}${
    countOnce ? `-once_${countOnce}` : ""
  }-seed_${seed}`;
}

/** What a run's config.json tells. Throws SyntaxError when it is no CLIP run's. */
export function clipConfigOf(
  config: RunConfig,
  dir: string,
): ClipSettings & { frequencies: number[] | null } {
  if (config.kind !== "clip") throw new SyntaxError(`${dir} holds no CLIP run`);
  return config as unknown as ClipSettings & { frequencies: number[] | null };
}
