// The write hook of the GPU contraction: the epilogue's program on every finished word, its stores, and the sums down
// the rows of the tile, joined over the workgroup in a fixed order.

import { joinRows, joinsOf, partsOf, sumText } from "./column_sums.ts";
import type { ContractPlan } from "./contract.ts";
import { type Block, each, ownRow, ownWord } from "./contract_block.ts";
import { sumOf } from "./products.ts";
import { columnOnly, statements, zeroTails } from "./expr.ts";

/** Functions that join the sums of a tile's rows. */
export function overRows(plan: ContractPlan, block: Block): string {
  return joinsOf(plan.epilogue.partials).map((kind) => joinRows(kind, block.threads, `${block.across}u`))
    .join("\n");
}

/** Statements that finish a tile whose sums are in `c{row}_{word}`. */
export function writer(plan: ContractPlan, block: Block): string {
  return each(block.ownWords, (n) => `{\n${column(plan, block, n)}\n}`);
}

function column(plan: ContractPlan, block: Block, n: number): string {
  const { spec, epilogue } = plan;
  const early = columnOnly(epilogue.program), zero = zeroTails(epilogue.program);
  const place = { i: "i", r: "(yRow + m)", c: "(yCol + n)" };
  const before = statements(epilogue.program, place, "v", (s) => early[s]);
  const inside = statements(epilogue.program, place, "v", (s) => !early[s]);
  const value = (step: number) =>
    spec.n % 4 !== 0 && !zero[step] ? `mask_tail(${inside.names[step]}, n, P.N)` : inside.names[step];
  const sums = sumText(epilogue.partials, {
    value,
    isFirst: "seen == 0.0",
    seen: "seen",
    sharedRows: `f32(min(${block.rows}u, P.M - m0))`,
    store: (partial, part, sum) => {
      const line = `tm * ${partsOf(partial)}u + ${part}u`;
      return `if (leads) { st_${partial.operand}((${line}) * P.N4 + n, ${sum}); }`;
    },
  });
  const summed = epilogue.partials.length > 0;
  return `let n = n0 + ${ownWord(block, n)};
${summed ? "let leads = jy == 0u && n < P.N4;\nvar seen = 0.0;" : ""}
${sums.vars}
if (n < P.N4) {
${before.code}
${
    each(block.ownRows, (i) =>
      `{ ${rowOf(plan, block, i)}
let i = yBase + m * P.Y_row + n; let acc = ${sumOf(plan, `c${i}_${n}`)};
${inside.code}
${epilogue.stores.map(({ operand, step }) => `st_${operand}(i, ${value(step)});`).join("\n")}
${sums.row}
${summed ? "seen += 1.0;" : ""}
} }`)
  }
}
${sums.after}`;
}

/** Opens the block of the i-th row of an invocation, row `m` of Y; rows past the end are left out. */
function rowOf({ spec }: ContractPlan, block: Block, i: number): string {
  const at = `m0 + ${ownRow(block, i)}`;
  if (spec.window?.kind !== "convW" || spec.window.inChannels % 4 === 0) {
    return `let m = ${at}; if (m < P.M) {`;
  }
  return `let q = ${at}; let tap = q / (P.C4 * 4u); let c = q - tap * (P.C4 * 4u); let m = tap * P.Ci + c;
if (c < P.Ci && m < P.M) {`;
}
