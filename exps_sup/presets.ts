// What is trained and how, as data: image towers by name, and recipes with their hyper-parameters. A run's settings are
// a recipe with what the command line changes; they are stored in the run's config.json and say all that eval needs.

/** An image tower: a ResNet of CLIP's kind with a cosine classifier on top. */
export interface Tower {
  /** Bottlenecks per stage. */
  readonly layers: readonly number[];
  /** Channels of the stem. */
  readonly width: number;
  /** Size of the embedding. */
  readonly outputDim: number;
}

export const towers = {
  /** The study's tower: 343 thousand parameters. */
  small: { layers: [1, 1, 1, 1], width: 8, outputDim: 64 },
  /** CLIP's RN50. */
  rn50: { layers: [3, 4, 6, 3], width: 64, outputDim: 1024 },
} as const satisfies Record<string, Tower>;

export type TowerName = keyof typeof towers;

/** First stride of each stage. At 32 pixels the usual ones would leave a single position to pool over. */
export function stageStrides(size: number): readonly number[] {
  return size <= 32 ? [1, 1, 2, 2] : [1, 2, 2, 2];
}

/** How a class's chance to be drawn into a sub-vocabulary depends on its frequency. */
export type Weighting = "uniform" | "linear" | "sqrt";

/** Score a part of the classes at each step (spec section 4.2). */
export interface SubVocabularySettings {
  /** Classes scored. */
  readonly size: number;
  /** Equal parts of the batch, each with a vocabulary of its own. */
  readonly processes: number;
  readonly weighting: Weighting;
}

export type OptimizerSettings =
  | { readonly name: "adamw"; readonly betas: readonly [number, number]; readonly decay: "matrices" | "all" }
  | {
    readonly name: "sgd";
    readonly momentum: number;
    readonly nesterov: boolean;
    readonly decay: "matrices" | "all";
  };

/**
 * `cosine` falls to 0 over the whole training, after a linear warm-up; `step` divides by 10 after each third;
 * `multistep` at 30, 50 and 70 of 90 parts, as the paper's appendix says.
 */
export type ScheduleName = "cosine" | "step" | "multistep";

/** A recipe. */
export interface SupRecipe {
  readonly arch: TowerName;
  readonly optimizer: OptimizerSettings;
  readonly lr: number;
  /** Batch for which `lr` is meant; the rate grows with the batch. Null: `lr` as it is. */
  readonly lrBatch: number | null;
  readonly weightDecay: number;
  readonly schedule: ScheduleName;
  /** Share of the steps in which the rate rises to `lr`. */
  readonly warmup: number;
  readonly batchSize: number;
  readonly epochs: number;
}

const sgd = { name: "sgd", momentum: 0.9, nesterov: false, decay: "all" } as const;

/** Recipes by name. `incaps` is the reference's run script, whose scheduler is a cosine whatever it says. */
export const recipes = {
  small: {
    arch: "small",
    optimizer: { name: "adamw", betas: [0.9, 0.999], decay: "matrices" },
    lr: 3e-3,
    lrBatch: null,
    weightDecay: 0.1,
    schedule: "cosine",
    warmup: 0.05,
    batchSize: 64,
    epochs: 2,
  },
  incaps: {
    arch: "rn50",
    optimizer: sgd,
    lr: 0.1,
    lrBatch: 256,
    weightDecay: 1e-4,
    schedule: "cosine",
    warmup: 0,
    batchSize: 256,
    epochs: 90,
  },
  incaps_paper: {
    arch: "rn50",
    optimizer: { ...sgd, nesterov: true },
    lr: 0.1,
    lrBatch: 256,
    weightDecay: 1e-4,
    schedule: "multistep",
    warmup: 0,
    batchSize: 256,
    epochs: 90,
  },
} as const satisfies Record<string, SupRecipe>;

export type RecipeName = keyof typeof recipes;

/** All that decides a run's numbers, the data aside. */
export interface SupSettings extends Omit<SupRecipe, "epochs" | "arch"> {
  readonly arch: string;
  readonly tower: Tower;
  /** Height and width of the images. */
  readonly size: number;
  readonly classNames: readonly string[];
  readonly steps: number;
  /** Micro-batches to a step. */
  readonly accumulate: number;
  /** How activations are stored; "f16" needs a GPU with shader-f16. */
  readonly storage: "f32" | "f16";
  readonly vocabulary: SubVocabularySettings | null;
  /**
   * Strength tau of logit adjustment: tau times the logarithm of the class's share of the training images is added to
   * its logit in training only (Menon et al. 2021, section 5.2); 0 for none.
   */
  readonly logitAdjustment: number;
  /** Parts of the model that stay as they began. */
  readonly frozen: readonly ("visual" | "attnpool" | "head")[];
  /** Steps between evaluations on the way; null: only at the end. */
  readonly evaluateEvery: number | null;
  readonly seed: number;
}
