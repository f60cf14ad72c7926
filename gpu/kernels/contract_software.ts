// The contraction for llvmpipe: one register tile per invocation, no workgroup memory, no barriers, words straight
// from storage textures. Lanes run along n. See contract.ts for the vocabulary.

import { denseLoop } from "./dense_loop.ts";
import { COMPENSATED, ZERO } from "./kahan.ts";
import { columnOnly, needs, statements, zeroTails } from "./expr.ts";
import { newProducts, sumOf } from "./products.ts";
import { each, renamed } from "./register_tile.ts";
import { windowLoop } from "./window_loop.ts";
import { contractNumbers, type ContractPlan, splitLength } from "./contract.ts";
import { wordsPerPart } from "./column_sums.ts";
import type { Kernel, Launch } from "./wgsl.ts";

const WORKGROUP = 32;

export function contractSoftware(plan: ContractPlan): Launch {
  const { spec, tile } = plan;
  const w = spec.window, length = splitLength(spec), chunk = Math.ceil(length / tile.splits);
  const loop = w ? windowLoop(plan) : denseLoop(plan);
  const writeOut = finish(plan);
  const numbers = new Map([...plan.numbers, ...contractNumbers(spec, tile), ["chunk", chunk], [
    "length",
    length,
  ]]);
  if (spec.oneHot !== undefined) numbers.set("T", spec.oneHot);
  if (plan.compensated) numbers.set(...ZERO);
  const wantedA = needs(plan.loadA.program), wantedY = needs(plan.epilogue.program);
  const names = [...numbers.keys()].filter((name) => !plan.numbers.has(name));
  const sizes = [...names, ...wantedA.sizes, ...wantedY.sizes];
  const constants = [...new Set([...wantedA.constants, ...wantedY.constants])];
  const reads = [...new Set([...plan.readsA, "B", ...plan.readsEpilogue])];
  const batched = w === undefined;
  const kernel: Kernel = {
    label: w?.kind ?? `matmul ${spec.orientA},${spec.orientB}`,
    sizes,
    constants,
    scalars: [...new Set([...wantedA.scalars, ...wantedY.scalars])],
    helpers: [...new Set([...wantedA.helpers, ...wantedY.helpers])],
    reads,
    writes: [...plan.epilogue.stores.map((s) => s.operand), ...plan.epilogue.partials.map((p) => p.operand)],
    workgroup: WORKGROUP,
    declarations: plan.compensated ? COMPENSATED : undefined,
    body: `if (id >= P.total) { return; }
let line_of_tiles = div_u(id, P.tilesN);
let tn = id - line_of_tiles * P.tilesN;
let block = div_u(line_of_tiles, P.tilesM);
let tm = line_of_tiles - block * P.tilesM;
let split = mod_u(block, P.splits);
${
      batched
        ? "let batch = div_u(block, P.splits); let b0 = div_u(batch, P.batch1); let b1 = mod_u(batch, P.batch1);"
        : ""
    }
let aBase = ${batched ? "b0 * P.A_b0 + b1 * P.A_b1" : "0u"};
let bBase = ${batched ? "b0 * P.B_b0 + b1 * P.B_b1" : "0u"};
let yWhole = ${batched ? "b0 * P.Y_b0 + b1 * P.Y_b1" : "0u"};
let yBase = yWhole + split * P.Y_split;
${
      batched
        ? "let yRow = div_u(yWhole, P.Y_row); let yCol = yWhole - yRow * P.Y_row;"
        : "let yRow = 0u; let yCol = 0u;"
    }
${
      batched
        ? "let aRow = div_u(aBase, P.A_row); let aCol = aBase - aRow * P.A_row;"
        : "let aRow = 0u; let aCol = 0u;"
    }
let n0 = tn * ${tile.words}u;
let start = split * P.chunk;
let stop = min(start + P.chunk, P.length);
${each(tile.rows, (m) => each(tile.words, (n) => newProducts(plan, `c${m}_${n}`)).replaceAll(";\n", "; "))}
${loop}
${writeOut}`,
  };
  return {
    kernel,
    sizes: sizes.map((name) => numbers.get(name)!),
    constants: constants.map((name) => numbers.get(name)!),
    groups: Math.ceil(numbers.get("total")! / WORKGROUP),
  };
}

/** Epilogue, stores and column sums of the tile. */
function finish(plan: ContractPlan): string {
  const { spec, tile, epilogue } = plan;
  const early = columnOnly(epilogue.program), zero = zeroTails(epilogue.program);
  const masked = spec.n % 4 !== 0;
  const dirty = spec.orientB === "nk";
  const lines: string[] = [];
  for (let n = 0; n < tile.words; n++) {
    const c = `(n0 + ${n}u)`;
    lines.push(`if (n0 + ${n}u < P.N4) {`);
    lines.push(
      statements(epilogue.program, { i: "0u", r: "0u", c: `(yCol + ${c})` }, `e${n}_`, (s) => early[s]).code,
    );
    epilogue.partials.forEach((partial, p) =>
      partial.steps.forEach((_, s) => {
        lines.push(`var s${p}_${s} = vec4f(0.0);`);
        if (partial.reduction === "moments") {
          lines.push(`var t${p}_${s} = vec4f(0.0); var u${p}_${s} = vec4f(0.0);`);
        }
      })
    );
    for (let m = 0; m < tile.rows; m++) {
      const { row, inside } = rowOf(plan, m);
      lines.push(`if (${inside}) { let r = ${row}; let i = yBase + r * P.Y_row + ${c};`);
      lines.push(
        `let acc = ${
          dirty ? `mask_tail(${sumOf(plan, `c${m}_${n}`)}, ${c}, P.N)` : sumOf(plan, `c${m}_${n}`)
        };`,
      );
      const late = renamed(
        epilogue.program,
        early,
        { i: "i", r: "(yRow + r)", c: `(yCol + ${c})` },
        `e${n}_`,
        "v",
      );
      lines.push(late.code);
      const value = (s: number) =>
        masked && !zero[s] ? `mask_tail(${late.names[s]}, ${c}, P.N)` : late.names[s];
      for (const { operand, step } of epilogue.stores) lines.push(`st_${operand}(i, ${value(step)});`);
      epilogue.partials.forEach((partial, p) =>
        partial.steps.forEach((step, s) => {
          if (partial.reduction === "sum") lines.push(`s${p}_${s} += ${value(step)};`);
          else {
            if (m === 0) lines.push(`u${p}_${s} = ${value(step)};`);
            lines.push(
              `{ let d = ${value(step)} - u${p}_${s}; s${p}_${s} += d; t${p}_${s} = fma(d, d, t${p}_${s}); }`,
            );
          }
        })
      );
      lines.push("}");
    }
    epilogue.partials.forEach((partial, p) => {
      const parts = partial.steps.length * wordsPerPart(partial.reduction);
      partial.steps.forEach((_, s) => {
        const at = (k: number) => `st_${partial.operand}((tm * ${parts}u + ${k}u) * P.N4 + ${c}, `;
        if (partial.reduction === "sum") lines.push(`${at(s)}s${p}_${s});`);
        else {
          lines.push(`let mean${p}_${s} = s${p}_${s} / ${tile.rows}.0;`);
          lines.push(`${at(2 * s)}u${p}_${s} + mean${p}_${s});`);
          lines.push(`${at(2 * s + 1)}max(t${p}_${s} - s${p}_${s} * mean${p}_${s}, vec4f(0.0)));`);
        }
      });
    });
    lines.push("}");
  }
  return lines.join("\n");
}

/** Row of the result that register row m is, and whether there is such a row. */
function rowOf({ spec }: ContractPlan, m: number): { row: string; inside: string } {
  if (spec.window?.kind !== "convW") return { row: `m0 + ${m}u`, inside: `m0 + ${m}u < P.M` };
  const tap = Math.floor(m / 4), channel = `g0 * 4u + ${m % 4}u`;
  return { row: `(ky * P.KW + ${tap}u) * P.Ci + ${channel}`, inside: `${channel} < P.Ci` };
}
