/** The units of a file that is read by bytes: blocks of a plain one, the whole of a gzipped one. */
import type { CaptionUnit } from "./caption_file.ts";

/** Bytes of one unit of a plain file. */
export const blockBytes = 64 * 2 ** 20;

/** Blocks of `block` bytes that cover a file of `bytes`; one for all of a gzipped file, none for an empty one. */
export function byteUnits(bytes: number, gzipped: boolean, block: number = blockBytes): CaptionUnit[] {
  const step = gzipped ? Math.max(bytes, 1) : block;
  return Array.from({ length: Math.ceil(bytes / step) }, (_, index) => ({
    index,
    start: index * step,
    end: Math.min(bytes, (index + 1) * step),
  }));
}
