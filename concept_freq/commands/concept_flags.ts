/**
 * The flags that say which classes are counted and by which rules for words, shared by the commands that count classes, and
 * what they lead to: a concept set, compiled.
 */
import { type FlagValues, loadWordNet, type Progress } from "../../data_utils/mod.ts";
import { compileConcepts, type CompiledConcepts } from "../count/compile.ts";
import { type ConceptSet, loadConceptSet } from "../language/concept_set.ts";
import { nounLemmatiser } from "../language/lemmas.ts";

/** Which classes, and how words become lemmas. */
export const conceptFlags = {
  "concept-set": {
    kind: "text",
    value: "NAME|FILE",
    help: "classes: a set of the metadata folder by name (default imagenet), or a file of names",
  },
  dataset: { kind: "text", value: "NAME", help: "as in the reference: the same as --concept-set" },
  metadata: {
    kind: "text",
    value: "FOLDER",
    default: "metadata",
    help: "the reference's folder of that name, for sets given by name",
  },
  rules: { kind: "text", value: "FILE", help: "JSON of negative words and replaced phrases of your own" },
  wordnet: { kind: "text", value: "FOLDER", help: "WordNet 3.0: index.noun and noun.exc (default: found)" },
  modern: { kind: "switch", help: "kinder rules for words; other numbers than the reference's" },
} as const;

/** The one of two flags that mean the same. Throws RangeError when both are given. */
export function either(
  flags: readonly [string, string],
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  const [one, other] = flags.map((flag) => values[flag] as string | undefined);
  if (one !== undefined && other !== undefined) {
    throw new RangeError(`--${flags[0]} and --${flags[1]} mean the same: give one of them`);
  }
  return one ?? other;
}

/** A set and what counting needs of it. */
export interface ChosenConcepts {
  readonly set: ConceptSet;
  readonly concepts: CompiledConcepts;
}

/** The concepts that flags name; what a user should know of them is noted. Throws as the loaders of WordNet and of sets. */
export async function chosenConcepts(
  values: FlagValues<typeof conceptFlags>,
  progress: Progress,
): Promise<ChosenConcepts> {
  const wanted = either(["concept-set", "dataset"], values) ?? "imagenet", { metadata, modern } = values;
  const lemmatiser = nounLemmatiser(await loadWordNet({ folder: values.wordnet }), { modern });
  const set = await loadConceptSet(wanted, { lemmatiser, metadata, rulesFile: values.rules });
  for (const note of set.notes) progress.note(note);
  return { set, concepts: compileConcepts(set, lemmatiser) };
}
