/**
 * 128 bits that stand for a text or an image: the beginning of its SHA-256. Two of n different ones agree with a chance
 * of n^2 / 2^129, for a billion about 10^-21; nobody can make two that do on purpose.
 */
/** Words of a fingerprint, and of a record: fingerprint, row (low and high half). */
export const FINGERPRINT_WORDS = 4, RECORD_WORDS = 6;

/** Value of a hex digit; rubbish for other characters. */
const digit = (code: number) => (code & 15) + (code > 57 ? 9 : 0);

/** Puts the fingerprint that a SHA-256 in hex begins with into four words from `at`. */
export function putFingerprint(hex: string, words: Uint32Array, at: number): void {
  for (let word = 0, i = 0; word < FINGERPRINT_WORDS; word++) {
    let value = 0;
    for (const end = i + 8; i < end; i++) value = (value << 4) | digit(hex.charCodeAt(i));
    words[at + word] = value;
  }
}

/** A fingerprint's file is told by six bits; by the next six on each level of files within files. */
export const FILES = 64;

/** The file of a fingerprint on a level from 0. On level 20 its bits would be used up: no two agree so far. */
export const fileOf = (words: Uint32Array, at: number, level: number): number =>
  (words[at + Math.floor(level / 5)] >>> (26 - 6 * (level % 5))) & (FILES - 1);

/** Row numbers as two words. */
export function putRow(row: number, words: Uint32Array, at: number): void {
  words[at] = row >>> 0;
  words[at + 1] = Math.floor(row / 2 ** 32);
}
export const rowAt = (words: Uint32Array, at: number): number => words[at] + words[at + 1] * 2 ** 32;
