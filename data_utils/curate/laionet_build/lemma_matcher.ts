/**
 * Finds lemmas in captions by LAIONet's rule: with every ASCII punctuation character replaced by a space and a space put
 * at both ends, " lemma " is a substring, case and all. So a lemma matches where it lies between two boundaries and each
 * of its spaces meets one. Works on bytes; what is no ASCII has no bytes below 128 and so no boundaries within it.
 */
import { PUNCTUATION } from "./lemma_map.ts";

/** Lemmas to look for. */
export interface LemmaMatcher {
  /** Calls `found` with each lemma's number, in any order and once per place, for a text of UTF-8 within `bytes`. */
  match(bytes: Uint8Array, at: number, length: number, found: (lemma: number) => void): void;
}

const SPACE = 32, SEED = 0x811c9dc5, PRIME = 0x01000193;

/** Makes the table. Lemmas that hold punctuation are never found. */
export function lemmaMatcher(lemmas: readonly string[]): LemmaMatcher {
  const boundary = new Uint8Array(256);
  for (const letter of ` ${PUNCTUATION}`) boundary[letter.charCodeAt(0)] = 1;
  const encoder = new TextEncoder(), texts = lemmas.map((lemma) => encoder.encode(lemma));
  const slots = 2 ** Math.ceil(Math.log2(8 * (lemmas.length + 1))), mask = slots - 1;
  // Lemmas by the hash of their first word: the first of a chain + 1, and the next of each + 1.
  const first = new Int32Array(slots), next = new Int32Array(lemmas.length);
  texts.forEach((text, lemma) => {
    const end = text.indexOf(SPACE) < 0 ? text.length : text.indexOf(SPACE);
    const word = text.subarray(0, end);
    if (text.length === 0 || text.some((byte) => byte !== SPACE && boundary[byte])) return;
    const slot = word.reduce((hash, byte) => Math.imul(hash ^ byte, PRIME), SEED) & mask;
    next[lemma] = first[slot];
    first[slot] = lemma + 1;
  });

  /** Whether a lemma begins at `start`, which is behind a boundary. */
  function begins(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
    const stop = start + text.length;
    if (stop > end || stop < end && boundary[bytes[stop]] === 0) return false;
    for (let i = 0; i < text.length; i++) {
      const byte = bytes[start + i];
      if (text[i] === SPACE ? boundary[byte] === 0 : text[i] !== byte) return false;
    }
    return true;
  }

  return {
    match(bytes, at, length, found) {
      const end = at + length;
      let start = at, hash = SEED;
      for (let i = at; i <= end; i++) {
        const byte = i < end ? bytes[i] : SPACE;
        if (boundary[byte] === 0) {
          hash = Math.imul(hash ^ byte, PRIME);
          continue;
        }
        for (let lemma = first[hash & mask]; lemma > 0; lemma = next[lemma - 1]) {
          if (begins(texts[lemma - 1], bytes, start, end)) found(lemma - 1);
        }
        start = i + 1;
        hash = SEED;
      }
    },
  };
}
