/**
 * From entries to the image on which the byte-level matcher works: a hash table of the words in them and one of the
 * edges of a trie over words. Both are sized once, because every worker copies them.
 */
import { createHash } from "node:crypto";
import { captionArena, FREE_AT, TEXT_AT, TEXT_BYTES, wasmOver } from "../../data_utils/mod.ts";
import type { EntryList } from "./entry_list.ts";
import { matchWasm } from "./match_wasm.ts";

/** Compiled entries: plain data, to be posted to workers, which share the image. */
export interface CompiledEntries {
  /** What the matcher loads, at any place. */
  readonly image: Uint8Array;
  /** SHA-256 (hex) of the entries in their order. */
  readonly digest: string;
  readonly entries: number;
  /** Different entries; the matcher knows only these. */
  readonly patterns: number;
  /** The pattern of each entry; null where no entry occurs twice, so that entry i is pattern i. */
  readonly patternOf: Uint32Array<ArrayBuffer> | null;
  /** Segments between single spaces of the entry with the most. */
  readonly deepest: number;
}

interface Builder {
  useImage(at: number): void;
  addEntry(at: number, length: number): number;
  patternsAdded(): number;
  longWordsEnd(): number;
  deepestEntry(): number;
}

const HEADER = 64, WORD_BYTES = 32, EDGE_BYTES = 16, LONG = 16, SPACE = 32;
/** Most bytes of an image, so that it and the matcher's room fit into 4 GiB. */
const MOST_IMAGE = 3 * 2 ** 30;

/** The power of two in which `count` things fill at most three quarters of a table. */
const slotsFor = (count: number) => 2 ** Math.ceil(Math.log2(Math.max(4, count * 4 / 3 + 1)));

/** Spaces in the entries, bytes of the words that are too long for their slot, and what the entries are made of. */
function survey({ bytes, ends }: EntryList): { spaces: number; longBytes: number } {
  let spaces = 0, longBytes = 0, at = 0;
  for (let i = 0; i < ends.length; i++) {
    let start = at;
    if (ends[i] - at > TEXT_BYTES) throw new RangeError(`Entry ${i + 1} is longer than 8 MiB`);
    for (; at <= ends[i]; at++) {
      if (at < ends[i] && bytes[at] !== SPACE) continue;
      if (at < ends[i]) spaces++;
      if (at - start > LONG) longBytes += at - start;
      start = at + 1;
    }
    at = ends[i];
  }
  return { spaces, longBytes };
}

/** Compiles entries for matching. Throws RangeError for an entry over 8 MiB, and for more than 3 GiB of tables. */
export function compileEntries(list: EntryList): CompiledEntries {
  const { bytes, ends } = list, { spaces, longBytes } = survey(list), count = ends.length;
  const edgeSlots = slotsFor(spaces), arena = captionArena();
  const builder = wasmOver<Builder>(matchWasm, arena), patternOf = new Uint32Array(count);

  /** Tries with so many slots for words; the image's length, or 0 when there are more words. */
  function build(wordSlots: number): number {
    const edgesAt = HEADER + WORD_BYTES * wordSlots, filterAt = edgesAt + EDGE_BYTES * edgeSlots;
    const longAt = filterAt + edgeSlots, end = longAt + longBytes;
    if (end > MOST_IMAGE) {
      throw new RangeError(`${count} entries need tables of more than 3 GiB: split them over several runs`);
    }
    arena.reach(FREE_AT + end + 64);
    arena.bytes().fill(0, FREE_AT, FREE_AT + end + 64);
    const header = [wordSlots - 1, edgeSlots - 1, HEADER, edgesAt, filterAt, longAt];
    new Uint32Array(arena.memory.buffer as ArrayBuffer, FREE_AT, header.length).set(header);
    builder.useImage(FREE_AT);
    const memory = arena.bytes();
    let from = 0, copied = 0, room = 0;
    for (let i = 0; i < count; from = ends[i++]) {
      if (ends[i] > room) {
        copied = from;
        room = Math.min(from + TEXT_BYTES, bytes.length);
        memory.set(bytes.subarray(copied, room), TEXT_AT);
      }
      const pattern = builder.addEntry(TEXT_AT + from - copied, ends[i] - from);
      if (pattern === 0) return 0;
      patternOf[i] = pattern - 1;
    }
    return builder.longWordsEnd();
  }

  let wordSlots = slotsFor(Math.ceil((count + spaces) / 8)), length = 0;
  while ((length = build(wordSlots)) === 0) wordSlots *= 2;
  const image = new Uint8Array(new SharedArrayBuffer(length));
  image.set(arena.bytes().subarray(FREE_AT, FREE_AT + length));
  const digest = createHash("sha256").update(`${count}\n`).update(new Uint8Array(ends.buffer)).update(bytes);
  const patterns = builder.patternsAdded();
  return {
    image,
    digest: digest.digest("hex"),
    entries: count,
    patterns,
    patternOf: patterns === count ? null : patternOf,
    deepest: builder.deepestEntry(),
  };
}

/** Counts of patterns as counts of entries: one that occurs twice has the count both times. */
export function countsOfEntries(
  { patternOf }: Pick<CompiledEntries, "patternOf">,
  counts: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  return patternOf ? patternOf.map((pattern) => counts[pattern]) : counts;
}

/** Whether entry `i` occurred before. */
export function isRepeated({ patternOf }: Pick<CompiledEntries, "patternOf">): (entry: number) => boolean {
  if (!patternOf) return () => false;
  // A pattern's number is that of the different entries before it, so a first occurrence is one above all before.
  const repeated = new Uint8Array(patternOf.length);
  let next = 0;
  patternOf.forEach((pattern, i) => pattern === next ? next++ : repeated[i] = 1);
  return (entry) => repeated[entry] === 1;
}
