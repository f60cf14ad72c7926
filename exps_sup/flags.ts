// The command line of `sup train` and `sup eval`: the reference's flags under their names, ours beside them, and how
// they become settings. What a flag leaves open the recipe says.

import type { FlagTable, FlagValues, RunConfig } from "../data_utils/mod.ts";
import {
  type OptimizerSettings,
  type RecipeName,
  recipes,
  type ScheduleName,
  type SupSettings,
  type TowerName,
  towers,
  type Weighting,
} from "./presets.ts";
import type { SupModel } from "./task.ts";

const dataFlags = {
  "val-data": { kind: "texts", value: "PATH", help: "labelled images to evaluate on, as --data-path" },
  "frequency-file": {
    kind: "text",
    value: "FILE",
    help: "lines name<TAB>count in class order, in place of the classes' numbers of training images",
  },
  "num-workers": {
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
  "nc-metrics": { kind: "switch", help: "measure neural collapse too" },
  json: { kind: "switch", help: "one JSON object on standard output instead of text" },
  help: { kind: "switch", help: "this text" },
} as const satisfies FlagTable;

/** Flags of `sup train`. */
export const supTrainFlags = {
  "data-path": {
    kind: "texts",
    value: "PATH",
    help:
      "training images: a TSV with columns filepath and label, WebDataset shards (a pattern), or a folder with a " +
      "subfolder per class; may be repeated",
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
  recipe: {
    kind: "text",
    default: "small",
    choices: Object.keys(recipes),
    help: "where all else is taken from",
  },
  arch: { kind: "text", choices: Object.keys(towers), help: "image tower" },
  epochs: { kind: "whole", least: 1, help: "passes over the training images" },
  "batch-size": { kind: "whole", least: 1, short: "b", help: "images to a step" },
  accumulate: { kind: "whole", least: 1, default: 1, help: "micro-batches to a step" },
  lr: { kind: "number", least: 0, help: "peak learning rate (of the recipes incaps: for a batch of 256)" },
  momentum: { kind: "number", least: 0, most: 1, help: "momentum of SGD" },
  wd: { kind: "number", least: 0, help: "weight decay" },
  "weight-decay": { kind: "number", least: 0, help: "the same as --wd" },
  scheduler: { kind: "text", choices: ["cosine", "step", "multistep"], help: "course of the learning rate" },
  amp: { kind: "switch", help: "store activations in half precision, on a GPU that can" },
  "sample-head": { kind: "switch", help: "score a sub-vocabulary of the classes at each step" },
  "num-to-sample": { kind: "whole", least: 2, default: 50, help: "classes in a sub-vocabulary" },
  "sample-weight": {
    kind: "text",
    default: "linear",
    choices: ["uniform", "linear", "sqrt"],
    help: "a class's chance to be drawn, by its frequency",
  },
  processes: {
    kind: "whole",
    least: 1,
    default: 1,
    help: "parts of the batch with a sub-vocabulary of their own, as separate processes would have",
  },
  "logit-adjustment": {
    kind: "number",
    least: 0,
    default: 0,
    help: "in training, add so many times the logarithm of a class's share of the images to its logit",
  },
  "freeze-visual": { kind: "switch", help: "keep the tower but for its attention pool" },
  "freeze-attnpool": { kind: "switch", help: "keep the attention pool" },
  "freeze-head": { kind: "switch", help: "keep the classifier" },
  "visual-weights": { kind: "text", value: "FILE", help: "safetensors whose visual.* to begin with" },
  "head-weights": { kind: "text", value: "FILE", help: "safetensors whose head to begin with" },
  "log-dir": { kind: "text", value: "DIR", default: "runs", help: "where the run folder goes" },
  name: { kind: "text", help: "name of the run folder (default: made from the settings)" },
  seed: { kind: "whole", least: 0, most: 2 ** 24 - 1, default: 0, help: "decides weights, order and draws" },
  "val-freq": { kind: "whole", least: 1, default: 1, help: "epochs between evaluations on --val-data" },
  "report-to": {
    kind: "text",
    default: "",
    help: "write the metrics also as csv, tensorboard, or both, separated by a comma",
  },
  "save-every": { kind: "number", least: 0, default: 60, help: "seconds between checkpoints, at least" },
  ...dataFlags,
} as const satisfies FlagTable;

/** Flags of `sup eval`. */
export const supEvalFlags = {
  run: { kind: "text", value: "DIR", help: "the run folder of a training" },
  ...dataFlags,
} as const satisfies FlagTable;

/** Settings from the flags and what is known of the data. Throws RangeError for flags that do not go together. */
export function supSettings(
  flags: FlagValues<typeof supTrainFlags>,
  data: { classNames: readonly string[]; size: number; count: number },
): SupSettings {
  const recipe = recipes[flags.recipe as RecipeName], arch = (flags.arch ?? recipe.arch) as TowerName;
  const { accumulate, processes } = flags;
  const batchSize = flags["batch-size"] ?? recipe.batchSize, epochs = flags.epochs ?? recipe.epochs;
  const perStep = (parts: number, flag: string) => {
    if (batchSize % parts !== 0) {
      throw new RangeError(`A batch of ${batchSize} does not split into --${flag} ${parts} equal parts`);
    }
  };
  perStep(accumulate, "accumulate");
  if (flags["sample-head"]) perStep(accumulate * processes, "processes");
  if (flags["sample-head"] && flags["logit-adjustment"] > 0) {
    throw new RangeError(
      "--logit-adjustment adjusts the scores of all classes; it does not go with --sample-head",
    );
  }
  const epochSteps = accumulatedSteps(data.count, batchSize), steps = epochs * epochSteps;
  if (steps === 0) {
    throw new RangeError(`${data.count} images do not fill a batch: use a smaller --batch-size`);
  }
  let optimizer: OptimizerSettings = recipe.optimizer;
  if (flags.momentum !== undefined) {
    if (optimizer.name !== "sgd") {
      throw new RangeError(`--momentum is for SGD; the recipe has ${optimizer.name}`);
    }
    optimizer = { ...optimizer, momentum: flags.momentum };
  }
  return {
    arch,
    tower: towers[arch],
    size: data.size,
    classNames: data.classNames,
    batchSize,
    accumulate,
    steps,
    optimizer,
    lr: flags.lr ?? recipe.lr,
    lrBatch: recipe.lrBatch,
    weightDecay: flags.wd ?? flags["weight-decay"] ?? recipe.weightDecay,
    schedule: (flags.scheduler ?? recipe.schedule) as ScheduleName,
    warmup: recipe.warmup,
    storage: flags.amp ? "f16" : "f32",
    vocabulary: flags["sample-head"]
      ? { size: flags["num-to-sample"], processes, weighting: flags["sample-weight"] as Weighting }
      : null,
    logitAdjustment: flags["logit-adjustment"],
    evaluateEvery: flags["val-data"].length > 0 ? flags["val-freq"] * epochSteps : null,
    frozen: (["visual", "attnpool", "head"] as const).filter((part) => flags[`freeze-${part}`]),
    seed: flags.seed,
  };
}

/** Whole batches in an epoch. */
function accumulatedSteps(count: number, batchSize: number): number {
  return Math.floor(count / batchSize);
}

/** The reference's automatic name without its time stamp, so that the same command finds its run again. */
export function supRunName(
  settings: SupSettings,
  source: string,
  weights: { visual?: string; head?: string },
): string {
  const stem = (path: string) => path.split(/[/\\]/).at(-1)!.split(".")[0].replace(/[^\w-]+/g, "");
  const { arch, batchSize, vocabulary, logitAdjustment, frozen, seed } = settings;
  const visual = frozen.includes("visual") ? `_freezevis${frozen.includes("attnpool") ? "+attn" : ""}` : "";
  const head = frozen.includes("head") ? "_freezehead" : "";
  return [
    `${arch}_${stem(source) || "data"}_supcls_bs${batchSize}`,
    visual + (weights.visual ? `_${stem(weights.visual)}` : ""),
    head + (weights.head ? `_${stem(weights.head)}` : ""),
    vocabulary ? `_samplehead${vocabulary.size}_${vocabulary.weighting}` : "",
    logitAdjustment > 0 ? `_adjusted${logitAdjustment}` : "",
    `_seed${seed}`,
  ].join("");
}

/** The model and the frequencies that a run's config.json tells. Throws SyntaxError when it is no supervised run's. */
export function supModelOf(config: RunConfig, dir: string): SupModel & { frequencies: number[] } {
  const { kind, tower, size, classNames, frequencies } = config as Record<string, unknown>;
  if (kind !== "sup") throw new SyntaxError(`${dir} holds no supervised run`);
  return { tower, size, classNames, frequencies } as SupModel & { frequencies: number[] };
}
