// Gradient of a large table that few rows of were read from: rows of a gradient added up by their index. Positions with
// the same index are chained first, each to the next; then the first of every chain walks it and adds. The order of the
// sum is the order of the positions, so results repeat to the bit.

import { lastOf, type Shape, sizeOf, vec4sPerRow } from "../base/mod.ts";
import { LANE_OF, laneReader, ROW_AND_WORD, wordLaunch } from "./each_word.ts";
import type { Launch } from "./wgsl.ts";

/** From indices I to chains T, one word a position: (next position + 1, or 0 at the end; 1 if first; the index; 0). */
export function chainLaunch(idx: Shape): Launch {
  return wordLaunch({
    label: "chain equal indices",
    reads: ["I"],
    writes: ["T"],
    sizes: { idxLast: lastOf(idx), idxPerRow: vec4sPerRow(idx), idxRows: sizeOf(idx.slice(0, -1)) },
    declarations: [LANE_OF, laneReader("lane_I", "I")],
    words: sizeOf(idx),
    body: `let line = div_u(id, P.idxLast);
let own = lane_I(line * P.idxPerRow * 4u + (id - line * P.idxLast));
var first = true;
var following = 0xffffffffu;
var word = 0u;
for (var row = 0u; row < P.idxRows && following == 0xffffffffu; row++) {
for (var c = 0u; c < P.idxPerRow; c++) {
let lanes = vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u);
let p = vec4u(row * P.idxLast) + lanes;
let same = (ld_I(word) == vec4f(own)) & (lanes < vec4u(P.idxLast));
first = first && !any(same & (p < vec4u(id)));
let later = select(vec4u(0xffffffffu), p, same & (p > vec4u(id)));
following = min(following, min(min(later.x, later.y), min(later.z, later.w)));
word++;
}
}
st_T(id, vec4f(f32(following + 1u), select(0.0, 1.0, first), own, 0.0));`,
  });
}

/** Fills Y with zeros. */
export function zeroLaunch(words: number): Launch {
  return wordLaunch({ label: "zero", reads: [], words, body: "st_Y(id, vec4f(0.0));" });
}

/** Adds the rows of X along the chains T into the rows of Y that the indices name. */
export function addChainsLaunch(count: number, rows: number, width: number): Launch {
  const perRow = vec4sPerRow([width]);
  return wordLaunch({
    label: "add rows along chains",
    reads: ["T", "X"],
    sizes: { perRow, rows },
    words: count * perRow,
    body: `${ROW_AND_WORD}
var chain = ld_T(r);
let row = u32(chain.z);
if (chain.y == 0.0 || row >= P.rows) { return; }
var sum = ld_X(id);
while (chain.x > 0.0) {
let p = u32(chain.x) - 1u;
sum += ld_X(p * P.perRow + c);
chain = ld_T(p);
}
st_Y(row * P.perRow + c, sum);`,
  });
}
