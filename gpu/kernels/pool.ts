// Average pooling of NHWC images without padding, and its gradient. Channels are whole words.

import { type Shape, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import { wordLaunch } from "./each_word.ts";
import type { Launch } from "./wgsl.ts";

interface Window {
  readonly kernel: number;
  readonly stride: number;
}

/** X [N,H,W,C] to Y [N,H',W',C]: means of windows. */
export function poolLaunch(x: Shape, y: Shape, { kernel, stride }: Window): Launch {
  return wordLaunch({
    label: "average pool",
    reads: ["X"],
    sizes: { perRow: vec4sPerRow(x), height: x[1], width: x[2], rows: y[1], columns: y[2], kernel, stride },
    constants: { share: 1 / kernel ** 2 },
    words: vec4sOf(y),
    body: `let pixel = div_u(id, P.perRow);
let c = id - pixel * P.perRow;
let row_of = div_u(pixel, P.columns);
let column = pixel - row_of * P.columns;
let image = div_u(row_of, P.rows);
let row = row_of - image * P.rows;
let line = P.width * P.perRow;
var at = (image * P.height + row * P.stride) * line + column * P.stride * P.perRow + c;
${kernel === 2 ? TWO_BY_TWO : ANY_WINDOW}
st_Y(id, sum * P.share);`,
  });
}

const TWO_BY_TWO =
  "let sum = (ld_X(at) + ld_X(at + P.perRow)) + (ld_X(at + line) + ld_X(at + line + P.perRow));";

const ANY_WINDOW = `var sum = vec4f(0.0);
for (var i = 0u; i < P.kernel; i++) {
for (var j = 0u; j < P.kernel; j++) { sum += ld_X(at + j * P.perRow); }
at += line;
}`;

/** Gradient: X [N,H',W',C] is dy, Y [N,H,W,C] gathers from the windows that hold the pixel. */
export function poolGradLaunch(dy: Shape, dx: Shape, { kernel, stride }: Window): Launch {
  return wordLaunch({
    label: "average pool gradient",
    reads: ["X"],
    sizes: {
      perRow: vec4sPerRow(dx),
      height: dx[1],
      width: dx[2],
      rows: dy[1],
      columns: dy[2],
      kernel,
      stride,
    },
    constants: { share: 1 / kernel ** 2 },
    declarations: kernel === stride ? [] : [RANGE],
    words: vec4sOf(dx),
    body: `let pixel = div_u(id, P.perRow);
let c = id - pixel * P.perRow;
let line = div_u(pixel, P.width);
let x = pixel - line * P.width;
let image = div_u(line, P.height);
let y = line - image * P.height;
${kernel === stride ? ONE_WINDOW : MANY_WINDOWS}`,
  });
}

/** Windows side by side: each pixel lies in one of them, or in none at the far edge. */
const ONE_WINDOW = `let i = div_u(y, P.stride); let j = div_u(x, P.stride);
let at = ((image * P.rows + i) * P.columns + j) * P.perRow + c;
let inside = i < P.rows && j < P.columns;
st_Y(id, select(vec4f(0.0), ld_X(select(0u, at, inside)) * P.share, inside));`;

const MANY_WINDOWS = `let across = windows(x, P.columns);
let down = windows(y, P.rows);
var sum = vec4f(0.0);
for (var i = down.first; i < down.end; i++) {
for (var j = across.first; j < across.end; j++) {
sum += ld_X(((image * P.rows + i) * P.columns + j) * P.perRow + c);
}
}
st_Y(id, sum * P.share);`;

const RANGE = `struct Range { first: u32, end: u32 }
fn windows(pixel: u32, count: u32) -> Range {
  let first = div_u(max(pixel + 1u, P.kernel) - P.kernel + P.stride - 1u, P.stride);
  return Range(first, min(div_u(pixel, P.stride) + 1u, count));
}`;
