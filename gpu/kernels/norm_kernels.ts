// Batch-norm statistics from the partial moments of a column reduction, or from running statistics: five rows of C
// (mean, biased variance, scale, shift, 1 / deviation), so that normalising is one multiply-add.

import type { DeviceClass } from "../base/mod.ts";
import { acrossOf, COLUMN_THREADS, joinOverRows } from "./column_gpu.ts";
import { addTo, KEPT, newSum, ZERO } from "./kahan.ts";
import type { Launch } from "./wgsl.ts";

const FINISH = `let inv = 1.0 / sqrt(variance + vec4f(P.eps));
let scale = ld_G(id) * inv;
st_Y(id, mean);
st_Y(P.perRow + id, variance);
st_Y(2u * P.perRow + id, select(vec4f(0.0), scale, inside));
st_Y(3u * P.perRow + id, select(vec4f(0.0), ld_B(id) - mean * scale, inside));
st_Y(4u * P.perRow + id, select(vec4f(0.0), inv, inside));`;

const INSIDE = `let inside = vec4u(id * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(P.last);`;

interface BatchStats {
  readonly rows: number;
  readonly last: number;
  readonly chunks: number;
  readonly chunkRows: number;
  readonly eps: number;
}

/** X partial (mean, squared deviations) of chunks of `chunkRows` rows, the last one shorter (Chan et al. 1979). */
export function batchStatsFinish(size: BatchStats, target: DeviceClass): Launch {
  return target === "gpu" ? finishGpu(size) : finishSoftware(size);
}

function finishSoftware(size: BatchStats): Launch {
  const perRow = Math.ceil(size.last / 4);
  return {
    kernel: {
      label: "batch norm finish",
      sizes: ["perRow", "last", "chunks", "chunkRows", "rows", ZERO[0]],
      constants: ["eps"],
      reads: ["X", "G", "B"],
      writes: ["Y"],
      workgroup: 8,
      declarations: KEPT,
      body: `if (id >= P.perRow) { return; }
${INSIDE}
let first = ld_X(id);
${newSum("shift")} ${newSum("squares")}
for (var t = 0u; t < P.chunks; t++) {
let count = f32(min(P.chunkRows, P.rows - t * P.chunkRows));
let d = ld_X(2u * t * P.perRow + id) - first;
${addTo("shift", "d * count")}
${addTo("squares", "fma(d * d, vec4f(count), ld_X((2u * t + 1u) * P.perRow + id))")}
}
let away = shift / f32(P.rows);
let mean = first + away;
let variance = max(squares / f32(P.rows) - away * away, vec4f(0.0));
${FINISH}`,
    },
    sizes: [perRow, size.last, size.chunks, size.chunkRows, size.rows, ZERO[1]],
    constants: [size.eps],
    groups: Math.ceil(perRow / 8),
  };
}

/** Invocations share the chunks of a column; squares are taken about the mean, in a pass of their own. */
function finishGpu(size: BatchStats): Launch {
  const perRow = Math.ceil(size.last / 4), across = acrossOf(perRow, 4);
  const eachChunk = (text: string) =>
    `if (id < P.perRow) { for (var t = lane / P.across; t < P.chunks; t += ${COLUMN_THREADS}u / P.across) {
let count = f32(min(P.chunkRows, P.rows - t * P.chunkRows));
${text}
} }`;
  return {
    kernel: {
      label: "batch norm finish",
      sizes: ["perRow", "last", "chunks", "chunkRows", "rows", "across"],
      constants: ["eps"],
      reads: ["X", "G", "B"],
      writes: ["Y"],
      workgroup: COLUMN_THREADS,
      declarations: joinOverRows(["sum"]),
      body: `{ let id = group * P.across + lane % P.across;
let first = ld_X(min(id, P.perRow - 1u));
var shift = vec4f(0.0); var squares = vec4f(0.0);
${eachChunk("shift = fma(ld_X(2u * t * P.perRow + id) - first, vec4f(count), shift);")}
let mean = first + over_rows_sum(shift, lane) / f32(P.rows);
${
        eachChunk(`let d = ld_X(2u * t * P.perRow + id) - mean;
squares += fma(d * d, vec4f(count), ld_X((2u * t + 1u) * P.perRow + id));`)
      }
let variance = over_rows_sum(squares, lane) / f32(P.rows);
if (lane < P.across && id < P.perRow) {
${INSIDE}
${FINISH}
} }`,
    },
    sizes: [perRow, size.last, size.chunks, size.chunkRows, size.rows, across],
    constants: [size.eps],
    groups: Math.ceil(perRow / across),
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
      body:
        `if (id >= P.perRow) { return; }\n${INSIDE}\nlet mean = ld_M(id); let variance = ld_V(id);\n${FINISH}`,
    },
    sizes: [perRow, last],
    constants: [eps],
    groups: Math.ceil(perRow / 8),
  };
}
