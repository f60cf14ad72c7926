// Reductions over rows that keep the last dimension: [outer, rows, C] -> [outer, C]. Each invocation walks one column
// of words down one chunk of rows and leaves a partial result; `columnFinish` joins the partials. On the way it can
// run an elementwise program and store some of its values, so that a gradient and its sums are made in one pass.

import { columnOnly, needs, type Program, statements, zeroTails } from "./expr.ts";
import type { Kernel, Launch } from "./wgsl.ts";

/** sum and max leave one word a column; moments leaves two: mean and sum of squared deviations of the chunk. */
export type Reduction = "sum" | "max" | "moments";

export interface ColumnPlan {
  readonly program: Program;
  readonly reads: readonly string[];
  readonly stores: readonly { readonly operand: string; readonly step: number }[];
  /** Each result: partials of several steps side by side, [outer, chunks, parts, C]. */
  readonly partials: readonly {
    readonly operand: string;
    readonly reduction: Reduction;
    readonly steps: readonly number[];
  }[];
  readonly outer: number;
  readonly rows: number;
  readonly last: number;
  readonly chunk: number;
  readonly numbers: ReadonlyMap<string, number>;
}

const WORKGROUP = 32;

/** Rows per chunk: enough invocations to fill a device, few enough partials. */
export function chunkRows(outer: number, rows: number, last: number): number {
  const columns = outer * Math.ceil(last / 4);
  let chunk = rows;
  while (chunk > 16 && columns * Math.ceil(rows / chunk) < 1024) chunk = Math.ceil(chunk / 2);
  return Math.min(chunk, 256);
}

/** Words one partial of a reduction takes per column and step. */
export function wordsPerPart(reduction: Reduction): number {
  return reduction === "moments" ? 2 : 1;
}

export function columnLaunch(plan: ColumnPlan): Launch {
  const perRow = Math.ceil(plan.last / 4), chunks = Math.ceil(plan.rows / plan.chunk);
  const masked = plan.last % 4 !== 0;
  const wanted = needs(plan.program);
  const early = columnOnly(plan.program), zero = zeroTails(plan.program);
  const place = { i: "i", r: "r", c: "c" };
  const before = statements(plan.program, place, "v", (s) => early[s]);
  const inside = statements(plan.program, place, "v", (s) => !early[s]);
  const value = (step: number) =>
    masked && !zero[step] ? `mask_tail(${inside.names[step]}, c, P.last)` : inside.names[step];
  const vars: string[] = [], loop: string[] = [], after: string[] = [];
  plan.partials.forEach((partial, p) => {
    const parts = partial.steps.length * wordsPerPart(partial.reduction);
    partial.steps.forEach((step, s) => {
      const name = `a${p}_${s}`;
      const out = (k: number) =>
        `st_${partial.operand}(((outer * P.chunks + chunk) * ${parts}u + ${k}u) * P.perRow + c, `;
      if (partial.reduction === "sum") {
        vars.push(`var ${name} = vec4f(0.0);`);
        loop.push(`${name} += ${value(step)};`);
        after.push(`${out(s)}${name});`);
      } else if (partial.reduction === "max") {
        vars.push(`var ${name} = vec4f(-3.4028234e38);`);
        loop.push(`${name} = max(${name}, ${value(step)});`);
        after.push(`${out(s)}${name});`);
      } else {
        // Deviations from the chunk's first row keep the squares small whatever the offset of the data.
        vars.push(`var f${name} = vec4f(0.0); var ${name} = vec4f(0.0); var q${name} = vec4f(0.0);`);
        loop.push(`if (r == first) { f${name} = ${value(step)}; }`);
        loop.push(`{ let d = ${value(step)} - f${name}; ${name} += d; q${name} = fma(d, d, q${name}); }`);
        after.push(`let m${name} = ${name} / f32(end - first);`);
        after.push(`${out(2 * s)}f${name} + m${name});`);
        after.push(`${out(2 * s + 1)}max(q${name} - ${name} * m${name}, vec4f(0.0)));`);
      }
    });
  });
  for (const { operand, step } of plan.stores) loop.push(`st_${operand}(i, ${value(step)});`);
  const sizes = ["total", "perRow", "chunks", "rows", "chunk", ...(masked ? ["last"] : []), ...wanted.sizes];
  const kernel: Kernel = {
    label: "column",
    sizes,
    constants: wanted.constants,
    scalars: wanted.scalars,
    helpers: wanted.helpers,
    reads: plan.reads,
    writes: [...plan.partials.map((p) => p.operand), ...plan.stores.map((s) => s.operand)],
    workgroup: WORKGROUP,
    body: `if (id >= P.total) { return; }
let part = div_u(id, P.perRow);
let c = id - part * P.perRow;
let chunk = mod_u(part, P.chunks);
let outer = div_u(part, P.chunks);
let first = outer * P.rows + chunk * P.chunk;
let end = min(first + P.chunk, (outer + 1u) * P.rows);
${vars.join("\n")}
${before.code}
for (var r = first; r < end; r++) {
let i = r * P.perRow + c;
${inside.code}
${loop.join("\n")}
}
${after.join("\n")}`,
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
): Launch {
  const total = sizes.outer * sizes.parts * sizes.perRow, line = sizes.parts * sizes.perRow;
  const join = (a: string, b: string) => reduction === "sum" ? `${a} + ${b}` : `max(${a}, ${b})`;
  return {
    kernel: {
      label: `column ${reduction} finish`,
      sizes: ["total", "line", "chunks"],
      reads: ["X"],
      writes: ["Y"],
      workgroup: 16,
      body: `if (id >= P.total) { return; }
let outer = div_u(id, P.line);
var at = outer * P.chunks * P.line + id - outer * P.line;
var a = ld_X(at); var b = vec4f(${reduction === "sum" ? "0.0" : "-3.4028234e38"});
for (var t = 1u; t + 1u < P.chunks; t += 2u) {
b = ${join("b", "ld_X(at + P.line)")};
at += 2u * P.line;
a = ${join("a", "ld_X(at)")};
}
if (P.chunks % 2u == 0u) { b = ${join("b", "ld_X(at + P.line)")}; }
st_Y(id, ${join("a", "b")});`,
    },
    sizes: [total, line, sizes.chunks],
    groups: Math.ceil(total / 16),
  };
}
