/**
 * The matcher as a library: from class names to counts in a few lines, for programs that have captions as strings. Files
 * of many gigabytes are the business of `freq class`, which reads them as bytes and on all cores.
 */
import {
  captionArena,
  type CaptionTally,
  loadWordNet,
  packCaptions,
  TEXT_AT,
  TEXT_BYTES,
  type WordNetOptions,
} from "../../data_utils/mod.ts";
import { conceptSet } from "../language/concept_set.ts";
import { nounLemmatiser } from "../language/lemmas.ts";
import { compileConcepts, type CompiledConcepts } from "./compile.ts";
import { conceptMatcher } from "./matcher.ts";

/**
 * Class names, or class names with the phrases that mention each. A name may hold alternatives, as in the reference's
 * concept sets: "couch / sofa", "mouse (animal)".
 */
export type Classes = readonly string[] | Readonly<Record<string, string | readonly string[]>>;

/** Options of {@link compileClasses}. */
export interface CompileOptions extends WordNetOptions {
  /** The kinder rules of `--modern`; the counts are not the reference's then. */
  readonly modern?: boolean;
}

/**
 * Compiles classes for counting, with WordNet from where {@link loadWordNet} finds it. Throws as that does, and RangeError
 * for a list without a class.
 */
export async function compileClasses(
  classes: Classes,
  { modern = false, ...wordnet }: CompileOptions = {},
): Promise<CompiledConcepts> {
  const isList = (value: Classes): value is readonly string[] => Array.isArray(value);
  const names = isList(classes) ? classes : Object.keys(classes);
  const entries = isList(classes) ? classes : Object.values(classes);
  if (names.length === 0) throw new RangeError("There is no class to count");
  const lemmatiser = nounLemmatiser(await loadWordNet(wordnet), { modern });
  return compileConcepts(conceptSet("classes", names, entries, lemmatiser), lemmatiser);
}

/** How often each class was mentioned. */
export interface ClassCounts {
  readonly classNames: readonly string[];
  /** Captions that mention the class, in the order of the names. */
  readonly counts: Float64Array<ArrayBuffer>;
  /** How many captions there were, and what was odd about them. */
  readonly tally: CaptionTally;
}

/** Counts and finds concepts in captions that are strings. Its memory is its own; it is not for two threads. */
export interface ConceptCounter {
  readonly classNames: readonly string[];
  /** Counts the captions of a stream, null where there is none. A caption counts once for a class, however often it says it. */
  count(captions: Iterable<string | null> | AsyncIterable<string | null>): Promise<ClassCounts>;
  /** The classes that a caption mentions, by their places in the names, ascending. Throws RangeError above 8 MiB. */
  classesOf(caption: string): number[];
}

/** A counter of compiled concepts. */
export function conceptCounter(concepts: CompiledConcepts): ConceptCounter {
  const arena = captionArena(), matcher = conceptMatcher(concepts, arena), encoder = new TextEncoder();
  const { classNames } = concepts;
  return {
    classNames,
    async count(captions) {
      const own = captionArena(), counter = conceptMatcher(concepts, own);
      const tally = await packCaptions(captions, own, (count) => counter.add(count));
      return { classNames, counts: counter.take(), tally };
    },
    classesOf(caption) {
      const { read, written } = encoder.encodeInto(
        caption,
        arena.bytes().subarray(TEXT_AT, TEXT_AT + TEXT_BYTES),
      );
      if (read < caption.length) throw new RangeError("A caption of more than 8 MiB is not looked at");
      return matcher.match(written).sort((a, b) => a - b);
    },
  };
}
