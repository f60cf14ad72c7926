/** Phrases and entries to count, of the words that the bench's captions are made of. All are different. */
import { type RandomStream, randomStream } from "../../data_utils/mod.ts";
import { commonest } from "./caption_words.ts";
import { madeWord } from "./made_words.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Shares of one, two, three and four words, as among the 1,971 phrases of ImageNet's classes. */
const PHRASE_WORDS = [0.43, 0.5, 0.06, 0.01];
/** The same of the entries of half a million; many of the single words are names. */
const ENTRY_WORDS = [0.45, 0.3, 0.17, 0.08];

/** A count by shares that sum to one: 1 with the first, and so on. */
function drawCount(random: RandomStream, shares: readonly number[]): number {
  let left = random.uniform(), count = 1;
  for (const share of shares) {
    if ((left -= share) < 0) return count;
    count++;
  }
  return shares.length;
}

/** Texts of `make` until `count` different ones are there. */
function different(count: number, make: () => string): string[] {
  const found = new Set<string>();
  while (found.size < count) found.add(make());
  return [...found];
}

/** Any noun of WordNet's part of the vocabulary, each as likely as the others. */
const anyNoun = ({ words, own }: Vocabulary, random: RandomStream) =>
  words[own + random.int(words.length - own)];
/** A word as it comes in captions, from the given rank on; "or" would part a class name in two. */
function usedWord({ words, law }: Vocabulary, random: RandomStream, fromRank = 0): string {
  for (;;) {
    const rank = law[random.int(law.length)];
    if (rank >= fromRank && words[rank] !== "or") return words[rank];
  }
}

/**
 * Names of classes: single nouns whatever their frequency, and pairs and more of an ordinary word before such a noun.
 * Throws RangeError for more than a million.
 */
export function classPhrases(vocabulary: Vocabulary, count: number, seed = 0): string[] {
  if (count > 1_000_000) throw new RangeError(`${count} phrases are more than the bench's words make`);
  const random = randomStream(seed, 6);
  let singles = 0;
  return different(count, () => {
    // There are some 30,000 single nouns; a large set is of longer phrases for the greater part.
    const drawn = drawCount(random, PHRASE_WORDS), words = drawn === 1 && ++singles > 10_000 ? 2 : drawn;
    const before = Array.from({ length: words - 1 }, () => usedWord(vocabulary, random, commonest.length));
    return [...before, anyNoun(vocabulary, random)].join(" ");
  });
}

/** Entries for substring counting: one to four words as captions use them, single ones also made up. */
export function substringEntries(vocabulary: Vocabulary, count: number, seed = 0): string[] {
  const random = randomStream(seed, 7);
  return different(count, () => {
    const words = drawCount(random, ENTRY_WORDS);
    if (words === 1) return random.int(8) === 0 ? anyNoun(vocabulary, random) : madeWord(random);
    return Array.from({ length: words }, () => usedWord(vocabulary, random)).join(" ");
  });
}
