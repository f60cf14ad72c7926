// Text in, WGSL out: the kernels, and the vocabulary in which ops ask for them.

export * from "./wgsl.ts";
export * from "./expr.ts";
export * from "./map.ts";
export * from "./column.ts";
export * from "./column_sums.ts";
export * from "./contract.ts";
export * from "./contract_software.ts";
export * from "./lowered.ts";
export * from "./rows.ts";
export * from "./contract_launch.ts";
export * from "./collect.ts";
export * from "./row_kernels.ts";
export * from "./norm_kernels.ts";
export * from "./each_word.ts";
export * from "./index_map.ts";
export * from "./rows_by_index.ts";
export * from "./table_grad.ts";
export * from "./largest.ts";
export * from "./pool.ts";
export * from "./philox_wgsl.ts";
export * from "./random.ts";
