/**
 * Lemmas of nouns: WordNet's morphology as NLTK 3.10.3 applies it, which the reference counts with, and the kinder one of
 * `--modern` (see README.md here). Also its inverse: since every lemma has finitely many forms, a counter can know all
 * words that matter beforehand and lemmatise nothing.
 * After E. Loper and S. Bird, NLTK, wordnet.py (`_morphy`) and wordnet.stem (`WordNetLemmatizer`).
 */
import type { WordNetNouns } from "../../data_utils/mod.ts";
import { contractions, latinFold } from "./tokens.ts";

/** How words become lemmas, and back. */
export interface Lemmatiser {
  readonly modern: boolean;
  /** The lemma of a word of letters a-z; the word itself where WordNet knows none. */
  lemma(word: string): string;
  /** All words of letters a-z whose lemma this is, itself first where it is its own. */
  formsOf(lemma: string): string[];
  /** Words that are two before lemmatisation. */
  readonly contractions: ReadonlyMap<string, readonly [string, string]>;
  /** Letters that stand for others, by code point from U+00C0 to U+017F; with `modern` only. */
  readonly fold?: ReadonlyMap<number, string>;
}

/** Endings of plurals and what stands for them in the singular, in WordNet's order. */
const suffixRules = [
  ["s", ""],
  ["ses", "s"],
  ["ves", "f"],
  ["xes", "x"],
  ["zes", "z"],
  ["ches", "ch"],
  ["shes", "sh"],
  ["men", "man"],
  ["ies", "y"],
] as const;

/**
 * Words that `modern` leaves alone although a plural of a noun looks the same: does (of doe), his (of hi), Mrs (of Mr).
 * As, was, has, us, its are safe by their length.
 */
const keptWords = new Set(["does", "his", "mrs"]);

/** What `modern` takes for a singular: three letters, or two consonants such as tv, cd and rv. */
const singular = /^(?:[a-z]{3,}|[^aeiouy]{2})$/;

/** A lemmatiser over WordNet's nouns; `modern` as the README describes. */
export function nounLemmatiser(nouns: WordNetNouns, options: { readonly modern?: boolean } = {}): Lemmatiser {
  const sensesOf = new Map(nouns.lemmas.map((lemma, i) => [lemma, nouns.senses[i]]));
  const exceptions = new Map(nouns.exceptions), formsByBase = new Map<string, string[]>();
  for (const [form, bases] of exceptions) {
    for (const base of bases) formsByBase.set(base, [...formsByBase.get(base) ?? [], form]);
  }

  const regularBases = (word: string): string[] =>
    suffixRules.flatMap(([plural, singular]) => {
      if (!word.endsWith(plural)) return [];
      const base = word.slice(0, word.length - plural.length) + singular;
      return sensesOf.has(base) ? [base] : [];
    });

  const mostSenses = (bases: readonly string[]): string | undefined =>
    bases.reduce((best, base) => sensesOf.get(base)! > sensesOf.get(best)! ? base : best, bases[0]);

  /** The shortest of what there is, the word itself among it; of several the first or, with `modern`, the commonest. */
  function shortest(word: string, bases: readonly string[]): string {
    const present = [word, ...bases].filter((base) => sensesOf.has(base));
    const length = Math.min(...present.map((base) => base.length));
    const candidates = present.filter((base) => base.length === length);
    return (options.modern ? mostSenses(candidates) : candidates[0]) ?? word;
  }

  function modernBase(word: string): string {
    const bases = regularBases(word).filter((base) =>
      singular.test(base) && !(word.endsWith("ss") && base === word.slice(0, -1))
    );
    return mostSenses(bases) ?? word;
  }

  function lemma(word: string): string {
    if (options.modern && keptWords.has(word)) return word;
    const irregular = exceptions.get(word);
    if (irregular) return shortest(word, irregular);
    return options.modern ? modernBase(word) : shortest(word, regularBases(word));
  }

  function formsOf(base: string): string[] {
    const plurals = suffixRules.flatMap(([plural, singular]) =>
      base.endsWith(singular) ? [base.slice(0, base.length - singular.length) + plural] : []
    );
    const candidates = new Set([base, ...plurals, ...formsByBase.get(base) ?? []]);
    return [...candidates].filter((word) => /^[a-z]+$/.test(word) && lemma(word) === base);
  }

  const modern = options.modern ?? false;
  return { modern, lemma, formsOf, contractions, ...modern ? { fold: latinFold } : {} };
}
