// The only folder that touches WebGPU: adapters, memory, pipelines.

export * from "./device.ts";
export * from "./storage.ts";
export * from "./pipelines.ts";
export * from "./uniform.ts";
