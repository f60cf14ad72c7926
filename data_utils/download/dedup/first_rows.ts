/** The first row of each fingerprint, in memory: open addressing over arrays that grow up to a limit. */
import { FINGERPRINT_WORDS } from "./fingerprint.ts";

/** Fingerprints with their first rows. */
export interface FirstRows {
  /** Notes a row of the fingerprint at `words[at]`. False, and nothing noted, when it is new and the limit is reached. */
  note(words: Uint32Array, at: number, row: number): boolean;
  /** The first row that was noted of a fingerprint, which must have one. */
  of(words: Uint32Array, at: number): number;
  /** Different fingerprints. */
  readonly count: number;
  clear(): void;
}

const SMALLEST = 2 ** 12;

/** None yet. With n fingerprints it takes 32 to 64 bytes times n. */
export function firstRows(limit: number): FirstRows {
  let capacity = SMALLEST, count = 0;
  let prints = new Uint32Array(capacity * FINGERPRINT_WORDS), rows = new Float64Array(capacity);
  /** Entry plus one; 0 where there is none. Twice as many as entries. */
  let slots = new Uint32Array(capacity * 2);

  /** The slot of a fingerprint, or the empty one where it belongs. */
  function slotOf(words: Uint32Array, at: number): number {
    const a = words[at], b = words[at + 1], c = words[at + 2], d = words[at + 3], mask = slots.length - 1;
    for (let slot = (a ^ b ^ c ^ d) & mask;; slot = (slot + 1) & mask) {
      if (slots[slot] === 0) return slot;
      const entry = (slots[slot] - 1) * FINGERPRINT_WORDS;
      if (
        prints[entry + 3] === d && prints[entry] === a && prints[entry + 1] === b && prints[entry + 2] === c
      ) {
        return slot;
      }
    }
  }

  function grow(): void {
    capacity *= 2;
    const largerPrints = new Uint32Array(capacity * FINGERPRINT_WORDS),
      largerRows = new Float64Array(capacity);
    largerPrints.set(prints);
    largerRows.set(rows);
    [prints, rows, slots] = [largerPrints, largerRows, new Uint32Array(capacity * 2)];
    for (let entry = 0; entry < count; entry++) slots[slotOf(prints, entry * FINGERPRINT_WORDS)] = entry + 1;
  }

  return {
    note(words, at, row) {
      let slot = slotOf(words, at);
      const entry = slots[slot] - 1;
      if (entry >= 0) {
        if (row < rows[entry]) rows[entry] = row;
        return true;
      }
      if (count >= limit) return false;
      if (count === capacity) {
        grow();
        slot = slotOf(words, at);
      }
      for (let i = 0; i < FINGERPRINT_WORDS; i++) prints[count * FINGERPRINT_WORDS + i] = words[at + i];
      rows[count] = row;
      slots[slot] = ++count;
      return true;
    },
    of: (words, at) => rows[slots[slotOf(words, at)] - 1],
    get count() {
      return count;
    },
    clear() {
      slots.fill(0);
      count = 0;
    },
  };
}
