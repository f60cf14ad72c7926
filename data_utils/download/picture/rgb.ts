/**
 * Whole images as RGB pixels, decoded to Pillow's bytes. All that a file may hold beside colours ends here:
 * palettes, greys, print colours, 16 bits, transparency. Unlike cv2, which img2dataset uses, greys become RGB.
 */
import { loadSharp } from "../../deps.ts";
import { decodeImage } from "../../images/decode.ts";
import { type Picture, toRgb } from "../../images/picture.ts";
import type { ImageRules } from "./image_rules.ts";
import type { Look } from "./look.ts";

/** How sharp is to read files from anywhere: as they are, and none that is cut off or too large. */
export const careful = (maxPixels: number) => ({
  ...{ failOn: "error", ignoreIcc: true, limitInputPixels: maxPixels, sequentialRead: true } as const,
});

/** Colours over white by their alpha, rounded: img2dataset's matting. */
function ontoWhite(rgba: Uint8Array, width: number, height: number): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    const alpha = rgba[from + 3];
    for (let c = 0; c < 3; c++) rgb[to + c] = 255 - Math.round((255 - rgba[from + c]) * alpha / 255);
  }
  return rgb;
}

/**
 * Decodes the first frame. Throws SyntaxError for a damaged file and RangeError for one with too many pixels, whatever
 * its header says.
 */
export async function decodeRgb(
  bytes: Uint8Array,
  { alpha, cmyk }: Look,
  rules: Pick<ImageRules, "alpha" | "maxPixels">,
): Promise<Picture> {
  if (!alpha || cmyk || rules.alpha === "drop") {
    return { ...toRgb(await decodeImage(bytes, { maxPixels: rules.maxPixels })), indexed: false };
  }
  const sharp = await loadSharp();
  const image = sharp(bytes, careful(rules.maxPixels)).toColourspace("srgb").ensureAlpha().raw();
  const { data, info: { width, height } } = await image.toBuffer({ resolveWithObject: true });
  return { pixels: ontoWhite(data, width, height), width, height, channels: 3, mode: "RGB", indexed: false };
}
