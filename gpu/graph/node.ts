// The graph: an append-only list of nodes, each one operation with one result. A `Tensor` is a symbolic handle; it
// holds no data. Equal operations on equal inputs are the same node (hash-consing), and nodes are numbered in
// creation order, which is a topological order.

import { type DType, type Shape, showShape } from "../base/mod.ts";
import { opRecord } from "./registry.ts";
import type { Attrs, Graph, ParamSpec, Tensor } from "./tensor.ts";

export function createGraph(): Graph {
  return { nodes: [], params: new Map(), inputs: new Map(), scope: "", known: new Map() };
}

/** Runs `build` with `name` appended to the scope of all nodes it makes. */
export function withScope<T>(graph: Graph, name: string, build: () => T): T {
  const before = graph.scope;
  graph.scope = before === "" ? name : `${before}/${name}`;
  try {
    return build();
  } finally {
    graph.scope = before;
  }
}

/**
 * Appends one operation (or returns the equal node made before).
 * Throws TypeError or RangeError, with the op and the scope in front, when the inputs do not fit.
 */
export function emit(graph: Graph, op: string, inputs: readonly Tensor[], attrs: Attrs = {}): Tensor {
  const key = `${op}(${inputs.map((t) => t.id).join(",")})${JSON.stringify(attrs)}`;
  const known = graph.known.get(key);
  if (known !== undefined) return known;
  for (const tensor of inputs) {
    if (tensor.graph !== graph) {
      throw new TypeError(place(op, graph.scope) + "An input belongs to another graph");
    }
  }
  let result: { shape: Shape; dtype: DType };
  try {
    result = opRecord(op).infer(inputs, attrs);
  } catch (error) {
    if (error instanceof TypeError) throw new TypeError(place(op, graph.scope) + error.message);
    if (error instanceof RangeError) throw new RangeError(place(op, graph.scope) + error.message);
    throw error;
  }
  return append(graph, key, { op, inputs, attrs, ...result });
}

/** A value given anew at each step. */
export function input(graph: Graph, name: string, shape: Shape, dtype: DType = "f32"): Tensor {
  if (graph.inputs.has(name)) throw new RangeError(`Input "${name}" is declared twice`);
  const node = append(graph, `input:${name}`, { op: "input", inputs: [], attrs: { name }, shape, dtype });
  graph.inputs.set(name, node);
  return node;
}

/** A parameter or buffer leaf. The same name twice gives the same node; another shape throws TypeError. */
export function parameter(graph: Graph, spec: ParamSpec): Tensor {
  const known = graph.known.get(`param:${spec.name}`);
  if (known !== undefined) {
    if (showShape(known.shape) !== showShape(spec.shape)) {
      throw new TypeError(
        `Parameter "${spec.name}" is ${showShape(known.shape)} and asked for as ${showShape(spec.shape)}`,
      );
    }
    return known;
  }
  graph.params.set(spec.name, spec);
  const attrs = { name: spec.name };
  return append(graph, `param:${spec.name}`, {
    op: "param",
    inputs: [],
    attrs,
    shape: spec.shape,
    dtype: "f32",
  });
}

/** Fixed values, uploaded once. */
export function constant(
  graph: Graph,
  values: readonly number[],
  shape: Shape,
  dtype: DType = "f32",
): Tensor {
  const attrs = { values: [...values] };
  const key = `constant${showShape(shape)}${dtype}${JSON.stringify(attrs)}`;
  return graph.known.get(key) ?? append(graph, key, { op: "constant", inputs: [], attrs, shape, dtype });
}

/** A node without inputs of the given op and shape; the same key twice gives the same node. */
export function leaf(graph: Graph, key: string, op: string, attrs: Attrs, shape: Shape): Tensor {
  return graph.known.get(key) ?? append(graph, key, { op, inputs: [], attrs, shape, dtype: "f32" });
}

function append(graph: Graph, key: string, node: Omit<Tensor, "id" | "scope" | "graph">): Tensor {
  const tensor: Tensor = { id: graph.nodes.length, scope: graph.scope, graph, ...node };
  graph.nodes.push(tensor);
  graph.known.set(key, tensor);
  return tensor;
}

function place(op: string, scope: string): string {
  return `[${op}${scope === "" ? "" : ` @ ${scope}`}] `;
}

/** The nodes that `outputs` need, in topological order. */
export function reachable(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<number>();
  const stack = [...outputs];
  const found: Tensor[] = [];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node.id)) continue;
    seen.add(node.id);
    found.push(node);
    stack.push(...node.inputs);
  }
  return found.sort((a, b) => a.id - b.id);
}
