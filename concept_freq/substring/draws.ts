/**
 * The draws of balancing: one for each match of an entry in a caption. They come in the order of the entries and, of one
 * entry, of the captions, while captions are read in their own order; so the outcomes of a file's draws are put down
 * first, one bit each, unit by unit, where whoever reads the captions finds them.
 */
import type { RandomState } from "../../data_utils/mod.ts";

const PIECE = 4096;

/** Sparse counts (run/sparse_counts.ts) one by one. */
interface CountCursor {
  /** Number of the entry; Infinity behind the last. */
  entry: number;
  count: number;
  next(): void;
}

function countCursor(encoded: Uint8Array): CountCursor {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let digit = 1;; digit *= 128) {
      const byte = encoded[at++];
      value += (byte & 127) * digit;
      if (byte < 128) return value;
    }
  };
  const cursor = {
    entry: -1,
    count: 0,
    next() {
      if (at >= encoded.length) return void (cursor.entry = Infinity);
      cursor.entry += number();
      cursor.count = number();
    },
  };
  cursor.next();
  return cursor;
}

/** The outcomes of a unit's draws, by entry and then caption, from the lowest bit of each byte on. */
export interface UnitDraws {
  /** Place of the first byte in the file of outcomes. */
  readonly at: number;
  readonly draws: number;
}

/**
 * Makes the draws of one input file, whose units have these captions by entry (encoded sparse counts), and puts down
 * which are below the entry's probability. Returns where each unit's outcomes are.
 */
export function writeDraws(
  units: readonly Uint8Array[],
  probability: Float64Array,
  stream: RandomState,
  outcomes: Deno.FsFile,
): UnitDraws[] {
  let end = 0;
  const places = units.map((encoded): UnitDraws => {
    let draws = 0;
    for (const cursor = countCursor(encoded); cursor.entry < Infinity; cursor.next()) draws += cursor.count;
    const at = end;
    end += Math.ceil(draws / 8);
    return { at, draws };
  });
  const writers = places.map(({ at }) => bitWriter(outcomes, at)), cursors = units.map(countCursor);
  for (;;) {
    let entry = Infinity;
    for (const cursor of cursors) if (cursor.entry < entry) entry = cursor.entry;
    if (entry === Infinity) break;
    const p = probability[entry];
    for (let u = 0; u < cursors.length; u++) {
      if (cursors[u].entry !== entry) continue;
      for (let i = cursors[u].count; i > 0; i--) writers[u].put(stream.sample() < p);
      cursors[u].next();
    }
  }
  for (const { end } of writers) end();
  return places;
}

function bitWriter(file: Deno.FsFile, at: number): { put(bit: boolean): void; end(): void } {
  const piece = new Uint8Array(PIECE);
  let bits = 0;
  const write = () => {
    const bytes = piece.subarray(0, Math.ceil(bits / 8));
    file.seekSync(at, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    at += bytes.length;
    bits = 0;
    piece.fill(0);
  };
  return {
    put(bit) {
      if (bit) piece[bits >>> 3] |= 1 << (bits & 7);
      if (++bits === 8 * PIECE) write();
    },
    end: write,
  };
}

/** The outcomes of a unit's draws as its captions are read. */
export interface DrawReader {
  /** Whether the entry's next caption is kept for its sake. */
  take(entry: number): boolean;
}

/** Reads what {@link writeDraws} wrote for a unit; `next` is room for a number by entry. */
export function drawReader(
  counts: Uint8Array,
  { at, draws }: UnitDraws,
  outcomes: Deno.FsFile,
  next: Float64Array,
): DrawReader {
  const bits = new Uint8Array(Math.ceil(draws / 8));
  outcomes.seekSync(at, Deno.SeekMode.Start);
  for (let done = 0; done < bits.length;) {
    const got = outcomes.readSync(bits.subarray(done));
    if (got === null) throw new Error("The outcomes of the draws are cut short");
    done += got;
  }
  let first = 0;
  for (const cursor = countCursor(counts); cursor.entry < Infinity; cursor.next()) {
    next[cursor.entry] = first;
    first += cursor.count;
  }
  return {
    take(entry) {
      const draw = next[entry]++;
      return (bits[Math.floor(draw / 8)] >>> (draw % 8) & 1) === 1;
    },
  };
}
