// What the float64 references of several ops share: broadcasting and walking along axes. Plain loops over flat
// arrays; they are oracles, so they stay obvious rather than fast.

import { type Shape, sizeOf, stridesOf } from "../base/mod.ts";
import type { RefArray } from "../graph/mod.ts";

/** For each element of `to`, the flat index of the element of `from` that broadcasts there; null = the same index. */
export function broadcastIndex(from: Shape, to: Shape): Int32Array | null {
  const size = sizeOf(to);
  if (sizeOf(from) === size) return null;
  const strides = stridesOf(from).map((stride, i) => from[i] === 1 ? 0 : stride);
  return walk(to, [...new Array<number>(to.length - from.length).fill(0), ...strides], 0);
}

/** The flat source index of every element of `shape`, row-major, where dimension d moves by `strides[d]`. */
export function walk(shape: Shape, strides: readonly number[], start: number): Int32Array {
  const out = new Int32Array(sizeOf(shape));
  const at = new Array<number>(shape.length).fill(0);
  let source = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = source;
    for (let d = shape.length - 1; d >= 0; d--) {
      source += strides[d];
      if (++at[d] < shape[d]) break;
      source -= strides[d] * shape[d];
      at[d] = 0;
    }
  }
  return out;
}

/** A new array of `shape` whose element i is element `index[i]` of `source`. */
export function pick(source: RefArray, index: Int32Array, shape: Shape): RefArray {
  const data = new Float64Array(index.length);
  for (let i = 0; i < data.length; i++) data[i] = source.data[index[i]];
  return { data, shape };
}

/** `shape` with the dimensions of `axes` (sorted, non-negative) set to 1, or dropped. */
export function reducedShape(shape: Shape, axes: readonly number[], keep: boolean): number[] {
  if (keep) return shape.map((d, i) => axes.includes(i) ? 1 : d);
  return shape.filter((_, i) => !axes.includes(i));
}
