/**
 * From a class's name to the phrases that mention it. A name is a text such as "crane (bird) or heron", a list is what
 * a synset has.
 */
import type { SpecialCases } from "./special_cases.ts";

const withoutGroups = (text: string) => text.toLowerCase().replace(/\([^)]*\)/g, "");

/**
 * The phrases of a class before they are taken apart into words, lower-cased and without what stands in parentheses. A
 * text is split at " or " and " / " and trimmed; a list is neither, as in the reference.
 */
export function phrasesOf(entry: string | readonly string[]): string[] {
  if (typeof entry !== "string") return entry.map(withoutGroups);
  return withoutGroups(entry).split(/ or | \/ /).map((phrase) => phrase.trim());
}

/** What the rules of a concept set make of a class's phrases. */
export interface RuledPhrases {
  readonly phrases: readonly string[];
  /** Words that rule a caption out. */
  readonly negatives: readonly string[];
  /** The rules that applied. */
  readonly rules: readonly unknown[];
}

/** Applies the first rule of each kind whose phrase is among the class's; the phrase is compared as a whole. */
export function applyRules(set: string, phrases: readonly string[], cases: SpecialCases): RuledPhrases {
  const fits = (rule: { set: string; phrase: string }) =>
    rule.set === set && phrases.includes(rule.phrase.toLowerCase());
  const negative = cases.negatives.find(fits), replacement = cases.replacements.find(fits);
  return {
    phrases: replacement ? replacement.phrases.map((phrase) => phrase.toLowerCase()) : phrases,
    negatives: negative?.words ?? [],
    rules: [negative, replacement].filter((rule) => rule !== undefined),
  };
}
