// What the tests of `freq word` share: a small WordNet, random captions, and captions put into an arena.
import {
  type CaptionArena,
  MOST_SPANS,
  NULL_LENGTH,
  type RandomStream,
  TEXT_AT,
  TEXT_BYTES,
} from "../../data_utils/mod.ts";
import type { WordNetNouns } from "../../data_utils/text/wordnet/wordnet.ts";
import type { ReferenceWords } from "./reference.ts";

/** Nouns that every rule of lemmatisation meets. */
export const madeNouns: WordNetNouns = {
  lemmas: ["a", "ant", "bus", "dog", "ha", "kiss", "leaf", "lens", "man", "ox", "pony", "wa", "wolf"],
  senses: [1, 1, 2, 3, 1, 1, 2, 1, 4, 1, 1, 1, 2],
  exceptions: [["oxen", ["ox"]], ["wolves", ["wolf"]], ["unknowns", ["nowhere"]]],
};

/** The same for the slow reference. */
export const madeReferenceWords: ReferenceWords = {
  nouns: new Set(madeNouns.lemmas),
  exceptions: new Map(madeNouns.exceptions),
};

const known =
  "as was has Dogs busses wolves OXEN leaves men ponies kisses lenses unknowns cannot Gonna wanna gotta lemme"
    .split(" ");
const separators = [" ", "  ", "\n", "-", "'", "'s ", "7", "é", "\u0130", "\u212a", "\u{1f600}", "ß", "\t"];

/** The words a, b, ..., z, aa, ba, ... */
export function numberedWord(number: number): string {
  let word = "";
  for (let rest = number; rest >= 0; rest = Math.floor(rest / 26) - 1) {
    word += String.fromCharCode(97 + rest % 26);
  }
  return word;
}

/** A caption of words known and unknown, short and long, parted by what is no letter (mostly); null now and then. */
export function madeCaption(random: RandomStream, vocabulary = 2000): string | null {
  if (random.int(40) === 0) return null;
  const word = (): string => {
    if (random.int(4) === 0) return known[random.int(known.length)];
    const number = random.int(vocabulary), word = numberedWord(number);
    const text = number % 5 === 0 ? word + "x".repeat(number % 60) + "ses" : word;
    return random.int(3) === 0 ? text.toUpperCase() : text;
  };
  return Array.from({ length: random.int(16) }, () => word() + separators[random.int(separators.length)])
    .join("");
}

/** Puts captions behind each other into the arena, in as many batches as they need. */
export function feed(
  arena: CaptionArena,
  captions: Iterable<string | Uint8Array | null>,
  sink: (count: number) => void,
): void {
  let count = 0, at = TEXT_AT;
  for (const caption of captions) {
    const bytes = typeof caption === "string" ? new TextEncoder().encode(caption) : caption;
    const length = bytes?.length ?? 0;
    if (length > TEXT_BYTES) throw new RangeError(`A caption of ${length} bytes`);
    if (count === MOST_SPANS || at + length > TEXT_AT + TEXT_BYTES) {
      sink(count);
      count = 0;
      at = TEXT_AT;
    }
    if (bytes) arena.bytes().set(bytes, at);
    arena.spans().set([at, bytes ? length : NULL_LENGTH], 2 * count++);
    at += length;
  }
  if (count > 0) sink(count);
}
