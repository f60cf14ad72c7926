/**
 * Which entries each caption of a unit holds, kept on disk: balancing draws for them in another order than that in which
 * they are found, and needs them twice. The body of a partial result is the length of the counts (8 bytes, lowest
 * first), the captions by entry as sparse counts, and then for each caption how many patterns it holds and which.
 */
import { writeFully } from "../../data_utils/mod.ts";
import type { CounterKind } from "../count/counter.ts";
import { addCounts, encodeCounts } from "../run/sparse_counts.ts";
import { type CompiledEntries, countsOfEntries } from "./compile_entries.ts";
import { entryMatcher } from "./entry_matcher.ts";

const PIECE = 2 ** 20;

function writeFullySync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** The counter that keeps lists; they pass through a file in the worker's folder, as a unit may hold any number. */
export const matchesKind: CounterKind<CompiledEntries> = {
  name: "matches",
  async open(entries, arena, scratch) {
    const matcher = entryMatcher(entries, arena), path = `${scratch}/lists`;
    const lists = await Deno.open(path, { read: true, write: true, create: true, truncate: true });
    return {
      add: (count) => matcher.record(count, (part) => writeFullySync(lists, part)),
      async finish(file) {
        const counts = encodeCounts(countsOfEntries(entries, matcher.take())), length = new Uint8Array(8);
        new DataView(length.buffer).setBigUint64(0, BigInt(counts.length), true);
        await writeFully(file, length);
        await writeFully(file, counts);
        await lists.seek(0, Deno.SeekMode.Start);
        const piece = new Uint8Array(PIECE);
        for (let got; (got = await lists.read(piece)) !== null;) {
          await writeFully(file, piece.subarray(0, got));
        }
        await lists.truncate(0);
        await lists.seek(0, Deno.SeekMode.Start);
      },
    };
  },
};

/** Where the body of a partial result lies. */
export interface BodyPlace {
  readonly path: string;
  readonly bodyAt: number;
  readonly bodyBytes: number;
}

/** The lists of a unit, read in their order. */
export interface MatchLists extends Disposable {
  /** The unit's sparse counts by entry, encoded. */
  readonly counts: Uint8Array<ArrayBuffer>;
  /** The next number: of a caption's patterns, then each of these. Throws Error, naming the file, behind the last. */
  next(): number;
  /** Whether every caption was read. */
  ended(): boolean;
}

/** Opens what {@link matchesKind} wrote. Synchronous, since captions are handed on that way. */
export function openMatchLists({ path, bodyAt, bodyBytes }: BodyPlace): MatchLists {
  const file = Deno.openSync(path), piece = new Uint8Array(PIECE);
  let used = 0, filled = 0, left = bodyBytes;
  const byte = (): number => {
    if (used === filled) {
      filled = left > 0 ? file.readSync(piece.subarray(0, Math.min(PIECE, left))) ?? 0 : 0;
      used = 0;
      left -= filled;
      if (filled === 0) {
        throw new Error(`${path} does not fit its captions: match them again with --restart`);
      }
    }
    return piece[used++];
  };
  const number = (): number => {
    let value = byte();
    if (value < 128) return value;
    value -= 128;
    for (let digit = 128;; digit *= 128) {
      const next = byte();
      if (next < 128) return value + next * digit;
      value += (next - 128) * digit;
    }
  };
  try {
    file.seekSync(bodyAt, Deno.SeekMode.Start);
    const length = new Uint8Array(8).map(byte);
    const counts = new Uint8Array(Number(new DataView(length.buffer).getBigUint64(0, true))).map(byte);
    return {
      counts,
      next: number,
      ended: () => left === 0 && used === filled,
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The captions by entry over several partial results. */
export function sumEntryCounts(partials: readonly BodyPlace[], entries: number): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(entries);
  for (const partial of partials) {
    using lists = openMatchLists(partial);
    addCounts(sum, lists.counts);
  }
  return sum;
}
