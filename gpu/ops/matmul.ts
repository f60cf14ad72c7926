// Matrix products: batched matmul with either side transposed, linear layers on top of it, and the three products of
// multi-head attention. The heads are column ranges of [batch, length, width], so no permuted copies are made, and
// the gradients of the three are one another.

import { lowerHeadsPV, lowerHeadsQK, lowerMatmul } from "./lowering_matmul.ts";
import { broadcastShapes, type Shape, showShape, sizeOf } from "../base/mod.ts";
import { defineOp, emit, type OpCase, type RefArray, type Tensor } from "../graph/mod.ts";
import { add } from "./elementwise.ts";
import { expectFloats, expectLayout, expectRank } from "./expect.ts";
import { broadcastIndex } from "./reference_tools.ts";
import { reshape } from "./shape.ts";
import { sumTo } from "./sum_to.ts";

/**
 * op(a) op(b), where op transposes the last two dimensions when `ta` or `tb` is set:
 * [..,M,K] x [..,K,N] gives [..,M,N]; the leading dimensions broadcast.
 * Throws TypeError when the inner sizes differ or the leading dimensions do not broadcast.
 */
export function matmul(a: Tensor, b: Tensor, options: { ta?: boolean; tb?: boolean } = {}): Tensor {
  const { ta = false, tb = false } = options;
  if (a.shape.length > 2 && b.shape.length === 2 && !ta) {
    // One matrix on the right: all rows of `a` in one product, and its gradient needs no sum over batches.
    const leading = a.shape.slice(0, -1);
    const flat = reshape(a, [sizeOf(leading), a.shape[a.shape.length - 1]]);
    const product = emit(a.graph, "matmul", [flat, b], { ta, tb });
    return reshape(product, [...leading, product.shape[1]]);
  }
  return emit(a.graph, "matmul", [a, b], { ta, tb });
}

/** x w^T + b over the last dimension: x [..,in], w [out,in] (as in PyTorch), b [out]. */
export function linear(x: Tensor, w: Tensor, b?: Tensor): Tensor {
  const product = x.shape.length === 1
    ? reshape(matmul(reshape(x, [1, x.shape[0]]), w, { tb: true }), [w.shape[0]])
    : matmul(x, w, { tb: true });
  return b === undefined ? product : add(product, b);
}

/**
 * Scores of every head: q [B,T,D] and k [B,S,D] give [B,heads,T,S], the dot products of the heads' column ranges.
 * Throws RangeError when D does not split into `heads` parts of a multiple of 4 (any size with one head).
 */
export function headsQK(q: Tensor, k: Tensor, options: { heads: number }): Tensor {
  return emit(q.graph, "headsQK", [q, k], { heads: options.heads });
}

/** Weighted values of every head: p [B,H,T,S] and v [B,S,D] give [B,T,D]. Throws as `headsQK` does. */
export function headsPV(p: Tensor, v: Tensor): Tensor {
  return emit(p.graph, "headsPV", [p, v]);
}

/** `headsPV` with the weights transposed: p [B,H,T,S] and u [B,T,D] give [B,S,D]. Throws as `headsQK` does. */
export function headsPtV(p: Tensor, u: Tensor): Tensor {
  return emit(p.graph, "headsPtV", [p, u]);
}

interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batch: Shape;
}

function matmulSizes(a: Shape, b: Shape, ta: boolean, tb: boolean): Sizes {
  const [a0, a1] = a.slice(-2), [b0, b1] = b.slice(-2);
  const k = ta ? a0 : a1;
  if (k !== (tb ? b1 : b0)) {
    const mark = (transposed: boolean) => transposed ? "^T" : "";
    throw new TypeError(`Inner sizes differ: ${showShape(a)}${mark(ta)} x ${showShape(b)}${mark(tb)}`);
  }
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  return { m: ta ? a1 : a0, k, n: tb ? b0 : b1, batch };
}

function sizesOf(node: Tensor): Sizes {
  const [a, b] = node.inputs;
  return matmulSizes(a.shape, b.shape, node.attrs.ta as boolean, node.attrs.tb as boolean);
}

/** A matrix inside a flat array: element (i, j) lies at start + i row + j col. */
interface View {
  readonly data: Float64Array;
  readonly start: number;
  readonly row: number;
  readonly col: number;
}

/** out += a b for a [m,k], b [k,n]; `out` has unit column step, and so gets b by copying when it has not. */
function multiply(m: number, k: number, n: number, a: View, b: View, out: View): void {
  if (b.col !== 1) {
    const data = new Float64Array(k * n);
    for (let p = 0, to = 0; p < k; p++) {
      for (let j = 0; j < n; j++) data[to++] = b.data[b.start + p * b.row + j * b.col];
    }
    b = { data, start: 0, row: n, col: 1 };
  }
  for (let i = 0; i < m; i++) {
    const target = out.start + i * out.row;
    for (let p = 0; p < k; p++) {
      const factor = a.data[a.start + i * a.row + p * a.col], source = b.start + p * b.row;
      for (let j = 0; j < n; j++) out.data[target + j] += factor * b.data[source + j];
    }
  }
}

/** Where the matrix of output batch i starts inside a tensor whose leading dimensions broadcast to `batch`. */
function batchStarts(shape: Shape, batch: Shape): (i: number) => number {
  const index = broadcastIndex(shape.slice(0, -2), batch), matrix = sizeOf(shape.slice(-2));
  return (i) => (index?.[i] ?? i) * matrix;
}

function matmulReference([a, b]: readonly RefArray[], node: Tensor): RefArray {
  const { m, k, n, batch } = sizesOf(node);
  const data = new Float64Array(sizeOf(node.shape));
  const aStart = batchStarts(a.shape, batch), bStart = batchStarts(b.shape, batch);
  const aSteps = node.attrs.ta ? { row: 1, col: m } : { row: k, col: 1 };
  const bSteps = node.attrs.tb ? { row: 1, col: k } : { row: n, col: 1 };
  for (let i = 0; i < sizeOf(batch); i++) {
    const left = { data: a.data, start: aStart(i), ...aSteps };
    const right = { data: b.data, start: bStart(i), ...bSteps };
    multiply(m, k, n, left, right, { data, start: i * m * n, row: n, col: 1 });
  }
  return { data, shape: node.shape };
}

const pair = (name: string, a: Shape, b: Shape, ta = false, tb = false): OpCase => ({
  name,
  inputs: [{ shape: a }, { shape: b }],
  attrs: { ta, tb },
});

defineOp({
  name: "matmul",
  lower: lowerMatmul,
  infer: (inputs, attrs) => {
    expectFloats(inputs);
    expectRank("left matrix", inputs[0], 2);
    expectRank("right matrix", inputs[1], 2);
    const { m, n, batch } = matmulSizes(
      inputs[0].shape,
      inputs[1].shape,
      attrs.ta as boolean,
      attrs.tb as boolean,
    );
    return { shape: [...batch, m, n], dtype: "f32" };
  },
  vjp: (node, dy) => {
    const [a, b] = node.inputs, ta = node.attrs.ta as boolean, tb = node.attrs.tb as boolean;
    const da = ta ? matmul(b, dy, { ta: tb, tb: true }) : matmul(dy, b, { tb: !tb });
    const db = tb ? matmul(dy, a, { ta: true, tb: ta }) : matmul(a, dy, { ta: !ta });
    return [sumTo(da, a.shape), sumTo(db, b.shape)];
  },
  ref: matmulReference,
  flops: (node) => 2 * sizeOf(node.shape) * sizesOf(node).k,
  cases: [
    pair("1x1x1", [1, 1], [1, 1]),
    pair("3x5x17", [3, 5], [5, 17]),
    pair("3x5x17 NT", [3, 5], [17, 5], false, true),
    pair("3x5x17 TN", [5, 3], [5, 17], true, false),
    pair("3x5x17 TT", [5, 3], [17, 5], true, true),
    pair("inner 1", [17, 1], [1, 5]),
    pair("one column", [5, 33], [33, 1]),
    pair("one row NT", [1, 33], [5, 33], false, true),
    pair("one row TN", [33, 1], [33, 4], true, false),
    pair("multiples of 4", [8, 16], [16, 12]),
    pair("multiples of 4 TT", [16, 8], [12, 16], true, true),
    pair("batched", [3, 5, 7], [3, 7, 9]),
    pair("batched NT", [2, 3, 5, 7], [2, 3, 4, 7], false, true),
    pair("batched TN", [3, 7, 5], [3, 7, 6], true, false),
    pair("batched TT", [3, 7, 5], [3, 6, 7], true, true),
    pair("one matrix on the right", [2, 3, 5], [5, 4]),
    pair("one matrix on the left", [3, 5], [4, 5, 7]),
    pair("one matrix on the left TN", [5, 3], [4, 5, 7], true, false),
    pair("batches broadcast both ways", [2, 1, 4, 5], [3, 5, 6]),
    pair("batches broadcast both ways NT", [1, 3, 4, 5], [2, 1, 6, 5], false, true),
  ],
});

/** Batch, query length, key length, width and head width. */
interface HeadSizes {
  readonly b: number;
  readonly h: number;
  readonly t: number;
  readonly s: number;
  readonly d: number;
  readonly part: number;
}

function headSizes(b: number, h: number, t: number, s: number, d: number): HeadSizes {
  const part = d / h;
  if (!Number.isInteger(h) || h < 1 || !Number.isInteger(part)) {
    throw new RangeError(`${d} channels do not split into ${h} heads`);
  }
  if (h > 1 && part % 4 !== 0) {
    throw new RangeError(
      `${d} channels in ${h} heads give heads of ${part}, wanted a multiple of 4; ` +
        "choose another width or number of heads",
    );
  }
  return { b, h, t, s, d, part };
}

function expectMatch(first: Tensor, second: Tensor, matches: boolean): void {
  if (!matches) {
    throw new TypeError(`${showShape(first.shape)} and ${showShape(second.shape)} do not fit together`);
  }
}

function sizesQK([q, k]: readonly Tensor[], heads: number): HeadSizes {
  expectFloats([q, k]);
  expectLayout("query", q, "[B,T,D]");
  expectLayout("key", k, "[B,S,D]");
  const [b, t, d] = q.shape;
  expectMatch(q, k, k.shape[0] === b && k.shape[2] === d);
  return headSizes(b, heads, t, k.shape[1], d);
}

/** Sizes of headsPV (`transposed` false) and headsPtV (true). */
function sizesPV([p, v]: readonly Tensor[], transposed: boolean): HeadSizes {
  expectFloats([p, v]);
  expectLayout("weights", p, "[B,H,T,S]");
  expectLayout("values", v, transposed ? "[B,T,D]" : "[B,S,D]");
  const [b, h, t, s] = p.shape;
  expectMatch(p, v, v.shape[0] === b && v.shape[1] === (transposed ? t : s));
  return headSizes(b, h, t, s, v.shape[2]);
}

/** Calls `visit` with the views of one head after the other: over lengths t and s, and the score matrix. */
function eachHead(
  { b, h, t, s, d, part }: HeadSizes,
  visit: (overT: Omit<View, "data">, overS: Omit<View, "data">, score: Omit<View, "data">) => void,
): void {
  for (let i = 0; i < b; i++) {
    for (let j = 0; j < h; j++) {
      visit(
        { start: i * t * d + j * part, row: d, col: 1 },
        { start: i * s * d + j * part, row: d, col: 1 },
        { start: (i * h + j) * t * s, row: s, col: 1 },
      );
    }
  }
}

function turned({ start, row, col }: Omit<View, "data">): Omit<View, "data"> {
  return { start, row: col, col: row };
}

const headFlops = ({ b, t, s, d }: HeadSizes) => 2 * b * t * s * d;

/** [B, H, T, S, D] of every case of the three products. */
const headCases: readonly [string, number, number, number, number, number][] = [
  ["one head of odd width", 2, 1, 3, 5, 5],
  ["one of everything", 1, 1, 1, 1, 1],
  ["two heads, lengths 1 and 17", 1, 2, 1, 17, 8],
  ["three heads, square", 2, 3, 5, 5, 12],
  ["three heads, odd lengths", 1, 3, 7, 3, 24],
];

defineOp({
  name: "headsQK",
  lower: lowerHeadsQK,
  infer: (inputs, attrs) => {
    const { b, h, t, s } = sizesQK(inputs, attrs.heads as number);
    return { shape: [b, h, t, s], dtype: "f32" };
  },
  vjp: ({ inputs: [q, k] }, dy) => [headsPV(dy, k), headsPtV(dy, q)],
  ref: ([q, k], node) => {
    const sizes = sizesQK(node.inputs, node.attrs.heads as number);
    const data = new Float64Array(sizeOf(node.shape));
    eachHead(sizes, (overT, overS, score) => {
      const left = { data: q.data, ...overT }, right = { data: k.data, ...turned(overS) };
      multiply(sizes.t, sizes.part, sizes.s, left, right, { data, ...score });
    });
    return { data, shape: node.shape };
  },
  flops: (node) => headFlops(sizesQK(node.inputs, node.attrs.heads as number)),
  cases: headCases.map(([name, b, h, t, s, d]) => ({
    name,
    inputs: [{ shape: [b, t, d] }, { shape: [b, s, d] }],
    attrs: { heads: h },
  })),
});

defineOp({
  name: "headsPV",
  lower: (node) => lowerHeadsPV(node, false),
  infer: (inputs) => {
    const { b, t, d } = sizesPV(inputs, false);
    return { shape: [b, t, d], dtype: "f32" };
  },
  vjp: ({ inputs: [p, v] }, dy) => [headsQK(dy, v, { heads: p.shape[1] }), headsPtV(p, dy)],
  ref: ([p, v], node) => {
    const sizes = sizesPV(node.inputs, false);
    const data = new Float64Array(sizeOf(node.shape));
    eachHead(sizes, (overT, overS, score) => {
      const left = { data: p.data, ...score }, right = { data: v.data, ...overS };
      multiply(sizes.t, sizes.s, sizes.part, left, right, { data, ...overT });
    });
    return { data, shape: node.shape };
  },
  flops: (node) => headFlops(sizesPV(node.inputs, false)),
  cases: headCases.map(([name, b, h, t, s, d]) => ({
    name,
    inputs: [{ shape: [b, h, t, s] }, { shape: [b, s, d] }],
  })),
});

defineOp({
  name: "headsPtV",
  lower: (node) => lowerHeadsPV(node, true),
  infer: (inputs) => {
    const { b, s, d } = sizesPV(inputs, true);
    return { shape: [b, s, d], dtype: "f32" };
  },
  vjp: ({ inputs: [p, u] }, dy) => [headsQK(u, dy, { heads: p.shape[1] }), headsPV(p, dy)],
  ref: ([p, u], node) => {
    const sizes = sizesPV(node.inputs, true);
    const data = new Float64Array(sizeOf(node.shape));
    eachHead(sizes, (overT, overS, score) => {
      const left = { data: p.data, ...turned(score) }, right = { data: u.data, ...overT };
      multiply(sizes.s, sizes.t, sizes.part, left, right, { data, ...overS });
    });
    return { data, shape: node.shape };
  },
  flops: (node) => headFlops(sizesPV(node.inputs, true)),
  cases: headCases.map(([name, b, h, t, s, d]) => ({
    name,
    inputs: [{ shape: [b, h, t, s] }, { shape: [b, t, d] }],
  })),
});
