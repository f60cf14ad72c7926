// The write hook of the GPU contraction: the epilogue's program on every finished word, its stores, and the sums down
// the rows of the tile, joined over the workgroup in a fixed order.

import { wordsPerPart } from "./column.ts";
import type { ContractPlan } from "./contract.ts";
import { type Block, each, ownRow, ownWord } from "./contract_block.ts";
import { columnOnly, statements, zeroTails } from "./expr.ts";

/** Sum of a value over the invocations that share a column, the same for all of them. */
export function overRows(block: Block): string {
  return `fn over_rows(own: vec4f, lane: u32) -> vec4f {
stage[lane] = own;
workgroupBarrier();
var sum = stage[lane % ${block.across}u];
for (var t = 1u; t < ${block.down}u; t++) { sum += stage[lane % ${block.across}u + t * ${block.across}u]; }
workgroupBarrier();
return sum;
}`;
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
  const vars: string[] = [], row: string[] = [], after: string[] = [];
  for (const { operand, step } of epilogue.stores) row.push(`st_${operand}(i, ${value(step)});`);
  epilogue.partials.forEach((partial, p) => {
    const parts = partial.steps.length * wordsPerPart(partial.reduction);
    partial.steps.forEach((step, s) => {
      const name = `s${p}_${s}`;
      const store = (part: number, sum: string) =>
        `if (first) { st_${partial.operand}((tm * ${parts}u + ${part}u) * P.N4 + n, ${sum}); }`;
      vars.push(`var ${name} = vec4f(0.0);`);
      if (partial.reduction === "sum") {
        row.push(`${name} += ${value(step)};`);
        after.push(`${name} = over_rows(${name}, lane);`, store(s, name));
        return;
      }
      // Each invocation takes deviations from its first row; then all are brought to the mean of the tile.
      vars.push(`var f${name} = vec4f(0.0); var q${name} = vec4f(0.0);`);
      row.push(`if (held == 0.0) { f${name} = ${value(step)}; }`);
      row.push(`{ let d = ${value(step)} - f${name}; ${name} += d; q${name} = fma(d, d, q${name}); }`);
      after.push(
        `${name} = ${name} / max(held, 1.0);`,
        `q${name} = max(q${name} - held * ${name} * ${name}, vec4f(0.0));`,
        `let all${name} = over_rows(held * (f${name} + ${name}), lane) / f32(min(${block.rows}u, P.M - m0));`,
        store(2 * s, `all${name}`),
        `{ let d = f${name} + ${name} - all${name}; q${name} = over_rows(fma(d * d, vec4f(held), q${name}), lane); }`,
        store(2 * s + 1, `q${name}`),
      );
    });
  });
  const moments = epilogue.partials.some((partial) => partial.reduction === "moments");
  if (moments) vars.push("var held = 0.0;"), row.push("held += 1.0;");
  if (after.length > 0) vars.push("let first = jy == 0u && n < P.N4;");
  return `let n = n0 + ${ownWord(block, n)};
${vars.join("\n")}
if (n < P.N4) {
${before.code}
${
    each(block.ownRows, (i) =>
      `{ ${rowOf(plan, block, i)}
let i = yBase + m * P.Y_row + n; let acc = c${i}_${n};
${inside.code}
${row.join("\n")}
} }`)
  }
}
${after.join("\n")}`;
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
