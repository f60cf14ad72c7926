/** The look at a file's header and structure, in microseconds, on the thread that fetched it. */
import type { Look } from "./look.ts";
import { lookAtJpeg } from "./look_jpeg.ts";
import { lookAtPng } from "./look_png.ts";
import { lookAtWebp } from "./look_webp.ts";
import type { Kind } from "./sniff.ts";

/**
 * Looks at a JPEG, PNG or WebP, and goes over its structure to the end. Null for other kinds, whose headers only the
 * decoder understands.
 */
export function lookAt(kind: Kind, bytes: Uint8Array): Look | null {
  if (kind === "jpg") return lookAtJpeg(bytes);
  if (kind === "png") return lookAtPng(bytes);
  return kind === "webp" ? lookAtWebp(bytes) : null;
}
