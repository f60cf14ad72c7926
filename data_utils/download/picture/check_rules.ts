/** Rules for images that cannot be followed, found before anything is fetched. */
import type { ImageRules } from "./image_rules.ts";

const whole = (value: number, from: number, to: number): boolean =>
  Number.isInteger(value) && value >= from && value <= to;

/** Pixels along a side that a file of the format can have. */
export const longestSide = { jpg: 65_535, png: 2 ** 31 - 1, webp: 16_383 } as const;

/** Throws RangeError, naming the rule, for numbers outside their range. */
export function checkImageRules(rules: ImageRules): void {
  const refuse = (what: string, range: string, got: number) => {
    throw new RangeError(`The ${what} must be ${range}, got ${got}`);
  };
  const { imageSize, encodeFormat, encodeQuality, minImageSize, maxImageArea, maxAspectRatio, maxPixels } =
    rules;
  const [low, high] = encodeFormat === "png" ? [0, 9] : [1, 100];
  const sides = Math.min(longestSide[encodeFormat], longestSide.jpg);
  if (!whole(imageSize, 1, sides)) refuse("image size", `a whole number from 1 to ${sides}`, imageSize);
  if (!whole(encodeQuality, low, high)) {
    const what = encodeFormat === "png" ? "quality (for PNG the compression)" : "quality";
    refuse(what, `a whole number from ${low} to ${high}`, encodeQuality);
  }
  if (!whole(minImageSize, 0, longestSide.png)) {
    refuse("least image size", "a whole number of pixels, 0 for no limit", minImageSize);
  }
  if (!(maxImageArea > 0)) refuse("largest image area", "more than 0 pixels", maxImageArea);
  if (!(maxAspectRatio >= 1)) refuse("largest aspect ratio", "at least 1", maxAspectRatio);
  if (!whole(maxPixels, 1, Number.MAX_SAFE_INTEGER)) {
    refuse("limit of pixels", "a whole number of at least 1", maxPixels);
  }
}
