/**
 * The matcher over an arena: which entries captions hold by MetaCLIP's rule. The text, with a space at both ends, with
 * one on both sides of each of , . ; : ? ! ` and with a space for every tab, LF and CR, holds " entry ". Letters keep
 * their case, runs of spaces stay. Everything is compared as bytes of UTF-8, so bytes that are none match themselves.
 */
import { type CaptionArena, FREE_AT, MOST_SPANS, SPANS_AT, wasmOver } from "../../data_utils/mod.ts";
import type { CompiledEntries } from "./compile_entries.ts";
import { matchWasm } from "./match_wasm.ts";

interface Core {
  useImage(at: number): void;
  useRoom(marks: number, active: number, list: number, queue: number, queueBytes: number): void;
  restart(): void;
  countSpans(spans: number, count: number): void;
  recordSpan(span: number, to: number): number;
}

/** Counts and lists the patterns (different entries) in the captions of one arena. */
export interface EntryMatcher {
  /** Counts the first `count` captions of the arena's spans. */
  count(count: number): void;
  /**
   * As `count`, and gives `write` what matched, in parts that hold until it returns: for each caption the number of
   * patterns and then these, every number in base 128 with the lowest digits first.
   */
  record(count: number, write: (part: Uint8Array) => void): void;
  /** The captions counted so far by pattern, and starts anew. */
  take(): Uint32Array<ArrayBuffer>;
}

/** Most captions between two calls of `take`: they are numbered and counted in 32 bits. */
const MOST_CAPTIONS = 2 ** 32 - 2 * MOST_SPANS;
const PART = 2 ** 20, VARINT = 5, QUEUE = 16 * 256;

const aligned = (address: number) => Math.ceil(address / 64) * 64;

/** A matcher for the captions of `arena`. Throws RangeError when the tables do not fit into its memory. */
export function entryMatcher(compiled: CompiledEntries, arena: CaptionArena): EntryMatcher {
  const { image, patterns, deepest } = compiled, core = wasmOver<Core>(matchWasm, arena);
  const imageAt = aligned(FREE_AT),
    marksAt = aligned(imageAt + image.length),
    activeAt = marksAt + 8 * patterns;
  const listAt = activeAt + 4 * deepest, queueAt = aligned(listAt + 4 * patterns), partAt = queueAt + QUEUE;
  /** A caption's matches go into the part as a whole, so it is that much longer than where it is handed on. */
  const partEnd = partAt + PART + VARINT * (patterns + 1);
  arena.reach(partEnd + 64);
  arena.bytes().set(image, imageAt);
  core.useImage(imageAt);
  core.useRoom(marksAt, activeAt, listAt, queueAt, QUEUE);
  let captions = 0;
  const pass = (count: number) => {
    captions += count;
    if (captions > MOST_CAPTIONS) {
      throw new RangeError("More than 4,294,000,000 captions in one unit: split the file");
    }
  };
  return {
    count(count) {
      pass(count);
      core.countSpans(SPANS_AT, count);
    },
    record(count, write) {
      pass(count);
      let to = partAt;
      for (let i = 0; i < count; i++) {
        to = core.recordSpan(SPANS_AT + 8 * i, to);
        if (to - partAt < PART && i + 1 < count) continue;
        write(arena.bytes().subarray(partAt, to));
        to = partAt;
      }
    },
    take() {
      const marks = new Uint32Array(arena.memory.buffer as ArrayBuffer, marksAt, 2 * patterns);
      const counts = new Uint32Array(patterns);
      for (let i = 0; i < patterns; i++) counts[i] = marks[2 * i + 1];
      marks.fill(0);
      core.restart();
      captions = 0;
      return counts;
    },
  };
}
