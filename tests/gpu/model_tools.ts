// Models in the float64 interpreter, for tests: fresh parameters from their inits, inputs drawn from seeds.

import { normals, type Shape, sizeOf, streamOf, uniforms } from "../../gpu/base/mod.ts";
import type { Graph, ParamSpec, RefArray, Tensor } from "../../gpu/graph/mod.ts";
import { interpret } from "../../gpu/run/reference.ts";

/** What a parameter starts with under a seed. */
export function initial(spec: ParamSpec, seed = 1): Float32Array {
  const stream = streamOf(spec.name);
  return spec.init(spec.shape, {
    uniform: (count) => uniforms(count, seed, stream),
    normal: (count) => normals(count, seed, stream),
  });
}

/** Fresh values of all parameters and buffers; `change` may replace some. */
export function freshParams(
  graph: Graph,
  change: (name: string, values: Float64Array) => Float64Array = (_, values) => values,
): Map<string, RefArray> {
  return new Map([...graph.params.values()].map((spec) => {
    return [spec.name, { data: change(spec.name, Float64Array.from(initial(spec))), shape: spec.shape }];
  }));
}

/** Standard normal numbers, the same for the same seed. */
export function drawnArray(shape: Shape, seed: number): RefArray {
  return { data: normals(sizeOf(shape), seed, 77), shape };
}

/** Values of outputs from inputs and parameters by name. */
export function evaluate(
  outputs: readonly Tensor[],
  inputs: Record<string, RefArray>,
  params: ReadonlyMap<string, RefArray> = new Map(),
): Float64Array[] {
  return interpret(outputs, { inputs: new Map(Object.entries(inputs)), params }).map(({ data }) => data);
}

/** Number of trained values of a model. */
export function trainedSize(graph: Graph): number {
  return [...graph.params.values()].reduce(
    (sum, { trainable, shape }) => sum + (trainable ? sizeOf(shape) : 0),
    0,
  );
}
