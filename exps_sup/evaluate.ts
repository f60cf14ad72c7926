// Evaluation of a supervised model on labelled images: accuracy per class beside the class's frequency in training, and
// on request how far features and classifier have collapsed (spec section 4.3).

import { createEvaluator, type Gpu, modelStore, type Store } from "../gpu/mod.ts";
import {
  classifySource,
  type ImageSource,
  type ImbalanceScores,
  imbalanceScores,
  type NeuralCollapse,
  neuralCollapse,
  type StoredTensor,
} from "../data_utils/mod.ts";
import { type SupModel, supScores } from "./task.ts";

export interface SupEvaluation {
  readonly scores: ImbalanceScores;
  readonly collapse?: NeuralCollapse;
}

export interface SupEvaluationOptions {
  readonly source: ImageSource;
  /** Training images of each class. */
  readonly frequencies: ArrayLike<number>;
  /** The classifier's rows, to measure neural collapse with. */
  readonly head?: Float32Array;
  readonly batchSize?: number;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Evaluates the model in a store, for instance that of a trainer. */
export async function evaluateSup(
  store: Store,
  model: SupModel,
  options: SupEvaluationOptions,
): Promise<SupEvaluation> {
  const { source, frequencies, head, onProgress, signal } = options, { classNames } = model;
  const batchSize = Math.min(options.batchSize ?? 100, source.count);
  const evaluator = await createEvaluator({ store, build: (graph) => supScores(graph, model, batchSize) });
  try {
    const score = async (images: Parameters<Parameters<typeof classifySource>[1]>[0]) => {
      const { scores, features } = await evaluator.run({ images });
      return { scores: scores.data as Float32Array, features: head && features.data as Float32Array };
    };
    const result = await classifySource(source, score, { batchSize, onProgress, signal });
    const { features, targets } = result, classes = classNames.length;
    const collapse = head && features &&
      neuralCollapse({ features, targets, head, classes, dim: head.length / classes });
    return { scores: imbalanceScores(result, frequencies, classNames), collapse };
  } finally {
    evaluator.destroy();
  }
}

/** A store with the weights of a state dict, for {@link evaluateSup}. */
export function supStore(gpu: Gpu, model: SupModel, weights: ReadonlyMap<string, StoredTensor>): Store {
  return modelStore(gpu, (graph) => supScores(graph, model, 1), weights);
}
