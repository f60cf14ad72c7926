// The contrastive task: both towers over a batch of pairs, and the loss by which each image finds its caption among all
// of the batch and each caption its image (Radford et al. 2021). It is cut between towers and loss, so that a batch
// larger than what fits at once can be trained in two passes. Where images of a batch share a caption or a class,
// the loss can count it once.

import { type Graph, type HostArray, input, nn, ops, type SplitTask, type Tensor } from "../gpu/mod.ts";
import type { CaptionedBatch } from "./captions.ts";
import type { ClipSettings } from "./presets.ts";

/** The part of the settings that says what the model is. */
export type ClipModelSettings = Pick<ClipSettings, "model" | "size">;

const isVisual = (name: string) => name.startsWith("visual.");

/** What trains: all but the frozen towers; the temperature belongs to neither. */
function trainable(frozen: ClipSettings["frozen"]): (name: string) => boolean {
  return (name) => name === "logit_scale" || !frozen.includes(isVisual(name) ? "visual" : "text");
}

/** The training task. */
export function clipTask(settings: ClipSettings): SplitTask<CaptionedBatch> {
  const { model, size, batchSize, accumulate, frozen, countOnce } = settings;
  const rows = batchSize / accumulate;
  return {
    name: "clip",
    towers(graph) {
      const s = nn.scope(graph, "", { trainable: trainable(frozen) });
      const { images, ids, ends } = pairInputs(graph, {
        rows,
        size,
        contextLength: model.text.contextLength,
      });
      const image = ops.l2Normalize(nn.imageFeatures(s, images, model));
      const text = ops.l2Normalize(nn.textFeatures(s, ids, model, ends));
      return { features: [image, text], updates: s.updates };
    },
    head(graph, [image, text]) {
      const scale = nn.logitScale(nn.scope(graph), model.logitScale);
      const loss = countOnce
        ? nn.distinctContrastiveLoss(image, text, scale, distinctInputs(graph, batchSize))
        : nn.contrastiveLoss(image, text, scale);
      return { loss, clamp: { logit_scale: [0, Math.log(100)] } };
    },
    feed: ({ images, labels, text, captions }) => ({
      images,
      text: { data: text.data, shape: text.shape, dtype: "i32" },
      ends: { data: text.eot, shape: [text.eot.length], dtype: "i32" },
      ...countOnce && distinctFeed(countOnce === "caption" ? captions! : classKeys(labels.data)),
    }),
  };
}

function distinctInputs(graph: Graph, rows: number): nn.DistinctCaptions {
  return { bias: input(graph, "caption_bias", [rows, rows]), weight: input(graph, "caption_weight", [rows]) };
}

/** One key per class; an image without a label stands for itself. */
const classKeys = (labels: ArrayLike<number>) =>
  Array.from(labels, (label, row) => label < 0 ? `row ${row}` : `class ${label}`);

function distinctFeed(keys: readonly string[]): Record<string, HostArray> {
  const { bias, weight } = nn.distinctCaptions(keys), rows = keys.length;
  return {
    caption_bias: { data: bias, shape: [rows, rows], dtype: "f32" },
    caption_weight: { data: weight, shape: [rows], dtype: "f32" },
  };
}

function pairInputs(
  graph: Graph,
  { rows, size, contextLength }: { rows: number; size: number; contextLength: number },
) {
  return {
    images: input(graph, "images", [rows, size, size, 3]),
    ids: input(graph, "text", [rows, contextLength], "i32"),
    ends: input(graph, "ends", [rows], "i32"),
  };
}

/** Evaluation graph of the text tower: unit `features` [rows, embedDim] of token rows. */
export function textGraph(graph: Graph, { model }: ClipModelSettings, rows: number): Record<string, Tensor> {
  const s = nn.scope(graph, "", { train: false });
  const ids = input(graph, "text", [rows, model.text.contextLength], "i32"),
    ends = input(graph, "ends", [rows], "i32");
  return { features: ops.l2Normalize(nn.textFeatures(s, ids, model, ends)) };
}

/** Evaluation graph of the image tower: `features` [rows, embedDim], before and after normalisation. */
export function imageGraph(
  graph: Graph,
  { model, size }: ClipModelSettings,
  rows: number,
): Record<string, Tensor> {
  const s = nn.scope(graph, "", { train: false });
  const raw = nn.imageFeatures(s, input(graph, "images", [rows, size, size, 3]), model);
  return { raw, features: ops.l2Normalize(raw) };
}

/**
 * Evaluation graph of zero-shot classification: `scores` [rows, classes] = 100 cosines with the rows of the input
 * `classifier` [classes, embedDim], and the unnormalised features.
 */
export function zeroShotGraph(
  graph: Graph,
  settings: ClipModelSettings,
  { rows, classes }: { rows: number; classes: number },
): Record<string, Tensor> {
  const { raw, features } = imageGraph(graph, settings, rows);
  const classifier = input(graph, "classifier", [classes, settings.model.embedDim]);
  return { scores: ops.mulScalar(ops.matmul(features, classifier, { tb: true }), 100), raw };
}

/** A graph that holds every parameter of the model, for reading a state dict. */
export function wholeModel(graph: Graph, settings: ClipModelSettings): void {
  textGraph(graph, settings, 1);
  imageGraph(graph, settings, 1);
  nn.logitScale(nn.scope(graph), settings.model.logitScale);
}
