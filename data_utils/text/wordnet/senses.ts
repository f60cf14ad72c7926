/**
 * How ambiguous the nouns of WordNet are, and what better known thing each is a kind of: for programs that look for a
 * class by words that name nothing else.
 */
import { createHash } from "node:crypto";
import { imagenetWnid } from "../../metadata/wnids.ts";

/** Senses of words of all kinds, and the hypernyms of nouns. */
export interface Senses {
  /** How many synsets of nouns, verbs, adjectives and adverbs a word stands in; spaces or "_", case ignored. */
  sensesOf(word: string): number;
  /**
   * The most frequent lemma, with spaces, of the nearest first hypernym whose lemmas occur at least `least` times in
   * WordNet's tagged texts. Throws RangeError for a wnid without one.
   */
  wellKnownHypernym(wnid: string, least?: number): string;
  /** SHA-256 (hex) of what is used. */
  readonly digest: string;
}

/** The files that are read, in this order. */
export const SENSE_FILES = [
  "index.noun",
  "index.verb",
  "index.adj",
  "index.adv",
  "data.noun",
  "index.sense",
] as const;

/** SHA-256 of what is used of WordNet 3.0. */
const senses30 = "83a757af47445b4533078c4d8dd82ee2c861d0a508c792c3995e62b258ebecb1";

interface Noun {
  readonly lemmas: readonly string[];
  /** Offsets. */
  readonly hypernyms: readonly string[];
}

/** The entries of a file; its licence is indented. */
function* entries(text: string): Generator<[row: number, line: string]> {
  for (const [row, line] of text.split(/\r?\n/).entries()) {
    if (line !== "" && !line.startsWith("  ")) yield [row, line];
  }
}

const damaged = (where: string, file: string, row: number, line: string) =>
  new SyntaxError(`${where}: line ${row + 1} of ${file} is no entry: "${line.slice(0, 40)}"`);

function nounsOf(dataNoun: string, where: string): Map<string, Noun> {
  const nouns = new Map<string, Noun>();
  for (const [row, line] of entries(dataNoun)) {
    const [offset, , kind, count, ...rest] = line.split(" | ", 1)[0].split(" "), words = parseInt(count, 16);
    const pointers = Number(rest[2 * words]);
    if (kind !== "n" || !(words > 0) || !Number.isInteger(pointers)) {
      throw damaged(where, "data.noun", row, line);
    }
    const lemmas = Array.from({ length: words }, (_, i) => rest[2 * i]), first = 2 * words + 1;
    const hypernyms = Array.from({ length: pointers }, (_, i) => first + 4 * i)
      .filter((at) => rest[at] === "@").map((at) => rest[at + 1]);
    nouns.set(offset, { lemmas, hypernyms });
  }
  return nouns;
}

/** Reads the texts of {@link SENSE_FILES}. Throws SyntaxError naming file and line for what is no entry. */
export function parseSenses(texts: readonly string[], where = "WordNet"): Senses {
  const senses = new Map<string, number>(), tagged = new Map<string, number>(), hash = createHash("sha256");
  for (const [i, file] of SENSE_FILES.slice(0, 4).entries()) {
    for (const [row, line] of entries(texts[i])) {
      const [, word, count] = /^(\S+) [nvar] (\d+) /.exec(line) ?? [];
      if (word === undefined) throw damaged(where, file, row, line);
      senses.set(word, (senses.get(word) ?? 0) + Number(count));
    }
  }
  for (const [word, count] of senses) hash.update(`${word} ${count}\n`);
  const nouns = nounsOf(texts[4], where);
  for (const [row, line] of entries(texts[5])) {
    const [, word, kind, offset, count] = /^([^%]+)%(\d)\S* (\d{8}) \d+ (\d+)$/.exec(line) ?? [];
    if (word === undefined) throw damaged(where, "index.sense", row, line);
    if (kind === "1" && count !== "0") tagged.set(`${offset} ${word}`, Number(count));
  }
  const countOf = (offset: string, lemma: string) => tagged.get(`${offset} ${lemma.toLowerCase()}`) ?? 0;
  for (const [offset, { lemmas, hypernyms }] of nouns) {
    hash.update(`${offset} ${lemmas.map((lemma) => `${lemma} ${countOf(offset, lemma)}`)} ${hypernyms}\n`);
  }
  return {
    digest: hash.digest("hex"),
    sensesOf: (word) => senses.get(word.toLowerCase().replaceAll(" ", "_")) ?? 0,
    wellKnownHypernym(wnid, least = 2) {
      let offset = imagenetWnid(wnid).slice(1);
      for (;;) {
        const [above] = nouns.get(offset)?.hypernyms ?? [], noun = nouns.get(above);
        if (!noun) throw new RangeError(`${wnid} has no hypernym in WordNet that occurs ${least} times`);
        const counts = noun.lemmas.map((lemma) => countOf(above, lemma));
        if (counts.reduce((sum, count) => sum + count, 0) >= least) {
          return noun.lemmas[counts.indexOf(Math.max(...counts))].replaceAll("_", " ");
        }
        offset = above;
      }
    },
  };
}

/** The files that differ from WordNet 3.0 in what is used of them; which of them is not told apart. */
export const sensesDifferFrom30 = ({ digest }: Senses): string[] =>
  digest === senses30 ? [] : [...SENSE_FILES];
