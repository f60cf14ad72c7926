// Reading rows or elements by index, and the gradients, which add up where an index repeats. Gathers along other
// axes and index selections are made of these by permuting, since they are rare and small.

import { axisOf, lastOf, sameShape, type Shape, showShape, sizeOf } from "../base/mod.ts";
import { defineOp, emit, type RefArray, type Tensor } from "../graph/mod.ts";
import { expectFloats, expectIndices, expectLayout } from "./expect.ts";
import {
  lowerEmbedding,
  lowerEmbeddingGrad,
  lowerGather,
  lowerGatherGrad,
  lowerIndexRows,
  lowerIndexRowsGrad,
} from "./lowering_index.ts";
import { permute, reshape, slice } from "./shape.ts";
import { topkIndices } from "./reduce.ts";

/** The index at position i; throws RangeError outside [0, size). */
function indexAt(idx: RefArray, i: number, size: number): number {
  const at = idx.data[i];
  if (!(at >= 0 && at < size)) throw new RangeError(`Index ${at} at position ${i} is outside [0, ${size})`);
  return at;
}

defineOp({
  name: "embedding",
  lower: lowerEmbedding,
  infer([idx, w]) {
    expectIndices(idx);
    expectFloats([w]);
    expectLayout("table", w, "[V,D]");
    return { shape: [...idx.shape, w.shape[1]], dtype: "f32" };
  },
  vjp({ inputs: [idx, w] }, dy) {
    return [null, embeddingGrad(idx, dy, { rows: w.shape[0] })];
  },
  ref([idx, w], node) {
    const [rows, columns] = w.shape;
    const data = new Float64Array(sizeOf(node.shape));
    for (let i = 0; i < idx.data.length; i++) {
      const at = indexAt(idx, i, rows) * columns;
      data.set(w.data.subarray(at, at + columns), i * columns);
    }
    return { data, shape: node.shape };
  },
  cases: [
    { name: "matrix of indices", inputs: [indices([3, 7], 11), { shape: [11, 6] }] },
    { name: "vector", inputs: [indices([5], 9), { shape: [9, 4] }] },
    { name: "one", inputs: [indices([1], 3), { shape: [3, 17] }] },
    { name: "scalar index", inputs: [indices([], 3), { shape: [3, 5] }] },
    { name: "one column", inputs: [indices([2, 3], 4), { shape: [4, 1] }] },
  ],
});

defineOp({
  name: "embeddingGrad",
  lower: lowerEmbeddingGrad,
  infer([idx, dy], attrs) {
    expectIndices(idx);
    expectFloats([dy]);
    if (!sameShape(dy.shape, [...idx.shape, lastOf(dy.shape)])) {
      throw new TypeError(`Indices ${showShape(idx.shape)} do not fit the gradient ${showShape(dy.shape)}`);
    }
    return { shape: [attrs.rows as number, lastOf(dy.shape)], dtype: "f32" };
  },
  vjp: ({ inputs: [idx] }, dy) => [null, embedding(idx, dy)],
  ref([idx, dy], node) {
    const [rows, columns] = node.shape;
    const data = new Float64Array(rows * columns);
    for (let i = 0; i < idx.data.length; i++) {
      const at = indexAt(idx, i, rows) * columns;
      for (let c = 0; c < columns; c++) data[at + c] += dy.data[i * columns + c];
    }
    return { data, shape: node.shape };
  },
  flops: ({ inputs: [, dy] }) => sizeOf(dy.shape),
  cases: [
    { name: "matrix of indices", inputs: [indices([3, 7], 11), { shape: [3, 7, 6] }], attrs: { rows: 11 } },
    { name: "vector", inputs: [indices([5], 9), { shape: [5, 4] }], attrs: { rows: 9 } },
    { name: "all the same", inputs: [indices([17], 1), { shape: [17, 3] }], attrs: { rows: 2 } },
  ],
});

defineOp({
  name: "gather",
  lower: lowerGather,
  infer([x, idx]) {
    expectIndices(idx);
    expectFloats([x]);
    sameRows(x.shape, idx.shape);
    return { shape: idx.shape, dtype: "f32" };
  },
  vjp: ({ inputs: [x, idx] }, dy) => [gatherGrad(idx, dy, { columns: lastOf(x.shape) }), null],
  ref([x, idx], node) {
    const from = lastOf(x.shape), to = lastOf(idx.shape);
    const data = idx.data.map((_, i) => x.data[Math.floor(i / to) * from + indexAt(idx, i, from)]);
    return { data, shape: node.shape };
  },
  cases: [
    { name: "rows", inputs: [{ shape: [5, 8] }, indices([5, 4], 8)] },
    { name: "wide", inputs: [{ shape: [3, 2] }, indices([3, 9], 2)] },
    { name: "three dimensions", inputs: [{ shape: [2, 3, 5] }, indices([2, 3, 1], 5)] },
    { name: "vector", inputs: [{ shape: [7] }, indices([3], 7)] },
  ],
});

defineOp({
  name: "gatherGrad",
  lower: lowerGatherGrad,
  infer([idx, dy], attrs) {
    expectIndices(idx);
    expectFloats([dy]);
    if (!sameShape(idx.shape, dy.shape)) {
      throw new TypeError(`Indices ${showShape(idx.shape)} do not fit the gradient ${showShape(dy.shape)}`);
    }
    return { shape: [...dy.shape.slice(0, -1), attrs.columns as number], dtype: "f32" };
  },
  vjp: ({ inputs: [idx] }, dy) => [null, gather(dy, idx, -1)],
  ref([idx, dy], node) {
    const from = lastOf(idx.shape), to = lastOf(node.shape);
    const data = new Float64Array(sizeOf(node.shape));
    dy.data.forEach((value, i) => data[Math.floor(i / from) * to + indexAt(idx, i, to)] += value);
    return { data, shape: node.shape };
  },
  flops: ({ inputs: [, dy] }) => sizeOf(dy.shape),
  cases: [
    { name: "rows", inputs: [indices([5, 4], 8), { shape: [5, 4] }], attrs: { columns: 8 } },
    { name: "repeated", inputs: [indices([3, 9], 2), { shape: [3, 9] }], attrs: { columns: 3 } },
    {
      name: "three dimensions",
      inputs: [indices([2, 3, 1], 5), { shape: [2, 3, 1] }],
      attrs: { columns: 5 },
    },
  ],
});

defineOp({
  name: "indexRows",
  lower: lowerIndexRows,
  infer([x, idx]) {
    expectIndices(idx);
    expectFloats([x]);
    expectLayout("input", x, "[B,T,D]");
    const [batch, , width] = x.shape;
    if (!sameShape(idx.shape, [batch])) {
      throw new TypeError(`One index per example: ${showShape(idx.shape)} for ${showShape(x.shape)}`);
    }
    return { shape: [batch, width], dtype: "f32" };
  },
  vjp: ({ inputs: [x, idx] }, dy) => [indexRowsGrad(idx, dy, { rows: x.shape[1] }), null],
  ref([x, idx], node) {
    const [batch, rows, width] = x.shape;
    const data = new Float64Array(batch * width);
    for (let b = 0; b < batch; b++) {
      const at = (b * rows + indexAt(idx, b, rows)) * width;
      data.set(x.data.subarray(at, at + width), b * width);
    }
    return { data, shape: node.shape };
  },
  cases: [
    { name: "end of text", inputs: [{ shape: [4, 9, 5] }, indices([4], 9)] },
    { name: "vec4 rows", inputs: [{ shape: [3, 7, 8] }, indices([3], 7)] },
    { name: "one", inputs: [{ shape: [1, 1, 1] }, indices([1], 1)] },
  ],
});

defineOp({
  name: "indexRowsGrad",
  lower: lowerIndexRowsGrad,
  infer([idx, dy], attrs) {
    expectIndices(idx);
    expectFloats([dy]);
    expectLayout("gradient", dy, "[B,D]");
    const [batch, width] = dy.shape;
    if (!sameShape(idx.shape, [batch])) {
      throw new TypeError(`One index per example: ${showShape(idx.shape)} for ${showShape(dy.shape)}`);
    }
    return { shape: [batch, attrs.rows as number, width], dtype: "f32" };
  },
  vjp: ({ inputs: [idx] }, dy) => [null, indexRows(dy, idx)],
  ref([idx, dy], node) {
    const [batch, rows, width] = node.shape;
    const data = new Float64Array(sizeOf(node.shape));
    for (let b = 0; b < batch; b++) {
      data.set(dy.data.subarray(b * width, (b + 1) * width), (b * rows + indexAt(idx, b, rows)) * width);
    }
    return { data, shape: node.shape };
  },
  cases: [
    { name: "end of text", inputs: [indices([4], 9), { shape: [4, 5] }], attrs: { rows: 9 } },
    { name: "vec4 rows", inputs: [indices([3], 7), { shape: [3, 8] }], attrs: { rows: 7 } },
  ],
});

function indices(shape: Shape, size: number) {
  return { shape, dtype: "i32" as const, low: 0, high: size };
}

function sameRows(x: Shape, idx: Shape): void {
  if (x.length === 0 || !sameShape(x.slice(0, -1), idx.slice(0, -1))) {
    throw new TypeError(`Indices ${showShape(idx)} do not fit ${showShape(x)}`);
  }
}

/** Rows of the table w [V,D] named by idx (i32, any shape): [..,D]. */
export function embedding(idx: Tensor, w: Tensor): Tensor {
  return emit(idx.graph, "embedding", [idx, w]);
}

/** Gradient of an embedding's table [rows,D]: rows of dy [..,D] summed by their index in idx [..]. */
export function embeddingGrad(idx: Tensor, dy: Tensor, { rows }: { rows: number }): Tensor {
  return emit(idx.graph, "embeddingGrad", [idx, dy], { rows });
}

/**
 * Elements of x named by idx (i32) along `axis`: y[i,j] = x[i, idx[i,j]] for axis 1; the result has idx's shape. As in
 * PyTorch, idx may be shorter than x along other axes, where it reads x's beginning.
 */
export function gather(x: Tensor, idx: Tensor, axis: number): Tensor {
  const rank = x.shape.length, at = axisOf(axis, rank);
  if (idx.shape.length !== rank) {
    throw new TypeError(`gather: indices ${showShape(idx.shape)} for ${showShape(x.shape)}`);
  }
  const part = slice(x, { ends: x.shape.map((size, d) => d === at ? size : idx.shape[d]) });
  const order = [...Array(rank).keys()].filter((d) => d !== at).concat(at);
  const found = emit(x.graph, "gather", [permute(part, order), permute(idx, order)]);
  return permute(found, order.map((_, d) => order.indexOf(d)));
}

/** Gradient of `gather` along the last axis: dy [..,k] summed at its indices into [..,columns]. */
export function gatherGrad(idx: Tensor, dy: Tensor, { columns }: { columns: number }): Tensor {
  return emit(idx.graph, "gatherGrad", [idx, dy], { columns });
}

/** Slices of x along `axis` named by idx [n] (i32): size n along that axis, all else as in x. */
export function indexSelect(x: Tensor, idx: Tensor, axis: number): Tensor {
  const at = axisOf(axis, x.shape.length);
  expectLayout("index list", idx, "[n]");
  const order = [at, ...[...Array(x.shape.length).keys()].filter((d) => d !== at)];
  const front = permute(x, order);
  const rows = embedding(idx, reshape(front, [x.shape[at], sizeOf(x.shape) / x.shape[at]]));
  return permute(
    reshape(rows, [idx.shape[0], ...front.shape.slice(1)]),
    order.map((_, d) => order.indexOf(d)),
  );
}

/** Row idx[b] (i32) of every example b: x [B,T,D], idx [B] -> [B,D]. */
export function indexRows(x: Tensor, idx: Tensor): Tensor {
  return emit(x.graph, "indexRows", [x, idx]);
}

/** Gradient of `indexRows`: dy [B,D] at row idx[b] of [B,rows,D], zero elsewhere. */
export function indexRowsGrad(idx: Tensor, dy: Tensor, { rows }: { rows: number }): Tensor {
  return emit(idx.graph, "indexRowsGrad", [idx, dy], { rows });
}

/** The k largest values of the last axis, largest first: [R,C] -> [R,k]; the gradient goes to their places. */
export function topkValues(t: Tensor, k: number): Tensor {
  return gather(t, topkIndices(t, k), -1);
}
