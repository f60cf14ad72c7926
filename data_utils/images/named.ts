/**
 * The transforms of the large recipes under the names that configs and programs use. They differ in little, and that
 * little moves accuracies: the supervised programs convert to RGB first and evaluate on a centre cut from 256 pixels, the
 * contrastive ones resize in the file's own mode and evaluate on a centre cut from 224.
 */
import { clipVal, openaiColours, type Rgb, supVal, trainCrop, type Transform } from "./transform.ts";

/** Recipe, and part of the data. */
export type TransformName = "sup_train" | "sup_val" | "clip_train" | "clip_val";

type Maker = (size: number, colours: { mean: Rgb; std: Rgb }) => Transform;

const makers: Readonly<Record<TransformName, Maker>> = {
  sup_train: (size, colours) => ({ ...trainCrop(size, [0.9, 1], [3 / 4, 4 / 3], colours), rgbFirst: true }),
  sup_val: (size, colours) => ({ ...supVal(size, undefined, colours), rgbFirst: true }),
  clip_train: (size, colours) => trainCrop(size, [0.9, 1], [3 / 4, 4 / 3], colours),
  clip_val: (size, colours) => clipVal(size, colours),
};

/** All names. */
export const transformNames = Object.keys(makers) as readonly TransformName[];

/**
 * The transform of a name: `*_train` is a random crop of 0.9 to 1 of the area, ratio 3/4 to 4/3, without flips; `sup_val`
 * the centre of an image whose shorter side is 8/7 of `size` (256 for 224); `clip_val` that of one whose shorter side is
 * `size`. All bicubic with antialiasing, normalised with OpenAI's means unless `colours` says otherwise.
 * Throws RangeError for another name, or a size that is no positive integer.
 */
export function namedTransform(
  name: TransformName,
  size = 224,
  colours: { mean: Rgb; std: Rgb } = openaiColours,
): Transform {
  if (!Object.hasOwn(makers, name)) {
    throw new RangeError(`There is no transform ${name}: use ${transformNames.join(", ")}`);
  }
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`The size of ${name} must be a positive integer, got ${size}`);
  }
  return makers[name](size, colours);
}
