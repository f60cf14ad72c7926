// The public API: one namespace per folder, importable from a checkout or by URL (`./denow task serve` lends
// one). Each folder's own mod.ts can be imported as well; gpu/mod.ts then pulls no package at all.

export * as conceptFreq from "./concept_freq/mod.ts";
export * as dataUtils from "./data_utils/mod.ts";
export * as expsClip from "./exps_clip/mod.ts";
export * as expsSup from "./exps_sup/mod.ts";
export * as figUtils from "./fig_utils/mod.ts";
export * as gpu from "./gpu/mod.ts";
