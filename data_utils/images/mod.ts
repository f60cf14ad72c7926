/**
 * Images: decoding, Pillow-exact resampling, named transforms and normalisation.
 */
export { decodeImage, defaultMaxPixels, type ImageHeader, readHeader } from "./decode.ts";
export { cropPicture, type Mode, modeChannels, type Picture, resizePicture, toRgb } from "./picture.ts";
export { namedTransform, type TransformName, transformNames } from "./named.ts";
export { encodePng, type RgbImage } from "./png.ts";
export { randomBox } from "./random_box.ts";
export { type Filter, type Raster, resample, type ResampleOptions, type Window } from "./resample.ts";
export {
  type Batch,
  clipVal,
  type Cut,
  cutPicture,
  normalise,
  openaiColours,
  plainColours,
  type Rgb,
  smallImage,
  supVal,
  trainCrop,
  type Transform,
} from "./transform.ts";
