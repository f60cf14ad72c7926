/**
 * What is used of WordNet: which words are nouns, in how many senses, and the irregular plurals. Another edition of it
 * makes other lemmas and so other counts; hence the digests.
 */
import { createHash } from "node:crypto";

/** The nouns of a WordNet, plain data that can be posted to workers. */
export interface WordNetNouns {
  /** Nouns of the letters a-z alone, in WordNet's order: a caption's words have no other characters. */
  readonly lemmas: readonly string[];
  /** How many senses each of `lemmas` has. */
  readonly senses: readonly number[];
  /** Irregular forms of the letters a-z with their base forms, in the order of the file. */
  readonly exceptions: readonly (readonly [form: string, bases: readonly string[]])[];
}

/** SHA-256 of what {@link wordNetDigest} makes of WordNet 3.0, the edition of the reference's counts. */
const wordNet30 = {
  "index.noun": "776773aecc5b49a91f977432ffae2112a570421b75c64bb313bc94b79289addf",
  "noun.exc": "5eb0f642067c915209bf773fc6472f7a19ce01d23f63b074765a1627209fb143",
} as const;

const word = /^[a-z]+$/;

/**
 * Reads the texts of index.noun and noun.exc. A form that stands in noun.exc twice has the bases of its last line, as
 * in NLTK. Throws SyntaxError naming file and line for anything that is no line of such a file.
 */
export function parseWordNet(indexNoun: string, nounExc: string, where = "WordNet"): WordNetNouns {
  const lemmas: string[] = [], senses: number[] = [];
  for (const [row, line] of indexNoun.split("\n").entries()) {
    if (line === "" || line.startsWith("  ")) continue; // the licence is indented
    const [, lemma, count] = /^(\S+) n (\d+) /.exec(line) ?? [];
    if (lemma === undefined) {
      throw new SyntaxError(
        `${where}: line ${row + 1} of index.noun is no entry of a noun: "${line.slice(0, 40)}"`,
      );
    }
    if (!word.test(lemma)) continue;
    lemmas.push(lemma);
    senses.push(Number(count));
  }
  const exceptions = new Map<string, string[]>();
  for (const [row, line] of nounExc.split("\n").entries()) {
    const [form, ...bases] = line.trim().split(/\s+/);
    if (form === "") continue;
    if (bases.length === 0) {
      throw new SyntaxError(
        `${where}: line ${row + 1} of noun.exc is no form with its bases: "${line.slice(0, 40)}"`,
      );
    }
    if (word.test(form)) exceptions.set(form, bases);
  }
  if (lemmas.length === 0) throw new SyntaxError(`${where}: index.noun holds no noun`);
  return { lemmas, senses, exceptions: [...exceptions] };
}

/** SHA-256 (hex) of what is used of each file; line ends, licence and entries of several words do not matter. */
export function wordNetDigest(nouns: WordNetNouns): Record<keyof typeof wordNet30, string> {
  const digest = (lines: readonly string[]) => createHash("sha256").update(lines.join("\n")).digest("hex");
  return {
    "index.noun": digest(nouns.lemmas.map((lemma, i) => `${lemma} ${nouns.senses[i]}`)),
    "noun.exc": digest(nouns.exceptions.map(([form, bases]) => `${form} ${bases.join(" ")}`)),
  };
}

/** The files that differ from WordNet 3.0 in what is used of them. */
export function differsFrom30(nouns: WordNetNouns): string[] {
  const digests = wordNetDigest(nouns);
  return (["index.noun", "noun.exc"] as const).filter((file) => digests[file] !== wordNet30[file]);
}
