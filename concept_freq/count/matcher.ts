/**
 * The matcher over an arena: which classes captions mention. Its tables lie behind the arena's FREE_AT.
 */
import { type CaptionArena, FREE_AT, MOST_SPANS, SPANS_AT, TEXT_AT, wasmOver } from "../../data_utils/mod.ts";
import type { CompiledConcepts } from "./compile.ts";
import { conceptsWasm } from "./concepts_wasm.ts";

interface Core {
  load_concepts(image: number, free: number): number;
  table_bytes(tokens: number, classes: number, surfaces: number): number;
  count_spans(spans: number, count: number): void;
  match(at: number, length: number): number;
  counts_at(): number;
  hits_at(): number;
  restamp(): void;
}

/** Counts and finds classes in the captions of one arena. */
export interface ConceptMatcher {
  readonly classNames: readonly string[];
  /** Counts the first `count` captions of the arena's spans; overwrites their bytes. */
  add(count: number): void;
  /** Captions counted so far by class, and starts anew. */
  take(): Float64Array<ArrayBuffer>;
  /** Classes (by place in `classNames`) that the caption of `length` bytes at the arena's text mentions. */
  match(length: number): number[];
}

/** Captions are numbered and counted in u32, which start anew well before they end. */
const MOST_CAPTIONS = 2 ** 32 - 4 * MOST_SPANS;

/**
 * A matcher for the captions of `arena`. After `most` captions its small counters are emptied into large ones. Throws
 * RangeError when the tables do not fit into the arena's memory.
 */
export function conceptMatcher(
  concepts: CompiledConcepts,
  arena: CaptionArena,
  most = MOST_CAPTIONS,
): ConceptMatcher {
  const { image, classNames } = concepts, core = wasmOver<Core>(conceptsWasm, arena);
  const free = Math.ceil((FREE_AT + image.length) / 32) * 32;
  arena.reach(free + core.table_bytes(concepts.tokens, classNames.length, concepts.surfaces) + 64);
  arena.bytes().set(image, FREE_AT);
  core.load_concepts(FREE_AT, free);
  const numbers = (at: number, count: number) =>
    new Uint32Array(arena.memory.buffer as ArrayBuffer, at, count);
  let passed = 0, totals = new Float64Array(classNames.length);
  const empty = () => {
    const counts = numbers(core.counts_at(), classNames.length);
    counts.forEach((count, index) => totals[index] += count);
    counts.fill(0);
    core.restamp();
    passed = 0;
  };
  const pass = (captions: number) => {
    if (passed + captions > most) empty();
    passed += captions;
  };
  return {
    classNames,
    add(count) {
      pass(count);
      core.count_spans(SPANS_AT, count);
    },
    take() {
      empty();
      const taken = totals;
      totals = new Float64Array(classNames.length);
      return taken;
    },
    match(length) {
      pass(1);
      const found = core.match(TEXT_AT, length);
      return Array.from(numbers(core.hits_at(), found));
    },
  };
}
