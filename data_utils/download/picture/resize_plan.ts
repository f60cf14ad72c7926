/**
 * What size an image gets, by img2dataset's rules (its resizer.py, and albumentations' rounding). Pure arithmetic, so
 * that an image that stays as it is is known before anything is decoded.
 */
import { roundHalfEven } from "../../images/random_box.ts";
import type { Window } from "../../images/resample.ts";
import type { ImageRules } from "./image_rules.ts";

/** First the scaling, then either the crop or the padding. */
export interface ResizePlan {
  readonly scaled: { readonly width: number; readonly height: number };
  /** The part of the scaled image that is kept. */
  readonly window?: Window;
  /** Where the scaled image lies on a white square with sides of the image size. */
  readonly border?: { readonly left: number; readonly top: number; readonly side: number };
  /** Of the result. */
  readonly width: number;
  readonly height: number;
}

type SizeRules = Pick<ImageRules, "resizeMode" | "imageSize" | "onlyIfBigger">;

/**
 * The plan for an image of `width` x `height` pixels, or null when it stays as it is. The side that the mode speaks of
 * (the longer one for border and keep_ratio_largest, else the shorter one) becomes `imageSize`, the other one its share,
 * rounded to the nearest whole number, halves to the even one, at least 1.
 */
export function resizePlan(width: number, height: number, rules: SizeRules): ResizePlan | null {
  const { resizeMode, imageSize, onlyIfBigger } = rules;
  if (resizeMode === "no") return null;
  const shorter = resizeMode === "keep_ratio" || resizeMode === "center_crop";
  const side = shorter ? Math.min(width, height) : Math.max(width, height);
  if (onlyIfBigger && side <= imageSize) return null;
  const scale = imageSize / side, share = (length: number) => Math.max(1, roundHalfEven(length * scale));
  const scaled = { width: share(width), height: share(height) };
  const spare = (length: number) => Math.floor(Math.abs(length - imageSize) / 2);
  const [left, top] = [spare(scaled.width), spare(scaled.height)],
    square = { width: imageSize, height: imageSize };
  const plan: ResizePlan = resizeMode === "center_crop"
    ? { scaled, window: { left, top, ...square }, ...square }
    : resizeMode === "border"
    ? { scaled, border: { left, top, side: imageSize }, ...square }
    : { scaled, ...scaled };
  const same = scale === 1 && plan.width === width && plan.height === height;
  return same ? null : plan;
}
