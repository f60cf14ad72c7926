/**
 * A vocabulary of whole words, built from the captions a model is trained on and saved with the run: all a small world
 * needs, and nothing to download. Ids: 0 padding, 1 unknown word, then words by falling count (equals in alphabetical
 * order), then start and end mark.
 */
import type { Tokenizer } from "./tokens.ts";

const FORMAT = "beyond-tail-words/1";
const PADDING = "<pad>", UNKNOWN = "<unk>", MARKS = ["<start_of_text>", "<end_of_text>"];

/** A word tokenizer and the words it knows, most frequent first. */
export interface WordVocabulary extends Tokenizer {
  words: readonly string[];
}

/** The words of a text in lower case: runs of letters or digits (an apostrophe may stand inside), and single signs. */
export function splitWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}]/gu) ?? [];
}

/** The tokenizer of a list of words. Throws TypeError for a word that is named twice or is not one word. */
export function wordVocabulary(words: readonly string[]): WordVocabulary {
  if (new Set(words).size !== words.length) throw new TypeError("A word is named twice in the vocabulary");
  const isWord = (word: unknown) => typeof word === "string" && splitWords(word)[0] === word;
  const odd = words.find((word) => !isWord(word));
  if (odd !== undefined) throw new TypeError(`"${odd}" in the vocabulary is not one word in lower case`);
  const tokens = [PADDING, UNKNOWN, ...words, ...MARKS];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const unknown = ids.get(UNKNOWN)!;
  return {
    words,
    vocabSize: tokens.length,
    sot: tokens.length - 2,
    eot: tokens.length - 1,
    encode: (text) => splitWords(text).map((word) => ids.get(word) ?? unknown),
    decode: (list) => Array.from(list, (id) => tokens[id] ?? UNKNOWN).join(" "),
  };
}

/**
 * Builds a vocabulary from captions, which are read once. `minCount` leaves out rarer words, `maxWords` keeps the most
 * frequent ones.
 */
export async function buildVocabulary(
  captions: Iterable<string> | AsyncIterable<string>,
  { minCount = 1, maxWords = 50_000 }: { minCount?: number; maxWords?: number } = {},
): Promise<WordVocabulary> {
  const counts = new Map<string, number>();
  for await (const caption of captions) {
    for (const word of splitWords(caption)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const kept = [...counts].filter(([, count]) => count >= minCount);
  kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return wordVocabulary(kept.slice(0, maxWords).map(([word]) => word));
}

/** A vocabulary as the text of a JSON file. */
export function vocabularyToJson(vocabulary: WordVocabulary): string {
  return JSON.stringify({ format: FORMAT, words: vocabulary.words }) + "\n";
}

/** Reads what {@link vocabularyToJson} made. Throws SyntaxError naming `source` when it is anything else. */
export function vocabularyFromJson(json: string, source: string): WordVocabulary {
  try {
    const { format, words } = JSON.parse(json);
    if (format === FORMAT && Array.isArray(words)) return wordVocabulary(words);
  } catch {
    // reported below
  }
  throw new SyntaxError(`${source} is not a word vocabulary (format "${FORMAT}")`);
}
