// Slabs in the float64 interpreter, for tests of optimisers: a few odd tensors, packed, evaluated and unpacked again.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { normals } from "../../gpu/base/mod.ts";
import {
  BLOCK,
  createGraph,
  packEntry,
  slab,
  type SlabLayout,
  slabLayout,
  type Tensor,
  unpackEntry,
} from "../../gpu/graph/mod.ts";
import { interpret } from "../../gpu/run/reference.ts";

export type Tensors = Record<string, Float64Array>;

export const shapes: Record<string, number[]> = {
  "layer.weight": [5, 7],
  "layer.bias": [5],
  "conv.weight": [3, 3, 2, 9],
  "logit_scale": [],
  "table": [130, 3],
};
/** A matrix, a vector, a convolution, a scalar and a table of several blocks. */
export const layout = slabLayout(Object.entries(shapes).map(([name, shape]) => ({ name, shape })));

export function drawn(seed: number): Tensors {
  const size = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [name, normals(size(shape), seed, i)]),
  );
}

export function pack(tensors: Tensors, place: SlabLayout = layout) {
  const data = new Float64Array(place.blocks * BLOCK);
  for (const entry of place.entries) packEntry(data, entry, tensors[entry.name]);
  return { data, shape: [place.blocks, BLOCK] };
}

export function unpack(data: Float64Array, place: SlabLayout = layout): Tensors {
  return Object.fromEntries(place.entries.map((entry) => [entry.name, unpackEntry(data, entry)]));
}

/** Values of slabs after `build`, given slabs by name and step scalars. */
export function run(
  build: (leaf: (name: string) => Tensor) => Tensor[],
  slabs: Record<string, Tensors>,
  scalars: Record<string, number> = {},
): Float64Array[] {
  const graph = createGraph();
  const outputs = build((name) => slab(graph, name, layout.blocks));
  return interpret(outputs, {
    inputs: new Map(),
    slabs: new Map(Object.entries(slabs).map(([name, tensors]) => [name, pack(tensors)])),
    scalars: new Map(Object.entries(scalars)),
  }).map((result) => result.data);
}

export function assertClose(got: Tensors, want: Tensors, tolerance = 1e-13): void {
  assertEquals(Object.keys(got), Object.keys(want));
  for (const name in want) {
    want[name].forEach((w, i) =>
      assertAlmostEquals(got[name][i], w, tolerance * Math.max(1, Math.abs(w)), `${name}[${i}]`)
    );
  }
}
