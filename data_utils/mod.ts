// Everything on disk or CPU that the other folders and users of data_utils need, by one name each: images, text,
// loaders, the built-in world, metrics, run folders, and randomness from seeds. It imports no sibling folder.

export * from "./captions/mod.ts";
export * from "./curate/mod.ts";
export * from "./images/mod.ts";
export * from "./loader/mod.ts";
export * from "./metadata/mod.ts";
export * from "./metrics/mod.ts";
export * from "./pickle/mod.ts";
export * from "./program/mod.ts";
export * from "./random/mod.ts";
export * from "./runs/mod.ts";
export * from "./tables/mod.ts";
export * from "./text/mod.ts";
export * from "./world/mod.ts";
