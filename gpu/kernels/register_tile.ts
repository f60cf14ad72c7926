// Pieces of the llvmpipe contraction that all its loops share: reading words of A through a fused program, and adding
// products to the register tile c{row}_{word}.

import { columnOnly, type Program, statements, zeroTails } from "./expr.ts";
import type { ContractPlan } from "./contract.ts";

export const LANES = ["x", "y", "z", "w"];

export function each(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("\n");
}

/** How words of A are written: see `readerA`. */
export interface ReaderA {
  /** Column-only parts of the program, once per column. */
  before(column: string, tag: string): string;
  /** `let name = ` the word at an index; zero where `ok` is false. */
  word(name: string, index: string, row: string, column: string, tag: string, ok?: string): string;
}

/** Statements that read words of A: column-only parts once per column, the rest per word. */
export function readerA(plan: ContractPlan): ReaderA {
  const { program, result } = plan.loadA;
  const early = columnOnly(program);
  const plain = program.steps.length === 1;
  const tail = zeroTails(program)[result] ? null : tailOf(plan);
  return {
    before: (column, tag) =>
      statements(program, { i: "0u", r: "0u", c: column }, `p${tag}_`, (s) => early[s]).code,
    word: (name, index, row, column, tag, ok) => {
      if (plain) return `let ${name} = ld_A(${ok ? `select(0xffffffu, ${index}, ${ok})` : index});`;
      const place = { i: ok ? `select(0u, ${index}, ${ok})` : index, r: row, c: column };
      const late = renamed(program, early, place, `p${tag}_`, `${name}_`);
      const whole = late.names[result];
      const value = tail === null ? whole : `mask_tail(${whole}, k, ${tail})`;
      return `${late.code}\nlet ${name} = ${ok ? `select(vec4f(0.0), ${value}, ${ok})` : value};`;
    },
  };
}

/** Statements with two prefixes: values made before the loop keep theirs. */
export function renamed(
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

/** Where word k of A along the sum has padding lanes, the number of lanes that count. */
function tailOf({ spec }: ContractPlan): string | null {
  if (spec.orientA !== "mk") return null;
  const { window } = spec;
  if (window === undefined) return spec.k % 4 === 0 ? null : "P.K";
  const transposed = window.kind === "convT";
  if ((transposed ? window.outChannels : window.inChannels) % 4 === 0) return null;
  return transposed ? "P.Co" : "P.Ci";
}

/**
 * The padding lanes of A's last word, zeros, meet no row of B: the last row is read in their place. Low tiles, which
 * only small products have, always take this form and so are one kernel.
 */
export function hasTail({ spec, tile }: ContractPlan): boolean {
  if (spec.window) return spec.window.inChannels % 4 !== 0;
  return spec.k % 4 !== 0 || tile.rows === 8;
}

/** The first word of B of a loop over k; the rows after it follow by adding. */
export function firstB(plan: ContractPlan, row: string): string {
  return plan.spec.orientB === "kn" && !hasTail(plan) ? `var ib = bBase + ${row} * P.B_row + n0;` : "";
}

/** Adds A words (mk) times B words to the accumulators, for four k. */
export function multiply(plan: ContractPlan, at: { base: string; k: string; kBase: string }): string {
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

/** Outer products of transposed A words with B words. */
export function outer(groups: number, words: number): string {
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
