// Kernels that need a whole row of the last dimension: softmax, layer norm, cross entropy and kin. One source for both
// device classes: on a GPU a workgroup shares a row and sums through a tree; on llvmpipe, where barriers are dear, each
// invocation takes a row of its own.

import type { DeviceClass } from "../base/mod.ts";
import type { Launch } from "./wgsl.ts";

export interface RowKernel {
  readonly label: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly sizes?: Readonly<Record<string, number>>;
  readonly constants?: Readonly<Record<string, number>>;
  readonly helpers?: readonly string[];
  /**
   * Statements for row `r`, whose words are [r * P.perRow, (r + 1) * P.perRow). `eachWord(text)` loops over words c of
   * the row; `sumOf(f)` and `maxOf(f)` join an f32 over the whole row's invocations; `once(text)` runs on one of them.
   */
  readonly body: (row: RowTools) => string;
  readonly rows: number;
  readonly last: number;
}

export interface RowTools {
  eachWord(text: string): string;
  sumOf(name: string): string;
  maxOf(name: string): string;
  once(text: string): string;
  /** vec4<bool> of lanes inside the row. */
  readonly inside: string;
}

const GPU_LANES = 64;

export function rowLaunch(kernel: RowKernel, target: DeviceClass): Launch {
  const perRow = Math.ceil(kernel.last / 4);
  const sizes = { rows: kernel.rows, perRow, last: kernel.last, ...kernel.sizes };
  const gpu = target === "gpu";
  const inside = "(vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(P.last))";
  const tools: RowTools = gpu
    ? {
      eachWord: (text) => `for (var c = lane; c < P.perRow; c += ${GPU_LANES}u) { let i = r * P.perRow + c; ${text} }`,
      sumOf: (name) => `${name} = join_sum(${name}, lane);`,
      maxOf: (name) => `${name} = join_max(${name}, lane);`,
      once: (text) => `if (lane == 0u) { ${text} }`,
      inside,
    }
    : {
      eachWord: (text) => `for (var c = 0u; c < P.perRow; c++) { let i = r * P.perRow + c; ${text} }`,
      sumOf: () => "",
      maxOf: () => "",
      once: (text) => text,
      inside,
    };
  const body = kernel.body(tools);
  return {
    kernel: {
      label: kernel.label,
      sizes: Object.keys(sizes),
      constants: Object.keys(kernel.constants ?? {}),
      helpers: kernel.helpers,
      reads: kernel.reads,
      writes: kernel.writes,
      workgroup: gpu ? GPU_LANES : 16,
      declarations: gpu ? TREES : undefined,
      body: gpu ? `let r = group;\nif (r < P.rows) {\n${body}\n}` : `let r = id;\nif (r >= P.rows) { return; }\n${body}`,
    },
    sizes: Object.values(sizes),
    constants: Object.values(kernel.constants ?? {}),
    groups: gpu ? kernel.rows : Math.ceil(kernel.rows / 16),
  };
}

const tree = (name: string, join: string) =>
  `fn join_${name}(v: f32, lane: u32) -> f32 {
  shared_row[lane] = v;
  workgroupBarrier();
  for (var step = ${GPU_LANES / 2}u; step > 0u; step /= 2u) {
    if (lane < step) { shared_row[lane] = ${join}; }
    workgroupBarrier();
  }
  let all = shared_row[0];
  workgroupBarrier();
  return all;
}`;

const TREES = `var<workgroup> shared_row: array<f32, ${GPU_LANES}>;
${tree("sum", "shared_row[lane] + shared_row[lane + step]")}
${tree("max", "max(shared_row[lane], shared_row[lane + step])")}`;
