// Pieces of the llvmpipe contraction that all its loops share: reading words of A through a fused program, and adding
// products to the register tile c{row}_{word}.

import { columnOnly, type Program, statements, zeroTails } from "./expr.ts";
import type { ContractPlan } from "./contract.ts";
import { addProducts } from "./products.ts";

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
  const { spec, tile } = plan, inRows = spec.orientB === "kn", walks = inRows && !hasTail(plan);
  const depth = spec.window ? "P.Ci" : "P.K";
  const rowOfB = (kk: number) =>
    walks
      ? `ib + ${kk}u * P.B_row`
      : `${at.base} + (${at.kBase} + min(${at.k} * 4u + ${kk}u, ${depth} - 1u)) * P.B_row + n0`;
  const wordsB = (n: number) =>
    inRows
      ? each(4, (kk) => `let w${kk} = ld_B(${rowOfB(kk)} + ${n}u);`)
      : transposedB((e) => `(${at.kBase} + n0 * 4u + ${n * 4 + e}u)`, at);
  const products = (m: number, n: number) =>
    addProducts(plan, `c${m}_${n}`, LANES.map((lane) => `x${m}.${lane}`), ["w0", "w1", "w2", "w3"]);
  return `${each(tile.words, (n) => `{ ${wordsB(n)}\n${each(tile.rows, (m) => products(m, n))} }`)}
${walks ? "ib += 4u * P.B_row;" : ""}`;
}

/** Words w0 to w3 along n of a B whose words run along k: four rows at word k. */
export function transposedB(row: (e: number) => string, at: { base: string; k: string }): string {
  return `${each(4, (e) => `let t${e} = ld_B(${at.base} + ${row(e)} * P.B_row + ${at.k});`)}
${each(4, (kk) => `let w${kk} = vec4f(${each4((e) => `t${e}.${LANES[kk]}`)});`)}`;
}

function each4(text: (lane: number) => string): string {
  return [0, 1, 2, 3].map(text).join(", ");
}

/**
 * Outer products of transposed A words `x{step}_{group}` with B words `w{step}_{word}`, for some steps of k. One-hot
 * steps are added one by one: what they pick out must come to the same sum wherever in k it lies.
 */
export function outer(plan: ContractPlan, groups: number, steps: number): string {
  const all = Array.from({ length: steps }, (_, u) => u);
  const joined = plan.spec.oneHot === undefined ? [all] : all.map((u) => [u]);
  return joined.map((us) =>
    each(groups, (g) =>
      each(4, (e) =>
        each(plan.tile.words, (n) =>
          addProducts(
            plan,
            `c${g * 4 + e}_${n}`,
            us.map((u) => `x${u}_${g}.${LANES[e]}`),
            us.map((u) => `w${u}_${n}`),
          ))))
  ).join("\n");
}
