// What the tests of caption files share: files made for a test, small deterministic draws, and reading all units of a
// file by the rule of the chain (a unit whose guess was wrong is read again from where the one before ended).
import { type CaptionArena, captionArena, NULL_LENGTH } from "../../data_utils/captions/arena.ts";
import {
  addTally,
  type CaptionFile,
  type CaptionTally,
  emptyTally,
  type ReadUnit,
} from "../../data_utils/captions/caption_file.ts";

/** Numbers in [0, 1) from a seed (mulberry32). */
export function draws(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs `use` with a file of `content`, which is removed afterwards. */
export async function withFile<T>(
  content: string | Uint8Array,
  use: (path: string, bytes: number) => Promise<T>,
  suffix = "",
): Promise<T> {
  const path = await Deno.makeTempFile({ suffix });
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(path, bytes);
    return await use(path, bytes.length);
  } finally {
    await Deno.remove(path);
  }
}

/** All that was read of a file. */
export interface WholeReading {
  captions: (string | null)[];
  rows: string[];
  tally: CaptionTally;
  /** Where the last unit ended. */
  ended: number;
  /** Units that had to be read again. */
  repaired: number;
}

const shared = captionArena();

/** Reads all units of a file. Bytes that are no UTF-8 are shown as U+FFFD. */
export async function readWhole(
  file: CaptionFile,
  read: ReadUnit,
  keepRows = false,
  arena: CaptionArena = shared,
): Promise<WholeReading> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const whole: WholeReading = { captions: [], rows: [], tally: emptyTally(), ended: -1, repaired: 0 };
  for (const unit of file.units) {
    let captions: (string | null)[] = [], rows: string[] = [];
    const sink = (count: number) => {
      const bytes = arena.bytes(), spans = arena.spans(), records = arena.rows();
      const text = (at: number, length: number) => decoder.decode(bytes.subarray(at, at + length));
      for (let i = 0; i < 2 * count; i += 2) {
        captions.push(spans[i + 1] === NULL_LENGTH ? null : text(spans[i], spans[i + 1]));
        if (keepRows) rows.push(text(records[i], records[i + 1]));
      }
    };
    let reading = await read(file, unit, arena, sink, { rows: keepRows });
    if (unit.index > 0 && reading.began !== whole.ended) {
      captions = [];
      rows = [];
      reading = await read(file, unit, arena, sink, { rows: keepRows, from: whole.ended });
      if (reading.began !== whole.ended) throw new Error("a reading does not begin where it was told to");
      whole.repaired++;
    }
    for (const caption of captions) whole.captions.push(caption);
    for (const row of rows) whole.rows.push(row);
    addTally(whole.tally, reading.tally);
    whole.ended = reading.ended;
  }
  return whole;
}
