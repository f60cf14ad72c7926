/**
 * Images: decoding, Pillow-exact resampling, named transforms and normalisation.
 */
export * from "./decode.ts";
export * from "./picture.ts";
export * from "./resample.ts";
export * from "./transform.ts";
