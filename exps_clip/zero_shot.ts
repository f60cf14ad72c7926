// Zero-shot classification (spec section 5.4): class names in prompts become text embeddings, their mean a row of a
// classifier, and images go to the class whose row is nearest.

import { createEvaluator, type Gpu, modelStore, type Store } from "../gpu/mod.ts";
import {
  classifySource,
  type Evaluation,
  evaluationOf,
  fillPrompts,
  type ImageSource,
  type StoredTensor,
  tokenize,
  type Tokenizer,
} from "../data_utils/mod.ts";
import { type ClipModelSettings, textGraph, wholeModel, zeroShotGraph } from "./task.ts";

const textRows = 64;

/** Embeds texts with the store's weights of the moment. */
interface TextEmbedder {
  /** Unit embeddings [N, D]. */
  embed(texts: readonly string[]): Promise<Float32Array>;
  destroy(): void;
}

async function textEmbedder(
  store: Store,
  settings: ClipModelSettings,
  tokenizer: Tokenizer,
  rows = textRows,
): Promise<TextEmbedder> {
  const { contextLength } = settings.model.text, width = settings.model.embedDim;
  const evaluator = await createEvaluator({ store, build: (graph) => textGraph(graph, settings, rows) });
  return {
    async embed(texts) {
      const all = new Float32Array(texts.length * width);
      for (let from = 0; from < texts.length; from += rows) {
        const some = texts.slice(from, from + rows);
        const padded = some.concat(new Array(rows - some.length).fill(some[0]));
        const { data, shape, eot } = tokenize(tokenizer, padded, contextLength);
        const { features } = await evaluator.run({
          text: { data, shape, dtype: "i32" },
          ends: { data: eot, shape: [rows], dtype: "i32" },
        });
        all.set((features.data as Float32Array).subarray(0, some.length * width), from * width);
      }
      return all;
    },
    destroy: () => evaluator.destroy(),
  };
}

/** Unit embeddings [N, D] of texts. */
export async function embedTexts(
  store: Store,
  settings: ClipModelSettings,
  tokenizer: Tokenizer,
  texts: readonly string[],
): Promise<Float32Array> {
  const embedder = await textEmbedder(store, settings, tokenizer, Math.min(textRows, texts.length));
  try {
    return await embedder.embed(texts);
  } finally {
    embedder.destroy();
  }
}

/** The classifier [classes, D]: per class the normalised mean of its prompts' unit embeddings. */
export async function zeroShotClassifier(
  store: Store,
  settings: ClipModelSettings,
  tokenizer: Tokenizer,
  { templates, classNames }: { templates: readonly string[]; classNames: readonly string[] },
): Promise<Float32Array> {
  const embedded = await embedTexts(store, settings, tokenizer, fillPrompts(templates, classNames));
  return averageRows(embedded, templates.length, settings.model.embedDim);
}

/** Normalised means of every `each` rows of [N, width], in float64. */
export function averageRows(rows: Float32Array, each: number, width: number): Float32Array {
  const out = new Float32Array(rows.length / each);
  for (let c = 0; c < out.length / width; c++) {
    const mean = new Float64Array(width);
    for (let r = c * each; r < (c + 1) * each; r++) {
      for (let d = 0; d < width; d++) mean[d] += rows[r * width + d];
    }
    const norm = Math.sqrt(mean.reduce((sum, v) => sum + v * v, 0)) || 1;
    out.set(mean.map((v) => v / norm), c * width);
  }
  return out;
}

export interface ZeroShotOptions {
  readonly source: ImageSource;
  readonly templates: readonly string[];
  /** Training images of each class; null where that is not known. */
  readonly frequencies: ArrayLike<number> | null;
  /** Measure neural collapse too. */
  readonly collapse?: boolean;
  readonly batchSize?: number;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Classifies labelled images zero-shot as often as is wished, with the store's weights of the moment. */
export interface ZeroShotEvaluator {
  run(options?: { collapse?: boolean }): Promise<Evaluation>;
  destroy(): void;
}

/** An evaluator of the model in a store, for instance that of a trainer. */
export async function zeroShotEvaluator(
  store: Store,
  settings: ClipModelSettings,
  tokenizer: Tokenizer,
  options: Omit<ZeroShotOptions, "collapse">,
): Promise<ZeroShotEvaluator> {
  const { source, templates, frequencies, onProgress, signal } = options, { classNames } = source;
  const rows = Math.min(options.batchSize ?? 100, source.count), classes = classNames.length;
  const dim = settings.model.embedDim, prompts = fillPrompts(templates, classNames);
  const embedder = await textEmbedder(store, settings, tokenizer, Math.min(textRows, prompts.length));
  const evaluator = await createEvaluator({
    store,
    build: (graph) => zeroShotGraph(graph, settings, { rows, classes }),
  });
  return {
    async run({ collapse = false } = {}) {
      const head = averageRows(await embedder.embed(prompts), templates.length, dim);
      const classifier = { data: head, shape: [classes, dim], dtype: "f32" } as const;
      const result = await classifySource(source, async (images) => {
        const { scores, raw } = await evaluator.run({ images, classifier });
        return {
          scores: scores.data as Float32Array,
          features: collapse ? raw.data as Float32Array : undefined,
        };
      }, { batchSize: rows, onProgress, signal });
      return evaluationOf(result, { frequencies, classNames, head: collapse ? head : undefined });
    },
    destroy() {
      embedder.destroy();
      evaluator.destroy();
    },
  };
}

/** Zero-shot classification of labelled images by the model in a store, once. */
export async function zeroShot(
  store: Store,
  settings: ClipModelSettings,
  tokenizer: Tokenizer,
  options: ZeroShotOptions,
): Promise<Evaluation> {
  const evaluator = await zeroShotEvaluator(store, settings, tokenizer, options);
  try {
    return await evaluator.run(options);
  } finally {
    evaluator.destroy();
  }
}

/** A store with the weights of a state dict, for evaluation. */
export function clipStore(
  gpu: Gpu,
  settings: ClipModelSettings,
  weights: ReadonlyMap<string, StoredTensor>,
): Store {
  return modelStore(gpu, (graph) => wholeModel(graph, settings), weights);
}
