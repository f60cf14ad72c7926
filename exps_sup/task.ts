// The supervised task: images through the tower, cosines with one row per class times a learned temperature, cross
// entropy over all classes, plain or adjusted by their frequencies, or over a sub-vocabulary drawn anew at each step.

import { type Graph, type HostArray, input, nn, ops, type Task, type Tensor } from "../gpu/mod.ts";
import type { ImageBatch } from "../data_utils/mod.ts";
import { stageStrides, type SupSettings, type Tower } from "./presets.ts";

/** The part of the settings that says what the model is. */
export type SupModel = Pick<SupSettings, "tower" | "size" | "classNames">;

/** Images [N,H,W,3] to embeddings [N, outputDim]; parameters under "visual" (spec section 4.1). */
export function imageTower(s: nn.ParamScope, images: Tensor, tower: Tower): Tensor {
  const { layers, width, outputDim } = tower;
  const heads = width * 32 / 64, strides = stageStrides(images.shape[1]);
  return nn.within(
    s,
    "visual",
    (v) => nn.modifiedResNet(v, images, { layers, width, heads, outputDim, strides }),
  );
}

/** What trains: everything but the frozen parts. */
function trainable(frozen: SupSettings["frozen"]): (name: string) => boolean {
  const isPool = (name: string) => name.startsWith("visual.attnpool.");
  return (name) =>
    !(frozen.includes("visual") && name.startsWith("visual.") && !isPool(name)) &&
    !(frozen.includes("attnpool") && isPool(name)) &&
    !(frozen.includes("head") && name === "head");
}

/**
 * The training task. `frequencies` are the classes' numbers of training images, by which sub-vocabularies are drawn;
 * `count` is the number of images in an epoch.
 */
export function supTask(
  settings: SupSettings,
  data: { frequencies: ArrayLike<number>; count: number },
): Task<ImageBatch> {
  const { vocabulary, logitAdjustment, size, seed, classNames, tower, batchSize, accumulate } = settings;
  const classes = classNames.length, rows = batchSize / accumulate;
  const weights = vocabulary && nn.vocabularyWeights(data.frequencies, vocabulary.weighting);
  const adjustment: HostArray | null = logitAdjustment === 0
    ? null
    : { data: logPrior(data.frequencies, logitAdjustment), shape: [1, classes], dtype: "f32" };
  return {
    name: "sup",
    build(graph) {
      const s = nn.scope(graph, "", { trainable: trainable(settings.frozen) });
      const features = imageTower(s, input(graph, "images", [rows, size, size, 3]), tower);
      const targets = input(graph, "targets", [rows], "i32");
      const logits = nn.cosineHead(s, features, {
        classes,
        vocabulary: vocabulary ? vocabularyInputs(graph, vocabulary, { rows, classes }) : undefined,
      });
      const scored = adjustment === null ? logits : ops.add(logits, input(graph, "log_prior", [1, classes]));
      const loss = ops.mean(ops.crossEntropy(scored, targets), { axes: null });
      return { loss, updates: s.updates, clamp: { logit_scale: [0, Math.log(100)] } };
    },
    feed({ images, labels, next }): Record<string, HostArray> {
      if (!vocabulary || !weights) {
        return { images, targets: labels, ...adjustment && { log_prior: adjustment } };
      }
      const { processes } = vocabulary;
      const drawn = nn.subVocabulary({
        targets: labels.data,
        weights,
        size: vocabulary.size,
        processes,
        seed,
        step: next.epoch * data.count + next.index, // any number that belongs to this batch alone
      });
      return {
        images,
        targets: { data: drawn.targets, shape: [rows], dtype: "i32" },
        vocabulary: { data: drawn.index, shape: [processes, drawn.size], dtype: "i32" },
        vocabulary_bias: { data: drawn.bias, shape: [processes, 1, drawn.size], dtype: "f32" },
      };
    },
  };
}

/** tau times the logarithms of the classes' shares [C]; a class without images gets -1e30, so it is never scored. */
export function logPrior(frequencies: ArrayLike<number>, tau: number): Float32Array<ArrayBuffer> {
  const counts = Array.from(frequencies), total = counts.reduce((sum, n) => sum + n, 0);
  return Float32Array.from(counts, (n) => n > 0 ? tau * Math.log(n / total) : -1e30);
}

function vocabularyInputs(
  graph: Graph,
  { size, processes }: NonNullable<SupSettings["vocabulary"]>,
  { rows, classes }: { rows: number; classes: number },
): nn.Vocabulary {
  const room = nn.vocabularyRoom(rows, classes, size, processes);
  return {
    index: input(graph, "vocabulary", [processes, room], "i32"),
    bias: input(graph, "vocabulary_bias", [processes, 1, room]),
  };
}

/** The evaluation graph of a batch: `scores` [rows, classes] over all classes, and the unnormalised `features`. */
export function supScores(
  graph: Graph,
  { tower, size, classNames }: SupModel,
  rows: number,
): Record<string, Tensor> {
  const s = nn.scope(graph, "", { train: false });
  const features = imageTower(s, input(graph, "images", [rows, size, size, 3]), tower);
  return { scores: nn.cosineHead(s, features, { classes: classNames.length }), features };
}
