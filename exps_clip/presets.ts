// What is trained and how, as data: CLIP models by name, and recipes with their hyper-parameters. A run's settings are a
// recipe with what the command line changes; they are stored in the run's config.json and say all that eval needs.

import type { nn } from "../gpu/mod.ts";

/** A model but for its vocabulary and context, which come with the captions. */
export interface ClipModel {
  readonly embedDim: number;
  readonly vision: nn.ImageTowerConfig;
  readonly text: Pick<nn.TextTowerConfig, "width" | "heads" | "layers">;
}

export const models = {
  /** The study's: towers of 343 and about 120 thousand parameters. */
  small: {
    embedDim: 64,
    vision: { layers: [1, 1, 1, 1], width: 8 },
    text: { width: 64, heads: 2, layers: 2 },
  },
  RN50: {
    embedDim: 1024,
    vision: { layers: [3, 4, 6, 3], width: 64 },
    text: { width: 512, heads: 8, layers: 12 },
  },
  "ViT-B-32": {
    embedDim: 512,
    vision: { layers: 12, width: 768, headWidth: 64, patchSize: 32 },
    text: { width: 512, heads: 8, layers: 12 },
  },
} as const satisfies Record<string, ClipModel>;

export type ModelName = keyof typeof models;

/** A model with its vocabulary, context and the strides that suit the image size, and `widening` times as wide. */
export function modelFor(
  name: ModelName,
  data: { size: number; vocabSize: number; contextLength: number; widening?: number },
): nn.ClipConfig {
  const { size, vocabSize, contextLength, widening = 1 } = data,
    { embedDim, vision, text }: ClipModel = models[name];
  // At 32 pixels the usual strides would leave a single position to pool over.
  const strides = typeof vision.layers !== "number" && size <= 32 ? { strides: [1, 1, 2, 2] } : {};
  const { width, heads } = text;
  return {
    embedDim: embedDim * widening,
    vision: { ...vision, width: vision.width * widening, ...strides },
    text: { ...text, width: width * widening, heads: heads * widening, vocabSize, contextLength },
  };
}

/** A recipe: AdamW with a linear warm-up and half a cosine. */
export interface ClipRecipe {
  readonly model: ModelName;
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** Which parameters decay: those of two dimensions or more, or open_clip's rule. */
  readonly decay: "matrices" | "open_clip";
  /** Steps of the warm-up; below 1, their share of all steps. */
  readonly warmup: number;
  readonly batchSize: number;
  readonly epochs: number;
}

/** Recipes by name; `open_clip` is the reference's run script. */
export const recipes = {
  small: {
    model: "small",
    lr: 2e-3,
    betas: [0.9, 0.98],
    eps: 1e-8,
    weightDecay: 0.1,
    decay: "matrices",
    warmup: 0.05,
    batchSize: 64,
    epochs: 2,
  },
  open_clip: {
    model: "RN50",
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0.2,
    decay: "open_clip",
    warmup: 500,
    batchSize: 1024,
    epochs: 32,
  },
} as const satisfies Record<string, ClipRecipe>;

export type RecipeName = keyof typeof recipes;

/** Where captions come from: the data, the class names put into prompts, or either, half each. */
export type CaptionKind = "own" | "templates" | "mix";

/** A caption that is repeated word for word, or all captions of a class. */
export type CountedOnce = "caption" | "class";

/** All that decides a run's numbers, the data aside. */
export interface ClipSettings extends Omit<ClipRecipe, "epochs" | "model"> {
  readonly name: string;
  readonly model: nn.ClipConfig;
  /** Height and width of the images. */
  readonly size: number;
  readonly classNames: readonly string[];
  readonly captions: CaptionKind;
  /** What counts once in the loss where several images of a batch share it; null: nothing. Needs the whole batch at once. */
  readonly countOnce: CountedOnce | null;
  /** Prompts of the captions, where these are templates, and of zero-shot classification. */
  readonly templates: readonly string[];
  /** File of CLIP's byte pairs; null: words, in the run's vocabulary.json. */
  readonly bpe: string | null;
  readonly steps: number;
  /** Micro-batches to a step; the loss is that of the whole batch. */
  readonly accumulate: number;
  /** How activations are stored; "f16" needs a GPU with shader-f16. */
  readonly storage: "f32" | "f16";
  /** Towers that stay as they began. */
  readonly frozen: readonly ("visual" | "text")[];
  /** Steps between evaluations on the way; null: only at the end. */
  readonly evaluateEvery: number | null;
  readonly seed: number;
}
