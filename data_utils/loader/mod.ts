/**
 * Data sources (shards, tables, folders), imbalance laws, orders and batches.
 */
export * from "./batches.ts";
export * from "./classes.ts";
export * from "./decoder.ts";
export * from "./image_set.ts";
export * from "./law.ts";
export * from "./order.ts";
export * from "./sample.ts";
export * from "./shards.ts";
export * from "./sources.ts";
export * from "./tables.ts";
export * from "./tar.ts";
