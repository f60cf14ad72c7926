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

/** One invocation does up to four words a quarter of the tensor apart. */
export function mapLaunch(plan: MapPlan): Launch {
  const perRow = Math.ceil(plan.last / 4), words = plan.rows * perRow;
  const repeats = words >= 4 * 2 * WORKGROUP ? 4 : 1;
  const stride = Math.ceil(words / repeats);
  const masked = plan.last % 4 !== 0;
  const wanted = needs(plan.program);
  const sizes = ["n", "stride", "repeats", "perRow", ...(masked ? ["last"] : []), ...wanted.sizes];
  const zero = zeroTails(plan.program);
  const { code, names } = statements(plan.program, { i: "i", r: "r", c: "c" }, "v");
  const stores = plan.stores.map(({ operand, step }) =>
    `st_${operand}(i, ${masked && !zero[step] ? `mask_tail(${names[step]}, c, P.last)` : names[step]});`
  );
  const kernel: Kernel = {
    label: "map",
    sizes,
    constants: wanted.constants,
    scalars: wanted.scalars,
    helpers: wanted.helpers,
    reads: plan.reads,
    writes: plan.stores.map((s) => s.operand),
    workgroup: WORKGROUP,
    body: `if (id >= P.stride) { return; }
for (var k = 0u; k < P.repeats; k++) {
let i = id + k * P.stride;
if (i >= P.n) { break; }
let r = i / P.perRow;
let c = i - r * P.perRow;
${code}
${stores.join("\n")}
}`,
  };
  const numbers = new Map([...plan.numbers, ["n", words], ["stride", stride], ["repeats", repeats], ["perRow", perRow], [
    "last",
    plan.last,
  ]]);
  return {
    kernel,
    sizes: sizes.map((name) => numbers.get(name)!),
    constants: wanted.constants.map((name) => numbers.get(name)!),
    groups: Math.ceil(stride / WORKGROUP),
  };
}
