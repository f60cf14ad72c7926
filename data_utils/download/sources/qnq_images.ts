/** What the original's downloaders did to every image; RedCaps adds a size in its own presets. */
import type { ImageRules } from "../picture/image_rules.ts";

/** Pillow's `convert("RGB").save(format="JPEG")`: always encoded anew, quality 75, chroma halved both ways. */
export const qnqImageRules: Partial<ImageRules> = {
  resizeMode: "no",
  reencode: "always",
  encodeFormat: "jpg",
  encodeQuality: 75,
  alpha: "drop",
};
