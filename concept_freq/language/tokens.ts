/**
 * Text to words, as the reference does it and as `--modern` does. Counters do the same over bytes; this is what they
 * are tested against, and what class names go through.
 */
/** Words that the Treebank tokeniser takes apart, of those that can occur where every word is letters only. */
export const contractions: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["cannot", ["can", "not"]],
  ["gimme", ["gim", "me"]],
  ["gonna", ["gon", "na"]],
  ["gotta", ["got", "ta"]],
  ["lemme", ["lem", "me"]],
  ["wanna", ["wan", "na"]],
]);

/** Latin letters that are no base letter with a mark. */
const ownLetters: Readonly<Record<string, string>> = {
  æ: "ae",
  đ: "d",
  ð: "d",
  ħ: "h",
  ı: "i",
  ĳ: "ij",
  ĸ: "k",
  ŀ: "l",
  ł: "l",
  ŉ: "n",
  ŋ: "n",
  ø: "o",
  œ: "oe",
  ſ: "s",
  ß: "ss",
  ŧ: "t",
  þ: "th",
};

/**
 * What the letters from U+00C0 to U+017F (Latin-1 and Latin Extended-A) become with `--modern`: one or two letters a-z,
 * by code point. Signs among them are missing: they separate words.
 */
export const latinFold: ReadonlyMap<number, string> = new Map(
  Array.from({ length: 0x180 - 0xc0 }, (_, i) => i + 0xc0).flatMap((code): [number, string][] => {
    const lower = String.fromCodePoint(code).toLowerCase();
    const letters = ownLetters[lower] ?? lower.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
    return /^[a-z]{1,2}$/.test(letters) ? [[code, letters]] : [];
  }),
);

const foldable = new RegExp(`[${String.fromCodePoint(...latinFold.keys())}]`, "g");
const possessive = new RegExp(
  `['\u2019][sS](?![A-Za-z\u212a\u0300-\u036f${String.fromCodePoint(...latinFold.keys())}])`,
  "g",
);

/** Without possessive endings, without marks, Latin letters as a-z. */
function simplified(text: string): string {
  return text.replace(possessive, "").replace(/[\u0300-\u036f]/g, "")
    .replace(foldable, (letter) => latinFold.get(letter.codePointAt(0)!)!);
}

/**
 * The words of a text: runs of the letters a-z after lower-casing, contractions taken apart. With `modern`, "café's" is
 * "cafe"; without, "caf" and "s".
 */
export function tokens(text: string, options: { readonly modern?: boolean } = {}): string[] {
  const letters = (options.modern ? simplified(text) : text).toLowerCase();
  return (letters.match(/[a-z]+/g) ?? []).flatMap((word) => contractions.get(word) ?? [word]);
}

/** The lemmas of a text's words, in order and as often as they occur. */
export function lemmasOf(
  text: string,
  lemmatiser: { readonly modern: boolean; lemma(word: string): string },
): string[] {
  return tokens(text, lemmatiser).map((word) => lemmatiser.lemma(word));
}
