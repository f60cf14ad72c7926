/**
 * A decoded image in the mode of its file, and the two things done to it before it becomes numbers: resizing and the
 * conversion to RGB. The order matters: evaluation transforms resize first, so greys, transparency, CMYK and palettes
 * are resized as what they are. The rules are Pillow's, so that our pixels equal those of published pipelines.
 */
import { type Filter, type Raster, resample, type ResampleOptions, type Window } from "./resample.ts";

/** Meaning of the channels: grey, grey + alpha, colour, colour + alpha, print colours. */
export type Mode = "L" | "LA" | "RGB" | "RGBA" | "CMYK";

/** Channels of each mode. */
export const modeChannels: Readonly<Record<Mode, number>> = { L: 1, LA: 2, RGB: 3, RGBA: 4, CMYK: 4 };

/** A decoded image. `indexed` marks palette and bilevel files, whose colours are never blended when resizing. */
export interface Picture extends Raster {
  mode: Mode;
  indexed: boolean;
}

/** round(a * b / 255) in integers, halves upwards. */
function scale255(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/** Applies `map(value, alpha)` to the colours of an image whose last channel is alpha. */
function mapColours(raster: Raster, map: (value: number, alpha: number) => number): Raster {
  const { channels } = raster, pixels = raster.pixels.slice();
  for (let at = 0; at < pixels.length; at += channels) {
    const alpha = pixels[at + channels - 1];
    for (let c = 0; c < channels - 1; c++) pixels[at + c] = map(pixels[at + c], alpha);
  }
  return { ...raster, pixels };
}

/** The pixels of a window, copied. Throws RangeError when it does not lie in the picture. */
export function cropPicture(picture: Picture, { left, top, width, height }: Window): Picture {
  const { channels } = picture, row = width * channels, pixels = new Uint8Array(height * row);
  if (left < 0 || top < 0 || left + width > picture.width || top + height > picture.height) {
    throw new RangeError(
      `Cannot crop ${width}x${height} at ${left},${top} from ${picture.width}x${picture.height}`,
    );
  }
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * channels;
    pixels.set(picture.pixels.subarray(from, from + row), y * row);
  }
  return { ...picture, pixels, width, height };
}

/**
 * Resizes in the picture's own mode: indexed pictures by nearest neighbour, transparent ones with premultiplied alpha,
 * all others channel by channel. Same errors as {@link resample}.
 */
export function resizePicture(picture: Picture, options: ResampleOptions): Picture {
  const { mode, indexed } = picture, filter: Filter = indexed ? "nearest" : options.filter;
  const same = !options.box && options.width === picture.width && options.height === picture.height;
  if (same) return options.window ? cropPicture(picture, options.window) : picture;
  if (filter === "nearest" || !mode.endsWith("A")) {
    return { ...resample(picture, { ...options, filter }), mode, indexed };
  }
  const resized = resample(mapColours(picture, scale255), { ...options, filter });
  const divide = (value: number, alpha: number) =>
    alpha === 0 ? value : Math.min(255, Math.trunc(255 * value / alpha));
  return { ...mapColours(resized, divide), mode, indexed };
}

/** Converts to RGB: grey is repeated, alpha dropped, CMYK multiplied out without a colour profile. */
export function toRgb(picture: Picture): Picture {
  const { pixels, width, height, channels, mode } = picture;
  if (mode === "RGB") return picture;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    for (let c = 0; c < 3; c++) {
      if (mode === "CMYK") {
        const light = 255 - pixels[from + 3];
        rgb[to + c] = light - scale255(pixels[from + c], light);
      } else rgb[to + c] = pixels[mode === "RGBA" ? from + c : from];
    }
  }
  return { ...picture, pixels: rgb, channels: 3, mode: "RGB" };
}
