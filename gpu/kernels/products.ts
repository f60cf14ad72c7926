// How a contraction adds products to its accumulators: plainly, or keeping what f32 rounds off (kahan.ts). Both device
// classes write their main loops with these.

import type { ContractPlan } from "./contract.ts";
import { newSum } from "./kahan.ts";

/** Declares an accumulator of products. */
export function newProducts({ compensated }: ContractPlan, c: string): string {
  return compensated ? newSum(c) : `var ${c} = vec4f(0.0);`;
}

/**
 * Adds lanes `xs` times words `ws` to an accumulator, joined in pairs first: so the long sum rounds less often. It
 * costs nothing on llvmpipe, which multiplies and adds in two instructions in any case.
 */
export function addProducts(
  { compensated }: ContractPlan,
  c: string,
  xs: readonly string[],
  ws: readonly string[],
): string {
  const terms = xs.map((x, i) => [`vec4f(${x})`, ws[i]]);
  if (compensated) return terms.map(([x, w]) => `add_product(&${c}, &${c}_rest, ${x}, ${w});`).join("\n");
  if (terms.length === 1) return `${c} = fma(${terms[0]}, ${c});`;
  return `${c} += ${pairwise(terms.map(([x, w]) => `${x} * ${w}`))};`;
}

function pairwise(terms: readonly string[]): string {
  if (terms.length === 1) return terms[0];
  const half = Math.ceil(terms.length / 2);
  return `(${pairwise(terms.slice(0, half))} + ${pairwise(terms.slice(half))})`;
}

/** What an accumulator holds. */
export function sumOf({ compensated }: ContractPlan, c: string): string {
  return compensated ? `(${c} + ${c}_rest)` : c;
}
