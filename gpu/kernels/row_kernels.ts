// The row kernels: each a few statements over the words of one row (see rows.ts). Sums go in blocks of 32 words, so
// that a long row loses no more than a short one.

import type { DeviceClass } from "../base/mod.ts";
import type { Launch } from "./wgsl.ts";
import { rowLaunch, type RowTools } from "./rows.ts";

interface RowSize {
  readonly rows: number;
  readonly last: number;
}

/** Declares f32 `name` as the sum over the row of the vec4f `value` (an expression of word c at index i). */
function sumRow({ eachWord, sumOf }: RowTools, name: string, value: string): string {
  return `var ${name} = 0.0;
{ var total = vec4f(0.0); var part = vec4f(0.0); var count = 0u;
${eachWord(`part += ${value}; count++; if (count == 32u) { total += part; part = vec4f(0.0); count = 0u; }`)}
total += part;
${name} = (total.x + total.y) + (total.z + total.w); }
${sumOf(name)}`;
}

/** Declares f32 `name` as the largest of `value` over the row's own lanes. */
function maxRow({ eachWord, maxOf, inside }: RowTools, name: string, value: string, mask = inside): string {
  return `var ${name} = -3.4028234e38;
{ var most = vec4f(-3.4028234e38);
${eachWord(`most = max(most, select(vec4f(-3.4028234e38), ${value}, ${mask}));`)}
${name} = max(max(most.x, most.y), max(most.z, most.w)); }
${maxOf(name)}`;
}

/** X [rows, last] to one number a row, in the first lane of word r of Y. */
export function reduceRows(kind: "sum" | "max", size: RowSize, target: DeviceClass): Launch {
  return rowLaunch({
    label: `row ${kind}`,
    reads: ["X"],
    writes: ["Y"],
    ...size,
    body: (row) =>
      `${kind === "sum" ? sumRow(row, "all", "ld_X(i)") : maxRow(row, "all", "ld_X(i)")}
${row.once("st_Y(r, vec4f(all, 0.0, 0.0, 0.0));")}`,
  }, target);
}

/** Lanes that a causal row attends to: column <= row within its square. */
const CAUSAL = "(vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u) <= vec4u(mod_u(r, P.last)))";

export function softmaxRows(size: RowSize, causal: boolean, target: DeviceClass): Launch {
  return rowLaunch({
    label: causal ? "causal softmax" : "softmax",
    reads: ["X"],
    writes: ["Y"],
    helpers: ["exp4"],
    ...size,
    body: (row) => {
      const mask = causal ? CAUSAL : row.inside;
      const term = `select(vec4f(0.0), exp4(ld_X(i) - vec4f(most_all)), ${mask})`;
      return `${maxRow(row, "most_all", "ld_X(i)", mask)}
${sumRow(row, "norm", term)}
let scale = 1.0 / norm;
${row.eachWord(`st_Y(i, ${term} * scale);`)}`;
    },
  }, target);
}

/** D the gradient, Y the softmax: Y (D - sum D Y). */
export function softmaxGradRows(size: RowSize, target: DeviceClass): Launch {
  return rowLaunch({
    label: "softmax gradient",
    reads: ["D", "S"],
    writes: ["Y"],
    ...size,
    body: (row) =>
      `${sumRow(row, "along", "ld_D(i) * ld_S(i)")}
${row.eachWord("st_Y(i, ld_S(i) * (ld_D(i) - vec4f(along)));")}`,
  }, target);
}

/** Declares `norm`, the log of the sum of exponentials of row r of X. */
function logNorm(row: RowTools): string {
  return `${maxRow(row, "most_all", "ld_X(i)")}
${sumRow(row, "exponentials", `select(vec4f(0.0), exp4(ld_X(i) - vec4f(most_all)), ${row.inside})`)}
let norm = most_all + log4(vec4f(exponentials)).x;`;
}

export function logSoftmaxRows(size: RowSize, target: DeviceClass): Launch {
  return rowLaunch({
    label: "log softmax",
    reads: ["X"],
    writes: ["Y"],
    helpers: ["exp4", "log4"],
    ...size,
    body: (row) =>
      `${logNorm(row)}
${row.eachWord(`st_Y(i, select(vec4f(0.0), ld_X(i) - vec4f(norm), ${row.inside}));`)}`,
  }, target);
}

/** D the gradient, S the log softmax: D - exp(S) sum D. */
export function logSoftmaxGradRows(size: RowSize, target: DeviceClass): Launch {
  return rowLaunch({
    label: "log softmax gradient",
    reads: ["D", "S"],
    writes: ["Y"],
    helpers: ["exp4"],
    ...size,
    body: (row) =>
      `${sumRow(row, "all", "ld_D(i)")}
${row.eachWord(`st_Y(i, select(vec4f(0.0), ld_D(i) - exp4(ld_S(i)) * all, ${row.inside}));`)}`,
  }, target);
}

/** Declares `average` and `rstd` of row r of X: the variance is taken about the mean, in a pass of its own. */
function moments(row: RowTools): string {
  return `${sumRow(row, "sum_all", "ld_X(i)")}
let average = sum_all / f32(P.last);
${
    sumRow(
      row,
      "squares",
      `select(vec4f(0.0), (ld_X(i) - vec4f(average)) * (ld_X(i) - vec4f(average)), ${row.inside})`,
    )
  }
let rstd = 1.0 / sqrt(squares / f32(P.last) + P.eps);`;
}

export function layerNormRows(size: RowSize, eps: number, target: DeviceClass): Launch {
  return rowLaunch({
    label: "layer norm",
    reads: ["X", "G", "B"],
    writes: ["Y"],
    constants: { eps },
    ...size,
    body: (row) =>
      `${moments(row)}
${row.eachWord("st_Y(i, fma((ld_X(i) - vec4f(average)) * rstd, ld_G(c), ld_B(c)));")}`,
  }, target);
}

/** Word r of Y: (mean, 1 / deviation, 0, 0). */
export function layerNormStatsRows(size: RowSize, eps: number, target: DeviceClass): Launch {
  return rowLaunch({
    label: "layer norm statistics",
    reads: ["X"],
    writes: ["Y"],
    constants: { eps },
    ...size,
    body: (row) => `${moments(row)}\n${row.once("st_Y(r, vec4f(average, rstd, 0.0, 0.0));")}`,
  }, target);
}

/** D the gradient, X the input, G gamma, T the statistics. */
export function layerNormGradRows(size: RowSize, target: DeviceClass): Launch {
  return rowLaunch({
    label: "layer norm gradient",
    reads: ["D", "X", "G", "T"],
    writes: ["Y"],
    ...size,
    body: (row) =>
      `let stats = ld_T(r);
${sumRow(row, "plain", "ld_D(i) * ld_G(c)")}
${sumRow(row, "along", "ld_D(i) * ld_G(c) * ((ld_X(i) - vec4f(stats.x)) * stats.y)")}
let a = plain / f32(P.last); let b = along / f32(P.last);
${
        row.eachWord(
          `st_Y(i, select(vec4f(0.0), stats.y * (ld_D(i) * ld_G(c) - vec4f(a) - (ld_X(i) - vec4f(stats.x)) * stats.y * b), ${row.inside}));`,
        )
      }`,
  }, target);
}

export function l2NormalizeRows(size: RowSize, eps: number, target: DeviceClass): Launch {
  return rowLaunch({
    label: "l2 normalise",
    reads: ["X"],
    writes: ["Y"],
    constants: { eps },
    ...size,
    body: (row) =>
      `${sumRow(row, "squares", "ld_X(i) * ld_X(i)")}
let length = max(sqrt(squares), P.eps);
${row.eachWord("st_Y(i, ld_X(i) / length);")}`,
  }, target);
}

/** D the gradient, X the input. */
export function l2NormalizeGradRows(size: RowSize, eps: number, target: DeviceClass): Launch {
  return rowLaunch({
    label: "l2 normalise gradient",
    reads: ["D", "X"],
    writes: ["Y"],
    constants: { eps },
    ...size,
    body: (row) =>
      `${sumRow(row, "squares", "ld_X(i) * ld_X(i)")}
${sumRow(row, "along", "ld_X(i) * ld_D(i)")}
let root = sqrt(squares);
var part = 0.0;
if (root > P.eps) { part = along / squares; }
let length = max(root, P.eps);
${row.eachWord("st_Y(i, (ld_D(i) - ld_X(i) * part) / length);")}`,
  }, target);
}

/** X logits, T targets packed four to a word; word r of Y: the row's loss in its first lane. */
export function crossEntropyRows(
  size: RowSize,
  smoothing: number,
  ignore: number,
  target: DeviceClass,
): Launch {
  return rowLaunch({
    label: "cross entropy",
    reads: ["X", "T"],
    writes: ["Y"],
    helpers: ["exp4", "log4"],
    constants: { smoothing, ignore },
    ...size,
    body: (row) =>
      `let wanted = ld_T(r / 4u)[r & 3u];
${logNorm(row)}
var spread = 0.0;
if (P.smoothing > 0.0) {
${sumRow(row, "gap", `select(vec4f(0.0), vec4f(norm) - ld_X(i), ${row.inside})`)}
spread = gap / f32(P.last); }
var loss = 0.0;
if (wanted != P.ignore) {
let at = u32(wanted);
let own = ld_X(r * P.perRow + at / 4u)[at & 3u];
loss = (1.0 - P.smoothing) * (norm - own) + P.smoothing * spread; }
${row.once("st_Y(r, vec4f(loss, 0.0, 0.0, 0.0));")}`,
  }, target);
}

/** As crossEntropyRows, with D the gradient of each row's loss, packed like T. */
export function crossEntropyGradRows(
  size: RowSize,
  smoothing: number,
  ignore: number,
  target: DeviceClass,
): Launch {
  return rowLaunch({
    label: "cross entropy gradient",
    reads: ["X", "T", "D"],
    writes: ["Y"],
    helpers: ["exp4", "log4"],
    constants: { smoothing, ignore },
    ...size,
    body: (row) =>
      `let wanted = ld_T(r / 4u)[r & 3u];
${logNorm(row)}
var weight = ld_D(r / 4u)[r & 3u];
if (wanted == P.ignore) { weight = 0.0; }
let hot = u32(max(wanted, 0.0));
${
        row.eachWord(
          `{ let lanes = vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u);
let goal = select(vec4f(0.0), vec4f(1.0 - P.smoothing), lanes == vec4u(hot)) + vec4f(P.smoothing / f32(P.last));
st_Y(i, select(vec4f(0.0), (exp4(ld_X(i) - vec4f(norm)) - goal) * weight, ${row.inside})); }`,
        )
      }`,
  }, target);
}

/** Numbers in the first lanes of words, one a word, to rows of `last` lanes packed four to a word. */
export function packRows(rows: number, last: number): Launch {
  const perRow = Math.ceil(last / 4);
  return {
    kernel: {
      label: "pack",
      sizes: ["n", "perRow", "last"],
      reads: ["X"],
      writes: ["Y"],
      workgroup: 64,
      body: `if (id >= P.n) { return; }
let r = div_u(id, P.perRow); let c = id - r * P.perRow;
let source = r * P.last + c * 4u;
var v = vec4f(ld_X(source).x, 0.0, 0.0, 0.0);
if (c * 4u + 1u < P.last) { v.y = ld_X(source + 1u).x; }
if (c * 4u + 2u < P.last) { v.z = ld_X(source + 2u).x; }
if (c * 4u + 3u < P.last) { v.w = ld_X(source + 3u).x; }
st_Y(id, v);`,
    },
    sizes: [rows * perRow, perRow, last],
    groups: Math.ceil(rows * perRow / 64),
  };
}
