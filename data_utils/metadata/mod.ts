/** Class names, WordNet ids, phrases, templates and frequency tables from a folder in the reference's layout. */
export { checkMetadata, type Finding } from "./check_folder.ts";
export { type ClassMetadata, imagenet100File, readClassMetadata, readLabelList } from "./class_metadata.ts";
export { conceptSets, readSetNames } from "./concept_sets.ts";
export { fetchMetadata, type FetchOptions } from "./fetch_published.ts";
export { type ListedTable, listFrequencyTables, tableNamed } from "./frequency_folder.ts";
export {
  byCount,
  type FrequencyRow,
  type FrequencyTable,
  frequencyTableText,
  parseFrequencyTable,
  readFrequencyTable,
} from "./frequency_table.ts";
export { jsonKeys, parseJson } from "./json_keys.ts";
export { imagenetWnid, isWnid } from "./wnids.ts";
export { parseZeroShotLists, type ZeroShotLists } from "./zero_shot_file.ts";
