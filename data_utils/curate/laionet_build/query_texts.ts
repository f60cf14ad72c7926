/** The texts that stand for a class when captions are compared with it: its name, its definition, its lemmas. */
import type { Synset } from "../../text/wordnet/synsets.ts";

const nameOf = ({ lemmaNames }: Synset) => lemmaNames[0].toLowerCase().replaceAll("_", " ");
const nameAndDefinition = (synset: Synset) => `${nameOf(synset)} which is ${synset.definition}`;
const lemmasOf = ({ lemmaNames }: Synset) => lemmaNames.map((name) => name.replaceAll("_", " ")).join(" or ");

/** The kinds of texts: what each makes of a synset. The name is NLTK's, in lower case. */
export const QUERY_TEXTS = {
  name: nameOf,
  name_def: nameAndDefinition,
  lemmas: lemmasOf,
  a_photo_of_name: (synset: Synset) => `a photo of ${nameOf(synset)}`,
  a_photo_of_name_def: (synset: Synset) => `a photo of ${nameAndDefinition(synset)}`,
  a_photo_of_lemmas: (synset: Synset) => `a photo of ${lemmasOf(synset)}`,
  a_clear_photo_of_name_def: (synset: Synset) => `a clear photo of ${nameAndDefinition(synset)}`,
} as const;

export type QueryType = keyof typeof QUERY_TEXTS;

/** The names of all kinds, for a flag. */
export const QUERY_TYPES = Object.keys(QUERY_TEXTS) as QueryType[];
