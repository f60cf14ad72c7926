/** Text files of one caption per line. */
import type { CaptionFile, CaptionOptions, ReadUnit } from "./caption_file.ts";
import { blockBytes } from "./blocks.ts";

/** Looks at a text file. */
export function planText(
  path: string,
  gzipped: boolean,
  bytes: number,
  options: CaptionOptions = {},
  block: number = blockBytes,
): Promise<CaptionFile> {
  return Promise.reject(new Error(`not yet: ${[path, gzipped, bytes, options, block]}`));
}

/** Reads a unit of a text file. */
export const readText: ReadUnit = () => Promise.reject(new Error("not yet"));
