/**
 * Which classes a caption names, by the rule of YFCC15M-Cls and CC12M-Cls (Wen et al., NeurIPS 2024, after Fang et al.,
 * ICML 2022): a class is named where Python's `re` finds \b(lemma|lemma|...)\b of its synset, each lemma escaped.
 * All lemmas of all classes are looked for at once; lemmas.as.ts says how.
 */
import { type CaptionArena, captionArena, FREE_AT, TEXT_AT, TEXT_BYTES } from "../../captions/arena.ts";
import { wasmOver } from "../../captions/wasm.ts";
import { foldedByte } from "./fold.ts";
import { lemmasWasm } from "./lemmas_wasm.ts";

/** Looks for lemmas in captions. */
export interface LemmaMatcher {
  readonly classes: number;
  /**
   * How many classes the caption at an address of the arena names. It is UTF-8, of at most 8 MiB; up to 15 bytes behind
   * it must be in the memory.
   */
  match(at: number, length: number): number;
  /** Labels that the last match found, in no order, each once; good until the next. */
  found(count: number): Int32Array;
  /** The labels of the classes that a caption names, ascending. Overwrites the arena's text. */
  labelsOf(caption: string): number[];
}

interface LemmasExports {
  setup(...places: number[]): void;
  addLemma(length: number): void;
  match(at: number, length: number, classes: number): number;
}

/** Nodes of a trie, numbered from 0, with a place for each symbol and the labels of the lemma that ends there. */
interface Trie {
  /** Symbol of each byte, from 1; 0 for one that no lemma has. */
  readonly symbols: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly next: Uint32Array<ArrayBuffer>;
  /** Of each node, the place in `lists` of the labels that end there; 0 for none. */
  readonly ends: Uint32Array<ArrayBuffer>;
  /** Nothing, then counts with so many labels behind each. */
  readonly lists: Uint32Array<ArrayBuffer>;
}

function buildTrie(lemmas: readonly (readonly string[])[]): Trie {
  const symbols = new Uint8Array(256), rows: number[][] = [[]], labels: number[][] = [[]];
  let width = 1;
  for (const [label, ofClass] of lemmas.entries()) {
    for (const lemma of ofClass) {
      let node = 0;
      for (const letter of lemma) {
        const symbol = symbols[letter.charCodeAt(0)] ||= width++;
        if (rows[node][symbol] === undefined) {
          rows[node][symbol] = rows.push([]) - 1;
          labels.push([]);
        }
        node = rows[node][symbol];
      }
      if (!labels[node].includes(label)) labels[node].push(label);
    }
  }
  const next = new Uint32Array(rows.length * width), lists = [0];
  for (const [node, row] of rows.entries()) row.forEach((to, symbol) => next[node * width + symbol] = to);
  const ends = Uint32Array.from(labels, (ending) => {
    if (ending.length === 0) return 0;
    return lists.push(ending.length, ...ending) - ending.length - 1;
  });
  return { symbols, width, next, ends, lists: Uint32Array.from(lists) };
}

/** Lemmas as they are looked for. Throws RangeError for one that is empty or not ASCII. */
function prepared(lemmas: readonly (readonly string[])[], caseSensitive: boolean): string[][] {
  return lemmas.map((ofClass, label) =>
    ofClass.map((lemma) => {
      // deno-lint-ignore no-control-regex
      if (/^[\x01-\x7f]+$/.test(lemma)) return caseSensitive ? lemma : lemma.toLowerCase();
      throw new RangeError(`Lemma ${JSON.stringify(lemma)} of class ${label}: only ASCII can be looked for`);
    })
  );
}

const RUN_BYTES = 2 ** 13, POINT_BYTES = 0x110000, SLACK = 2 ** 10;

/**
 * A matcher of the lemmas of each class, by label, that owns the memory of `arena` behind FREE_AT; case does not matter
 * unless `caseSensitive`. Throws RangeError for a lemma that is empty or holds other characters than ASCII, which
 * WordNet's do not.
 */
export function lemmaMatcher(
  lemmas: readonly (readonly string[])[],
  { caseSensitive = false, arena = captionArena() }: {
    readonly caseSensitive?: boolean;
    readonly arena?: CaptionArena;
  } = {},
): LemmaMatcher {
  const classes = lemmas.length, ready = prepared(lemmas, caseSensitive);
  const { symbols, width, next, ends, lists } = buildTrie(ready);
  let free = FREE_AT;
  const place = (bytes: number) => {
    const at = free;
    free = Math.ceil((at + bytes) / 16) * 16;
    return at;
  };
  const copied = [next, ends, lists, symbols].map((part) => ({ part, at: place(part.byteLength) }));
  const emptied = [RUN_BYTES, POINT_BYTES, 4 * classes].map((bytes) => ({ bytes, at: place(bytes) }));
  const foundAt = place(4 * classes), textAt = place(TEXT_BYTES + SLACK);
  arena.reach(free);
  for (const { part, at } of copied) arena.bytes().set(new Uint8Array(part.buffer), at);
  for (const { bytes, at } of emptied) arena.bytes().fill(0, at, at + bytes);

  const classify = (point: number) => foldedByte(point, caseSensitive);
  const wasm = wasmOver<LemmasExports>(lemmasWasm, arena, { classify }), encoder = new TextEncoder();
  const places = [...copied, ...emptied].map(({ at }) => at);
  wasm.setup(...places, foundAt, textAt, width, caseSensitive ? 0 : 1);
  for (const lemma of ready.flat()) {
    wasm.addLemma(encoder.encodeInto(lemma, arena.bytes().subarray(textAt, textAt + TEXT_BYTES)).written);
  }
  const match = (at: number, length: number) => wasm.match(at, length, classes);
  const found = (count: number) => new Int32Array(arena.memory.buffer as ArrayBuffer, foundAt, count);
  return {
    ...{ classes, match, found },
    labelsOf(caption) {
      const { read, written } = encoder.encodeInto(
        caption,
        arena.bytes().subarray(TEXT_AT, TEXT_AT + TEXT_BYTES),
      );
      if (read < caption.length) throw new RangeError("a caption has at most 8 MiB");
      return [...found(match(TEXT_AT, written))].sort((a, b) => a - b);
    },
  };
}
