// The engine: from symbolic graphs to training steps on WebGPU. It imports no package and no sibling folder, so it can
// be used alone, by URL too. The operations stand in the namespace `ops`, layers and models in `nn`.

export * from "./base/mod.ts";
export * from "./graph/mod.ts";
export * as ops from "./ops/mod.ts";
export * as nn from "./nn/mod.ts";
export * from "./optim/mod.ts";
export * from "./run/mod.ts";
export * from "./train/mod.ts";
export * from "./device/mod.ts";
