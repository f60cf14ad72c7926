// The contraction for llvmpipe: one register tile per invocation, no workgroup memory, no barriers, words straight
// from storage textures. Lanes run along n. See contract.ts for the vocabulary.

import { columnOnly, needs, type Program, statements, zeroTails } from "./expr.ts";
import { type ContractPlan, rowTiles, splitLength } from "./contract.ts";
import { wordsPerPart } from "./column.ts";
import type { Kernel, Launch } from "./wgsl.ts";

const WORKGROUP = 32;
const LANES = ["x", "y", "z", "w"];

export function contractSoftware(plan: ContractPlan): Launch {
  const { spec, tile } = plan;
  const n4 = Math.ceil(spec.n / 4), k4 = Math.ceil(spec.k / 4), w = spec.window;
  const tilesM = rowTiles(spec, tile), tilesN = Math.ceil(n4 / tile.words);
  const batches = spec.batch[0] * spec.batch[1];
  const length = splitLength(spec), chunk = Math.ceil(length / tile.splits);
  const loop = w ? windowLoop(plan) : denseLoop(plan);
  const writeOut = finish(plan);
  const numbers = new Map<string, number>([
    ...plan.numbers,
    ["total", tilesN * tilesM * tile.splits * batches],
    ["tilesN", tilesN],
    ["tilesM", tilesM],
    ["splits", tile.splits],
    ["chunk", chunk],
    ["length", length],
    ["batch1", spec.batch[1]],
    ["M", spec.m],
    ["N", spec.n],
    ["N4", n4],
    ["K", spec.k],
    ["K4", k4],
    ["A_row", spec.a.row],
    ["A_b0", spec.a.batch0],
    ["A_b1", spec.a.batch1],
    ["B_row", spec.b.row],
    ["B_b0", spec.b.batch0],
    ["B_b1", spec.b.batch1],
    ["Y_row", spec.y.row],
    ["Y_b0", spec.y.batch0],
    ["Y_b1", spec.y.batch1],
    ["Y_split", spec.m * n4 * batches],
  ]);
  if (spec.oneHot !== undefined) numbers.set("T", spec.oneHot);
  if (w) {
    const window: [string, number][] = [
      ["H", w.height],
      ["W", w.width],
      ["OH", w.outHeight],
      ["OW", w.outWidth],
      ["KH", w.kernelHeight],
      ["KW", w.kernelWidth],
      ["stride", w.stride],
      ["pad", w.padding],
      ["Ci", w.inChannels],
      ["C4", Math.ceil((w.kind === "convT" ? w.outChannels : w.inChannels) / 4)],
    ];
    for (const [name, value] of window) numbers.set(name, value);
  }
  const wantedA = needs(plan.loadA.program), wantedY = needs(plan.epilogue.program);
  const names = [...numbers.keys()].filter((name) => !plan.numbers.has(name));
  const sizes = [...names, ...wantedA.sizes, ...wantedY.sizes];
  const constants = [...new Set([...wantedA.constants, ...wantedY.constants])];
  const reads = [...new Set([...plan.readsA, "B", ...plan.readsEpilogue])];
  const batched = batches > 1;
  const kernel: Kernel = {
    label: w?.kind ?? `matmul ${spec.orientA},${spec.orientB}`,
    sizes,
    constants,
    scalars: [...new Set([...wantedA.scalars, ...wantedY.scalars])],
    helpers: [...new Set([...wantedA.helpers, ...wantedY.helpers])],
    reads,
    writes: [...plan.epilogue.stores.map((s) => s.operand), ...plan.epilogue.partials.map((p) => p.operand)],
    workgroup: WORKGROUP,
    body: `if (id >= P.total) { return; }
let tn = id % P.tilesN;
var rest = id / P.tilesN;
let tm = rest % P.tilesM;
rest = rest / P.tilesM;
let split = rest % P.splits;
${batched ? "let batch = rest / P.splits; let b0 = batch / P.batch1; let b1 = batch % P.batch1;" : ""}
let aBase = ${batched ? "b0 * P.A_b0 + b1 * P.A_b1" : "0u"};
let bBase = ${batched ? "b0 * P.B_b0 + b1 * P.B_b1" : "0u"};
let yBase = ${batched ? "b0 * P.Y_b0 + b1 * P.Y_b1 + " : ""}split * P.Y_split;
let n0 = tn * ${tile.words}u;
let start = split * P.chunk;
let stop = min(start + P.chunk, P.length);
${each(tile.rows, (m) => each(tile.words, (n) => `var c${m}_${n} = vec4f(0.0);`)).replaceAll(";\n", "; ")}
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

function each(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

/** Statements that read words of A: column-only parts once per column, the rest per word. */
function readerA(plan: ContractPlan): {
  before: (column: string, tag: string) => string;
  word: (name: string, index: string, row: string, column: string, tag: string, ok?: string) => string;
} {
  const { program, result } = plan.loadA;
  const early = columnOnly(program);
  const plain = program.steps.length === 1;
  return {
    before: (column, tag) =>
      statements(program, { i: "0u", r: "0u", c: column }, `p${tag}_`, (s) => early[s]).code,
    word: (name, index, row, column, tag, ok) => {
      if (plain) return `let ${name} = ld_A(${ok ? `select(0xffffffu, ${index}, ${ok})` : index});`;
      const place = { i: ok ? `select(0u, ${index}, ${ok})` : index, r: row, c: column };
      const late = renamed(program, early, place, `p${tag}_`, `${name}_`);
      const value = late.names[result];
      return `${late.code}\nlet ${name} = ${ok ? `select(vec4f(0.0), ${value}, ${ok})` : value};`;
    },
  };
}

/** Statements with two prefixes: values made before the loop keep theirs. */
function renamed(
  program: Program,
  early: boolean[],
  at: { i: string; r: string; c: string },
  first: string,
  second: string,
) {
  const steps = program.steps.map((step, s) =>
    early[s] ? { kind: "given" as const, name: `${first}${s}` } : step
  );
  return statements({ steps }, at, second, (s) => !early[s]);
}

/** The padding lanes of A's last word would meet rows of B beyond the last: those must not be read. */
function hasTail({ spec }: ContractPlan): boolean {
  return (spec.window ? spec.window.inChannels : spec.k) % 4 !== 0;
}

/** The first word of B of a loop over k; the rows after it follow by adding. */
function firstB(plan: ContractPlan, row: string): string {
  return plan.spec.orientB === "kn" && !hasTail(plan) ? `var ib = bBase + ${row} * P.B_row + n0;` : "";
}

/** Adds A words (mk) times B words to the accumulators, for four k. */
function multiply(plan: ContractPlan, at: { base: string; k: string; kBase: string }): string {
  const { spec, tile } = plan;
  if (spec.orientB === "kn") {
    const tail = hasTail(plan);
    return each(4, (kk) => {
      const row = `min(${at.k} * 4u + ${kk}u, ${spec.window ? "P.Ci" : "P.K"} - 1u)`;
      const find = tail ? `let ib = ${at.base} + (${at.kBase} + ${row}) * P.B_row + n0;` : "";
      const rows = (m: number) =>
        each(tile.words, (n) => `c${m}_${n} = fma(vec4f(x${m}.${LANES[kk]}), w${n}, c${m}_${n});`);
      return `{ ${find}
${each(tile.words, (n) => `let w${n} = ld_B(ib + ${n}u);`)}
${each(tile.rows, rows)}
${tail ? "" : "ib += P.B_row;"} }`;
    });
  }
  return each(
    tile.words,
    (n) =>
      each(
        4,
        (e) =>
          `{ let w = ld_B(${at.base} + (${at.kBase} + n0 * 4u + ${n * 4 + e}u) * P.B_row + ${at.k});\n` +
          each(tile.rows, (m) => {
            const c = `c${m}_${n}.${LANES[e]}`;
            return `${c} = fma(x${m}.w, w.w, fma(x${m}.z, w.z, fma(x${m}.y, w.y, fma(x${m}.x, w.x, ${c}))));`;
          }) + " }",
      ),
  );
}

function denseLoop(plan: ContractPlan): string {
  const { spec, tile } = plan;
  const a = readerA(plan);
  if (spec.orientA === "mk") {
    return `let m0 = tm * ${tile.rows}u;
${each(tile.rows, (m) => `let a${m} = aBase + min(m0 + ${m}u, P.M - 1u) * P.A_row;`)}
${firstB(plan, "(start * 4u)")}
for (var k = start; k < stop; k++) {
${a.before("k", "k")}
${each(tile.rows, (m) => a.word(`x${m}`, `a${m} + k`, `m0 + ${m}u`, "k", "k"))}
${multiply(plan, { base: "bBase", k: "k", kBase: "0u" })}
}`;
  }
  const groups = tile.rows / 4;
  const head = `let m0 = tm * ${tile.rows}u; let g0 = tm * ${groups}u;`;
  if (spec.orientB === "kn") {
    const word = (g: number) =>
      plan.spec.oneHot !== undefined
        ? `let x${g} = select(vec4f(0.0), vec4f(1.0), vec4u((g0 + ${g}u) * 4u) + vec4u(0u, 1u, 2u, 3u) == vec4u(hot));`
        : a.word(`x${g}`, `aBase + k * P.A_row + g0 + ${g}u`, "k", `g0 + ${g}u`, `g${g}`);
    return `${head}
${plan.spec.oneHot !== undefined ? "" : each(groups, (g) => a.before(`g0 + ${g}u`, `g${g}`))}
for (var k = start; k < stop; k++) {
${
      plan.spec.oneHot !== undefined
        ? "let at = k % P.T; let hot = u32(ld_A((k / P.T) * P.A_row + at / 4u)[at & 3u]);"
        : ""
    }
${each(groups, word)}
let ib = bBase + k * P.B_row + n0;
${each(tile.words, (n) => `let w${n} = ld_B(ib + ${n}u);`)}
${outer(groups, tile.words)}
}`;
  }
  return `${head}
${each(groups, (g) => a.before(`g0 + ${g}u`, `g${g}`))}
for (var k = start; k < stop; k++) {
${
    each(4, (kk) =>
      each(groups, (g) =>
        a.word(
          `x${g}_${kk}`,
          `aBase + min(k * 4u + ${kk}u, P.K - 1u) * P.A_row + g0 + ${g}u`,
          "k",
          `g0 + ${g}u`,
          `g${g}`,
        )))
  }
${
    each(tile.words, (n) =>
      each(4, (e) =>
        `{ let w = ld_B(bBase + (n0 * 4u + ${n * 4 + e}u) * P.B_row + k);\n` +
        each(groups, (g) =>
          each(4, (f) => {
            const c = `c${g * 4 + f}_${n}.${LANES[e]}`;
            const terms = [0, 1, 2, 3].reduce((sum, kk) =>
              `fma(x${g}_${kk}.${LANES[f]}, w.${LANES[kk]}, ${sum})`, c);
            return `${c} = ${terms};`;
          })) +
        " }"))
  }
}`;
}

/** Outer products of transposed A words with B words. */
function outer(groups: number, words: number): string {
  return each(
    groups,
    (g) =>
      each(
        4,
        (e) =>
          each(
            words,
            (n) => `c${g * 4 + e}_${n} = fma(vec4f(x${g}.${LANES[e]}), w${n}, c${g * 4 + e}_${n});`,
          ),
      ),
  );
}

function windowLoop(plan: ContractPlan): string {
  const { spec, tile } = plan;
  const w = spec.window!;
  const a = readerA(plan);
  if (w.kind === "convW") {
    const groups = tile.rows / 4;
    return `let g0 = (tm % (P.tilesM / (P.KH * P.KW))) * ${groups}u;
let tap = tm / (P.tilesM / (P.KH * P.KW));
let ky = tap / P.KW; let kx = tap % P.KW;
${each(groups, (g) => a.before(`g0 + ${g}u`, `g${g}`))}
for (var line = start; line < stop; line++) {
let iy = (line % P.OH) * P.stride + ky - P.pad;
if (iy < P.H) {
let origin = ((line / P.OH) * P.H + iy) * P.W;
for (var ox = 0u; ox < P.OW; ox++) {
let ix = ox * P.stride + kx - P.pad;
let ok = ix < P.W;
${
      each(
        groups,
        (g) =>
          a.word(`x${g}`, `(origin + ix) * P.C4 + g0 + ${g}u`, "origin + ix", `g0 + ${g}u`, `g${g}`, "ok"),
      )
    }
let ib = (line * P.OW + ox) * P.B_row + n0;
${each(tile.words, (n) => `let w${n} = ld_B(ib + ${n}u);`)}
${outer(groups, tile.words)}
} } }`;
  }
  // Rows are pixels: of y for the forward pass, of x for the input gradient.
  const forward = w.kind === "conv";
  const [height, width] = forward ? ["P.OH", "P.OW"] : ["P.H", "P.W"];
  const [fromHeight, fromWidth] = forward ? ["P.H", "P.W"] : ["P.OH", "P.OW"];
  const steps = w.stride > 1;
  const source = (m: number) => {
    if (forward) {
      return `let sy = y${m} + ky; let sx = x_${m} + kx; let ok = sy < ${fromHeight} && sx < ${fromWidth};`;
    }
    if (!steps) {
      return `let sy = y${m} - ky; let sx = x_${m} - kx; let ok = sy < ${fromHeight} && sx < ${fromWidth};`;
    }
    return `let ty = y${m} - ky; let tx = x_${m} - kx; let sy = ty / P.stride; let sx = tx / P.stride;
let ok = ty < 0x80000000u && tx < 0x80000000u && ty % P.stride == 0u && tx % P.stride == 0u && sy < ${fromHeight} && sx < ${fromWidth};`;
  };
  const origin = forward ? "* P.stride - P.pad" : "+ P.pad";
  return `let m0 = tm * ${tile.rows}u;
${
    each(tile.rows, (m) =>
      `let q${m} = m0 + ${m}u; let x_${m} = (q${m} % ${width}) ${origin}; let y${m} = ((q${m} / ${width}) % ${height}) ${origin}; ` +
      `let f${m} = (q${m} / (${width} * ${height})) * (${fromHeight} * ${fromWidth});`)
  }
for (var ky = 0u; ky < P.KH; ky++) { for (var kx = 0u; kx < P.KW; kx++) {
${
    each(tile.rows, (m) =>
      `var a${m} = 0xffffffu; { ${source(m)} if (ok) { a${m} = (f${m} + sy * ${fromWidth} + sx) * P.C4; } }`)
  }
let taps = (ky * P.KW + kx) * P.Ci;
${firstB(plan, "taps")}
for (var k = 0u; k < P.C4; k++) {
${a.before("k", "k")}
${each(tile.rows, (m) => windowWord(plan, a, m))}
${multiply(plan, { base: "0u", k: "k", kBase: "taps" })}
} } }`;
}

function windowWord(plan: ContractPlan, a: ReturnType<typeof readerA>, m: number): string {
  const plain = plan.loadA.program.steps.length === 1;
  return a.word(`x${m}`, `a${m} + k`, `a${m} / P.C4`, "k", "k", plain ? undefined : `a${m} != 0xffffffu`);
}

/** Epilogue, stores and column sums of the tile. */
function finish(plan: ContractPlan): string {
  const { spec, tile, epilogue } = plan;
  const early = columnOnly(epilogue.program), zero = zeroTails(epilogue.program);
  const masked = spec.n % 4 !== 0;
  const dirty = masked && spec.orientB === "nk";
  const lines: string[] = [];
  if (spec.window?.kind === "convW") {
    lines.push(`let m0 = tap * P.Ci + g0 * 4u; let mEnd = (tap + 1u) * P.Ci;`);
  } else lines.push(`let mEnd = P.M;`);
  for (let n = 0; n < tile.words; n++) {
    const c = `(n0 + ${n}u)`;
    lines.push(`if (n0 + ${n}u < P.N4) {`);
    lines.push(statements(epilogue.program, { i: "0u", r: "0u", c }, `e${n}_`, (s) => early[s]).code);
    epilogue.partials.forEach((partial, p) =>
      partial.steps.forEach((_, s) => {
        lines.push(`var s${p}_${s} = vec4f(0.0);`);
        if (partial.reduction === "moments") {
          lines.push(`var t${p}_${s} = vec4f(0.0); var u${p}_${s} = vec4f(0.0);`);
        }
      })
    );
    for (let m = 0; m < tile.rows; m++) {
      lines.push(`if (m0 + ${m}u < mEnd) {`);
      lines.push(`let i = yBase + (m0 + ${m}u) * P.Y_row + ${c}; let r = m0 + ${m}u;`);
      lines.push(`let acc = ${dirty ? `mask_tail(c${m}_${n}, ${c}, P.N)` : `c${m}_${n}`};`);
      const late = renamed(epilogue.program, early, { i: "i", r: "r", c }, `e${n}_`, "v");
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
