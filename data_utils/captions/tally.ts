/** Counting what is odd among the captions that a reader has put into an arena. */
import type { CaptionArena } from "./arena.ts";
import type { CaptionTally } from "./caption_file.ts";

/** Adds the nulls, empties and captions that are no UTF-8 among the first `count` spans; rows are the caller's. */
export function tallySpans(arena: CaptionArena, count: number, tally: CaptionTally): void {
  throw new Error(`not yet: ${[arena, count, tally]}`);
}
