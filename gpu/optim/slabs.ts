// What of a graph goes into which slab, and the way from a loss to the slab of its gradients: all that stands between
// differentiation and the optimiser.

import {
  gradients,
  type Graph,
  parameter,
  type ParamSpec,
  type SlabLayout,
  type StateUpdates,
  type Tensor,
} from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";

/** A graph's parameters and buffers, each group in the order in which the model asked for them. */
export interface ParameterGroups {
  /** What the optimiser moves. */
  readonly trained: ParamSpec[];
  /** Running statistics that a step moves. */
  readonly running: ParamSpec[];
  /** What stays: frozen parameters, and statistics that are only read. */
  readonly fixed: ParamSpec[];
}

/** Sorts a training graph's parameters by what changes them. */
export function parameterGroups(graph: Graph, updates: StateUpdates): ParameterGroups {
  const moved = new Set(updates.running.map(({ buffer }) => buffer));
  const groups: ParameterGroups = { trained: [], running: [], fixed: [] };
  for (const spec of graph.params.values()) {
    groups[spec.trainable ? "trained" : moved.has(spec.name) ? "running" : "fixed"].push(spec);
  }
  return groups;
}

/**
 * Gradients of sum over i of <outputs[i], cotangents[i]> for all parameters of the layout, gathered in one slab.
 * Throws TypeError naming the parameters that no gradient reaches; those belong among the frozen ones.
 */
export function gradientSlab(
  graph: Graph,
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  layout: SlabLayout,
): Tensor {
  const leaves = layout.entries.map(({ name }) => {
    const spec = graph.params.get(name);
    if (spec === undefined) throw new RangeError(`The graph has no parameter "${name}"`);
    return parameter(graph, spec);
  });
  const parts = gradients(outputs, cotangents, leaves);
  const missing = layout.entries.filter((_, i) => parts[i] === null).map((entry) => entry.name);
  if (missing.length > 0) throw new TypeError(`No gradient reaches ${missing.join(", ")}; freeze them`);
  return ops.collect(parts as Tensor[], { blocks: layout.blocks });
}
