// Reductions over rows that keep the last dimension: [outer, rows, C] -> [outer, C]. Each invocation walks one column
// of words down one chunk of rows and leaves a partial result; `columnFinish` joins the partials. On the way it can
// run an elementwise program and store some of its values, so that a gradient and its sums are made in one pass. On a
// GPU several invocations share a column (column_gpu.ts).

import type { DeviceClass } from "../base/mod.ts";
import { chunkRowsGpu, columnGpu } from "./column_gpu.ts";
import { type ColumnPlan, partsOf, sumText } from "./column_sums.ts";
import { columnOnly, needs, statements, zeroTails } from "./expr.ts";
import { addTo, KEPT, newSum, ZERO } from "./kahan.ts";
import type { Kernel, Launch } from "./wgsl.ts";

const WORKGROUP = 32;

/** Rows per chunk: enough invocations to fill a device, few enough partials. */
export function chunkRows(outer: number, rows: number, last: number, target: DeviceClass): number {
  if (target === "gpu") return chunkRowsGpu(outer, rows, last);
  const columns = outer * Math.ceil(last / 4);
  let chunk = rows;
  while (chunk > 16 && columns * Math.ceil(rows / chunk) < 1024) chunk = Math.ceil(chunk / 2);
  return Math.min(chunk, 256);
}

export function columnLaunch(plan: ColumnPlan, target: DeviceClass): Launch {
  return target === "gpu" ? columnGpu(plan) : columnSoftware(plan);
}

function columnSoftware(plan: ColumnPlan): Launch {
  const perRow = Math.ceil(plan.last / 4), chunks = Math.ceil(plan.rows / plan.chunk);
  const masked = plan.last % 4 !== 0;
  const wanted = needs(plan.program);
  const early = columnOnly(plan.program), zero = zeroTails(plan.program);
  const place = { i: "i", r: "r", c: "c" };
  const before = statements(plan.program, place, "v", (s) => early[s]);
  const inside = statements(plan.program, place, "v", (s) => !early[s]);
  const value = (step: number) =>
    masked && !zero[step] ? `mask_tail(${inside.names[step]}, c, P.last)` : inside.names[step];
  const sums = sumText(plan.partials, {
    value,
    isFirst: "r == first",
    seen: "f32(end - first)",
    long: true,
    store: (partial, part, sum) => {
      const line = `(outer * P.chunks + chunk) * ${partsOf(partial)}u + ${part}u`;
      return `st_${partial.operand}((${line}) * P.perRow + c, ${sum});`;
    },
  });
  const sizes = [
    "total",
    "perRow",
    "chunks",
    "rows",
    "chunk",
    ZERO[0],
    ...(masked ? ["last"] : []),
    ...wanted.sizes,
  ];
  const kernel: Kernel = {
    label: "column",
    sizes,
    constants: wanted.constants,
    scalars: wanted.scalars,
    helpers: wanted.helpers,
    reads: plan.reads,
    writes: [...plan.partials.map((p) => p.operand), ...plan.stores.map((s) => s.operand)],
    workgroup: WORKGROUP,
    declarations: KEPT,
    body: `if (id >= P.total) { return; }
let part = div_u(id, P.perRow);
let c = id - part * P.perRow;
let chunk = mod_u(part, P.chunks);
let outer = div_u(part, P.chunks);
let first = outer * P.rows + chunk * P.chunk;
let end = min(first + P.chunk, (outer + 1u) * P.rows);
${sums.vars}
${before.code}
for (var r = first; r < end; r++) {
let i = r * P.perRow + c;
${inside.code}
${sums.row}
${plan.stores.map(({ operand, step }) => `st_${operand}(i, ${value(step)});`).join("\n")}
}
${sums.after}`,
  };
  const total = plan.outer * chunks * perRow;
  const numbers = new Map([
    ...plan.numbers,
    ["total", total],
    ["perRow", perRow],
    ["chunks", chunks],
    ["rows", plan.rows],
    ["chunk", plan.chunk],
    ["last", plan.last],
    ZERO,
  ]);
  return {
    kernel,
    sizes: sizes.map((name) => numbers.get(name)!),
    constants: wanted.constants.map((name) => numbers.get(name)!),
    groups: Math.ceil(total / WORKGROUP),
  };
}

/** Joins [outer, chunks, parts, C] partials of sums or maxima to [outer, parts, C]. */
export function columnFinish(
  reduction: "sum" | "max",
  sizes: { outer: number; chunks: number; parts: number; perRow: number },
  target: DeviceClass,
): Launch {
  if (target === "gpu" && sizes.chunks > FEW_CHUNKS) return finishGpu(reduction, sizes);
  const workgroup = target === "gpu" ? 64 : 16;
  const total = sizes.outer * sizes.parts * sizes.perRow, line = sizes.parts * sizes.perRow;
  const summing = reduction === "sum";
  return {
    kernel: {
      label: `column ${reduction} finish`,
      sizes: ["total", "line", "chunks", ZERO[0]],
      reads: ["X"],
      writes: ["Y"],
      workgroup,
      declarations: KEPT,
      body: `if (id >= P.total) { return; }
let outer = div_u(id, P.line);
var at = outer * P.chunks * P.line + id - outer * P.line;
${summing ? newSum("all") : "var all = vec4f(-3.4028234e38);"}
for (var t = 0u; t < P.chunks; t++) {
${summing ? addTo("all", "ld_X(at)") : "all = max(all, ld_X(at));"}
at += P.line;
}
st_Y(id, all);`,
    },
    sizes: [total, line, sizes.chunks, ZERO[1]],
    groups: Math.ceil(total / workgroup),
  };
}

/** So many are added by one invocation of a GPU; more by a workgroup, as a column reduction over them. */
const FEW_CHUNKS = 16;

function finishGpu(
  reduction: "sum" | "max",
  { outer, chunks, parts, perRow }: { outer: number; chunks: number; parts: number; perRow: number },
): Launch {
  return columnGpu({
    program: { steps: [{ kind: "load", operand: "X", access: "full" }] },
    reads: ["X"],
    stores: [],
    partials: [{ operand: "Y", reduction, steps: [0] }],
    outer,
    rows: chunks,
    last: parts * perRow * 4,
    chunk: chunks,
    numbers: new Map(),
  }, 4);
}
