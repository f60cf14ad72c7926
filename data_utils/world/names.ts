/**
 * The words and colours of the built-in world: colours, scenes, and the made-up nouns of world N. World K instead
 * names a class by what it looks like ("cyan banded disc"). Pictures do not depend on which names are used.
 */
import type { RandomStream } from "../random/philox.ts";

/** Red, green and blue in 0 .. 1. */
export type Rgb = readonly [number, number, number];

/** The eight colours a class can have. */
export const COLOURS: readonly { name: string; rgb: Rgb }[] = [
  { name: "red", rgb: [0.85, 0.12, 0.12] },
  { name: "orange", rgb: [0.95, 0.52, 0.08] },
  { name: "yellow", rgb: [0.95, 0.9, 0.15] },
  { name: "green", rgb: [0.13, 0.62, 0.2] },
  { name: "cyan", rgb: [0.15, 0.8, 0.85] },
  { name: "blue", rgb: [0.12, 0.25, 0.85] },
  { name: "purple", rgb: [0.52, 0.15, 0.7] },
  { name: "pink", rgb: [0.97, 0.55, 0.75] },
];

/** The second colour of a class is one of these two. */
export const WHITE: Rgb = [0.95, 0.95, 0.95], BLACK: Rgb = [0.08, 0.08, 0.08];

/** The eight scenes: two colours between which the background runs. */
export const SCENES: readonly { name: string; from: Rgb; to: Rgb }[] = [
  { name: "sky", from: [0.5, 0.72, 0.95], to: [0.86, 0.93, 1.0] },
  { name: "grass", from: [0.22, 0.45, 0.12], to: [0.48, 0.66, 0.26] },
  { name: "sand", from: [0.85, 0.76, 0.55], to: [0.7, 0.6, 0.42] },
  { name: "snow", from: [0.97, 0.97, 1.0], to: [0.83, 0.86, 0.93] },
  { name: "night", from: [0.03, 0.03, 0.1], to: [0.14, 0.1, 0.28] },
  { name: "water", from: [0.05, 0.32, 0.48], to: [0.15, 0.52, 0.62] },
  { name: "wall", from: [0.62, 0.57, 0.55], to: [0.5, 0.46, 0.46] },
  { name: "wood", from: [0.5, 0.32, 0.18], to: [0.38, 0.24, 0.14] },
];

const CONSONANTS = "bdgklmnprstvz", VOWELS = "aeiou", LAST_VOWELS = "iou"; // a last e or a would make English words

/** `count` different made-up nouns of four or five letters (consonants and vowels in turn), e.g. "sokok". */
export function makeNouns(count: number, stream: RandomStream): string[] {
  const nouns = new Set<string>();
  const letter = (letters: string) => letters[stream.int(letters.length)];
  while (nouns.size < count) {
    const stem = letter(CONSONANTS) + letter(VOWELS) + letter(CONSONANTS);
    nouns.add(
      stream.uniform() < 0.5 ? stem + letter(LAST_VOWELS) : stem + letter(VOWELS) + letter(CONSONANTS),
    );
  }
  return [...nouns];
}
