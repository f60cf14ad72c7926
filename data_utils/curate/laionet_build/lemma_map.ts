/**
 * Which lemma stands for which class: the first step of LAIONet. A lemma is used only where it is unambiguous, among the
 * listed synsets or in all of WordNet.
 */
import { createHash } from "node:crypto";
import { imagenetWnid } from "../../metadata/mod.ts";

/** A synset of a list: its WordNet id and its lemmas, in the case of WordNet. */
export interface ListedSynset {
  readonly wnid: string;
  readonly lemmas: readonly string[];
}

/** Lemmas with the wnid each stands for. */
export interface LemmaMap {
  readonly lemmas: readonly string[];
  /** The wnid of each lemma. */
  readonly wnidOf: readonly string[];
  /** All synsets of the list, whether or not a lemma stands for them. */
  readonly wnids: readonly string[];
  /** Lemmas that no text can match, since punctuation in a text becomes a space; they are among `lemmas`. */
  readonly unmatchable: readonly string[];
  /** Synsets that no lemma stands for. */
  readonly empty: readonly string[];
}

/** How lemmas are chosen. */
export interface LemmaRule {
  /** Whether a lemma is unambiguous beyond the list; default: always. */
  readonly unique?: (lemma: string) => boolean;
  /** For synsets without an unambiguous lemma: what to look for instead of each. Default: nothing. */
  readonly extended?: (lemma: string, wnid: string) => string;
}

/** Python's string.punctuation, all of ASCII's. */
export const PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

const hasPunctuation = (text: string) => [...text].some((letter) => PUNCTUATION.includes(letter));

/**
 * Reads a list of synsets in the format of ILSVRC2012_synsets.txt: a header, then `WNID: lemma, lemma` on each line.
 * The husky's older id n02112837 becomes n02110185, as the study has it. Throws SyntaxError naming file and line for any
 * other line, and for a wnid that stands twice.
 */
export async function readSynsetList(path: string): Promise<ListedSynset[]> {
  const lines = (await Deno.readTextFile(path)).split(/\r?\n/), synsets = new Map<string, ListedSynset>();
  for (const [row, line] of lines.entries()) {
    if (line === "" || row === 0 && line === "id: lemmas") continue;
    const [, id, rest] = /^(n\d{8}): (.+)$/.exec(line) ?? [], lemmas = rest?.split(", ");
    if (!lemmas || lemmas.some((lemma) => lemma === "" || lemma !== lemma.trim())) {
      throw new SyntaxError(
        `${path}:${row + 1} is no synset with its lemmas (n02119789: kit fox, Vulpes macrotis), but ` +
          JSON.stringify(line.slice(0, 60)),
      );
    }
    const wnid = imagenetWnid(id);
    if (synsets.has(wnid)) throw new SyntaxError(`${path}:${row + 1} lists ${wnid} a second time`);
    synsets.set(wnid, { wnid, lemmas });
  }
  if (synsets.size === 0) throw new SyntaxError(`${path} lists no synset: WNID: lemma, lemma on each line`);
  return [...synsets.values()];
}

/** The lemmas that stand for exactly one of the synsets, in the order of the list. */
export function lemmaMap(synsets: readonly ListedSynset[], rule: LemmaRule = {}): LemmaMap {
  const { unique, extended } = rule, listed = new Map<string, number>();
  for (const { lemmas } of synsets) {
    for (const lemma of new Set(lemmas)) listed.set(lemma, (listed.get(lemma) ?? 0) + 1);
  }
  // A lemma that is unique in WordNet cannot stand in two synsets of the list.
  const fits = (lemma: string) => unique ? unique(lemma) : listed.get(lemma) === 1;
  const wnidOf = new Map<string, string>(), filled = new Set<string>();
  for (const { wnid, lemmas } of synsets) {
    for (const lemma of lemmas.filter(fits)) {
      wnidOf.set(lemma, wnid);
      filled.add(wnid);
    }
  }
  const without = synsets.filter(({ wnid }) => !filled.has(wnid));
  if (extended) {
    for (const { wnid, lemmas } of without) {
      for (const lemma of lemmas) wnidOf.set(extended(lemma, wnid), wnid);
    }
  }
  const lemmas = [...wnidOf.keys()], standing = new Set(wnidOf.values());
  return {
    ...{ lemmas, wnidOf: [...wnidOf.values()], wnids: synsets.map(({ wnid }) => wnid) },
    unmatchable: lemmas.filter(hasPunctuation),
    empty: synsets.map(({ wnid }) => wnid).filter((wnid) => !standing.has(wnid)),
  };
}

/** SHA-256 (hex) of a map: another map makes other labels. */
export function digestOfMap({ lemmas, wnidOf }: LemmaMap): string {
  const hash = createHash("sha256");
  lemmas.forEach((lemma, i) => hash.update(`${lemma}\t${wnidOf[i]}\n`));
  return hash.digest("hex");
}
