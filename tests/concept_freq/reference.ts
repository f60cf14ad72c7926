// The counting rules of concept_freq once more: slow, and written from the specification alone, with strings, regular expressions and
// sets, so that it shares no thought with the program. Tests compare the two.
import { dataRoot } from "../data_utils/golden_files.ts";

/** The concept sets that the reference ships. */
export const conceptSets = [
  ...["imagenet", "food101", "flowers102", "cub", "places365", "cars", "pets", "dtd", "fgvcaircraft"],
  "eurosat",
] as const;

export const metadataFolder = new URL("clip-beyond-tail/metadata/", dataRoot);

/** A class as the rules see it: each phrase and each negative phrase is a list of lemmas. */
export interface ReferenceClass {
  readonly name: string;
  readonly phrases: readonly (readonly string[])[];
  readonly negatives: readonly (readonly string[])[];
}

/** A gzipped file's text. */
export async function gunzippedText(url: URL): Promise<string> {
  const unpacked = (await Deno.open(url)).readable.pipeThrough(new DecompressionStream("gzip"));
  return await new Response(unpacked).text();
}

async function gzippedLines(name: string): Promise<string[]> {
  return (await gunzippedText(new URL(`wordnet/${name}.gz`, dataRoot))).split("\n").filter((line) =>
    line !== ""
  );
}

const suffixes = [
  ["s", ""],
  ["ses", "s"],
  ["ves", "f"],
  ["xes", "x"],
  ["zes", "z"],
  ["ches", "ch"],
  ["shes", "sh"],
  ["men", "man"],
  ["ies", "y"],
] as const;

const contractions: Readonly<Record<string, readonly string[]>> = {
  cannot: ["can", "not"],
  gimme: ["gim", "me"],
  gonna: ["gon", "na"],
  gotta: ["got", "ta"],
  lemme: ["lem", "me"],
  wanna: ["wan", "na"],
};

/** What the rules know of English: the nouns of WordNet, and the bases of its irregular forms. */
export interface ReferenceWords {
  readonly nouns: ReadonlySet<string>;
  readonly exceptions: ReadonlyMap<string, readonly string[]>;
}

/** The WordNet that lies beside the checkout; of a form that is listed twice, the last line holds. */
export async function referenceWords(): Promise<ReferenceWords> {
  const index = (await gzippedLines("index.noun")).filter((line) => !line.startsWith(" "));
  const exceptions = (await gzippedLines("noun.exc")).map((line) => {
    const [form, ...bases] = line.trim().split(/\s+/);
    return [form, bases] as const;
  });
  return { nouns: new Set(index.map((line) => line.split(" ")[0])), exceptions: new Map(exceptions) };
}

/** Section 1.1, step 5. */
export function referenceLemma({ nouns, exceptions }: ReferenceWords, token: string): string {
  const candidates = exceptions.get(token) ??
    suffixes.filter(([suffix]) => token.endsWith(suffix))
      .map(([suffix, base]) => token.slice(0, token.length - suffix.length) + base);
  let shortest: string | null = null;
  for (const form of [token, ...candidates]) {
    if (nouns.has(form) && (shortest === null || form.length < shortest.length)) shortest = form;
  }
  return shortest ?? token;
}

/** Section 1.1, steps 2 to 5: the lemmas in their order. */
export function referenceLemmas(words: ReferenceWords, text: string): string[] {
  const letters = text.toLowerCase().replace(/[^a-zA-Z ]/gu, " ");
  return letters.split(" ").filter((token) => token !== "")
    .flatMap((token) => Object.hasOwn(contractions, token) ? contractions[token] : [token])
    .map((token) => referenceLemma(words, token));
}

/** Section 1.1: the set of a caption. */
export function referenceSet(words: ReferenceWords, caption: string | null): Set<string> {
  return new Set(caption === null ? [] : referenceLemmas(words, caption));
}

/** Section 1.2: a concept set of the metadata folder. */
export async function referenceClasses(words: ReferenceWords, set: string): Promise<ReferenceClass[]> {
  const read = async (name: string): Promise<Record<string, string[]>> =>
    JSON.parse(await Deno.readTextFile(new URL(`descriptors/descriptors_${name}.json`, metadataFolder)));
  const names = Object.keys(await read(set));
  const synsets = set.includes("imagenet") ? Object.values(await read("imagenet_synset")) : null;
  return names.map((name, c) => referenceClass(words, name, synsets ? synsets[c] : name, set));
}

/** Section 1.2: a class of the set `set`, from its name or its list of phrases. */
export function referenceClass(
  words: ReferenceWords,
  name: string,
  entry: string | readonly string[],
  set: string,
): ReferenceClass {
  const bare = (text: string) => text.toLowerCase().replace(/\([^)]*\)/g, "");
  let phrases = typeof entry === "string"
    ? bare(entry).split(" or ").flatMap((part) => part.split(" / ")).map((part) => part.trim())
    : entry.map(bare);
  const negatives = set === "imagenet" ? negativesOf(phrases) : [];
  if (set === "places365" && phrases.includes("arcade")) {
    phrases = ["arcade passageway", "arcade walkway", "arcade hallway", "arcade corridor"];
  } else if (set === "places365" && phrases.includes("lock_chamber")) {
    phrases = ["lock chamber canal", "lock chamber waterway", "lock chamber water"];
  } else if (set === "cub" && phrases.includes("cardinal")) {
    phrases = ["cardinal bird", "northern cardinal", "red cardinal"];
  }
  const lemmas = (phrase: string) => referenceLemmas(words, phrase);
  return { name, phrases: phrases.map(lemmas), negatives: negatives.map(lemmas) };
}

/** Section 1.3: whether a class counts a caption of these lemmas. */
export function referenceHit({ phrases, negatives }: ReferenceClass, caption: ReadonlySet<string>): boolean {
  if (negatives.some((phrase) => phrase.some((word) => caption.has(word)))) return false;
  return phrases.some((phrase) => phrase.every((word) => caption.has(word)));
}

/** Sections 1.4 and 1.5: captions, or entries with their counts, per class. */
export function referenceCounts(
  words: ReferenceWords,
  classes: readonly ReferenceClass[],
  captions: Iterable<string | null | readonly [string, number]>,
): number[] {
  const counts = classes.map(() => 0);
  for (const entry of captions) {
    const [caption, weight] = typeof entry === "object" && entry !== null ? entry : [entry, 1];
    const set = referenceSet(words, caption);
    classes.forEach((one, c) => {
      if (referenceHit(one, set)) counts[c] += weight;
    });
  }
  return counts;
}

/** Section 1.6: in how many captions each lemma stands. */
export function referenceWordCounts(
  words: ReferenceWords,
  captions: Iterable<string | null>,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const caption of captions) {
    for (const word of referenceSet(words, caption)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** Section 1.2's table, of which the first line that applies is taken. */
function negativesOf(phrases: readonly string[]): string[] {
  const table: readonly (readonly [string, string])[] = [
    ["sorrel", "plant, herb, flower, leaf"],
    ["horizontal bar", "chart, plot, graph, diagram"],
    ["impala", "car, automobile, vehicle, chevy"],
    ["bow", "tie"],
    ["ringlet", "hair"],
    [
      "ram",
      "car, truck, automobile, vehicle, dodge, logo, computer, memory, random access, chip, review",
    ],
    ["crane", "bird, fish, water, wing, leg, zoo"],
    ["sub", "sandwich, bread, italian, meatball, grill, menu"],
    ["sidewinder", "missile, army, military, resort, park"],
  ];
  return table.find(([trigger]) => phrases.includes(trigger))?.[1].split(", ") ?? [];
}
