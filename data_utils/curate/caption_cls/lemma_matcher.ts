/**
 * Which classes a caption names, by the rule of YFCC15M-Cls and CC12M-Cls (Wen et al., NeurIPS 2024, after Fang et al.,
 * ICML 2022): a class is named where Python's `re` finds \b(lemma|lemma|...)\b of its synset, each lemma escaped.
 * All lemmas of all classes are looked for at once, in a trie that is entered at every word boundary.
 */
import { captionFold, isWordByte, OTHER } from "./fold.ts";

/** Looks for lemmas in captions. */
export interface LemmaMatcher {
  /** How many classes the UTF-8 of bytes[at, at + length) names; the first so many of `found` are their labels. */
  match(bytes: Uint8Array, at: number, length: number): number;
  /** Labels in no order, each once. */
  readonly found: Int32Array;
}

/** Nodes of a trie, numbered from 0, with a place for each symbol and the labels of the lemma that ends there. */
interface Trie {
  /** Symbol of each folded byte, from 1; 0 for one that no lemma has. */
  readonly symbols: Uint8Array;
  readonly width: number;
  readonly next: Int32Array;
  readonly labels: readonly (readonly number[] | undefined)[];
  /** A bit for each three symbols: whether a lemma may begin with them. It stays in the cache; most words end here. */
  readonly opens: Uint8Array;
}

/** The bits of {@link Trie.opens}; a lemma of one or two characters begins with them and anything behind. */
function openings({ width, next, labels }: Pick<Trie, "width" | "next" | "labels">): Uint8Array {
  const opens = new Uint8Array((width ** 3 >> 3) + 1);
  for (let i = 0; i < width ** 3; i++) {
    const first = next[Math.floor(i / width ** 2)],
      second = next[first * width + Math.floor(i / width) % width];
    if (first === 0) continue;
    const third = second === 0 ? 0 : next[second * width + i % width];
    if (third !== 0 || labels[first] || (second !== 0 && labels[second])) opens[i >> 3] |= 1 << (i & 7);
  }
  return opens;
}

function buildTrie(lemmas: readonly (readonly string[])[], caseSensitive: boolean): Trie {
  const symbols = new Uint8Array(256), labels: (number[] | undefined)[] = [undefined];
  const rows: number[][] = [[]];
  let width = 1;
  for (const [label, ofClass] of lemmas.entries()) {
    for (const lemma of ofClass) {
      // deno-lint-ignore no-control-regex
      if (!/^[\x01-\x7f]+$/.test(lemma)) {
        throw new RangeError(
          `Lemma ${JSON.stringify(lemma)} of class ${label}: only ASCII can be looked for`,
        );
      }
      let node = 0;
      for (const letter of caseSensitive ? lemma : lemma.toLowerCase()) {
        const symbol = symbols[letter.charCodeAt(0)] ||= width++;
        if (rows[node][symbol] === undefined) {
          rows[node][symbol] = rows.length;
          rows.push([]);
          labels.push(undefined);
        }
        node = rows[node][symbol];
      }
      const ending = labels[node] ??= [];
      if (!ending.includes(label)) ending.push(label);
    }
  }
  const next = new Int32Array(rows.length * width);
  for (const [node, row] of rows.entries()) row.forEach((to, symbol) => next[node * width + symbol] = to);
  return { symbols, width, next, labels, opens: openings({ width, next, labels }) };
}

/**
 * A matcher of the lemmas of each class, by label; case does not matter unless `caseSensitive`. Throws RangeError for a
 * lemma that is empty or holds other characters than ASCII, which WordNet's do not.
 */
export function lemmaMatcher(
  lemmas: readonly (readonly string[])[],
  { caseSensitive = false }: { readonly caseSensitive?: boolean } = {},
): LemmaMatcher {
  const { symbols, width, next, labels, opens } = buildTrie(lemmas, caseSensitive),
    fold = captionFold(caseSensitive);
  const ends = Uint8Array.from(labels, (ending) => ending ? 1 : 0);
  const found = new Int32Array(lemmas.length), stamps = new Uint32Array(lemmas.length);
  let folded = new Uint8Array(2 ** 16), stamp = 0;
  return {
    found,
    match(bytes, at, length) {
      if (length + 2 >= folded.length) folded = new Uint8Array(2 * length + 2);
      const n = fold(bytes, at, at + length, folded);
      folded[n] = OTHER; // ends the last word, and every walk
      if (++stamp > 0xffff_ffff) {
        stamps.fill(0);
        stamp = 1;
      }
      let count = 0, before = 0;
      for (let begin = 0; begin < n; begin++) {
        const word = isWordByte[folded[begin]];
        if (word === before) continue;
        before = word;
        const opening = (symbols[folded[begin]] * width + symbols[folded[begin + 1]]) * width +
          symbols[folded[begin + 2]];
        if ((opens[opening >> 3] & 1 << (opening & 7)) === 0) continue;
        for (let node = 0, place = begin; (node = next[node * width + symbols[folded[place]]]) !== 0;) {
          place++;
          if (ends[node] === 0 || isWordByte[folded[place - 1]] === isWordByte[folded[place]]) continue;
          for (const label of labels[node]!) {
            if (stamps[label] === stamp) continue;
            stamps[label] = stamp;
            found[count++] = label;
          }
        }
      }
      return count;
    },
  };
}
