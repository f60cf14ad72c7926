// Column reductions on a GPU: a workgroup takes a chunk of rows of a few neighbouring words; its invocations lie
// across the words first, so that loads join, then down the rows.

import { type ColumnPlan, joinRows, joinsOf, partsOf, sumText } from "./column_sums.ts";
import { columnOnly, needs, statements, zeroTails } from "./expr.ts";
import { KEPT, ZERO } from "./kahan.ts";
import type { Launch } from "./wgsl.ts";

export const COLUMN_THREADS = 256;

/** Workgroups wanted, rows that one invocation should have, words across. */
const ENOUGH_GROUPS = 1024, FEWEST_ROWS = 4, WIDEST = 16;

/** Invocations across the words of a row: a power of two. */
export function acrossOf(perRow: number, widest = WIDEST): number {
  return Math.min(widest, 2 ** Math.ceil(Math.log2(perRow)));
}

export function chunkRowsGpu(outer: number, rows: number, last: number): number {
  const perRow = Math.ceil(last / 4), across = acrossOf(perRow), down = COLUMN_THREADS / across;
  const wanted = Math.ceil(ENOUGH_GROUPS / (outer * Math.ceil(perRow / across)));
  return Math.ceil(rows / Math.max(1, Math.min(wanted, Math.floor(rows / (FEWEST_ROWS * down)))));
}

export function columnGpu(plan: ColumnPlan, widest?: number): Launch {
  const perRow = Math.ceil(plan.last / 4), chunks = Math.ceil(plan.rows / plan.chunk);
  const across = acrossOf(perRow, widest), groups = Math.ceil(perRow / across);
  const wanted = needs(plan.program), early = columnOnly(plan.program), zero = zeroTails(plan.program);
  const place = { i: "i", r: "r", c: "c" };
  const before = statements(plan.program, place, "v", (s) => early[s]);
  const inside = statements(plan.program, place, "v", (s) => !early[s]);
  const value = (step: number) =>
    plan.last % 4 !== 0 && !zero[step] ? `mask_tail(${inside.names[step]}, c, P.last)` : inside.names[step];
  const sums = sumText(plan.partials, {
    value,
    isFirst: "seen == 0.0",
    seen: "seen",
    long: true,
    sharedRows: "f32(end - first)",
    store: (partial, part, sum) => {
      const parts = partsOf(partial);
      return `if (leads) { st_${partial.operand}(((outer * P.chunks + chunk) * ${parts}u + ${part}u) * P.perRow + c, ${sum}); }`;
    },
  });
  const body = `if (group >= P.total) { return; }
let c = (group % P.groups) * P.across + lane % P.across;
let chunk = (group / P.groups) % P.chunks;
let outer = group / (P.groups * P.chunks);
let first = outer * P.rows + chunk * P.chunk;
let end = min(first + P.chunk, (outer + 1u) * P.rows);
let leads = lane < P.across && c < P.perRow;
${sums.vars}
var seen = 0.0;
if (c < P.perRow) {
${before.code}
for (var r = first + lane / P.across; r < end; r += ${COLUMN_THREADS}u / P.across) {
let i = r * P.perRow + c;
${inside.code}
${sums.row}
${plan.stores.map(({ operand, step }) => `st_${operand}(i, ${value(step)});`).join("\n")}
seen += 1.0;
} }
${sums.after}`;
  const numbers = new Map([
    ...plan.numbers,
    ["total", plan.outer * chunks * groups],
    ["perRow", perRow],
    ["groups", groups],
    ["across", across],
    ["chunks", chunks],
    ["rows", plan.rows],
    ["chunk", plan.chunk],
    ["last", plan.last],
    ZERO,
  ]);
  const sizes = [...numbers.keys()].filter((name) => !wanted.constants.includes(name));
  return {
    kernel: {
      label: "column",
      sizes,
      constants: wanted.constants,
      scalars: wanted.scalars,
      helpers: wanted.helpers,
      reads: plan.reads,
      writes: [...plan.partials.map((p) => p.operand), ...plan.stores.map((s) => s.operand)],
      workgroup: COLUMN_THREADS,
      declarations: [KEPT, joinOverRows(joinsOf(plan.partials))].join("\n"),
      body,
    },
    sizes: sizes.map((name) => numbers.get(name)!),
    constants: wanted.constants.map((name) => numbers.get(name)!),
    groups: numbers.get("total")!,
  };
}

/** Workgroup memory and functions that join columns; wants the size `across`. */
export function joinOverRows(kinds: readonly ("sum" | "max")[]): string {
  const functions = kinds.map((kind) => joinRows(kind, COLUMN_THREADS, "P.across"));
  return [`var<workgroup> stage: array<vec4f, ${COLUMN_THREADS}>;`, ...functions].join("\n");
}
