/**
 * A concept set: classes with the phrases that mention them, as lemmas, ready to be counted.
 */
import { readClasses } from "./class_files.ts";
import type { Lemmatiser } from "./lemmas.ts";
import { applyRules, phrasesOf } from "./phrases.ts";
import { parseSpecialCases, referenceCases, type SpecialCases } from "./special_cases.ts";
import { lemmasOf } from "./tokens.ts";

/** Classes and what mentions them, in lemmas. */
export interface ConceptSet {
  /** In the names of tables. */
  readonly name: string;
  /** In order; a name may occur twice. */
  readonly classNames: readonly string[];
  /** By class: phrases; a caption that holds all lemmas of one mentions the class. One without lemmas always does. */
  readonly phrases: readonly (readonly (readonly string[])[])[];
  /** By class: phrases that rule a caption out when it holds all of their lemmas. */
  readonly vetoes: readonly (readonly (readonly string[])[])[];
  /** What a user should know before trusting the counts: classes that match everything or nothing, idle rules. */
  readonly notes: readonly string[];
}

/** Where a concept set comes from and how its words become lemmas. */
export interface ConceptSetOptions {
  readonly lemmatiser: Lemmatiser;
  /** The reference's folder of that name. Default: "metadata". */
  readonly metadata?: string;
  /** A JSON file of special cases that go before the reference's; see {@link parseSpecialCases}. */
  readonly rulesFile?: string;
}

/**
 * Loads a set by its name or from a file, see {@link readClasses}. Throws RangeError for a set that is not there,
 * SyntaxError for a malformed file.
 */
export async function loadConceptSet(nameOrFile: string, options: ConceptSetOptions): Promise<ConceptSet> {
  const { set, names, entries } = await readClasses(nameOrFile, options.metadata);
  const own = options.rulesFile === undefined
    ? { negatives: [], replacements: [] }
    : parseSpecialCases(await Deno.readTextFile(options.rulesFile), options.rulesFile);
  const concepts = conceptSet(set, names, entries, options.lemmatiser, {
    negatives: [...own.negatives, ...referenceCases.negatives],
    replacements: [...own.replacements, ...referenceCases.replacements],
  });
  const idle = [...own.negatives, ...own.replacements].filter((rule) => !concepts.rules.has(rule));
  const notes = idle.map(({ set: of, phrase }) =>
    of === set
      ? `${options.rulesFile}: the rule for "${phrase}" does not apply: no class has this phrase, or another rule comes first`
      : `${options.rulesFile}: the rule for "${phrase}" does not apply: it is for the set ${of}, not ${set}`
  );
  const { rules: _, ...plain } = concepts;
  return { ...plain, notes: [...concepts.notes, ...notes] };
}

/** A concept set of entries, see {@link phrasesOf}; with the special cases that applied. */
export function conceptSet(
  name: string,
  classNames: readonly string[],
  entries: readonly (string | readonly string[])[],
  lemmatiser: Lemmatiser,
  cases: SpecialCases = referenceCases,
): ConceptSet & { readonly rules: ReadonlySet<unknown> } {
  const { modern } = lemmatiser, notes: string[] = [], rules = new Set<unknown>();
  const phrases: string[][][] = [], vetoes: string[][][] = [];
  for (const [i, entry] of entries.entries()) {
    const ruled = applyRules(name, phrasesOf(entry), cases);
    for (const rule of ruled.rules) rules.add(rule);
    const all = ruled.phrases.map((phrase) => lemmasOf(phrase, lemmatiser));
    const worded = all.filter((lemmas) => lemmas.length > 0);
    const who = `class ${i} (${classNames[i]})`;
    if (modern && worded.length === 0) {
      notes.push(`${who} can match no caption: it has no words of letters a-z`);
    } else if (!modern && worded.length < all.length) {
      notes.push(
        `${who} matches EVERY caption: a phrase of it has no words of letters a-z; --modern matches none`,
      );
    }
    phrases.push(modern ? worded : all);
    const negatives = ruled.negatives.map((phrase) => lemmasOf(phrase, lemmatiser)).filter(({ length }) =>
      length > 0
    );
    // The reference rejects at any word of a negative phrase: "random" alone will do for "random access".
    vetoes.push(modern ? negatives : negatives.flat().map((lemma) => [lemma]));
  }
  return { name, classNames, phrases, vetoes, notes, rules };
}
