// Turns graphs into programs on a device, and keeps what outlives a step.

export * from "./compile.ts";
export * from "./program.ts";
export type { MemoryReport } from "./memory_report.ts";
export * from "./store.ts";
export * from "./evaluate.ts";
export { expectStorage, type StorageType } from "./precision.ts";
export { interpret, type ReferenceValues } from "./reference.ts";
export * from "./output_ring.ts";
export * from "./debug.ts";
export * from "./profile.ts";
