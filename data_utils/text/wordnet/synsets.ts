/**
 * WordNet's synsets of nouns, which give ImageNet's classes their ids: n and the offset of the synset in data.noun.
 * After E. Loper and S. Bird, NLTK 3.8, wordnet.py (`_synset_from_pos_and_line`).
 */
import { createHash } from "node:crypto";
import { imagenetWnid } from "../../metadata/wnids.ts";

/** Words for one thing, and what they mean. */
export interface Synset {
  /** n and eight digits: n01440764. */
  readonly wnid: string;
  /** As in data.noun: in its order, "_" for a space, capitals kept. */
  readonly lemmaNames: readonly string[];
  /** The gloss without its examples. */
  readonly definition: string;
}

/** All synsets of nouns. */
export interface Synsets {
  readonly size: number;
  /** The synset of a WordNet id; undefined where there is none. n02112837 is the Siberian husky, n02110185. */
  synsetOf(wnid: string): Synset | undefined;
  /** In the order of data.noun. */
  all(): Iterable<Synset>;
}

/** SHA-256 of what {@link synsetsDigest} makes of WordNet 3.0, of Princeton's files as of Debian's. */
const synsets30 = "cf1fb7501178e1536bb963d09425644d31f028d42c54ab500e8c0a9860d08c21";

/** An entry's offset, number of words (hexadecimal), and words with their numbers, and the gloss behind the bar. */
const entry = /^(\d{8}) \d\d n ([\da-f]{2}) ((?:\S+ [\da-f] )+)\d{3} [^|]*\|([^|]*)$/;

function parseLine(line: string): Synset | undefined {
  const [, offset, count, words, gloss] = entry.exec(line) ?? [];
  if (offset === undefined) return undefined;
  const lemmaNames = words.trimEnd().split(" ").filter((_, i) => i % 2 === 0);
  if (lemmaNames.length !== parseInt(count, 16)) return undefined;
  const definition = gloss.replace(/".*?"/g, "").trim().replace(/^[; ]+|[; ]+$/g, "");
  return { wnid: `n${offset}`, lemmaNames, definition };
}

/** Reads the text of data.noun. Throws SyntaxError naming the line for what is no synset of nouns. */
export function parseSynsets(dataNoun: string, where = "WordNet"): Synsets {
  const synsets = new Map<string, Synset>();
  for (const [row, line] of dataNoun.split(/\r?\n/).entries()) {
    if (line === "" || line.startsWith("  ")) continue; // the licence is indented
    const synset = parseLine(line);
    if (!synset) {
      throw new SyntaxError(
        `${where}: line ${row + 1} of data.noun is no synset of nouns: "${line.slice(0, 40)}"`,
      );
    }
    synsets.set(synset.wnid, synset);
  }
  if (synsets.size === 0) throw new SyntaxError(`${where}: data.noun holds no synset`);
  return {
    size: synsets.size,
    synsetOf: (wnid) => synsets.get(imagenetWnid(wnid)),
    all: () => synsets.values(),
  };
}

/** SHA-256 (hex) of what is used of data.noun; line ends, licence, examples and pointers do not matter. */
export function synsetsDigest(synsets: Synsets): string {
  const hash = createHash("sha256");
  for (const { wnid, lemmaNames, definition } of synsets.all()) {
    hash.update(`${wnid} ${lemmaNames.join(" ")} | ${definition}\n`);
  }
  return hash.digest("hex");
}

/** The files that differ from WordNet 3.0 in what is used of them. */
export const synsetsDifferFrom30 = (synsets: Synsets): string[] =>
  synsetsDigest(synsets) === synsets30 ? [] : ["data.noun"];
