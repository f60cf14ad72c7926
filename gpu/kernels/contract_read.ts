// The read hooks of the GPU contraction: where the words of A and B come from. Each operand is a matrix, pixels seen
// through a window, or one-hot rows; a word outside it is never loaded and is zero. A passes through the program of
// its fused elementwise neighbours on the way.

import type { ContractPlan } from "./contract.ts";
import { type Block, both, each, sharesA, sharesB } from "./contract_block.ts";
import { columnOnly, statements, zeroTails } from "./expr.ts";

/** Statements that fill variables `a0`, `a1`, ... (or `b0`, ...), one for each word an invocation brings. */
export interface Reader {
  /** Before the loop over k. */
  readonly setup: string;
  /** At stage `k0`. */
  readonly read: string;
  /** Behind it: on to the next stage. */
  readonly advance: string;
}

export function readerA(plan: ContractPlan, block: Block): Reader {
  const { window, oneHot } = plan.spec;
  if (oneHot !== undefined) return oneHotRows(block);
  if (window?.kind === "convW") return windowAlongM(plan, block);
  if (window !== undefined) return windowAlongK(plan, block);
  return block.aAlongK ? matrixAlongK(plan, block) : matrixAlongM(plan, block);
}

/** Parts of A's program that depend on the column alone. */
function columns(plan: ContractPlan, column: string): string {
  const { program } = plan.loadA, early = columnOnly(program);
  return statements(program, { i: "0u", r: "0u", c: column }, "p", (s) => early[s]).code;
}

/** A word of A through its program; `tail` names word and length of a row that ends within a word along k. */
function word(
  plan: ContractPlan,
  name: string,
  at: { before?: string; ok: string; i: string; r: string; c: string; tail?: [word: string, length: string] },
): string {
  const { program, result } = plan.loadA, early = columnOnly(program);
  const late = statements(program, { i: "i", r: `(${at.r})`, c: at.c }, "p", (s) => !early[s]);
  const value = late.names[result];
  const kept = at.tail && !zeroTails(program)[result] ? `mask_tail(${value}, ${at.tail.join(", ")})` : value;
  return `${name} = vec4f(0.0);
{ ${at.before ?? ""}
if (${at.ok}) {
let i = ${at.i};
${late.code}
${name} = ${kept};
} }`;
}

function matrixAlongK(plan: ContractPlan, block: Block): Reader {
  const parts = sharesA(block);
  return {
    setup: each(parts.length, (l) => `let ar${l} = m0 + ${parts[l].line};`),
    read: `${columns(plan, "(aCol + min(kw, P.K4 - 1u))")}\n` +
      each(parts.length, (l) =>
        word(plan, `a${l}`, {
          ok: both(`kw < P.K4 && ar${l} < P.M`, parts[l].guard),
          i: `aBase + ar${l} * P.A_row + kw`,
          r: `aRow + ar${l}`,
          c: "(aCol + kw)",
          tail: plan.spec.k % 4 === 0 ? undefined : ["kw", "P.K"],
        })),
    advance: "",
  };
}

function matrixAlongM(plan: ContractPlan, block: Block): Reader {
  const parts = sharesA(block);
  return {
    setup: `let mw = m0 / 4u + lane % ${block.rows / 4}u;\n${columns(plan, "(aCol + min(mw, P.M4 - 1u))")}`,
    read: each(parts.length, (l) =>
      word(plan, `a${l}`, {
        before: `let k = k0 + ${parts[l].line};`,
        ok: both("k < P.K && mw < P.M4", parts[l].guard),
        i: "aBase + k * P.A_row + mw",
        r: "aRow + k",
        c: "(aCol + mw)",
      })),
    advance: "",
  };
}

/** A[k, m] = 1 where index k is m. */
function oneHotRows(block: Block): Reader {
  const parts = sharesA(block);
  return {
    setup: `let own = vec4u((m0 / 4u + lane % ${block.rows / 4}u) * 4u) + vec4u(0u, 1u, 2u, 3u);`,
    read: each(parts.length, (l) =>
      `a${l} = vec4f(0.0);
{ let k = k0 + ${parts[l].line};
if (${both("k < P.K", parts[l].guard)}) {
let at = k % P.T;
let hot = u32(ld_A((k / P.T) * P.A_row + at / 4u)[at & 3u]);
a${l} = select(vec4f(0.0), vec4f(1.0), own == vec4u(hot));
} }`),
    advance: "",
  };
}

/**
 * Rows are pixels: of y for the forward pass, of x for the input gradient; k walks over channels (word `c4`) within
 * kernel columns `kx` within kernel rows `ky`.
 */
function windowAlongK(plan: ContractPlan, block: Block): Reader {
  const { spec } = plan, window = spec.window!, forward = window.kind === "conv";
  const [height, width] = forward ? ["P.OH", "P.OW"] : ["P.H", "P.W"];
  const [fromHeight, fromWidth] = forward ? ["P.H", "P.W"] : ["P.OH", "P.OW"];
  const origin = forward ? "* P.stride - P.pad" : "+ P.pad";
  const channels = forward ? window.inChannels : window.outChannels;
  const parts = sharesA(block);
  const source = (l: number) => {
    const sign = forward ? "+" : "-";
    if (forward || window.stride === 1) return `let sy = ay${l} ${sign} ky; let sx = ax${l} ${sign} kx;`;
    // Between two strides nothing was read: such a tap is sent outside.
    return `let uy = ay${l} - ky; let ux = ax${l} - kx;
let miss = uy >= 0x80000000u || ux >= 0x80000000u || uy % P.stride != 0u || ux % P.stride != 0u;
let sy = select(uy / P.stride, 0xffffffffu, miss); let sx = ux / P.stride;`;
  };
  return {
    setup: `${
      each(parts.length, (l) =>
        `let ar${l} = m0 + ${parts[l].line};
let ax${l} = (ar${l} % ${width}) ${origin}; let ay${l} = ((ar${l} / ${width}) % ${height}) ${origin};
let af${l} = (ar${l} / (${width} * ${height})) * (${fromHeight} * ${fromWidth});`)
    }
var c4 = (start / 4u + kq) % P.C4;
var ky = (start / 4u + kq) / P.C4 / P.KW;
var kx = (start / 4u + kq) / P.C4 % P.KW;`,
    read: `${columns(plan, "c4")}\n` + each(parts.length, (l) =>
      word(plan, `a${l}`, {
        before: source(l),
        ok: both(
          `ky < P.KH && ar${l} < P.M && sy < ${fromHeight} && sx < ${fromWidth}`,
          parts[l].guard,
        ),
        i: `(af${l} + sy * ${fromWidth} + sx) * P.C4 + c4`,
        r: `af${l} + sy * ${fromWidth} + sx`,
        c: "c4",
        tail: channels % 4 === 0 ? undefined : ["c4", forward ? "P.Ci" : "P.Co"],
      })),
    advance: `c4 += ${block.depth / 4}u;
while (c4 >= P.C4) { c4 -= P.C4; kx++; if (kx == P.KW) { kx = 0u; ky++; } }`,
  };
}

/** Rows are kernel taps and channels, k walks over the pixels of y. */
function windowAlongM(plan: ContractPlan, block: Block): Reader {
  const parts = sharesA(block);
  return {
    setup: `let mw = m0 / 4u + lane % ${block.rows / 4}u;
let c4 = mw % P.C4;
let ky = mw / P.C4 / P.KW;
let kx = mw / P.C4 % P.KW;
${columns(plan, "c4")}`,
    read: each(parts.length, (l) =>
      word(plan, `a${l}`, {
        before: `let k = k0 + ${parts[l].line};
let line = k / P.OW;
let sx = (k - line * P.OW) * P.stride + kx - P.pad;
let sy = (line % P.OH) * P.stride + ky - P.pad;
let at = ((line / P.OH) * P.H + sy) * P.W + sx;`,
        ok: both("k < P.K && ky < P.KH && sy < P.H && sx < P.W", parts[l].guard),
        i: "at * P.C4 + c4",
        r: "at",
        c: "c4",
      })),
    advance: "",
  };
}

export function readerB(plan: ContractPlan, block: Block): Reader {
  const { spec } = plan, parts = sharesB(block);
  const load = (l: number, before: string, ok: string, i: string) =>
    `b${l} = vec4f(0.0);
{ ${before}
if (${both(ok, parts[l].guard)}) { b${l} = ld_B(bBase + ${i}); } }`;
  if (block.bAlongK) {
    const window = spec.window !== undefined;
    const setup = each(parts.length, (l) => `let br${l} = n0 * 4u + ${parts[l].line};`);
    const read = each(
      parts.length,
      (l) =>
        window
          ? load(l, "", `ky < P.KH && br${l} < P.N`, `((ky * P.KW + kx) * P.Ci + br${l}) * P.B_row + c4`)
          : load(l, "", `kw < P.K4 && br${l} < P.N`, `br${l} * P.B_row + kw`),
    );
    return { setup, read, advance: "" };
  }
  // Channels that do not fill their last word leave holes in k that weights do not have.
  const holes = spec.window?.kind === "conv" && spec.window.inChannels % 4 !== 0;
  const read = each(parts.length, (l) =>
    load(
      l,
      `let k = k0 + ${parts[l].line};` +
        (holes ? "let tap = k / (P.C4 * 4u); let c = k - tap * (P.C4 * 4u);" : ""),
      `k < P.K && nw < P.N4${holes ? " && c < P.Ci" : ""}`,
      `${holes ? "(tap * P.Ci + c)" : "k"} * P.B_row + nw`,
    ));
  return { setup: `let nw = n0 + lane % ${block.words}u;`, read, advance: "" };
}
