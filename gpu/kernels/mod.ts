// Text in, WGSL out: the kernels, and the vocabulary in which ops ask for them.

export * from "./wgsl.ts";
export * from "./expr.ts";
export * from "./map.ts";
export * from "./column.ts";
export * from "./contract.ts";
export * from "./contract_software.ts";
export * from "./lowered.ts";
export * from "./rows.ts";
export * from "./contract_launch.ts";
export * from "./collect.ts";
export * from "./row_kernels.ts";
export * from "./norm_kernels.ts";
