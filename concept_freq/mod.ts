/**
 * Counting concepts in captions, as the reference counts them (Wen et al., NeurIPS 2024, section 2 and its
 * concept_freq_utils) and much faster: concept sets and their words, the matcher, and frequency tables.
 *
 * ```ts
 * import { compileClasses, conceptCounter } from "http://localhost:8000/concept_freq/mod.ts";
 *
 * const counter = conceptCounter(await compileClasses(["tabby cat", "dog", "couch / sofa"]));
 * const { counts } = await counter.count(["Two dogs on a sofa", "A tabby, my favourite cat", null]);
 * console.log(counts); // 1, 1, 1
 * counter.classesOf("dogs"); // [1]
 * ```
 */
export { compileConcepts, type CompiledConcepts, type Concepts, type WordForms } from "./count/compile.ts";
export {
  type ClassCounts,
  type Classes,
  compileClasses,
  type CompileOptions,
  type ConceptCounter,
  conceptCounter,
} from "./count/concept_counter.ts";
export {
  type ConceptSet,
  conceptSet,
  type ConceptSetOptions,
  loadConceptSet,
} from "./language/concept_set.ts";
export { type Lemmatiser, nounLemmatiser } from "./language/lemmas.ts";
export { lemmasOf, tokens } from "./language/tokens.ts";
export { loadWordNet, type WordNetNouns, type WordNetOptions } from "../data_utils/mod.ts";
export {
  byCount,
  type FrequencyRow,
  type FrequencyTable,
  frequencyTableText,
  parseFrequencyTable,
  readFrequencyTable,
} from "./tables/frequency_table.ts";
export { type TableStats, tableStats } from "./tables/table_stats.ts";
export { type ClassTablePaths, type ClassTables, writeClassTables } from "./tables/write_tables.ts";
