// Inputs of the cases that every op carries: drawn from the case's own name, so that a case is the same in every test,
// on the host and on the device.

import { sizeOf, streamOf, uniforms } from "../base/mod.ts";
import {
  createGraph,
  emit,
  type Graph,
  input,
  type OpCase,
  type OpRecord,
  type RefArray,
} from "../graph/mod.ts";
import type { Tensor } from "../graph/mod.ts";

export interface BuiltCase {
  readonly graph: Graph;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Float32-exact values by input name (`x0`, `x1`, ... after the prefix). */
  readonly values: Map<string, RefArray>;
}

/** A graph that holds one case of an op, and values for its inputs; or the case in a graph of several. */
export function buildCase(record: OpRecord, test: OpCase, graph = createGraph(), prefix = ""): BuiltCase {
  const values = new Map<string, RefArray>();
  const inputs = test.inputs.map((spec, i) => {
    const name = `${prefix}x${i}`;
    values.set(name, { data: caseValues(spec, `${record.name}/${test.name}/${i}`), shape: spec.shape });
    return input(graph, name, spec.shape, spec.dtype);
  });
  return { graph, inputs, output: emit(graph, record.name, inputs, test.attrs), values };
}

/** The given values of one input, or drawn ones in its range: floats that float32 holds exactly, or integers. */
export function caseValues(spec: OpCase["inputs"][number], name: string): Float64Array {
  if (spec.values !== undefined) return Float64Array.from(spec.values);
  const { low = -2, high = 2 } = spec;
  const drawn = uniforms(sizeOf(spec.shape), 0, streamOf(name)).map((u) => low + u * (high - low));
  return spec.dtype === "i32" ? drawn.map(Math.floor) : drawn.map(Math.fround);
}
