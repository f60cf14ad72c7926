// Where the largest values are: the k largest of each row, and the largest along any other dimension. Equal values go
// by index, lowest first, as PyTorch does.

import type { DeviceClass } from "../base/mod.ts";
import { wordLaunch } from "./each_word.ts";
import { rowLaunch } from "./rows.ts";
import type { Launch } from "./wgsl.ts";

const LARGEST = "3.4028234e38", NOWHERE = "16777216.0";

/** Indices of the k largest values of each row of X [rows, last], largest first: Y [rows, k]. */
export function largestInRowsLaunch(rows: number, last: number, k: number, target: DeviceClass): Launch {
  const consider = [0, 1, 2, 3].map((lane) =>
    `{ let x = w.${"xyzw"[lane]}; let e = f32(c * 4u + ${lane}u);
let next = c * 4u + ${lane}u < P.last && (x < before || (x == before && e > beforeAt));
if (next && (at == ${NOWHERE} || x > best)) { best = x; at = e; } }`
  );
  return rowLaunch({
    label: "largest in rows",
    reads: ["X"],
    writes: ["Y"],
    sizes: { k, outPerRow: Math.ceil(k / 4) },
    rows,
    last,
    body: ({ eachWord, maxOf, once }) =>
      `var before = ${LARGEST};
var beforeAt = -1.0;
var word = vec4f(0.0);
for (var j = 0u; j < P.k; j++) {
var best = -${LARGEST};
var at = ${NOWHERE};
${eachWord(`let w = clamp(ld_X(i), vec4f(-${LARGEST}), vec4f(${LARGEST}));\n${consider.join("\n")}`)}
var top = best;
${maxOf("top")}
var lowest = select(-${NOWHERE}, -at, best == top);
${maxOf("lowest")}
before = top;
beforeAt = -lowest;
word = select(word, vec4f(beforeAt), vec4u(0u, 1u, 2u, 3u) == vec4u(j & 3u));
if ((j & 3u) == 3u || j + 1u == P.k) {
${once("st_Y(r * P.outPerRow + (j >> 2u), word);")}
word = vec4f(0.0);
}
}`,
  }, target);
}

/** Index of the largest value down the middle of X [outer, length, inner words]: Y [outer, inner]. */
export function largestDownLaunch(outer: number, length: number, inner: number): Launch {
  return wordLaunch({
    label: "largest down",
    reads: ["X"],
    sizes: { length, inner },
    words: outer * inner,
    body: `let outer = div_u(id, P.inner);
var i = outer * P.length * P.inner + (id - outer * P.inner);
var best = ld_X(i);
var at = vec4f(0.0);
for (var j = 1u; j < P.length; j++) {
i += P.inner;
let x = ld_X(i);
at = select(at, vec4f(f32(j)), x > best);
best = max(best, x);
}
st_Y(id, at);`,
  });
}
