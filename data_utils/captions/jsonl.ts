/** Files of one JSON object (or string) per line. */
import type { CaptionFile, CaptionOptions, ReadUnit } from "./caption_file.ts";
import { blockBytes } from "./blocks.ts";

/** Looks at a JSONL file. */
export function planJsonl(
  path: string,
  gzipped: boolean,
  bytes: number,
  options: CaptionOptions = {},
  block: number = blockBytes,
): Promise<CaptionFile> {
  return Promise.reject(new Error(`not yet: ${[path, gzipped, bytes, options, block]}`));
}

/** Reads a unit of a JSONL file. */
export const readJsonl: ReadUnit = () => Promise.reject(new Error("not yet"));
