/** What characters beyond ASCII are to the rule of caption-cls: parts of words or not, and a few of them letters. */

/** Stand for a character beyond ASCII that is part of a word (a letter or number), and for one that is not. */
export const OTHER_WORD = 0x80, OTHER = 0x81;

/** Beyond ASCII, what `re.IGNORECASE` takes for an ASCII letter: I with a dot, i without, the long s, Kelvin's sign. */
const foldsToAscii: ReadonlyMap<number, string> = new Map([[0x130, "i"], [0x131, "i"], [0x17f, "s"], [
  0x212a,
  "k",
]]);

const wordOrNumber = /[\p{L}\p{N}]/u;

/**
 * The byte that stands for a code point beyond ASCII. Part of a word is what Python's str.isalnum() says: the general
 * categories L and N, of the Unicode version of this Deno; Python's may know fewer of the newest characters.
 */
export function foldedByte(codePoint: number, caseSensitive: boolean): number {
  const letter = caseSensitive ? undefined : foldsToAscii.get(codePoint);
  if (letter !== undefined) return letter.charCodeAt(0);
  return wordOrNumber.test(String.fromCodePoint(codePoint)) ? OTHER_WORD : OTHER;
}
