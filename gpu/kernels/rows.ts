// Kernels that need a whole row of the last dimension: softmax, layer norm, cross entropy and kin. One source for both
// device classes: on a GPU a workgroup shares a long row, or several short ones, and sums through a tree; on llvmpipe,
// where barriers are dear, each invocation takes a row of its own.

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

/** Invocations that share a row on a GPU: a power of two, at most one for each of its words. */
function lanesFor(perRow: number): number {
  if (perRow > 1024) return 256;
  return Math.max(4, Math.min(64, 2 ** Math.floor(Math.log2(perRow))));
}

export function rowLaunch(kernel: RowKernel, target: DeviceClass): Launch {
  const perRow = Math.ceil(kernel.last / 4), lanes = lanesFor(perRow), gpu = target === "gpu";
  const sizes = { rows: kernel.rows, perRow, last: kernel.last, ...kernel.sizes };
  const body = kernel.body(gpu ? sharedRow(lanes) : OWN_ROW);
  const workgroup = gpu ? Math.max(64, lanes) : 16, rowsEach = gpu ? workgroup / lanes : workgroup;
  return {
    kernel: {
      label: kernel.label,
      sizes: Object.keys(sizes),
      constants: Object.keys(kernel.constants ?? {}),
      helpers: kernel.helpers,
      reads: kernel.reads,
      writes: kernel.writes,
      workgroup,
      declarations: gpu ? trees(workgroup, lanes) : undefined,
      body: gpu
        ? `if (group * ${rowsEach}u >= P.rows) { return; }
let own = group * ${rowsEach}u + lane / ${lanes}u;
let r = min(own, P.rows - 1u);
let until = select(0u, P.perRow, own < P.rows);
${body}`
        : `let r = id;\nif (r >= P.rows) { return; }\n${body}`,
    },
    sizes: Object.values(sizes),
    constants: Object.values(kernel.constants ?? {}),
    groups: Math.ceil(kernel.rows / rowsEach),
  };
}

const INSIDE = "(vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(P.last))";

const OWN_ROW: RowTools = {
  eachWord: (text) => `for (var c = 0u; c < P.perRow; c++) { let i = r * P.perRow + c; ${text} }`,
  sumOf: () => "",
  maxOf: () => "",
  once: (text) => text,
  inside: INSIDE,
};

/** Rows past the last are read as the last one, have no words and store nothing: all meet at the barriers. */
function sharedRow(lanes: number): RowTools {
  return {
    eachWord: (text) =>
      `for (var c = lane % ${lanes}u; c < until; c += ${lanes}u) { let i = r * P.perRow + c; ${text} }`,
    sumOf: (name) => `${name} = join_sum(${name}, lane);`,
    maxOf: (name) => `${name} = join_max(${name}, lane);`,
    once: (text) => `if (lane % ${lanes}u == 0u && until > 0u) { ${text} }`,
    inside: INSIDE,
  };
}

function trees(threads: number, lanes: number): string {
  const tree = (name: string, join: string) =>
    `fn join_${name}(v: f32, lane: u32) -> f32 {
  shared_row[lane] = v;
  workgroupBarrier();
  for (var step = ${lanes / 2}u; step > 0u; step /= 2u) {
    if (lane % ${lanes}u < step) { shared_row[lane] = ${join}; }
    workgroupBarrier();
  }
  let all = shared_row[lane - lane % ${lanes}u];
  workgroupBarrier();
  return all;
}`;
  return `var<workgroup> shared_row: array<f32, ${threads}>;
${tree("sum", "shared_row[lane] + shared_row[lane + step]")}
${tree("max", "max(shared_row[lane], shared_row[lane + step])")}`;
}
