// What every other layer may use: shapes, host arrays, counter-based randomness. No GPU, no graph.

export * from "./shape.ts";
export * from "./host_array.ts";
export * from "./philox.ts";
export * from "./half.ts";
export * from "./target.ts";
