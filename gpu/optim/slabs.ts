// What of a graph goes into which slabs, and the way from a loss to the slabs of its gradients: all that stands between
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
 * Gradients of sum over i of <outputs[i], cotangents[i]> for all parameters of the layouts, gathered in a slab for each.
 * Throws TypeError naming the parameters that no gradient reaches; those belong among the frozen ones.
 */
export function gradientSlabs(
  graph: Graph,
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  layouts: readonly SlabLayout[],
): Tensor[] {
  const names = layouts.flatMap(({ entries }) => entries.map(({ name }) => name));
  const leaves = names.map((name) => {
    const spec = graph.params.get(name);
    if (spec === undefined) throw new RangeError(`The graph has no parameter "${name}"`);
    return parameter(graph, spec);
  });
  const parts = gradients(outputs, cotangents, leaves);
  const missing = names.filter((_, i) => parts[i] === null);
  if (missing.length > 0) throw new TypeError(`No gradient reaches ${missing.join(", ")}; freeze them`);
  return collectSlabs(parts as Tensor[], layouts);
}

/** The same for a single slab. */
export function gradientSlab(
  graph: Graph,
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  layout: SlabLayout,
): Tensor {
  return gradientSlabs(graph, outputs, cotangents, [layout])[0];
}

/** Tensors in the order of the layouts' entries, gathered in a slab for each layout. */
export function collectSlabs(tensors: readonly Tensor[], layouts: readonly SlabLayout[]): Tensor[] {
  let from = 0;
  return layouts.map(({ blocks, entries }) => {
    const own = tensors.slice(from, from += entries.length);
    return ops.collect(own, { blocks });
  });
}
