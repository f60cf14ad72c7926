/** All that is measured of a classifier on a source of images, from its scores, its features and its rows. */
import type { CollapseScores } from "../runs/study_report.ts";
import type { SourceResult } from "./classify_source.ts";
import { collapseScores } from "./collapse_scores.ts";
import { type ImbalanceScores, imbalanceScores } from "./imbalance_scores.ts";
import { type NeuralCollapse, neuralCollapse } from "./neural_collapse.ts";

/** What a classifier scored. */
export interface Evaluation {
  scores: ImbalanceScores;
  /** Images [classes, classes] by target and prediction. */
  confusion: Int32Array;
  /** How far features and rows have collapsed; absent where that was not asked for or has no meaning (one class). */
  collapse?: NeuralCollapse;
  /** The same as it stands in result.json. */
  collapseScores?: CollapseScores;
}

/** Sums up a result. With the classifier's rows `head` [classes, D] neural collapse is measured too. */
export function evaluationOf(
  result: SourceResult,
  { frequencies, classNames, head }: {
    frequencies: ArrayLike<number> | null;
    classNames: readonly string[];
    head?: Float32Array;
  },
): Evaluation {
  const { features, targets, confusion, perClassAccuracy: accuracy } = result, classes = classNames.length;
  const scores = imbalanceScores(result, frequencies, classNames);
  const tested = accuracy.filter((value) => !Number.isNaN(value)).length;
  if (!head || !features || tested < 2) return { scores, confusion };
  const collapse = neuralCollapse({ features, targets, head, classes, dim: head.length / classes });
  const known = frequencies ?? new Float64Array(classes);
  return { scores, confusion, collapse, collapseScores: collapseScores(collapse, known, accuracy) };
}
