// What the tests of caption-cls share: the rule as one regular expression a class, and captions that try it.
import { randomStream } from "../../data_utils/mod.ts";

/** Beyond ASCII, what Python's re.IGNORECASE takes for a letter, found by trying all code points with CPython 3.11. */
const folds: Readonly<Record<string, string>> = { i: "\u0130\u0131", s: "\u017f", k: "\u212a" };

const isWord = (text: string | undefined) => text !== undefined && /^[\p{L}\p{N}_]$/u.test(text);

/** Whether \b of Python's re holds before index `at`. */
function isBoundary(caption: string, at: number): boolean {
  return isWord(/.$/su.exec(caption.slice(Math.max(0, at - 2), at))?.[0]) !==
    isWord(/^./su.exec(caption.slice(at, at + 2))?.[0]);
}

/** One class's rule, as Python's \b(lemma|lemma)\b over str with every lemma escaped: tried lemma by lemma. */
export function slowRule(
  lemmas: readonly string[],
  caseSensitive = false,
): { test(caption: string): boolean } {
  const letter = (one: string) => {
    const lower = one.toLowerCase();
    if (!caseSensitive && /[a-z]/.test(lower)) return `[${lower}${lower.toUpperCase()}${folds[lower] ?? ""}]`;
    return /[\w ]/.test(one) ? one : `\\u{${one.codePointAt(0)!.toString(16)}}`;
  };
  const patterns = lemmas.map((lemma) => new RegExp([...lemma].map(letter).join(""), "gu"));
  return {
    test: (caption) =>
      patterns.some((pattern) => {
        pattern.lastIndex = 0;
        for (let hit; (hit = pattern.exec(caption)); pattern.lastIndex = hit.index + 1) {
          if (isBoundary(caption, hit.index) && isBoundary(caption, hit.index + hit[0].length)) return true;
        }
        return false;
      }),
  };
}

const disguises: Readonly<Record<string, string>> = {
  ...{ i: "I\u0130\u0131", I: "i\u0130\u0131", s: "S\u017f", S: "s\u017f", k: "K\u212a", K: "k\u212a" },
};
const neighbours = [
  ...[
    "",
    " ",
    ", ",
    ".",
    "'",
    "-",
    "_",
    "1",
    "x",
    "s",
    "\u00e9",
    "\u00df",
    "\u0301",
    "\u200d",
    "\u00b2",
    "\u4e2d",
  ],
  ...["\t", "\n", "\r\n", '"', "\u{1f600}", "\u{1d400}", "R.V.", " r.v.x", "\ufffd"],
];

/** Captions in which lemmas stand bare, disguised, and right beside what is and is not part of a word. */
export function tryingCaptions(
  lemmas: readonly string[],
  base: readonly string[],
  count: number,
  seed = 1,
): (string | null)[] {
  const stream = randomStream(seed),
    pick = <T>(from: ArrayLike<T>): T => from[Math.floor(stream.uniform() * from.length)];
  const changed = (lemma: string) =>
    [...lemma].map((one) => {
      if (stream.uniform() > 0.1) return one;
      const upper = one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase();
      return pick([upper, ...disguises[one] ?? ""]);
    }).join("");
  return Array.from({ length: count }, () => {
    const kind = stream.uniform(), caption = pick(base);
    if (kind < 0.02) return null;
    if (kind < 0.3) return caption;
    return [caption, pick(neighbours), changed(pick(lemmas)), pick(neighbours), pick([caption, ""])].join("");
  });
}
