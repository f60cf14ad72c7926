/**
 * What the bench's cases share: words, the concepts of the main case, and a corpus that mentions these as often as web
 * captions mention ImageNet's classes.
 */
import { loadWordNet, type Progress } from "../../data_utils/mod.ts";
import { type ConceptSet, loadConceptSet } from "../language/concept_set.ts";
import { type Lemmatiser, nounLemmatiser } from "../language/lemmas.ts";
import { type CaptionRecipe, captionTexts } from "./caption_maker.ts";
import { type CorpusFile, corpusFile, type CorpusFormat } from "./corpus.ts";
import { classPhrases } from "./phrases.ts";
import { plainCounter } from "./plain_counter.ts";
import { captionVocabulary, type Vocabulary } from "./vocabulary.ts";

/** What the user says. */
export interface BenchOptions {
  readonly captions: number;
  /** The reference's folder of that name, for ImageNet's classes. */
  readonly metadata?: string;
  readonly wordnet?: string;
  readonly workers?: number;
  /** Milliseconds of plain counting. */
  readonly plainFor?: number;
}

/** What every case is given. */
export interface Setting extends BenchOptions {
  /** For the corpus, and for what is made on the way. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly vocabulary: Vocabulary;
  /** The main case's concepts, as `--concept-set` takes them, and what they are in words. */
  readonly conceptSet: string;
  readonly concepts: string;
  /** The captions, made when first asked for. */
  corpus(format: CorpusFormat): Promise<CorpusFile>;
}

/** The number of ImageNet's phrases. */
export const MAIN_PHRASES = 1971;
/** The share of Conceptual Captions that mention a class of ImageNet. */
const HIT_SHARE = 0.211;

/** Writes class names as a concept set and returns the file's path. */
export async function writeConcepts(folder: string, names: readonly string[]): Promise<string> {
  const path = `${folder}/phrases_${names.length}.json`;
  await Deno.writeTextFile(path, JSON.stringify(names));
  return path;
}

/** A recipe of captions of which {@link HIT_SHARE} mention one of the concepts. */
function recipeOf(vocabulary: Vocabulary, concepts: ConceptSet, lemmatiser: Lemmatiser): CaptionRecipe {
  const phrases = concepts.phrases.flat().map((lemmas) => lemmas.join(" ")).filter((phrase) => phrase !== "");
  const recipe = { vocabulary, phrases, phraseShare: 0, seed: 0 };
  const counter = plainCounter(concepts, lemmatiser), captions = captionTexts(recipe, 5000);
  const byChance = captions.filter((caption) => counter.add(caption) > 0).length / captions.length;
  return { ...recipe, phraseShare: Math.max(0, (HIT_SHARE - byChance) / (1 - byChance)) };
}

/** Prepares the cases. Throws as the loading of WordNet and of the concept set does. */
export async function prepare(
  options: BenchOptions,
  folder: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Setting> {
  const { metadata, wordnet } = options, nouns = await loadWordNet({ folder: wordnet });
  const vocabulary = captionVocabulary(nouns), lemmatiser = nounLemmatiser(nouns);
  const conceptSet = metadata === undefined
    ? await writeConcepts(folder, classPhrases(vocabulary, MAIN_PHRASES))
    : "imagenet";
  const concepts = await loadConceptSet(conceptSet, { lemmatiser, metadata });
  const recipe = recipeOf(vocabulary, concepts, lemmatiser);
  const made: Partial<Record<CorpusFormat, Promise<CorpusFile>>> = {};
  const onCaptions = (done: number) =>
    progress.show(`captions: ${done.toLocaleString("en-US")} of ${options.captions.toLocaleString("en-US")}`);
  const phrases = recipe.phrases.length.toLocaleString("en-US");
  return {
    ...options,
    folder,
    signal,
    vocabulary,
    conceptSet,
    concepts: metadata === undefined
      ? `${phrases} made phrases (--metadata takes ImageNet's)`
      : `ImageNet's ${phrases} phrases`,
    corpus: (format) =>
      made[format] ??= corpusFile(
        { folder, recipe, captions: options.captions, signal, onCaptions },
        format,
      ),
  };
}
