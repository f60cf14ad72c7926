// Supervised training: the task, its recipes, training into a run folder, and evaluation.

export {
  evaluateSup,
  type SupEvaluationOptions,
  type SupEvaluator,
  supEvaluator,
  supStore,
} from "./evaluate.ts";
export { supEvalFlags, supModelOf, supRunName, supSettings, supTrainFlags } from "./flags.ts";
export { optimizerOf, peakRate, scheduleOf } from "./optimization.ts";
export {
  type RecipeName,
  recipes,
  stageStrides,
  type SubVocabularySettings,
  type SupRecipe,
  type SupSettings,
  type Tower,
  type TowerName,
  towers,
  type Weighting,
} from "./presets.ts";
export { imageTower, logPrior, type SupModel, supScores, supTask } from "./task.ts";
export { type SupJob, trainSup } from "./train.ts";
