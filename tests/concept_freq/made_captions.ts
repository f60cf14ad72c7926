// Random captions that go where counting can go wrong: words of phrases in any order, plurals, irregular forms, contractions, negative words,
// and all that can stand between letters.
import { randomStream } from "../../data_utils/mod.ts";
import type { ReferenceClass, ReferenceWords } from "./reference.ts";

const separators = [
  ...[
    " ",
    " ",
    " ",
    " ",
    "  ",
    "-",
    "_",
    "'",
    "\u2019",
    ".",
    ", ",
    "\n",
    "\r\n",
    "\t",
    "/",
    "0",
    "42",
    "(",
    "\u00a0",
    "\u0000",
  ],
  ...["é", "ü", "ß", "\u0301", "中", "\u{1f409}", "\u2028", "\ufeff", "\ufffd", "Ａ", "ſ", "ı", "@"],
];
const quirks = [
  ..."cannot Gimme GONNA gotta lemme wanna cant gonn wannas cannots was as has us is this its men women mens"
    .split(" "),
  ..."\u0130 \u212a bu\u212a K\u0130t s es ses ies ves xes men children mice wolves knives oxen aurar geese feet"
    .split(" "),
  ..."random access memory tie hair wing legs leaves leaf chips reviews logos sandwiches menus zoos cars bird"
    .split(" "),
];
const plurals = ["", "", "", "s", "es", "ses", "ies", "ves", "men", "'s", "ed"];

/** A function that makes captions for a concept set; the same seed makes the same ones. */
export function captionMaker(
  seed: number,
  words: ReferenceWords,
  classes: readonly ReferenceClass[],
): () => string {
  const { int } = randomStream(seed), pick = <T>(list: readonly T[]): T => list[int(list.length)];
  const nouns = [...words.nouns], irregular = [...words.exceptions.keys()];
  const styled = (word: string) => {
    const style = int(8);
    if (style === 0) return word.toUpperCase();
    if (style === 1) return word.replace(/k/g, "\u212a").replace(/i/g, "\u0130");
    if (style === 2) return word.slice(0, 1).toUpperCase() + word.slice(1);
    return word;
  };
  const negated = classes.filter(({ negatives }) => negatives.length > 0);
  const inflected = (word: string) => {
    if (word === "can" && int(4) === 0) return "cannot";
    const ending = pick(plurals);
    if (ending === "ies") return word.replace(/y$/, "") + ending;
    if (ending === "ves") return word.replace(/fe?$/, "") + ending;
    return ending === "men" ? word.replace(/man$/, "men") : word + ending;
  };
  const parts = (): string[] => {
    const kind = int(10);
    if (kind < 5) {
      const phrase = pick(pick(classes).phrases), kept = phrase.filter(() => int(12) > 0);
      return (int(3) === 0 ? kept.toReversed() : kept).map(inflected);
    }
    if (kind === 5 && negated.length > 0) {
      const { phrases, negatives } = pick(negated), words = [...pick(phrases)];
      if (int(2) === 0) words.splice(int(words.length + 1), 0, pick(pick(negatives)));
      return words.map((word) => int(3) === 0 ? inflected(word) : word);
    }
    if (kind === 5 || kind === 6) return [pick(quirks)];
    return [kind === 7 ? pick(irregular) : inflected(pick(nouns))];
  };
  return () => {
    let caption = pick(["", "", " ", "\u00e9", "7"]);
    for (let n = int(7); n >= 0; n--) {
      for (const word of parts()) caption += styled(word) + (int(25) === 0 ? "" : pick(separators));
    }
    return caption;
  };
}
