// Batch-norm statistics from the partial moments of a column reduction, or from running statistics: five rows of C
// (mean, biased variance, scale, shift, 1 / deviation), so that normalising is one multiply-add.

import type { Launch } from "./wgsl.ts";

const FINISH = `let inv = 1.0 / sqrt(variance + vec4f(P.eps));
let scale = ld_G(id) * inv;
st_Y(id, mean);
st_Y(P.perRow + id, variance);
st_Y(2u * P.perRow + id, select(vec4f(0.0), scale, inside));
st_Y(3u * P.perRow + id, select(vec4f(0.0), ld_B(id) - mean * scale, inside));
st_Y(4u * P.perRow + id, select(vec4f(0.0), inv, inside));`;

const INSIDE = `if (id >= P.perRow) { return; }
let inside = vec4u(id * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(P.last);`;

/** X partial (mean, squared deviations) of chunks of `chunkRows` rows, the last one shorter (Chan et al. 1979). */
export function batchStatsFinish(size: { rows: number; last: number; chunks: number; chunkRows: number; eps: number }): Launch {
  const perRow = Math.ceil(size.last / 4);
  return {
    kernel: {
      label: "batch norm finish",
      sizes: ["perRow", "last", "chunks", "chunkRows", "rows"],
      constants: ["eps"],
      reads: ["X", "G", "B"],
      writes: ["Y"],
      workgroup: 8,
      body: `${INSIDE}
let first = ld_X(id);
var shift = vec4f(0.0); var squares = vec4f(0.0);
for (var t = 0u; t < P.chunks; t++) {
let count = f32(min(P.chunkRows, P.rows - t * P.chunkRows));
let d = ld_X(2u * t * P.perRow + id) - first;
shift = fma(d, vec4f(count), shift);
squares += fma(d * d, vec4f(count), ld_X((2u * t + 1u) * P.perRow + id));
}
let away = shift / f32(P.rows);
let mean = first + away;
let variance = max(squares / f32(P.rows) - away * away, vec4f(0.0));
${FINISH}`,
    },
    sizes: [perRow, size.last, size.chunks, size.chunkRows, size.rows],
    constants: [size.eps],
    groups: Math.ceil(perRow / 8),
  };
}

/** From M and V, running mean and variance. */
export function batchStatsFold(last: number, eps: number): Launch {
  const perRow = Math.ceil(last / 4);
  return {
    kernel: {
      label: "batch norm fold",
      sizes: ["perRow", "last"],
      constants: ["eps"],
      reads: ["M", "V", "G", "B"],
      writes: ["Y"],
      workgroup: 8,
      body: `${INSIDE}\nlet mean = ld_M(id); let variance = ld_V(id);\n${FINISH}`,
    },
    sizes: [perRow, last],
    constants: [eps],
    groups: Math.ceil(perRow / 8),
  };
}
