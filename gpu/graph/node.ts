// The graph: an append-only list of nodes, each one operation with one result. A `Tensor` is a symbolic handle; it
// holds no data. Equal operations on equal inputs are the same node (hash-consing), and nodes are numbered in
// creation order, which is a topological order.

import { type DType, type Shape, showShape } from "../base/mod.ts";
import { opRecord } from "./registry.ts";

export type Attr = number | string | boolean | null | readonly number[];
export type Attrs = Readonly<Record<string, Attr>>;

export interface Tensor {
  readonly id: number;
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where in the model the node was made, e.g. `visual/layer1.0`. */
  readonly scope: string;
  readonly graph: Graph;
}

/** Fills a fresh parameter; `uniform` and `normal` draw `count` numbers from the parameter's own stream. */
export type Init = (
  shape: Shape,
  random: { uniform(count: number): Float64Array; normal(count: number): Float64Array },
) => Float32Array;

/** A value that outlives a step: a trained parameter or a buffer (running statistics). */
export interface ParamSpec {
  /** PyTorch state-dict name. */
  readonly name: string;
  /** Shape in the engine (HWIO for convolutions). */
  readonly shape: Shape;
  readonly init: Init;
  readonly trainable: boolean;
  /** Layout on disk: `oihw` = a convolution stored as HWIO here, as OIHW there. */
  readonly layout: "plain" | "oihw";
}

export interface Graph {
  readonly nodes: Tensor[];
  readonly params: Map<string, ParamSpec>;
  readonly inputs: Map<string, Tensor>;
  scope: string;
  readonly known: Map<string, Tensor>;
}

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
