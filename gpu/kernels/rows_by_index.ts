// Kernels led by indices, which are floats on the device: rows of a table, elements of rows, and their gradients. An
// index outside its table reads the last row: whoever makes indices answers for their range.

import { lastOf, type Shape, sizeOf, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import { fourLanes, LANE_OF, laneReader, ROW_AND_WORD, wordLaunch } from "./each_word.ts";
import type { Launch } from "./wgsl.ts";

/** `index_at(p)`: element p, in row-major order, of the index tensor I. */
const INDEX_AT = `${laneReader("lane_I", "I")}
fn index_at(p: u32) -> u32 {
  let row = div_u(p, P.idxLast);
  return u32(lane_I(row * P.idxRow + (p - row * P.idxLast)));
}`;

function indexSizes(idx: Shape): { idxLast: number; idxRow: number } {
  return { idxLast: lastOf(idx), idxRow: 4 * vec4sPerRow(idx) };
}

/**
 * Row p of Y is row index[p] of X, or of the p-th group of `rows` rows of X where `grouped`. Operands I (indices of
 * shape `idx`), X, Y; rows are `width` elements.
 */
export function takeRowsLaunch(idx: Shape, rows: number, width: number, grouped: boolean): Launch {
  const perRow = vec4sPerRow([width]);
  return wordLaunch({
    label: "take rows",
    reads: ["I", "X"],
    sizes: { perRow, rows, group: grouped ? rows : 0, ...indexSizes(idx) },
    declarations: [LANE_OF, INDEX_AT],
    words: sizeOf(idx) * perRow,
    body: `${ROW_AND_WORD}
let row = r * P.group + min(index_at(r), P.rows - 1u);
st_Y(id, ld_X(row * P.perRow + c));`,
  });
}

/** Row b of X becomes row index[b] of the b-th group of `rows` rows of Y; the others are zero. Operands I, X, Y. */
export function putRowsLaunch(idx: Shape, rows: number, width: number): Launch {
  const perRow = vec4sPerRow([width]);
  return wordLaunch({
    label: "put rows",
    reads: ["I", "X"],
    sizes: { perRow, rows, ...indexSizes(idx) },
    declarations: [LANE_OF, INDEX_AT],
    words: sizeOf(idx) * rows * perRow,
    body: `${ROW_AND_WORD}
let example = div_u(r, P.rows);
let here = index_at(example) == r - example * P.rows;
st_Y(id, select(vec4f(0.0), ld_X(example * P.perRow + c), here));`,
  });
}

/** Y[r, j] = X[r, index[r, j]]; Y has the shape of the indices. Operands I, X, Y. */
export function takeLanesLaunch(x: Shape, idx: Shape): Launch {
  return wordLaunch({
    label: "take lanes",
    reads: ["I", "X"],
    sizes: { perRow: vec4sPerRow(idx), last: lastOf(idx), columns: lastOf(x), xRow: 4 * vec4sPerRow(x) },
    declarations: [LANE_OF, laneReader("lane_X", "X")],
    words: vec4sOf(idx),
    body: `${ROW_AND_WORD}
let at = r * P.xRow + min(vec4u(ld_I(id)), vec4u(P.columns - 1u));
st_Y(id, mask_tail(${fourLanes((k) => `lane_X(at.${"xyzw"[k]})`)}, c, P.last));`,
  });
}

/** Y[r, m] = sum of X[r, j] where index[r, j] = m: the gradient of `takeLanesLaunch`. Operands I, X, Y. */
export function addLanesLaunch(idx: Shape, out: Shape): Launch {
  return wordLaunch({
    label: "add lanes",
    reads: ["I", "X"],
    sizes: { perRow: vec4sPerRow(out), idxPerRow: vec4sPerRow(idx) },
    words: vec4sOf(out),
    body: `${ROW_AND_WORD}
let own = vec4f(f32(c * 4u)) + vec4f(0.0, 1.0, 2.0, 3.0);
var v = vec4f(0.0);
for (var j = r * P.idxPerRow; j < (r + 1u) * P.idxPerRow; j++) {
let m = ld_I(j);
let x = ld_X(j);
v += select(vec4f(0.0), vec4f(x.x), own == vec4f(m.x)) + select(vec4f(0.0), vec4f(x.y), own == vec4f(m.y));
v += select(vec4f(0.0), vec4f(x.z), own == vec4f(m.z)) + select(vec4f(0.0), vec4f(x.w), own == vec4f(m.w));
}
st_Y(id, v);`,
  });
}
