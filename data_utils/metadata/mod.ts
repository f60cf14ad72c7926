/** Class names, WordNet ids, phrases, templates and frequency tables from a folder in the reference's layout. */
export { type ClassMetadata, imagenet100File, readClassMetadata, readLabelList } from "./class_metadata.ts";
export { jsonKeys, parseJson } from "./json_keys.ts";
export { imagenetWnid, isWnid } from "./wnids.ts";
