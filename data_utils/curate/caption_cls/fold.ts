/**
 * A caption as a row of one byte per character, in which a pattern of ASCII can be looked for as Python's `re` would:
 * ASCII as it is, lower-cased where case does not matter, and of everything else only whether it is a part of a word.
 */

/** Stand for a character beyond ASCII that is part of a word (a letter or number), and for one that is not. */
export const OTHER_WORD = 0x80, OTHER = 0x81;

/**
 * Whether each folded byte is a word's: Python's \w, which is str.isalnum() or "_". Beyond ASCII that is the general
 * categories L and N, of the Unicode version of this Deno; Python's may know fewer of the newest characters.
 */
export const isWordByte: Uint8Array = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte === OTHER_WORD || (byte < 128 && /\w/.test(String.fromCharCode(byte))) ? 1 : 0,
);

/** Beyond ASCII, what `re.IGNORECASE` takes for an ASCII letter: I with a dot, i without, the long s, Kelvin's sign. */
const foldsToAscii = new Map([[0x130, "i"], [0x131, "i"], [0x17f, "s"], [0x212a, "k"]]);

const UNKNOWN = 0, wordOrNumber = /[\p{L}\p{N}]/u;
/** By code point: its folded byte, found out when it is first met; with and without regard for case. */
const known = [new Uint8Array(0x110000), new Uint8Array(0x110000)];

function lookUp(codePoint: number, caseSensitive: boolean): number {
  const letter = caseSensitive ? undefined : foldsToAscii.get(codePoint);
  if (letter !== undefined) return letter.charCodeAt(0);
  return wordOrNumber.test(String.fromCodePoint(codePoint)) ? OTHER_WORD : OTHER;
}

const continues = (byte: number) => (byte & 0xc0) === 0x80;

/** Code point of the UTF-8 sequence at `at` that ends before `end`, and its length in the low bits; 0 for none. */
function sequenceAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at], left = end - at;
  if (first < 0xc2 || first > 0xf4 || left < 2 || !continues(bytes[at + 1])) return 0;
  if (first < 0xe0) return ((first & 0x1f) << 6 | bytes[at + 1] & 0x3f) << 3 | 2;
  if (left < 3 || !continues(bytes[at + 2])) return 0;
  if (first < 0xf0) {
    const point = (first & 0xf) << 12 | (bytes[at + 1] & 0x3f) << 6 | bytes[at + 2] & 0x3f;
    return point < 0x800 || (point >= 0xd800 && point < 0xe000) ? 0 : point << 3 | 3;
  }
  if (left < 4 || !continues(bytes[at + 3])) return 0;
  const point = (first & 7) << 18 | (bytes[at + 1] & 0x3f) << 12 | (bytes[at + 2] & 0x3f) << 6 |
    bytes[at + 3] & 0x3f;
  return point < 0x10000 || point > 0x10ffff ? 0 : point << 3 | 4;
}

/** Folds the UTF-8 of bytes[at, end) to the front of `into`, which has room for as many; returns how many it made. */
export type Fold = (bytes: Uint8Array, at: number, end: number, into: Uint8Array) => number;

/** A fold; what is no UTF-8 becomes {@link OTHER}. */
export function captionFold(caseSensitive: boolean): Fold {
  const ascii = Uint8Array.from({ length: 128 }, (_, byte) => {
    const letter = String.fromCharCode(byte);
    return (caseSensitive ? letter : letter.toLowerCase()).charCodeAt(0);
  });
  const table = known[caseSensitive ? 1 : 0];
  return (bytes, at, end, into) => {
    let n = 0;
    while (at < end) {
      const byte = bytes[at];
      if (byte < 128) {
        into[n++] = ascii[byte];
        at++;
        continue;
      }
      const sequence = sequenceAt(bytes, at, end), point = sequence >> 3;
      if (sequence === 0) {
        into[n++] = OTHER;
        at++;
        continue;
      }
      if (table[point] === UNKNOWN) table[point] = lookUp(point, caseSensitive);
      into[n++] = table[point];
      at += sequence & 7;
    }
    return n;
  };
}
