// Ops that move or relabel elements and compute nothing. Reshapes that keep the padded device layout and slices of
// the outermost dimension cost nothing there: they are aliases.

import {
  axisOf,
  broadcastShapes,
  lastOf,
  rowsOf,
  sameShape,
  type Shape,
  showShape,
  sizeOf,
  stridesOf,
} from "../base/mod.ts";
import { type Attrs, defineOp, emit, type Tensor } from "../graph/mod.ts";
import { broadcastIndex, pick, walk } from "./reference_tools.ts";
import { lowerConcat, lowerPermute, lowerReshape, lowerSlice, lowerSliceGrad } from "./lowering_shape.ts";
import { sumTo } from "./sum_to.ts";

const numbers = (attrs: Attrs, name: string) => attrs[name] as readonly number[];

defineOp({
  name: "reshape",
  lower: lowerReshape,
  infer([t], attrs) {
    const shape = numbers(attrs, "shape");
    if (sizeOf(shape) !== sizeOf(t.shape) || !shape.every(Number.isInteger)) {
      throw new TypeError(`Cannot reshape ${showShape(t.shape)} to ${showShape(shape)}`);
    }
    return { shape, dtype: t.dtype };
  },
  vjp: (node, dy) => [reshape(dy, node.inputs[0].shape)],
  ref: ([t], node) => ({ data: t.data, shape: node.shape }),
  alias(node) {
    const from = lastOf(node.inputs[0].shape), to = lastOf(node.shape);
    return from === to || (from % 4 === 0 && to % 4 === 0) ? { rowOffset: 0 } : null;
  },
  cases: [
    { name: "same rows", inputs: [{ shape: [2, 3, 5] }], attrs: { shape: [6, 5] } },
    { name: "vec4 rows", inputs: [{ shape: [3, 8] }], attrs: { shape: [2, 3, 4] } },
    { name: "other padding", inputs: [{ shape: [3, 5] }], attrs: { shape: [5, 3] } },
    { name: "flatten", inputs: [{ shape: [2, 3, 3, 5] }], attrs: { shape: [2, 45] } },
    { name: "to a scalar", inputs: [{ shape: [1, 1] }], attrs: { shape: [] } },
    { name: "column to row", inputs: [{ shape: [7, 1] }], attrs: { shape: [7] } },
  ],
});

defineOp({
  name: "permute",
  lower: lowerPermute,
  infer([t], attrs) {
    const perm = numbers(attrs, "perm");
    const sorted = [...perm].sort((a, b) => a - b);
    if (perm.length !== t.shape.length || sorted.some((d, i) => d !== i)) {
      throw new TypeError(`[${perm}] is no permutation of the dimensions of ${showShape(t.shape)}`);
    }
    return { shape: perm.map((d) => t.shape[d]), dtype: t.dtype };
  },
  vjp(node, dy) {
    const perm = numbers(node.attrs, "perm");
    return [permute(dy, perm.map((_, i) => perm.indexOf(i)))];
  },
  ref([t], node) {
    const strides = stridesOf(t.shape);
    return pick(t, walk(node.shape, numbers(node.attrs, "perm").map((d) => strides[d]), 0), node.shape);
  },
  cases: [
    { name: "transpose", inputs: [{ shape: [7, 5] }], attrs: { perm: [1, 0] } },
    { name: "transpose of vec4s", inputs: [{ shape: [8, 12] }], attrs: { perm: [1, 0] } },
    { name: "heads", inputs: [{ shape: [2, 5, 3, 4] }], attrs: { perm: [0, 2, 1, 3] } },
    { name: "batched transpose", inputs: [{ shape: [2, 3, 6] }], attrs: { perm: [0, 2, 1] } },
    { name: "NCHW to NHWC", inputs: [{ shape: [2, 3, 4, 5] }], attrs: { perm: [0, 2, 3, 1] } },
    { name: "NHWC to NCHW", inputs: [{ shape: [2, 3, 5, 6] }], attrs: { perm: [0, 3, 1, 2] } },
    { name: "cycle", inputs: [{ shape: [2, 5, 3] }], attrs: { perm: [2, 0, 1] } },
    { name: "column", inputs: [{ shape: [1, 17] }], attrs: { perm: [1, 0] } },
    { name: "indices", inputs: [{ shape: [3, 5], dtype: "i32", low: 0, high: 9 }], attrs: { perm: [1, 0] } },
  ],
});

const sliceCases = [
  { name: "rows", shape: [5, 7], starts: [1, 0], ends: [4, 7], steps: [1, 1] },
  { name: "columns", shape: [3, 11], starts: [0, 2], ends: [3, 9], steps: [1, 1] },
  { name: "aligned columns", shape: [3, 12], starts: [0, 4], ends: [3, 12], steps: [1, 1] },
  { name: "steps", shape: [7, 11], starts: [0, 1], ends: [7, 11], steps: [2, 3] },
  { name: "middle", shape: [2, 5, 6], starts: [0, 1, 0], ends: [2, 4, 6], steps: [1, 1, 1] },
  { name: "all dimensions", shape: [5, 3, 8], starts: [1, 0, 2], ends: [3, 3, 7], steps: [1, 1, 1] },
  { name: "vector", shape: [9], starts: [2], ends: [7], steps: [1] },
  { name: "first of one", shape: [1, 5, 4], starts: [0, 1, 0], ends: [1, 2, 4], steps: [1, 1, 1] },
];

defineOp({
  name: "slice",
  lower: lowerSlice,
  infer([t], attrs) {
    const [starts, ends, steps] = ["starts", "ends", "steps"].map((name) => numbers(attrs, name));
    const rank = t.shape.length;
    if ([starts, ends, steps].some((list) => list.length !== rank)) {
      throw new TypeError(`slice wants a start, end and step for each dimension of ${showShape(t.shape)}`);
    }
    const shape = t.shape.map((size, d) => {
      const inside = 0 <= starts[d] && starts[d] < ends[d] && ends[d] <= size;
      if (!inside || !Number.isInteger(steps[d]) || steps[d] < 1) {
        throw new RangeError(
          `slice ${starts[d]}:${ends[d]}:${steps[d]} of dimension ${d}, which has ${size}`,
        );
      }
      return Math.ceil((ends[d] - starts[d]) / steps[d]);
    });
    return { shape, dtype: t.dtype };
  },
  vjp(node, dy) {
    const { starts, steps } = node.attrs as { starts: number[]; steps: number[] };
    return [sliceGrad(dy, { starts, steps, shape: node.inputs[0].shape })];
  },
  ref: ([t], node) => pick(t, slicedIndex(t.shape, node.shape, node.attrs), node.shape),
  alias(node) {
    const { shape } = node.inputs[0];
    const outer = shape.findIndex((size) => size > 1);
    const cut = shape.flatMap((size, d) => node.shape[d] < size ? [d] : []);
    if (cut.length === 0) return { rowOffset: 0 };
    if (cut.length > 1 || cut[0] !== outer || outer === shape.length - 1) return null;
    if (numbers(node.attrs, "steps")[outer] !== 1) return null;
    return { rowOffset: numbers(node.attrs, "starts")[outer] * rowsOf(shape.slice(outer + 1)) };
  },
  cases: sliceCases.map(({ name, shape, ...attrs }) => ({ name, inputs: [{ shape }], attrs })),
});

defineOp({
  name: "sliceGrad",
  lower: lowerSliceGrad,
  infer([dy], attrs) {
    const [starts, steps, shape] = ["starts", "steps", "shape"].map((name) => numbers(attrs, name));
    if ([starts, steps, shape].some((list) => list.length !== dy.shape.length)) {
      throw new TypeError(
        `sliceGrad wants a start, step and size for each dimension of ${showShape(dy.shape)}`,
      );
    }
    dy.shape.forEach((size, d) => {
      if (starts[d] < 0 || starts[d] + (size - 1) * steps[d] >= shape[d]) {
        throw new RangeError(
          `${size} elements from ${starts[d]} by ${steps[d]} leave dimension ${d} of ${shape[d]}`,
        );
      }
    });
    return { shape, dtype: dy.dtype };
  },
  vjp(node, dy) {
    const { starts, steps } = node.attrs as { starts: number[]; steps: number[] };
    const ends = node.inputs[0].shape.map((size, d) => starts[d] + (size - 1) * steps[d] + 1);
    return [slice(dy, { starts, ends, steps })];
  },
  ref([dy], node) {
    const data = new Float64Array(sizeOf(node.shape));
    slicedIndex(node.shape, dy.shape, node.attrs).forEach((to, from) => data[to] = dy.data[from]);
    return { data, shape: node.shape };
  },
  cases: sliceCases.map(({ name, shape, starts, ends, steps }) => ({
    name,
    inputs: [{ shape: starts.map((start, d) => Math.ceil((ends[d] - start) / steps[d])) }],
    attrs: { starts, steps, shape },
  })),
});

function slicedIndex(whole: Shape, part: Shape, attrs: Attrs): Int32Array {
  const strides = stridesOf(whole), steps = numbers(attrs, "steps");
  const start = numbers(attrs, "starts").reduce((sum, at, d) => sum + at * strides[d], 0);
  return walk(part, strides.map((stride, d) => stride * steps[d]), start);
}

defineOp({
  name: "broadcastTo",
  infer([t], attrs) {
    const shape = numbers(attrs, "shape");
    if (!sameShape(broadcastShapes(t.shape, shape), shape)) {
      throw new TypeError(`Shape ${showShape(t.shape)} does not broadcast to ${showShape(shape)}`);
    }
    return { shape, dtype: t.dtype };
  },
  vjp: (node, dy) => [sumTo(dy, node.inputs[0].shape)],
  ref([t], node) {
    const index = broadcastIndex(t.shape, node.shape);
    return index === null ? { data: t.data, shape: node.shape } : pick(t, index, node.shape);
  },
  elementwise: { wgsl: ([t]) => t, keepsZero: true },
  cases: [
    { name: "row", inputs: [{ shape: [5] }], attrs: { shape: [3, 5] } },
    { name: "column", inputs: [{ shape: [3, 1] }], attrs: { shape: [3, 7] } },
    { name: "scalar", inputs: [{ shape: [] }], attrs: { shape: [2, 3] } },
    { name: "inner and outer", inputs: [{ shape: [1, 5, 1] }], attrs: { shape: [4, 5, 3] } },
    { name: "outer", inputs: [{ shape: [1, 8] }], attrs: { shape: [2, 3, 8] } },
  ],
});

defineOp({
  name: "concat",
  lower: lowerConcat,
  infer(tensors, attrs) {
    const axis = attrs.axis as number;
    const [first] = tensors;
    if (first === undefined || first.shape.length === 0) {
      throw new TypeError("concat wants tensors with dimensions");
    }
    for (const { shape, dtype } of tensors) {
      if (dtype !== first.dtype || shape.length !== first.shape.length) {
        throw new TypeError(
          `concat of ${showShape(first.shape)} ${first.dtype} and ${showShape(shape)} ${dtype}`,
        );
      }
      if (shape.some((size, d) => d !== axis && size !== first.shape[d])) {
        throw new TypeError(`concat along ${axis} of ${showShape(first.shape)} and ${showShape(shape)}`);
      }
    }
    const total = tensors.reduce((sum, t) => sum + t.shape[axis], 0);
    return { shape: first.shape.map((size, d) => d === axis ? total : size), dtype: first.dtype };
  },
  vjp: (node, dy) =>
    pieces(dy, node.inputs.map((t) => t.shape[node.attrs.axis as number]), node.attrs.axis as number),
  ref(arrays, node) {
    const axis = node.attrs.axis as number;
    const data = new Float64Array(sizeOf(node.shape));
    const outer = sizeOf(node.shape.slice(0, axis)), width = sizeOf(node.shape.slice(axis));
    let at = 0;
    for (const { data: part, shape } of arrays) {
      const length = sizeOf(shape.slice(axis));
      for (let o = 0; o < outer; o++) data.set(part.subarray(o * length, (o + 1) * length), o * width + at);
      at += length;
    }
    return { data, shape: node.shape };
  },
  cases: [
    concatCase([[1, 3, 4], [2, 3, 4], [3, 3, 4]], 0),
    concatCase([[2, 1, 4], [2, 2, 4], [2, 3, 4]], 1),
    concatCase([[2, 3, 1], [2, 3, 2], [2, 3, 3]], 2),
    concatCase([[3, 8], [3, 4]], 1),
    concatCase([[5], [1], [7]], 0),
    concatCase([[2, 1, 5], [2, 6, 5]], 1),
  ],
});

function concatCase(shapes: Shape[], axis: number) {
  return {
    name: `${shapes.map(showShape).join(" ")} along ${axis}`,
    inputs: shapes.map((shape) => ({ shape })),
    attrs: { axis },
  };
}

/** The same elements in row-major order under another shape; one size may be -1. Throws TypeError if they differ. */
export function reshape(t: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((size, d) => d === -1 ? size : size * d, 1);
  const full = shape.map((d) => d === -1 ? sizeOf(t.shape) / known : d);
  if (sameShape(full, t.shape)) return t;
  return emit(t.graph, "reshape", [t], { shape: full });
}

/** Dimensions in another order: result dimension i is dimension perm[i] of t; negative values count from the end. */
export function permute(t: Tensor, perm: readonly number[]): Tensor {
  const order = perm.map((d) => axisOf(d, t.shape.length));
  const moved = order.filter((d) => t.shape[d] !== 1);
  const free = moved.every((d, i) => i === 0 || moved[i - 1] < d) && new Set(order).size === t.shape.length;
  return free ? reshape(t, order.map((d) => t.shape[d])) : emit(t.graph, "permute", [t], { perm: order });
}

/** The last two dimensions swapped: [..,R,C] -> [..,C,R]. */
export function transpose(t: Tensor): Tensor {
  const rank = t.shape.length;
  if (rank < 2) throw new TypeError(`transpose of ${showShape(t.shape)}, wanted two dimensions or more`);
  return permute(t, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
}

/** One entry per dimension; null = from the start, to the end; negative values count from the end; steps default 1. */
export interface SliceOptions {
  readonly starts?: readonly (number | null)[];
  readonly ends?: readonly (number | null)[];
  readonly steps?: readonly (number | null)[];
}

/**
 * Every steps[d]-th element of dimension d from starts[d] up to, not including, ends[d]; ends past the size stop there.
 * Missing trailing dimensions stay whole. Throws RangeError when nothing remains.
 */
export function slice(t: Tensor, options: SliceOptions): Tensor {
  const at = (value: number | null | undefined, otherwise: number, size: number) =>
    Math.min(Math.max(value == null ? otherwise : value < 0 ? value + size : value, 0), size);
  const starts = t.shape.map((size, d) => at(options.starts?.[d], 0, size));
  const ends = t.shape.map((size, d) => at(options.ends?.[d], size, size));
  const steps = t.shape.map((_, d) => options.steps?.[d] ?? 1);
  if (t.shape.every((size, d) => starts[d] === 0 && ends[d] === size && steps[d] === 1)) return t;
  return emit(t.graph, "slice", [t], { starts, ends, steps });
}

/** The gradient of slice: dy at its places in a tensor of `shape`, zero elsewhere. */
export function sliceGrad(
  dy: Tensor,
  { starts, steps, shape }: { starts: readonly number[]; steps: readonly number[]; shape: Shape },
): Tensor {
  return emit(dy.graph, "sliceGrad", [dy], { starts, steps, shape });
}

/** t repeated along new or size-1 dimensions. Throws TypeError when t's shape does not broadcast to `shape`. */
export function broadcastTo(t: Tensor, shape: Shape): Tensor {
  return sameShape(t.shape, shape) ? t : emit(t.graph, "broadcastTo", [t], { shape });
}

/** Part `index` of the first dimension, without that dimension: [R,C] -> [C]; costs nothing on the device. */
export function row(t: Tensor, index: number): Tensor {
  const at = axisOf(index, t.shape[0] ?? 0);
  return reshape(slice(t, { starts: [at], ends: [at + 1] }), t.shape.slice(1));
}

/** Tensors one after the other along `axis`; all other sizes must be equal, else TypeError. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 0) throw new TypeError("concat of no tensors");
  if (tensors.length === 1) return tensors[0];
  return emit(tensors[0].graph, "concat", tensors, { axis: axisOf(axis, tensors[0].shape.length) });
}

/**
 * Parts of t along `axis`: of the given sizes, or `sections` equal ones (the last smaller where it does not divide).
 * Throws RangeError when the sizes do not add up, or t is too short for so many sections.
 */
export function split(t: Tensor, sections: number | readonly number[], axis: number): Tensor[] {
  const at = axisOf(axis, t.shape.length), size = t.shape[at];
  const each = typeof sections === "number" ? Math.ceil(size / sections) : 0;
  const sizes = typeof sections === "number"
    ? Array.from({ length: sections }, (_, i) => Math.min(each, size - i * each))
    : sections;
  if (sizes.some((s) => !(s > 0)) || sizes.reduce((a, b) => a + b, 0) !== size) {
    throw new RangeError(`split of ${showShape(t.shape)} along ${axis} into ${sections}: sizes [${sizes}]`);
  }
  return pieces(t, sizes, at);
}

function pieces(t: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  let start = 0;
  return sizes.map((size) => {
    const starts = t.shape.map((_, d) => d === axis ? start : 0);
    const ends = t.shape.map((whole, d) => d === axis ? start + size : whole);
    start += size;
    return slice(t, { starts, ends });
  });
}
