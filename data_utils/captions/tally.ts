/** Counting what is odd among the captions that a reader has put into an arena. */
import type { CaptionArena } from "./arena.ts";
import { addTally, type CaptionTally } from "./caption_file.ts";
import { scannedTally, scannerOf } from "./scanner.ts";

/** Adds the nulls, empties and captions that are no UTF-8 among the first `count` spans; rows are the caller's. */
export function tallySpans(arena: CaptionArena, count: number, tally: CaptionTally): void {
  const scanner = scannerOf(arena);
  scanner.startTally(0);
  scanner.tallySpans(count);
  addTally(tally, scannedTally(scanner));
}
