/**
 * The built-in world: a seeded generator of captioned 32x32 pictures whose classes are shape, texture and colour, so
 * that a clone without any data can run the study. README.md says how it is made and why.
 */
export { checkWorld, type WorldCheck } from "./check_world.ts";
export { contactSheet } from "./contact_sheet.ts";
export {
  caption,
  CAPTION_LEVELS,
  type CaptionLevel,
  describePicture,
  DESCRIBING_LEVELS,
  fillTemplate,
  WORLD_TEMPLATES,
} from "./captions.ts";
export { ATTRIBUTE_GRAMMAR, checkGrammar, type Grammar, RICH_GRAMMAR } from "./grammar.ts";
export { readLevels } from "./levels.ts";
export { type ReadSample, readWorld } from "./read_world.ts";
export { IMAGE_BYTES, IMAGE_SIZE, renderImage, type WorldRecord } from "./render.ts";
export {
  DESIGNED_NUISANCE,
  makeWorld,
  MAX_CLASSES,
  type Nuisance,
  type World,
  type WorldClass,
  type WorldNames,
} from "./world.ts";
export {
  type Layout,
  planWorldFolder,
  readWorldFolder,
  type WorldFolder,
  type WorldOrder,
} from "./world_folder.ts";
export { tailShape, worldLaw } from "./world_law.ts";
export {
  generateWorldSet,
  makeWorldSet,
  renderWorldImage,
  type Split,
  worldCaption,
  worldCounts,
  worldLabels,
  type WorldSet,
  type WorldSetOptions,
} from "./world_set.ts";
export { type WriteOptions, writeWorld } from "./write_world.ts";
