// The elementwise kernel: one program over all words of a shape, several results.

import { needs, type Program, statements, zeroTails } from "./expr.ts";
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

/** One invocation does one word: on llvmpipe a loop over words costs as much again as the work in it. */
export function mapLaunch(plan: MapPlan): Launch {
  const perRow = Math.ceil(plan.last / 4), words = plan.rows * perRow;
  const masked = plan.last % 4 !== 0;
  const wanted = needs(plan.program);
  const zero = zeroTails(plan.program);
  const { code, names } = statements(plan.program, { i: "id", r: "r", c: "c" }, "v");
  const stores = plan.stores.map(({ operand, step }) =>
    `st_${operand}(id, ${masked && !zero[step] ? `mask_tail(${names[step]}, c, P.last)` : names[step]});`
  );
  const text = [code, ...stores].join("\n");
  const numbers = new Map<string, number>([...plan.numbers, ["n", words]]);
  const where = rowAndColumn(text, perRow, numbers);
  if (text.includes("P.last")) numbers.set("last", plan.last);
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
    groups: Math.ceil(words / WORKGROUP),
  };
}

/** Row and column of a word, where the text uses them. */
function rowAndColumn(text: string, perRow: number, numbers: Map<string, number>): string {
  if (!/\b[rc]\b/.test(text)) return "";
  numbers.set("perRow", perRow);
  return "let r = div_u(id, P.perRow);\nlet c = id - r * P.perRow;";
}
