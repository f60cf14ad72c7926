/**
 * The words of the bench's captions and the law by which they are drawn: our own common words in front, then nouns of
 * WordNet with plurals among them, and forms of verbs and adjectives in between.
 */
import { randomStream, type WordNetNouns } from "../../data_utils/mod.ts";
import { adjectives, common, commonest, verbs } from "./caption_words.ts";

/** Words in falling frequency. */
export interface Vocabulary {
  readonly words: readonly string[];
  /** Places of the law, each as probable as any other: the number of the word that stands there. */
  readonly law: Uint16Array<ArrayBuffer>;
  /** How many of `words`, counted from the front, are common ones of our own and not of WordNet's. */
  readonly own: number;
}

const MOST_WORDS = 32_768, PLACES = 2 ** 20;
/** From this rank on frequency falls with the square of the rank: the two regimes of word frequencies. */
const BREAK = 3000;

/** The plural as most nouns form it. */
function plural(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

/** Nouns with many senses and short ones first, with some noise: so it is with frequent words in any language. */
function nounsByUse({ lemmas, senses }: WordNetNouns, seed: number): string[] {
  const random = randomStream(seed, 1);
  return lemmas.map((lemma, i): [number, string] => [
    lemma.length / 2 - 3 * Math.log2(senses[i]) + 10 * random.uniform(),
    lemma,
  ]).filter(([, lemma]) => lemma.length >= 4 && lemma.length <= 13)
    .sort(([a], [b]) => a - b).map(([, lemma]) => lemma);
}

/** All words in falling frequency: every sixth of the tail is a plural, every fifth no noun. */
function ranked(wordNet: WordNetNouns, seed: number): string[] {
  const nouns = nounsByUse(wordNet, seed);
  const others = randomStream(seed, 2).shuffle([
    ...verbs.flatMap((verb) => [`${verb}s`, `${verb}ed`, `${verb}ing`]),
    ...adjectives,
  ]);
  const words = new Set([...commonest.map(([word]) => word), ...common]);
  const random = randomStream(seed, 3);
  for (let rank = 0, noun = 0, other = 0; noun < nouns.length && words.size < MOST_WORDS; rank++) {
    if (rank % 5 === 4 && other < others.length) words.add(others[other++]);
    else if (rank % 6 === 5) words.add(plural(nouns[random.int(noun + 1)]));
    else words.add(nouns[noun++]);
  }
  return [...words];
}

/** Frequencies that sum to one. */
function frequencies(words: number): Float64Array<ArrayBuffer> {
  const head = commonest.reduce((sum, [, perMille]) => sum + perMille / 1000, 0);
  const shape = (rank: number) =>
    rank < BREAK
      ? 1 / (rank + commonest.length)
      : (BREAK + commonest.length) / (rank + commonest.length) ** 2;
  const all = Float64Array.from(
    { length: words },
    (_, rank) => rank < commonest.length ? commonest[rank][1] / 1000 : shape(rank),
  );
  const tail = all.subarray(commonest.length).reduce((sum, f) => sum + f, 0);
  return all.map((f, rank) => rank < commonest.length ? f : f * (1 - head) / tail);
}

/** The vocabulary over WordNet's nouns; the same seed gives the same one. */
export function captionVocabulary(wordNet: WordNetNouns, seed = 0): Vocabulary {
  const words = ranked(wordNet, seed), law = new Uint16Array(PLACES);
  let done = 0, sum = 0;
  frequencies(words.length).forEach((frequency, word) => {
    sum += frequency;
    const end = Math.min(PLACES, Math.round(sum * PLACES));
    law.fill(word, done, end);
    done = end;
  });
  law.fill(0, done);
  return { words, law, own: commonest.length + common.length };
}
