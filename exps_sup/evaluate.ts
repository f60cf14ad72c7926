// Evaluation of a supervised model on labelled images: accuracy per class beside the class's frequency in training, and
// on request how far features and classifier have collapsed (spec section 4.3).

import { createEvaluator, type Gpu, modelStore, type Store } from "../gpu/mod.ts";
import {
  type Batch,
  classifySource,
  type Evaluation,
  evaluationOf,
  type ImageSource,
  type StoredTensor,
} from "../data_utils/mod.ts";
import { type SupModel, supScores } from "./task.ts";

export interface SupEvaluationOptions {
  readonly source: ImageSource;
  /** Training images of each class. */
  readonly frequencies: ArrayLike<number>;
  readonly batchSize?: number;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Evaluates the model of a store as often as is wished, with the weights of the moment. */
export interface SupEvaluator {
  /** With the classifier's rows `head` [classes, D] neural collapse is measured too. */
  run(head?: Float32Array): Promise<Evaluation>;
  destroy(): void;
}

/** An evaluator of the model in a store, for instance that of a trainer. */
export async function supEvaluator(
  store: Store,
  model: SupModel,
  options: SupEvaluationOptions,
): Promise<SupEvaluator> {
  const { source, frequencies, onProgress, signal } = options, { classNames } = model;
  const batchSize = Math.min(options.batchSize ?? 100, source.count);
  const evaluator = await createEvaluator({ store, build: (graph) => supScores(graph, model, batchSize) });
  return {
    async run(head) {
      const score = async (images: Batch<Float32Array>) => {
        const { scores, features } = await evaluator.run({ images });
        return { scores: scores.data as Float32Array, features: head && features.data as Float32Array };
      };
      const result = await classifySource(source, score, { batchSize, onProgress, signal });
      return evaluationOf(result, { frequencies, classNames, head });
    },
    destroy: () => evaluator.destroy(),
  };
}

/** Evaluates the model in a store once. */
export async function evaluateSup(
  store: Store,
  model: SupModel,
  options: SupEvaluationOptions & { head?: Float32Array },
): Promise<Evaluation> {
  const evaluator = await supEvaluator(store, model, options);
  try {
    return await evaluator.run(options.head);
  } finally {
    evaluator.destroy();
  }
}

/** A store with the weights of a state dict, for {@link evaluateSup}. */
export function supStore(gpu: Gpu, model: SupModel, weights: ReadonlyMap<string, StoredTensor>): Store {
  return modelStore(gpu, (graph) => supScores(graph, model, 1), weights);
}
