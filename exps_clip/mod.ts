// CLIP training: the task, its recipes, training into a run folder, zero-shot classification and retrieval.

export {
  allCaptions,
  captioned,
  type CaptionedBatch,
  captionKind,
  type CaptionOf,
  captionsOf,
  runTokenizer,
  saveVocabulary,
  templateCaptions,
  type TextCoding,
  textCoding,
} from "./captions.ts";
export {
  clipConfigOf,
  clipEvalFlags,
  clipRunName,
  clipSettings,
  clipTrainFlags,
  clipZeroShotFlags,
  columnsOf,
  epochsOf,
  templatesOf,
} from "./flags.ts";
export {
  type CaptionKind,
  type ClipModel,
  type ClipRecipe,
  type ClipSettings,
  type CountedOnce,
  modelFor,
  type ModelName,
  models,
  type RecipeName,
  recipes,
} from "./presets.ts";
export { compare, type Ranks, type Retrieval, type RetrievalOptions, retrieve } from "./retrieval.ts";
export { type ClipModelSettings, clipTask, imageGraph, textGraph, zeroShotGraph } from "./task.ts";
export { type EmbedFileOptions, embedWithFile } from "./text_heads.ts";
export { buildEngine, openProducts } from "./text_products.ts";
export {
  openTextTower,
  type TextTower,
  type TextTowerOptions,
  type TextTowerWeights,
  textTowerWeights,
} from "./text_tower.ts";
export { type ClipJob, trainClip } from "./train.ts";
export {
  averageRows,
  clipStore,
  embedTexts,
  zeroShot,
  zeroShotClassifier,
  type ZeroShotEvaluator,
  zeroShotEvaluator,
  type ZeroShotOptions,
} from "./zero_shot.ts";

export * as study from "./study/mod.ts";
