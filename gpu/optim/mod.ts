// Optimisers as functions from slabs to slabs, what surrounds them (groups, clipping, averages), and schedules.

export * from "./optimizer.ts";
export * from "./groups.ts";
export * from "./sgd.ts";
export * from "./adam.ts";
export * from "./lars.ts";
export * from "./ema.ts";
export * from "./clip.ts";
export * from "./slabs.ts";
export * from "./running_state.ts";
export * from "./schedules.ts";
