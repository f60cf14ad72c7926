// From a loss to the slab of its gradients: the step between differentiation and the optimiser.

import {
  gradients,
  type Graph,
  parameter,
  type ParamSpec,
  type SlabLayout,
  slabLayout,
  type Tensor,
} from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";

/** The graph's trained parameters, in the order in which the model asked for them. */
export function trainedParameters(graph: Graph): ParamSpec[] {
  return [...graph.params.values()].filter((spec) => spec.trainable);
}

/** What is kept beside them: frozen parameters and buffers. */
export function fixedParameters(graph: Graph): ParamSpec[] {
  return [...graph.params.values()].filter((spec) => !spec.trainable);
}

/** Slab layout of the trained parameters. */
export function trainedLayout(graph: Graph): SlabLayout {
  return slabLayout(trainedParameters(graph));
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
