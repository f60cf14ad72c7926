/**
 * The table of words over an arena: in how many captions each lemma occurs, in limited memory. What it has counted can
 * be taken from it in the order of the words' bytes. It lies behind the arena's FREE_AT.
 */
import { type CaptionArena, FREE_AT, SPANS_AT, wasmOver } from "../../data_utils/mod.ts";
import type { WordForms } from "../count/compile.ts";
import type { KeySink } from "./run_file.ts";
import { wordTableWasm } from "./word_table_wasm.ts";

interface Core {
  open_table(slots: number, records: number, recordBytes: number, fold: number): void;
  count_spans(spans: number, end: number): number;
  enter(at: number, letters: number): number;
  sort_words(): number;
  sorted_at(): number;
  clear_table(): void;
  clear_counts(): void;
  record_bytes(): number;
}

/** What of the word forms a count of lemmas needs. */
export type Lemmas = Pick<WordForms, "lemma" | "contractions" | "fold">;

/** Counts lemmas in the captions of one arena. */
export interface WordTable {
  /**
   * Counts captions of the arena's spans, from number `from` up to `count`, and returns the number of the first one
   * for which there may not be room; then the words have to be taken with `forget`. Overwrites the captions.
   */
  count(from: number, count: number): number;
  /** Gives every word with a count, in order, and sets the counts to zero; with `forget` it also frees all memory. */
  take(to: KeySink, forget?: boolean): void;
  /** Bytes that words take. */
  bytes(): number;
}

// Fields of a record in u32, and where its letters begin in bytes: as word_table.as.ts says.
const LETTERS = 1, FIRST = 2, SECOND = 3, COUNT = 5, BYTES = 24;
const FOLD_FROM = 0xc0, FOLD_TO = 0x17f;
/** No noun of WordNet has so many letters, so that a longer word is its own lemma. */
const LONGEST = 256;
/** Most words: a caption of 8 MiB cannot hold more than three quarters as many, all different. */
const MOST_WORDS = 2 ** 21;

const FOLD_AT = FREE_AT, LEMMA_AT = FOLD_AT + 512, SLOTS_AT = LEMMA_AT + 2 * LONGEST + 64;
/** Slots are twice as many as words, 8 bytes each. Pages that are not used take no memory. */
const RECORDS_AT = SLOTS_AT + 16 * MOST_WORDS;

/**
 * A table whose words take at most `recordBytes`, except that one caption alone may take more. Throws RangeError when
 * the arena has no room for it.
 */
export function wordTable(lemmas: Lemmas, arena: CaptionArena, recordBytes: number): WordTable {
  const contractions = new Map(lemmas.contractions);
  let letters = arena.bytes(), fields = new Uint32Array(letters.buffer);

  /** Looks at the memory anew after anything that may have grown it. */
  function refresh(): void {
    if (letters.buffer === arena.memory.buffer) return;
    letters = arena.bytes();
    fields = new Uint32Array(letters.buffer);
  }

  function recordOf(lemma: string): number {
    if (lemma.length > 2 * LONGEST || !/^[a-z]+$/.test(lemma)) {
      throw new RangeError(`The lemma ${JSON.stringify(lemma)} is no word of letters a-z`);
    }
    for (let i = 0; i < lemma.length; i++) letters[LEMMA_AT + i] = lemma.charCodeAt(i);
    return core.enter(LEMMA_AT, lemma.length);
  }

  /** Notes the lemmas of a new word, for whose records there is room: memory does not grow meanwhile. */
  function lemmatise(record: number): void {
    refresh();
    const at = record + BYTES, length = fields[record / 4 + LETTERS];
    let first = record, second = 0;
    if (length <= LONGEST) {
      const word = String.fromCharCode.apply(null, letters.subarray(at, at + length) as unknown as number[]);
      const parts = contractions.get(word), lemma = lemmas.lemma(parts ? parts[0] : word);
      if (lemma !== word) first = recordOf(lemma);
      if (parts) second = recordOf(lemmas.lemma(parts[1]));
    }
    fields[record / 4 + FIRST] = first;
    fields[record / 4 + SECOND] = second;
  }

  const core = wasmOver<Core>(wordTableWasm, arena, { lemmatise });
  arena.reach(RECORDS_AT + recordBytes);
  if (lemmas.fold) {
    const table = new Uint16Array(arena.memory.buffer as ArrayBuffer, FOLD_AT, FOLD_TO - FOLD_FROM + 1);
    table.fill(0);
    for (const [point, letters] of lemmas.fold) {
      table[point - FOLD_FROM] = letters.charCodeAt(0) |
        (letters.length > 1 ? letters.charCodeAt(1) << 8 : 0);
    }
  }
  core.open_table(SLOTS_AT, RECORDS_AT, recordBytes, lemmas.fold ? FOLD_AT : 0);

  return {
    count: (from, count) => (core.count_spans(SPANS_AT + 8 * from, SPANS_AT + 8 * count) - SPANS_AT) / 8,
    take(to, forget = false) {
      refresh();
      const words = core.sort_words(), sorted = core.sorted_at() / 4;
      try {
        for (let i = 0; i < words; i++) {
          const record = fields[sorted + 2 * i];
          to(letters, record + BYTES, fields[record / 4 + LETTERS], fields[record / 4 + COUNT]);
        }
      } finally {
        if (forget) core.clear_table();
        else core.clear_counts();
      }
    },
    bytes: () => core.record_bytes(),
  };
}
