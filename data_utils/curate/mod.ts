/** What the programs that make variants of data sets share: their flags, their end, and what they say of it. */
export {
  type CuratedOutput,
  type Curation,
  curationFlags,
  finishCuration,
  type FinishOptions,
  provenancePath,
} from "./curation.ts";
export { type ClassHistogram, histogramLines, histogramOf } from "./class_histogram.ts";
export { factsOf, type FileFacts, hashOpenFile } from "./file_hash.ts";
export type {
  BlockProducts,
  BuildEngine,
  ProductSizes,
  TextTower as CaptionTower,
  TowerFiles,
} from "./laionet_build/text_tower.ts";
export { labelCaptions, type LabelledCaptions, type LabelOptions } from "./caption_cls/caption_cls.ts";
export { type LemmaMatcher, lemmaMatcher } from "./caption_cls/lemma_matcher.ts";
