// Rewrites macro ops into the ops that have kernels, after differentiation and before fusion, and computes on the host
// what depends on constants alone.

import { sizeOf } from "../base/mod.ts";
import { constant, emit, opRecord, reachable, type Tensor } from "../graph/mod.ts";

const LEAVES = new Set(["input", "param", "constant", "scalar", "slab"]);

export function isLeaf(node: Tensor): boolean {
  return LEAVES.has(node.op);
}

/** The same values without macro ops. */
export function expandMacros(outputs: readonly Tensor[]): Tensor[] {
  const done = new Map<number, Tensor>();
  const expand = (node: Tensor): Tensor => {
    const known = done.get(node.id);
    if (known !== undefined) return known;
    let result = node;
    if (!isLeaf(node)) {
      const inputs = node.inputs.map(expand);
      const before = node.graph.scope;
      node.graph.scope = node.scope;
      if (inputs.some((t, i) => t !== node.inputs[i])) result = emit(node.graph, node.op, inputs, node.attrs);
      const macro = opRecord(node.op).expand;
      const written = macro?.(result) ?? result;
      result = written !== result ? expand(written) : folded(result);
      node.graph.scope = before;
    }
    done.set(node.id, result);
    return result;
  };
  for (const node of reachable(outputs)) expand(node);
  return outputs.map(expand);
}

/** Most elements of a constant worth computing on the host. */
const FOLDED_SIZE = 4096;

/** A small elementwise or reshaped node of constants as a constant; any other node as it is. */
function folded(node: Tensor): Tensor {
  const record = opRecord(node.op);
  if (record.elementwise === undefined && node.op !== "reshape" || sizeOf(node.shape) > FOLDED_SIZE) {
    return node;
  }
  if (!node.inputs.every((source) => source.op === "constant")) return node;
  const values = node.inputs.map(({ attrs, shape }) => ({
    data: Float64Array.from(attrs.values as number[]),
    shape,
  }));
  return constant(node.graph, Array.from(record.ref(values, node).data), node.shape, node.dtype);
}
