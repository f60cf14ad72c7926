// Rewrites macro ops into the ops that have kernels, after differentiation and before fusion.

import { emit, opRecord, reachable, type Tensor } from "../graph/mod.ts";

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
      if (written !== result) result = expand(written);
      node.graph.scope = before;
    }
    done.set(node.id, result);
    return result;
  };
  for (const node of reachable(outputs)) expand(node);
  return outputs.map(expand);
}
