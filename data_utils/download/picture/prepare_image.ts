/**
 * From fetched bytes to an image ready to be stored, or the reason why there is none. Most need nothing but a look: that
 * is done at once. The rest is done by {@link prepareImage}, on whatever thread it runs.
 */
import { createHash } from "node:crypto";
import { loadSharp } from "../../deps.ts";
import type { Fault } from "../outcome.ts";
import { decodeToEnd, draw } from "./draw.ts";
import { exifJson, orientationOf } from "./exif.ts";
import type { Ending, ImageRules, PreparedAnswer } from "./image_rules.ts";
import { keptAs, limitFault } from "./limits.ts";
import { afterExifMark, headless, type Look } from "./look.ts";
import { lookAt } from "./look_at.ts";
import { resizePlan } from "./resize_plan.ts";
import { type Kind, sniff } from "./sniff.ts";
import { laysDown } from "./turn.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const sha256 = (bytes: Bytes): string => createHash("sha256").update(bytes).digest("hex");

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0];

/** The look at kinds whose header only the decoder understands: GIF, TIFF, AVIF. */
async function lookByDecoder(bytes: Bytes): Promise<Look> {
  const sharp = await loadSharp();
  try {
    const { width, height, hasAlpha, space, exif } = await sharp(bytes, { limitInputPixels: false })
      .metadata();
    return {
      ...{ width, height, alpha: hasAlpha, cmyk: space === "cmyk", animated: false },
      ...{ exif: exif ? afterExifMark(exif) : null, damage: null },
    };
  } catch (error) {
    return headless(messageOf(error));
  }
}

function kept(
  bytes: Bytes,
  ending: Ending,
  { width, height, exif }: Look,
  rules: ImageRules,
): PreparedAnswer {
  const sha = sha256(bytes), originals = { originalWidth: width, originalHeight: height };
  return {
    image: {
      ...{ bytes, ending, width, height, ...originals, sha256: sha, storedSha256: sha },
      exif: rules.exif ? exifJson(exif) : null,
    },
  };
}

/** What can be said after a look: the fault, or the image where its bytes are kept undecoded; else null. Never throws. */
export function prepareByLook(bytes: Bytes, rules: ImageRules): PreparedAnswer | null {
  const sniffed = sniff(bytes);
  if ("fault" in sniffed) return sniffed;
  const { kind } = sniffed, look = lookAt(kind, bytes);
  if (!look) return null;
  const fault = limitFault(kind, look, rules);
  if (fault) return { fault };
  const ending = rules.decode ? null : keptAs(kind, look, rules);
  return ending && kept(bytes, ending, look, rules);
}

async function drawn(kind: Kind, bytes: Bytes, look: Look, rules: ImageRules): Promise<PreparedAnswer> {
  // what turns an AVIF is a property of its own, which decoders follow; its EXIF tag is to be ignored
  const orientation = rules.autoOrient && kind !== "avif" ? orientationOf(look.exif) : 1;
  const { width, height } = look;
  const plan = laysDown(orientation) ? resizePlan(height, width, rules) : resizePlan(width, height, rules);
  const stored = await draw({ bytes, look, orientation, plan }, rules);
  return {
    image: {
      ...{ ...stored, ending: rules.encodeFormat, originalWidth: width, originalHeight: height },
      ...{ sha256: sha256(bytes), storedSha256: sha256(stored.bytes) },
      exif: rules.exif ? exifJson(look.exif) : null,
    },
  };
}

/** What the decoder complained of, as a fault: headers may lie about the number of pixels. */
function decoderFault(error: unknown): Fault {
  const detail = messageOf(error), over = error instanceof RangeError || /exceeds pixel limit/.test(detail);
  return { reason: over ? "too_many_pixels" : "damaged_image", detail };
}

/** Prepares an image whatever it takes. Never rejects: one odd file must not end a run. */
export async function prepareImage(bytes: Bytes, rules: ImageRules): Promise<PreparedAnswer> {
  const early = prepareByLook(bytes, rules);
  if (early) return early;
  const sniffed = sniff(bytes);
  if ("fault" in sniffed) return sniffed;
  const { kind } = sniffed;
  try {
    const look = lookAt(kind, bytes) ?? await lookByDecoder(bytes), fault = limitFault(kind, look, rules);
    if (fault) return { fault };
    const ending = keptAs(kind, look, rules);
    if (!ending) return await drawn(kind, bytes, look, rules);
    await decodeToEnd(bytes, rules.maxPixels);
    return kept(bytes, ending, look, rules);
  } catch (error) {
    return { fault: decoderFault(error) };
  }
}
