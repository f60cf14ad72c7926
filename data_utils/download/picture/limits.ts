/** What an image must not be, judged by its header: nothing is decoded of one that is refused. */
import type { Fault, Reason } from "../outcome.ts";
import { longestSide } from "./check_rules.ts";
import type { Ending, ImageRules } from "./image_rules.ts";
import type { Look } from "./look.ts";
import { resizePlan } from "./resize_plan.ts";
import type { Kind } from "./sniff.ts";

const storable = (kind: Kind): kind is Ending => kind === "jpg" || kind === "png" || kind === "webp";

/**
 * The ending under which a file's own bytes are stored: it is a still JPEG, PNG or WebP that no rule asks to change.
 * Null for what is encoded anew, such as the first frame of animated ones.
 */
export function keptAs(kind: Kind, { width, height, animated }: Look, rules: ImageRules): Ending | null {
  const keeps = rules.reencode === "needed" && !animated && resizePlan(width, height, rules) === null;
  return keeps && storable(kind) ? kind : null;
}

/** The first rule that an image breaks, or what is wrong with its structure; null for one that may be prepared. */
export function limitFault(kind: Kind, look: Look, rules: ImageRules): Fault | null {
  const { width, height, damage } = look, size = `${width} x ${height}`;
  const fault = (reason: Reason, detail: string): Fault => ({ reason, detail });
  if (width === 0) return fault("damaged_image", damage ?? "it has no size");
  const area = width * height, [short, long] = [Math.min(width, height), Math.max(width, height)];
  if (area > rules.maxPixels) return fault("too_many_pixels", `${size}, over ${rules.maxPixels} pixels`);
  if (short < rules.minImageSize) return fault("too_small", `${size}, a side below ${rules.minImageSize}`);
  if (area > rules.maxImageArea) return fault("too_big", `${size}, over ${rules.maxImageArea} pixels`);
  if (long / short > rules.maxAspectRatio) {
    return fault("bad_aspect", `${size}, over ${rules.maxAspectRatio} : 1`);
  }
  if (damage !== null) return fault("damaged_image", damage);
  return keptAs(kind, look, rules) ? null : resultFault(look, rules);
}

/** Enlarging by the shorter side makes a gigantic strip of a narrow one; and formats have limits of their own. */
function resultFault({ width, height }: Look, rules: ImageRules): Fault | null {
  const { scaled, ...result } = resizePlan(width, height, rules) ??
    { scaled: { width, height }, width, height };
  const says = `${width} x ${height} would become ${scaled.width} x ${scaled.height}`;
  if (scaled.width * scaled.height > rules.maxPixels) {
    return { reason: "too_many_pixels", detail: `${says}, over ${rules.maxPixels} pixels` };
  }
  const longest = longestSide[rules.encodeFormat];
  if (Math.max(result.width, result.height) <= longest) return null;
  return { reason: "too_big", detail: `${says}, but ${rules.encodeFormat} has at most ${longest} a side` };
}
