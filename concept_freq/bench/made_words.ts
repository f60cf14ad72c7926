/** Words that no dictionary holds, as names and misspellings are in captions from the web: two to four syllables. */
import type { RandomStream } from "../../data_utils/mod.ts";

/** All syllables: a consonant, a vowel, and mostly a consonant behind. */
export const syllables: readonly string[] = [..."bcdfghjklmnprstvz"].flatMap((onset) =>
  [..."aeiou"].flatMap((vowel) => ["", "n", "r", "l"].map((coda) => onset + vowel + coda))
);

/** One such word; there are some ten thousand million. */
export function madeWord(random: RandomStream): string {
  let word = "";
  for (let left = 2 + random.int(3); left > 0; left--) word += syllables[random.int(syllables.length)];
  return word;
}
