// The main loops of the three convolutions on llvmpipe.

import type { ContractPlan } from "./contract.ts";
import { addProducts } from "./products.ts";
import { each, firstB, LANES, multiply, type ReaderA, readerA } from "./register_tile.ts";

export function windowLoop(plan: ContractPlan): string {
  const { spec, tile } = plan;
  const w = spec.window!;
  const a = readerA(plan);
  if (w.kind === "convW") return weightLoop(plan, a);
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
    return `let ty = y${m} - ky; let tx = x_${m} - kx; let sy = div_u(ty & 0xffffffu, P.stride); let sx = div_u(tx & 0xffffffu, P.stride);
let ok = ty < 0x80000000u && tx < 0x80000000u && sy * P.stride == ty && sx * P.stride == tx && sy < ${fromHeight} && sx < ${fromWidth};`;
  };
  const origin = forward ? "* P.stride - P.pad" : "+ P.pad";
  const pixel = (m: number) => {
    const step = m === 0
      ? `let q = div_u(m0, ${width}); let px0 = m0 - q * ${width}; let pn0 = div_u(q, ${height}); let py0 = q - pn0 * ${height};`
      : `let ex${m} = px${m - 1} + 1u == ${width}; let px${m} = select(px${
        m - 1
      } + 1u, 0u, ex${m}); let qy${m} = py${m - 1} + select(0u, 1u, ex${m}); ` +
        `let ey${m} = qy${m} == ${height}; let py${m} = select(qy${m}, 0u, ey${m}); let pn${m} = pn${
          m - 1
        } + select(0u, 1u, ey${m});`;
    return `${step}
let x_${m} = px${m} ${origin}; let y${m} = py${m} ${origin}; let f${m} = pn${m} * (${fromHeight} * ${fromWidth});`;
  };
  return `let m0 = tm * ${tile.rows}u;
${each(tile.rows, pixel)}
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

function windowWord(plan: ContractPlan, a: ReaderA, m: number): string {
  const plain = plan.loadA.program.steps.length === 1;
  return a.word(
    `x${m}`,
    `a${m} + k`,
    `div_u(a${m}, P.C4)`,
    "k",
    "k",
    plain ? undefined : `a${m} != 0xffffffu`,
  );
}

/**
 * The weight gradient: a tile is the taps of one kernel row for four input channels, so that neighbouring pixels are
 * read once for all taps. Split over rows of output pixels.
 */
function weightLoop(plan: ContractPlan, a: ReaderA): string {
  const { tile } = plan, w = plan.spec.window!;
  const taps = w.kernelWidth, turn = [4, 2].find((count) => w.outWidth % count === 0) ?? 1;
  const reach = (turn - 1) * w.stride + taps;
  const pixel = (p: number) =>
    `let ix${p} = ox * ${w.stride}u + ${p}u - P.pad;
${a.word(`x${p}`, `(origin + ix${p}) * P.C4 + g0`, `origin + ix${p}`, "g0", "g", `ix${p} < P.W`)}`;
  const turns = Array.from({ length: turn }, (_, u) => u);
  const words = (u: number) =>
    each(tile.words, (n) => `let w${u}_${n} = ld_B((line * P.OW + ox + ${u}u) * P.B_row + n0 + ${n}u);`);
  const products = (t: number, e: number, n: number) =>
    addProducts(
      plan,
      `c${t * 4 + e}_${n}`,
      turns.map((u) => `x${u * w.stride + t}.${LANES[e]}`),
      turns.map((u) => `w${u}_${n}`),
    );
  return `let ky = div_u(tm, P.C4);
let g0 = tm - ky * P.C4;
${a.before("g0", "g")}
for (var line = start; line < stop; line++) {
let image = div_u(line, P.OH);
let iy = (line - image * P.OH) * P.stride + ky - P.pad;
if (iy < P.H) {
let origin = (image * P.H + iy) * P.W;
for (var ox = 0u; ox < P.OW; ox += ${turn}u) {
${each(reach, pixel)}
${each(turn, words)}
${each(taps, (t) => each(4, (e) => each(tile.words, (n) => products(t, e, n))))}
} } }`;
}
