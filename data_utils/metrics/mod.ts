/** Measures of a trained classifier in float64: accuracy, relation to class frequency, neural collapse, robustness. */
export { type BatchScores, classifySource, type SourceResult } from "./classify_source.ts";
export { collapseScores } from "./collapse_scores.ts";
export {
  argmaxRows,
  classificationMeter,
  type ClassificationResult,
  confusionMatrix,
  meanOfPresent,
  perClassAccuracy,
  predictionCounts,
} from "./confusion.ts";
export {
  averageRanks,
  type Correlation,
  type FrequencyCorrelation,
  frequencyCorrelation,
  nullSpread,
  pearson,
  spearman,
} from "./correlation.ts";
export { type Eigen, pseudoInverse, symmetricEigen } from "./eigen.ts";
export { frequencyThirds, meanByThird, type Thirds } from "./frequency_groups.ts";
export { type Evaluation, evaluationOf } from "./evaluation.ts";
export { type ImbalanceScores, imbalanceScores } from "./imbalance_scores.ts";
export { type CollapseInput, type NeuralCollapse, neuralCollapse } from "./neural_collapse.ts";
export { effectiveRobustness, fitRobustness, type RobustnessFit } from "./robustness.ts";
