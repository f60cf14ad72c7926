// Captions of many kinds for the tests of their formats, and reading them back whole: every unit in turn, every caption
// as a string.
import { captionArena, NULL_LENGTH } from "../../data_utils/captions/arena.ts";
import {
  addTally,
  type CaptionFile,
  type CaptionOptions,
  type CaptionTally,
  emptyTally,
} from "../../data_utils/captions/caption_file.ts";
import { openCaptionFile, readCaptions } from "../../data_utils/captions/open.ts";
import { randomStream } from "../../data_utils/random/philox.ts";

export interface ReadWhole {
  file: CaptionFile;
  captions: (string | null)[];
  tally: CaptionTally;
  /** Captions per call of the sink. */
  batches: number[];
}

/** All captions of a file, unit after unit. */
export async function readWhole(
  path: string,
  options: CaptionOptions = {},
  blockBytes?: number,
): Promise<ReadWhole> {
  const file = await openCaptionFile(path, options, blockBytes), arena = captionArena();
  const captions: (string | null)[] = [], tally = emptyTally(), batches: number[] = [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let from: number | undefined;
  for (const unit of file.units) {
    const reading = await readCaptions(file, unit, arena, (count) => {
      batches.push(count);
      const bytes = arena.bytes(), spans = arena.spans();
      for (let i = 0; i < count; i++) {
        const at = spans[2 * i], length = spans[2 * i + 1];
        captions.push(length === NULL_LENGTH ? null : decoder.decode(bytes.subarray(at, at + length)));
        if (length !== NULL_LENGTH) bytes.fill(0x21, at, at + length); // a counter may overwrite what it was given
      }
    }, { from });
    addTally(tally, reading.tally);
    from = reading.ended;
  }
  return { file, captions, tally, batches };
}

const alphabets = ["abc XYZ", "äß€漢字🐕\u0301", "\"'\\,;:[]{}", "0189-_/\u00a0\u2028\t"];

/** Captions of many kinds, some of them null (share `nulls`), none with `without`; the same for the same seed. */
export function madeCaptions(
  seed: number,
  count: number,
  nulls: number,
  without = /(?!)/,
): (string | null)[] {
  const stream = randomStream(seed, 4);
  return Array.from({ length: count }, () => {
    if (stream.int(1000) < 1000 * nulls) return null;
    const letters = [...alphabets[stream.int(alphabets.length)] + alphabets[0]].filter((c) =>
      !without.test(c)
    );
    return Array.from({ length: stream.int(40) }, () => letters[stream.int(letters.length)]).join("");
  });
}
