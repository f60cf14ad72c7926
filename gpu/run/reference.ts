// The reference interpreter: runs a graph in float64 on the CPU through each op's `ref`. It is the oracle of every
// kernel and lets models be checked with no device at all.

import type { RefArray, Tensor } from "../graph/mod.ts";
import { opRecord, reachable } from "../graph/mod.ts";
import { showShape, sizeOf } from "../base/mod.ts";

/** What the leaves of a graph stand for, by name. */
export interface ReferenceValues {
  readonly inputs: ReadonlyMap<string, RefArray>;
  readonly params?: ReadonlyMap<string, RefArray>;
  readonly slabs?: ReadonlyMap<string, RefArray>;
  readonly scalars?: ReadonlyMap<string, number>;
}

/** Values of `outputs`, given every input and parameter by name. Throws RangeError when one is missing. */
export function interpret(
  outputs: readonly Tensor[],
  values: ReferenceValues,
): RefArray[] {
  const results = new Map<number, RefArray>();
  for (const node of reachable(outputs)) {
    results.set(node.id, evaluate(node, node.inputs.map((source) => results.get(source.id)!), values));
  }
  return outputs.map((output) => results.get(output.id)!);
}

function evaluate(
  node: Tensor,
  inputs: RefArray[],
  values: ReferenceValues,
): RefArray {
  if (node.op === "constant") {
    return { data: Float64Array.from(node.attrs.values as number[]), shape: node.shape };
  }
  const name = node.attrs.name as string;
  if (node.op === "scalar") return scalarOf(values, name);
  const table = { input: values.inputs, param: values.params, slab: values.slabs }[node.op as "input"];
  if (!["input", "param", "slab"].includes(node.op)) return opRecord(node.op).ref(inputs, node);
  const value = table?.get(name);
  if (value === undefined) throw new RangeError(`No value for ${node.op} "${name}"`);
  if (value.data.length !== sizeOf(node.shape)) {
    throw new TypeError(`${node.op} "${name}" is ${showShape(value.shape)}, wanted ${showShape(node.shape)}`);
  }
  return value;
}

function scalarOf(values: ReferenceValues, name: string): RefArray {
  const value = values.scalars?.get(name);
  if (value === undefined) throw new RangeError(`No value for scalar "${name}"`);
  return { data: Float64Array.of(value), shape: [] };
}
