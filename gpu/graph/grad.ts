// Reverse-mode differentiation from graph to graph: one walk over the nodes, newest first, asking each op's record
// for the gradients of its inputs. The result is more nodes of the same graph.

import { sameShape, showShape } from "../base/mod.ts";
import { emit, reachable, withScope } from "./node.ts";
import type { Tensor } from "./tensor.ts";
import { opRecord } from "./registry.ts";

/**
 * Gradients of sum over i of <outputs[i], cotangents[i]> with respect to `wrt`; null where none flows.
 * Throws TypeError when a cotangent's shape is not its output's, or when an op on the way has no gradient.
 */
export function gradients(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  wrt: readonly Tensor[],
): (Tensor | null)[] {
  const needed = dependents(outputs, wrt);
  const sums = new Map<number, Tensor>();
  const add = (target: Tensor, dy: Tensor) => {
    if (!sameShape(target.shape, dy.shape)) {
      throw new TypeError(
        `Gradient ${showShape(dy.shape)} of "${target.op}" at ${target.scope} is not ${
          showShape(target.shape)
        }`,
      );
    }
    const before = sums.get(target.id);
    sums.set(target.id, before === undefined ? dy : emit(target.graph, "add", [before, dy]));
  };
  outputs.forEach((output, i) => add(output, cotangents[i]));
  for (const node of reachable(outputs).reverse()) {
    const dy = sums.get(node.id);
    if (dy === undefined || node.inputs.length === 0 || !needed.has(node.id)) continue;
    const record = opRecord(node.op);
    if (record.vjp === undefined) throw new TypeError(`[${node.op} @ ${node.scope}] The op has no gradient`);
    const parts = atScope(node, () => record.vjp!(node, dy));
    node.inputs.forEach((source, i) => {
      const part = parts[i];
      if (part !== null && part !== undefined && needed.has(source.id)) add(source, part);
    });
  }
  return wrt.map((tensor) => sums.get(tensor.id) ?? null);
}

function atScope<T>(node: Tensor, build: () => T): T {
  const before = node.graph.scope;
  node.graph.scope = node.scope;
  try {
    return withScope(node.graph, "grad", build);
  } finally {
    node.graph.scope = before;
  }
}

/** Ids of the nodes on a path from `wrt` to `outputs`. */
function dependents(outputs: readonly Tensor[], wrt: readonly Tensor[]): Set<number> {
  const ids = new Set(wrt.map((t) => t.id));
  for (const node of reachable(outputs)) {
    if (node.inputs.some((source) => ids.has(source.id))) ids.add(node.id);
  }
  return ids;
}
