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
    body: `let c = id % P.perRow;
var pixel = id / P.perRow;
let column = pixel % P.columns;
pixel /= P.columns;
let row = pixel % P.rows;
let line = P.width * P.perRow;
var at = ((pixel / P.rows) * P.height + row * P.stride) * line + column * P.stride * P.perRow + c;
var sum = vec4f(0.0);
for (var i = 0u; i < P.kernel; i++) {
for (var j = 0u; j < P.kernel; j++) { sum += ld_X(at + j * P.perRow); }
at += line;
}
st_Y(id, sum * P.share);`,
  });
}

/** Gradient: X [N,H',W',C] is dy, Y [N,H,W,C] gathers from the windows that hold the pixel. */
export function poolGradLaunch(dy: Shape, dx: Shape, { kernel, stride }: Window): Launch {
  return wordLaunch({
    label: "average pool gradient",
    reads: ["X"],
    sizes: { perRow: vec4sPerRow(dx), height: dx[1], width: dx[2], rows: dy[1], columns: dy[2], kernel, stride },
    constants: { share: 1 / kernel ** 2 },
    declarations: [
      `struct Range { first: u32, end: u32 }
fn windows(pixel: u32, count: u32) -> Range {
  let first = (max(pixel + 1u, P.kernel) - P.kernel + P.stride - 1u) / P.stride;
  return Range(first, min(pixel / P.stride + 1u, count));
}`,
    ],
    words: vec4sOf(dx),
    body: `let c = id % P.perRow;
var pixel = id / P.perRow;
let across = windows(pixel % P.width, P.columns);
pixel /= P.width;
let down = windows(pixel % P.height, P.rows);
let image = (pixel / P.height) * P.rows;
var sum = vec4f(0.0);
for (var i = down.first; i < down.end; i++) {
for (var j = across.first; j < across.end; j++) { sum += ld_X(((image + i) * P.columns + j) * P.perRow + c); }
}
st_Y(id, sum * P.share);`,
  });
}
