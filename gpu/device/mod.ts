// The only folder that touches WebGPU: adapters, memory, pipelines.

export * from "./device.ts";
export * from "./storage.ts";
export * from "./read_back.ts";
export * from "./pipelines.ts";
export * from "./uniform.ts";
export * from "./scalar_ring.ts";
export * from "./timestamps.ts";
