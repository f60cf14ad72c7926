// The main loop of a matrix product on llvmpipe, in the four orientations of its operands.

import { type ContractPlan, splitLength } from "./contract.ts";
import { addProducts } from "./products.ts";
import { each, firstB, LANES, multiply, outer, type ReaderA, readerA, transposedB } from "./register_tile.ts";

export function denseLoop(plan: ContractPlan): string {
  const { spec, tile } = plan;
  const a = readerA(plan);
  if (spec.orientA === "mk") {
    return `let m0 = tm * ${tile.rows}u;
${each(tile.rows, (m) => `let a${m} = aBase + min(m0 + ${m}u, P.M - 1u) * P.A_row;`)}
${firstB(plan, "(start * 4u)")}
for (var k = start; k < stop; k++) {
${a.before("(aCol + k)", "k")}
${each(tile.rows, (m) => a.word(`x${m}`, `a${m} + k`, `(aRow + m0 + ${m}u)`, "(aCol + k)", "k"))}
${multiply(plan, { base: "bBase", k: "k", kBase: "0u" })}
}`;
  }
  const groups = tile.rows / 4;
  const head = `let m0 = tm * ${tile.rows}u; let g0 = tm * ${groups}u;`;
  if (spec.orientB === "kn") {
    const steps = unrolled(plan);
    return `${head}
${plan.spec.oneHot !== undefined ? "" : each(groups, (g) => a.before(`(aCol + g0 + ${g}u)`, `g${g}`))}
for (var k = start; k < stop; k += ${steps}u) {
${each(steps, (u) => outerStep(plan, a, u, groups))}
${outer(plan, groups, steps)}
}`;
  }
  return `${head}
${each(groups, (g) => a.before(`(aCol + g0 + ${g}u)`, `g${g}`))}
for (var k = start; k < stop; k++) {
${
    each(4, (kk) =>
      each(groups, (g) =>
        a.word(
          `x${g}_${kk}`,
          `aBase + min(k * 4u + ${kk}u, P.K - 1u) * P.A_row + g0 + ${g}u`,
          "(aRow + k)",
          `(aCol + g0 + ${g}u)`,
          `g${g}`,
        )))
  }
${
    each(tile.words, (n) =>
      `{ ${transposedB((e) => `(n0 * 4u + ${n * 4 + e}u)`, { base: "bBase", k: "k" })}
${
        each(groups, (g) =>
          each(4, (f) =>
            addProducts(
              plan,
              `c${g * 4 + f}_${n}`,
              [0, 1, 2, 3].map((kk) => `x${g}_${kk}.${LANES[f]}`),
              ["w0", "w1", "w2", "w3"],
            )))
      } }`)
  }
}`;
}

/** Steps of k in one turn of the loop: a turn costs llvmpipe as much as several products. */
function unrolled({ spec, tile }: ContractPlan): number {
  const chunk = Math.ceil(splitLength(spec) / tile.splits);
  return [4, 2].find((steps) => spec.k % steps === 0 && chunk % steps === 0) ?? 1;
}

/** Words of step `u` of a turn, with both operands' words along rows of the result. */
function outerStep(plan: ContractPlan, a: ReaderA, u: number, groups: number): string {
  const { spec, tile } = plan, k = `k + ${u}u`;
  const hot = spec.oneHot !== undefined;
  const word = (g: number) =>
    hot
      ? `let x${u}_${g} = select(vec4f(0.0), vec4f(1.0), vec4u((g0 + ${g}u) * 4u) + vec4u(0u, 1u, 2u, 3u) == vec4u(hot${u}));`
      : a.word(
        `x${u}_${g}`,
        `aBase + (${k}) * P.A_row + g0 + ${g}u`,
        `(aRow + ${k})`,
        `(aCol + g0 + ${g}u)`,
        `g${g}`,
      );
  return `${
    hot
      ? `let at${u} = mod_u(${k}, P.T); let hot${u} = u32(ld_A(div_u(${k}, P.T) * P.A_row + at${u} / 4u)[at${u} & 3u]);`
      : ""
  }
${each(groups, word)}
${each(tile.words, (n) => `let w${u}_${n} = ld_B(bBase + (${k}) * P.B_row + n0 + ${n}u);`)}`;
}
