// Symbolic side of the engine: nodes, the table of operations, differentiation.

export * from "./tensor.ts";
export * from "./node.ts";
export * from "./leaf.ts";
export * from "./slab_layout.ts";
export * from "./state_updates.ts";
export * from "./registry.ts";
export * from "./grad.ts";
