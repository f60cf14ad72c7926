// Kernels that move words or lanes and compute nothing: each word of the result finds its own source. All sizes are
// uniforms, so a handful of pipelines serves every shape; whole words are moved where the last dimension allows it,
// four single lanes elsewhere.

import { lastOf, rowsOf, type Shape, sizeOf, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import { fourLanes, LANE_OF, laneReader, ROW_AND_WORD, wordLaunch } from "./each_word.ts";
import type { Launch } from "./wgsl.ts";

/** One dimension of a result and how far a step along it moves in the source, in lanes of the padded layout. */
export interface StridedDim {
  readonly size: number;
  readonly stride: number;
}

/** Fewer leading dimensions are filled up to this number, so that they share a kernel. */
const LEAD = 3;

/** Lanes of the padded layout from one element to the next along each dimension. */
export function laneStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 4 * vec4sPerRow(shape);
  for (let d = shape.length - 2; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d];
  }
  if (shape.length > 0) strides[shape.length - 1] = 1;
  return strides;
}

function mergeStrided(dims: readonly StridedDim[]): StridedDim[] {
  const merged: StridedDim[] = [];
  for (const { size, stride } of dims) {
    const before = merged[merged.length - 1];
    if (size === 1) continue;
    if (before !== undefined && before.stride === stride * size) {
      merged[merged.length - 1] = { size: before.size * size, stride };
    } else merged.push({ size, stride });
  }
  while (merged.length < LEAD) merged.unshift({ size: 1, stride: 0 });
  return merged;
}

/** Numbers named after their dimension: { d0: .., d1: .. }. */
function numbered(name: string, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(values.map((value, d) => [`${name}${d}`, value]));
}

/** Statements for the position of row r along each of `count` leading dimensions of sizes P.d0, P.d1, .. */
function alongLead(count: number, text: (d: number, position: string) => string): string {
  const lines: string[] = [];
  let rest = "r";
  for (let d = count - 1; d > 0; d--) {
    lines.push(`let q${d} = div_u(${rest}, P.d${d});`, text(d, `(${rest} - q${d} * P.d${d})`));
    rest = `q${d}`;
  }
  return [...lines, text(0, rest)].join("\n");
}

/** X to Y: element (o0, o1, ..) of Y is lane start + sum of o_d stride_d of X. `dims` are all dimensions of Y. */
export function stridedLaunch(start: number, dims: readonly StridedDim[]): Launch {
  const shape = dims.map((dim) => dim.size);
  const last = dims[dims.length - 1] ?? { size: 1, stride: 1 };
  const lead = mergeStrided(dims.slice(0, -1));
  const wholeWords = (last.stride === 1 || last.size === 1) &&
    [start, ...lead.map((d) => d.stride)].every((n) => n % 4 === 0);
  const unit = wholeWords ? 4 : 1;
  const value = wholeWords ? "ld_X(at + c)" : fourLanes((k) => `lane_X(at + (c * 4u + ${k}u) * P.step)`);
  return wordLaunch({
    label: wholeWords ? "move words" : "move lanes",
    reads: ["X"],
    sizes: {
      perRow: vec4sPerRow(shape),
      last: last.size,
      start: start / unit,
      step: last.stride,
      ...numbered("d", lead.map((d) => d.size)),
      ...numbered("s", lead.map((d) => d.stride / unit)),
    },
    declarations: [LANE_OF, laneReader("lane_X", "X")],
    words: vec4sOf(shape),
    body: `${ROW_AND_WORD}
var at = P.start;
${alongLead(lead.length, (d, position) => `at += ${position} * P.s${d};`)}
st_Y(id, mask_tail(${value}, c, P.last));`,
  });
}

/** X to Y: the same elements in row-major order, where rows of other length pad differently. */
export function reshapeLaunch(from: Shape, to: Shape): Launch {
  const next = "col++; if (col == P.sourceLast) { col = 0u; row++; }";
  const take = (k: number) => `let x${k} = lane_of(ld_X(row * P.sourcePerRow + (col >> 2u)), col & 3u);`;
  return wordLaunch({
    label: "reshape",
    reads: ["X"],
    sizes: {
      perRow: vec4sPerRow(to),
      last: lastOf(to),
      sourceLast: lastOf(from),
      sourcePerRow: vec4sPerRow(from),
    },
    declarations: [LANE_OF],
    words: vec4sOf(to),
    body: `${ROW_AND_WORD}
let first = r * P.last + c * 4u;
var row = div_u(first, P.sourceLast);
var col = first - row * P.sourceLast;
${[0, 1, 2, 3].map(take).join(`\n${next}\n`)}
st_Y(id, mask_tail(${fourLanes((k) => `x${k}`)}, c, P.last));`,
  });
}

/** One dimension of a larger result in which a source lies at start, start + step, .. */
export interface SpreadDim {
  readonly whole: number;
  readonly start: number;
  readonly step: number;
  readonly part: number;
  /** Lanes from one source element to the next. */
  readonly stride: number;
}

function mergeSpread(dims: readonly SpreadDim[]): SpreadDim[] {
  const merged: SpreadDim[] = [];
  for (const dim of dims) {
    const before = merged[merged.length - 1];
    const full = dim.whole === dim.part;
    if (dim.whole === 1) continue;
    if (before !== undefined && full && before.step === 1 && before.stride === dim.stride * dim.part) {
      const { whole, start, part } = before, n = dim.part;
      merged[merged.length - 1] = {
        whole: whole * n,
        start: start * n,
        step: 1,
        part: part * n,
        stride: dim.stride,
      };
    } else merged.push(dim);
  }
  while (merged.length < LEAD) merged.unshift({ whole: 1, start: 0, step: 1, part: 1, stride: 0 });
  return merged;
}

/** Index in the part of a position in the whole. Positions below the start wrap, and are then beyond every extent. */
const PART_OF = `const NOWHERE = 0xffffffffu;
fn part_of(position: u32, start: u32, step: u32, extent: u32) -> u32 {
  let moved = position - start;
  let k = div_u(moved, step);
  return select(NOWHERE, k, moved < extent && k * step == moved);
}`;

/** The inverse of taking a slice: X at its places in Y, zeros elsewhere. */
export function spreadLaunch(dims: readonly SpreadDim[]): Launch {
  const shape = dims.map((dim) => dim.whole);
  const last = dims[dims.length - 1];
  const lead = mergeSpread(dims.slice(0, -1));
  const wholeWords = last.step === 1 && last.start % 4 === 0;
  const unit = wholeWords ? 4 : 1;
  const all = [...lead, { ...last, start: last.start / unit, part: Math.ceil(last.part / unit) }];
  const n = lead.length;
  const part = (d: number, position: string) => `part_of(${position}, P.from${d}, P.step${d}, P.extent${d})`;
  const lane = (l: number) =>
    `{ let k = ${part(n, `c * 4u + ${l}u`)}; v.${
      "xyzw"[l]
    } = select(0.0, lane_X(at + k), hit && k != NOWHERE); }`;
  const word = `let k = c - P.from${n};
v = select(vec4f(0.0), ld_X(at + k), hit && k < P.extent${n});`;
  return wordLaunch({
    label: wholeWords ? "spread words" : "spread lanes",
    reads: ["X"],
    sizes: {
      perRow: vec4sPerRow(shape),
      ...numbered("d", lead.map((dim) => dim.whole)),
      ...numbered("s", lead.map((dim) => dim.stride / unit)),
      ...numbered("from", all.map((dim) => dim.start)),
      ...numbered("step", all.map((dim) => dim.step)),
      ...numbered("extent", all.map((dim) => dim.part * dim.step)),
    },
    declarations: [LANE_OF, laneReader("lane_X", "X"), PART_OF],
    words: vec4sOf(shape),
    body: `${ROW_AND_WORD}
var at = 0u;
var hit = true;
var v = vec4f(0.0);
${
      alongLead(n, (d, position) =>
        `{ let k = ${part(d, position)}; hit = hit && k != NOWHERE; at += k * P.s${d}; }`)
    }
${wholeWords ? word : [0, 1, 2, 3].map(lane).join("\n")}
st_Y(id, v);`,
  });
}

/** Words of X into Y: every `block` of them to the next `stride`, from word `start` on. */
export function blocksLaunch(words: number, block: number, stride: number, start: number): Launch {
  return wordLaunch({
    label: "move blocks",
    reads: ["X"],
    sizes: { block, stride, start },
    words,
    body: `let b = div_u(id, P.block);
st_Y(b * P.stride + P.start + (id - b * P.block), ld_X(id));`,
  });
}

/** Rows of X0, X1, .. side by side in Y, for lengths that are no whole words. */
export function besideLaunch(shapes: readonly Shape[]): Launch {
  const lengths = shapes.map(lastOf), total = lengths.reduce((a, b) => a + b, 0);
  const shape = [rowsOf(shapes[0]), total];
  const names = shapes.map((_, i) => `X${i}`);
  let end = 0;
  const ends = lengths.map((length) => end += length);
  // The last part whose beginning is not beyond the lane.
  const lane = (k: number) => {
    const parts = names.slice(1).map((name, i) =>
      `if (e >= P.end${i}) { x = lane_${name}(r * P.row${i + 1} + e - P.end${i}); }`
    );
    return `{ let e = c * 4u + ${k}u; var x = lane_X0(r * P.row0 + e); ${parts.join(" ")} v.${
      "xyzw"[k]
    } = x; }`;
  };
  return wordLaunch({
    label: "beside",
    reads: names,
    sizes: {
      perRow: vec4sPerRow(shape),
      last: total,
      ...numbered("end", ends.slice(0, -1)),
      ...numbered("row", shapes.map((s) => 4 * vec4sPerRow(s))),
    },
    declarations: [LANE_OF, ...names.map((name) => laneReader(`lane_${name}`, name))],
    words: sizeOf(shape.slice(0, 1)) * vec4sPerRow(shape),
    body: `${ROW_AND_WORD}
var v = vec4f(0.0);
${[0, 1, 2, 3].map(lane).join("\n")}
st_Y(id, mask_tail(v, c, P.last));`,
  });
}
