// The operations: importing this file fills the table (graph/registry.ts) and exports a function for each op.

export * from "./elementwise.ts";
export * from "./activation.ts";
export * from "./reduce.ts";
export * from "./shape.ts";
export * from "./collect.ts";
export * from "./index.ts";
export * from "./random.ts";
export * from "./resize.ts";
export * from "./matmul.ts";
export * from "./attention.ts";
export * from "./conv.ts";
export * from "./pool.ts";
export * from "./norm.ts";
export * from "./layer_norm.ts";
export * from "./softmax.ts";
export * from "./loss.ts";
