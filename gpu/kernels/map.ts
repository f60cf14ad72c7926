// The elementwise kernel: one program over all words of a shape, several results.

import { columnOnly, needs, type Program, statements, zeroTails } from "./expr.ts";
import type { Kernel, Launch } from "./wgsl.ts";

export interface MapPlan {
  readonly program: Program;
  readonly reads: readonly string[];
  /** Operand name and step index of each result. */
  readonly stores: readonly { readonly operand: string; readonly step: number }[];
  readonly rows: number;
  readonly last: number;
  /** Values of the program's own sizes and constants, by name. */
  readonly numbers: ReadonlyMap<string, number>;
}

const WORKGROUP = 64;

/**
 * One invocation makes one word, for on llvmpipe a loop over words costs as much again as the work in it; or four words
 * of one column, written out, which share what depends on the column alone.
 */
export function mapLaunch(plan: MapPlan): Launch {
  const { program, rows, last } = plan, perRow = Math.ceil(last / 4), words = rows * perRow;
  const copies = sharesColumns(program, rows, perRow) ? 4 : 1;
  const wanted = needs(program), zero = zeroTails(program);
  const early = columnOnly(program).map((only) => only && copies > 1);
  const shared = statements(program, { i: "0u", r: "0u", c: "c" }, "v", (s) => early[s]);
  const late = {
    steps: program.steps.map((step, s) => early[s] ? { kind: "given" as const, name: `v${s}` } : step),
  };
  const lines = [shared.code];
  for (let k = 0; k < copies; k++) {
    const [i, r] = k === 0 ? ["id", "r"] : [`(id + ${k}u * P.n)`, `(r + ${k}u * P.quarter)`];
    const { code, names } = statements(late, { i, r, c: "c" }, k === 0 ? "v" : `v${k}_`, (s) => !early[s]);
    const stores = plan.stores.map(({ operand, step }) => {
      const masked = last % 4 !== 0 && !zero[step];
      return `st_${operand}(${i}, ${masked ? `mask_tail(${names[step]}, c, P.last)` : names[step]});`;
    });
    lines.push(code, ...stores);
  }
  const text = lines.join("\n");
  const numbers = new Map<string, number>([...plan.numbers, ["n", words / copies]]);
  if (text.includes("P.quarter")) numbers.set("quarter", rows / copies);
  if (text.includes("P.last")) numbers.set("last", last);
  const where = rowAndColumn(text, perRow, numbers);
  const sizes = [...numbers.keys()].filter((name) => !wanted.constants.includes(name));
  const kernel: Kernel = {
    label: "map",
    sizes,
    constants: wanted.constants,
    scalars: wanted.scalars,
    helpers: wanted.helpers,
    reads: plan.reads,
    writes: plan.stores.map((s) => s.operand),
    workgroup: WORKGROUP,
    body: `if (id >= P.n) { return; }
${where}
${text}`,
  };
  return {
    kernel,
    sizes: sizes.map((name) => numbers.get(name)!),
    constants: wanted.constants.map((name) => numbers.get(name)!),
    groups: Math.ceil(words / copies / WORKGROUP),
  };
}

/** Many operands of the column, and enough quarters of the tensor for all invocations. */
function sharesColumns(program: Program, rows: number, perRow: number): boolean {
  const loads = program.steps.filter((step) => step.kind === "load" && step.access === "row").length;
  return loads >= 3 && rows % 4 === 0 && rows * perRow >= 4096;
}

/** Row and column of a word, where the text uses them. */
function rowAndColumn(text: string, perRow: number, numbers: Map<string, number>): string {
  if (!/\b[rc]\b/.test(text)) return "";
  numbers.set("perRow", perRow);
  return "let r = div_u(id, P.perRow);\nlet c = id - r * P.perRow;";
}
