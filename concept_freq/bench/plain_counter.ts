/**
 * The reference's way of counting, written plainly and well in TypeScript, as somebody would who has an afternoon: each
 * caption becomes a set of lemmas, and each class looks for a phrase in it. The bench runs it beside the byte-level
 * counter, on one core, and the two have to agree.
 */
import type { Concepts } from "../count/compile.ts";

/** Counts captions by class. */
export interface PlainCounter {
  /** Counts a caption and says how many classes it mentions. */
  add(caption: string): number;
  /** The counts so far, by class. */
  readonly counts: Float64Array;
}

/** What it needs of a lemmatiser. */
export interface PlainLemmas {
  lemma(word: string): string;
  readonly contractions: ReadonlyMap<string, readonly string[]>;
}

/** A counter of `concepts`. Lemmas are remembered, so that a word is looked up once. */
export function plainCounter(concepts: Concepts, { lemma, contractions }: PlainLemmas): PlainCounter {
  const { phrases, vetoes } = concepts, counts = new Float64Array(phrases.length);
  const lemmas = new Map<string, string>();
  const lemmaOf = (word: string): string => {
    let known = lemmas.get(word);
    if (known === undefined) lemmas.set(word, known = lemma(word));
    return known;
  };
  /** The words that WordNet's exceptions and rules see: letters only, contractions taken apart. */
  function lemmasIn(caption: string): Set<string> {
    const found = new Set<string>();
    for (const word of caption.toLowerCase().replace(/[^a-z]+/g, " ").split(" ")) {
      if (word === "") continue;
      const parts = contractions.get(word);
      if (parts === undefined) found.add(lemmaOf(word));
      else for (const part of parts) found.add(lemmaOf(part));
    }
    return found;
  }
  function holdsAll(found: ReadonlySet<string>, tokens: readonly string[]): boolean {
    for (const token of tokens) if (!found.has(token)) return false;
    return true;
  }
  function holdsOne(found: ReadonlySet<string>, list: readonly (readonly string[])[]): boolean {
    for (const tokens of list) if (holdsAll(found, tokens)) return true;
    return false;
  }
  return {
    counts,
    add(caption) {
      const found = lemmasIn(caption);
      let hits = 0;
      for (let index = 0; index < phrases.length; index++) {
        if (!holdsOne(found, phrases[index]) || holdsOne(found, vetoes[index])) continue;
        counts[index]++;
        hits++;
      }
      return hits;
    },
  };
}
