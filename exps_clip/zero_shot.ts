// Zero-shot classification (spec section 5.4): class names in prompts become text embeddings, their mean a row of a
// classifier, and images go to the class whose row is nearest.

import { createEvaluator, type Gpu, modelStore, type Store } from "../gpu/mod.ts";
import {
  classifySource,
  fillPrompts,
  type ImageSource,
  type ImbalanceScores,
  imbalanceScores,
  type NeuralCollapse,
  neuralCollapse,
  type StoredTensor,
  tokenize,
  type Tokenizer,
} from "../data_utils/mod.ts";
import { type ClipModelSettings, textGraph, wholeModel, zeroShotGraph } from "./task.ts";

const textRows = 64;

/** Unit embeddings [N, D] of texts. */
export async function embedTexts(
  store: Store,
  settings: ClipModelSettings,
  tokenizer: Tokenizer,
  texts: readonly string[],
): Promise<Float32Array> {
  const { contextLength } = settings.model.text, rows = Math.min(textRows, texts.length);
  const evaluator = await createEvaluator({ store, build: (graph) => textGraph(graph, settings, rows) });
  try {
    const all = new Float32Array(texts.length * settings.model.embedDim);
    for (let from = 0; from < texts.length; from += rows) {
      const some = texts.slice(from, from + rows);
      const padded = some.concat(new Array(rows - some.length).fill(some[0]));
      const { data, shape, eot } = tokenize(tokenizer, padded, contextLength);
      const { features } = await evaluator.run({
        text: { data, shape, dtype: "i32" },
        ends: { data: eot, shape: [rows], dtype: "i32" },
      });
      const width = settings.model.embedDim;
      all.set((features.data as Float32Array).subarray(0, some.length * width), from * width);
    }
    return all;
  } finally {
    evaluator.destroy();
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

/** Zero-shot classification of labelled images by the model in a store, for instance that of a trainer. */
export async function zeroShot(
  store: Store,
  settings: ClipModelSettings,
  tokenizer: Tokenizer,
  options: ZeroShotOptions,
): Promise<{ scores: ImbalanceScores; collapse?: NeuralCollapse }> {
  const { source, templates, frequencies, onProgress, signal } = options, { classNames } = source;
  const rows = Math.min(options.batchSize ?? 100, source.count), classes = classNames.length;
  const dim = settings.model.embedDim;
  const head = await zeroShotClassifier(store, settings, tokenizer, { templates, classNames });
  const classifier = { data: head, shape: [classes, dim], dtype: "f32" } as const;
  const build = (graph: Parameters<typeof zeroShotGraph>[0]) =>
    zeroShotGraph(graph, settings, { rows, classes });
  const evaluator = await createEvaluator({ store, build });
  try {
    const result = await classifySource(source, async (images) => {
      const { scores, raw } = await evaluator.run({ images, classifier });
      return {
        scores: scores.data as Float32Array,
        features: options.collapse ? raw.data as Float32Array : undefined,
      };
    }, { batchSize: rows, onProgress, signal });
    const { features, targets } = result;
    return {
      scores: imbalanceScores(result, frequencies, classNames),
      collapse: features && neuralCollapse({ features, targets, head, classes, dim }),
    };
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
