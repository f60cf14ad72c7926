/**
 * Captions for the bench, made anew from a seed, a million or so a second. They are to a counter what web captions are:
 * measured on 10,000 captions of Conceptual Captions (its validation list), and on 100,000 of ours,
 *
 *                                          Conceptual Captions    ours
 *   words of a caption, mean and sd                 9.70, 4.33    9.64, 4.31
 *   letters of a word, mean and sd                  4.59, 2.38    4.65, 2.31
 *   occurrences that are nouns of WordNet                 64 %    68 %
 *   occurrences that a lemma changes                     7.5 %    6.7 %
 *   captions that hit an ImageNet class                 21.1 %    20.8 %
 *   bytes of a caption, of a line with its URL       54.8, 164    54.6, 164
 *
 * What they lack: meaning, capitals, digits and letters beyond ASCII (of which the measured ones have few), and quotes.
 */
import { randomStream } from "../../data_utils/mod.ts";
import { syllables } from "./made_words.ts";
import { captionUrls } from "./urls.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What is made. */
export interface CaptionRecipe {
  readonly vocabulary: Vocabulary;
  /** Phrases of which one is put into some captions, the earlier the likelier. */
  readonly phrases: readonly string[];
  /** The share of these captions. */
  readonly phraseShare: number;
  readonly seed: number;
}

/** Rows of a table TEXT, URL; valid until the next batch. */
export interface CaptionBatch {
  readonly rows: number;
  /** The rows as lines of TSV. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Three numbers a row: where its caption begins and ends, and where its URL ends. */
  readonly places: Uint32Array<ArrayBuffer>;
}

/** Bytes of a word's place: it with a space behind. */
const SLOT = 16;
const MOST_WORDS = 45, FEWEST_WORDS = 4;
/** In a thousand: words that no dictionary holds, and captions with a full stop, a comma, a dash. */
const MADE = 10, FULL_STOP = 367, COMMA = 140, DASH = 70;
const SPACE = 0x20;

/** Texts as equal slots that are copied by four stores whatever their length. */
function slotsOf(texts: readonly string[]): { slots: Uint32Array; lengths: Uint8Array } {
  const bytes = new Uint8Array(texts.length * SLOT).fill(SPACE), encoder = new TextEncoder();
  texts.forEach((text, i) => {
    if (text.length >= SLOT) throw new RangeError(`${text} is longer than ${SLOT - 1} letters`);
    encoder.encodeInto(text, bytes.subarray(i * SLOT));
  });
  return { slots: new Uint32Array(bytes.buffer), lengths: Uint8Array.from(texts, (text) => text.length) };
}

/** Numbers of words as places of equal probability: 4 and a gamma law of shape 1.44 and scale 3.6 words. */
function captionLengths(): Uint8Array {
  const weights = Array.from({ length: MOST_WORDS - FEWEST_WORDS }, (_, i) => {
    const beyond = i + 0.5;
    return beyond ** 0.44 * Math.exp(-beyond / 3.6);
  });
  const whole = weights.reduce((sum, weight) => sum + weight, 0),
    places = new Uint8Array(4096).fill(MOST_WORDS);
  let sum = 0, done = 0;
  weights.forEach((weight, i) => {
    sum += weight;
    const end = Math.round(sum / whole * places.length);
    places.fill(FEWEST_WORDS + 1 + i, done, end);
    done = end;
  });
  return places;
}

/** Gives the batches in turn; the same recipe gives the same captions, however they are cut into batches. */
export function captionMaker(recipe: CaptionRecipe): (rows: number) => CaptionBatch {
  const { vocabulary: { words, law }, phraseShare, seed } = recipe;
  const random = randomStream(seed, 4), urls = captionUrls(seed), lengthLaw = captionLengths();
  const { slots, lengths } = slotsOf(words.map((word) => word === "s" ? "'s" : word));
  const parts = slotsOf(syllables), encoder = new TextEncoder();
  const phrases = recipe.phrases.map((phrase) => ({
    bytes: encoder.encode(`${phrase} `),
    words: phrase.split(" ").length,
  }));
  const mostBytes = (MOST_WORDS + 3) * SLOT * 4 + urls.mostBytes +
    phrases.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
  let bytes = new Uint8Array(0), view = new DataView(bytes.buffer), at = 0;

  /** Copies a slot and moves behind its text and one space. */
  function put(from: Uint32Array, slot: number, length: number): void {
    view.setUint32(at, from[4 * slot], true);
    view.setUint32(at + 4, from[4 * slot + 1], true);
    view.setUint32(at + 8, from[4 * slot + 2], true);
    view.setUint32(at + 12, from[4 * slot + 3], true);
    at += length + 1;
  }
  function putWord(): void {
    const draw = random.next();
    if ((draw >>> 20) % 1000 >= MADE) {
      const word = law[draw & law.length - 1];
      return put(slots, word, lengths[word]);
    }
    for (let left = 2 + draw % 3; left > 0; left--) {
      const part = random.int(syllables.length);
      put(parts.slots, part, parts.lengths[part]);
      at--;
    }
    at++;
  }
  function putMark(mark: number): void {
    bytes[at] = mark;
    bytes[at + 1] = SPACE;
    at += 2;
  }
  /** A phrase by Zipf's law over their order: half of all within the square root of their number. */
  function putPhrase(): number {
    const phrase = phrases[Math.floor(phrases.length ** random.uniform()) - 1];
    bytes.set(phrase.bytes, at);
    at += phrase.bytes.length;
    return phrase.words;
  }
  function putCaption(): void {
    const draw = random.next(), length = lengthLaw[draw & 4095], marks = (draw >>> 12) % 1000;
    const phraseAt = phrases.length > 0 && random.uniform() < phraseShare ? (draw >>> 22) % length : -1;
    const markAt = 1 + (draw >>> 26) % (length - 1);
    for (let word = 0; word < length; word++) {
      if (word === markAt && marks >= 1000 - COMMA) putMark(0x2c);
      if (word === markAt && marks < DASH) putMark(0x2d);
      if (word === phraseAt) word += putPhrase() - 1;
      else putWord();
    }
    if (marks * 7 % 1000 < FULL_STOP) putMark(0x2e);
    at--;
  }
  return (rows) => {
    if (bytes.length < rows * 200 + mostBytes) bytes = new Uint8Array(rows * 200 + mostBytes);
    const places = new Uint32Array(3 * rows);
    view = new DataView(bytes.buffer);
    at = 0;
    for (let row = 0; row < rows; row++) {
      if (bytes.length - at < mostBytes) {
        const larger = new Uint8Array(2 * bytes.length);
        larger.set(bytes);
        bytes = larger;
        view = new DataView(bytes.buffer);
      }
      places[3 * row] = at;
      putCaption();
      places[3 * row + 1] = at;
      bytes[at++] = 0x09;
      at = urls.put(bytes, at, random.next());
      places[3 * row + 2] = at;
      bytes[at++] = 0x0a;
    }
    return { rows, bytes: bytes.subarray(0, at), places };
  };
}

/** The first captions of a recipe, as strings. */
export function captionTexts(recipe: CaptionRecipe, count: number): string[] {
  const { bytes, places } = captionMaker(recipe)(count), decoder = new TextDecoder();
  return Array.from(
    { length: count },
    (_, row) => decoder.decode(bytes.subarray(places[3 * row], places[3 * row + 1])),
  );
}
