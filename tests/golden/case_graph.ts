// One fixture as a graph: leaves for its inputs and weights, cotangents for its outputs, gradients for all that it
// wants gradients of, and the comparison of everything it lists. Runners of single ops and of modules only say how
// outputs follow from inputs.

import { lastOf, sizeOf } from "../../gpu/base/mod.ts";
import { createGraph, gradients, type Graph, input, parameter, type Tensor } from "../../gpu/graph/mod.ts";
import { type ParamScope, scope } from "../../gpu/nn/mod.ts";
import { runningValues } from "../../gpu/optim/mod.ts";
import { type Check, closeness, exactness } from "./compare.ts";
import type { Evaluator, NumberArray, Values } from "./evaluator.ts";
import { type Fixture, tensorOf, toleranceOf } from "./fixture.ts";
import { toEngine, toTorch } from "./layouts.ts";

/** What a builder works with. */
export interface CaseBuilder {
  readonly graph: Graph;
  readonly fixture: Fixture;
  readonly attrs: Fixture["attrs"];
  /** Root of the weights; in training mode unless the sidecar says `train: false`. */
  readonly scope: ParamScope;
  /** The leaf of input NAME. */
  input(name: string): Tensor;
  has(name: string): boolean;
}

/** Outputs by name, in the fixture's layout. */
export type Build = (c: CaseBuilder) => Record<string, Tensor>;

/** A case that the engine has no counterpart of. */
export class Unsupported extends Error {
  override name = "Unsupported";
}

/** Builds, evaluates and compares one fixture. */
export async function checkGraph(fixture: Fixture, build: Build, evaluator: Evaluator): Promise<Check[]> {
  const graph = createGraph();
  const root = scope(graph, "", { train: fixture.attrs.train ?? true });
  const leaves = new Map<string, Tensor>();
  const leaf = (name: string) => {
    const known = leaves.get(name);
    if (known !== undefined) return known;
    const { shape, dtype } = tensorOf(fixture, `in/${name}`);
    const made = input(graph, name, shape, dtype);
    leaves.set(name, made);
    return made;
  };
  const built = build({
    graph,
    fixture,
    attrs: fixture.attrs,
    scope: root,
    input: leaf,
    has: (name) => fixture.inputs.includes(name),
  });
  checkParameters(graph, fixture);

  const outputs = fixture.outputs.map((name) => {
    if (built[name] === undefined) throw new Unsupported(`output ${name} of op ${fixture.op}`);
    return built[name];
  });
  const withCotangent = fixture.outputs.filter((name) => fixture.tensors.has(`cot/${name}`));
  const cotangents = withCotangent.map((name) =>
    input(graph, `cot/${name}`, tensorOf(fixture, `cot/${name}`).shape)
  );
  const wanted = gradientKeys(fixture);
  const sources = wanted.map(({ source }) =>
    source.startsWith("in/")
      ? leaf(source.slice(3))
      : parameter(graph, paramSpec(graph, fixture, source.slice("param/".length)))
  );
  const found = gradients(withCotangent.map((name) => built[name]), cotangents, sources);
  const buffers = [
    ...runningValues(root.updates, (name) => parameter(graph, paramSpec(graph, fixture, name))),
  ];

  const live = found.filter((g) => g !== null);
  const results = await evaluator.evaluate(
    [...outputs, ...live, ...buffers.map(([, value]) => value)],
    fixtureValues(graph, fixture),
  );
  const checks = fixture.outputs.map((name, i) => compareTensor(fixture, `out/${name}`, results[i]));
  let at = outputs.length;
  wanted.forEach(({ key, source, stride }, i) => {
    const flat = found[i] === null ? new Float64Array(sizeOf(sources[i].shape)) : results[at++].data;
    const torch = source.startsWith("in/")
      ? flat
      : toTorch(flat, graph.params.get(source.slice("param/".length))!);
    checks.push(compareTensor(fixture, key, { data: every(torch, stride), shape: [] }));
  });
  const after = new Map(buffers.map(([name], i) => [name, results[at + i]]));
  for (const name of fixture.sidecar.buffers_after ?? []) {
    const counter = root.updates.counters.get(name);
    const value = counter === undefined
      ? after.get(name) ?? { data: [], shape: [] }
      : { data: [tensorOf(fixture, `buf/${name}`).data[0] + counter], shape: [] };
    checks.push(compareTensor(fixture, `buf_after/${name}`, value));
  }
  return checks;
}

/** Compares a result with the fixture's tensor of that key: integers exactly, floats within its tolerance. */
export function compareTensor(fixture: Fixture, key: string, got: NumberArray): Check {
  const want = tensorOf(fixture, key);
  if (want.dtype === "i32") return exactness(key, got.data, want.data);
  const named = toleranceOf(fixture, key) ?? toleranceOf(fixture, key.replace("grad_sample/", "grad/"));
  return closeness(key, got.data, want.data, named);
}

/** Every gradient the fixture holds: its key, what it is the gradient of, and which elements it keeps. */
function gradientKeys(fixture: Fixture): { key: string; source: string; stride: number }[] {
  const whole = (fixture.sidecar.grads ?? []) as string[];
  const sampled = (fixture.sidecar.grad_samples ?? []) as string[];
  return [
    ...whole.map((source) => ({ key: `grad/${source}`, source, stride: 1 })),
    ...sampled.map((source) => ({ key: `grad_sample/${source}`, source, stride: 17 })),
  ];
}

function every(values: ArrayLike<number>, stride: number): ArrayLike<number> {
  return stride === 1 ? values : Array.from(values).filter((_, i) => i % stride === 0);
}

function paramSpec(graph: Graph, fixture: Fixture, name: string) {
  const spec = graph.params.get(name);
  if (spec === undefined) throw new Unsupported(`weight ${name} of op ${fixture.op}`);
  return spec;
}

/** The model must ask for exactly the fixture's weights and buffers, under the same names. */
export function checkParameters(graph: Graph, fixture: Fixture): void {
  const given = new Set([...fixture.params, ...fixture.buffers]);
  const unknown = [...graph.params.keys()].filter((name) => !given.delete(name));
  const unused = [...given].filter((name) => !name.endsWith("num_batches_tracked"));
  if (unknown.length > 0) throw new RangeError(`The model has ${unknown.join(", ")}, the fixture has not`);
  if (unused.length > 0) throw new RangeError(`The fixture has ${unused.join(", ")}, the model has not`);
}

/** The value that the fixture gives a weight or buffer, in the engine's layout. */
export function parameterValue(graph: Graph, fixture: Fixture, name: string): NumberArray {
  const spec = graph.params.get(name)!;
  const key = fixture.tensors.has(`param/${name}`) ? `param/${name}` : `buf/${name}`;
  const { data } = tensorOf(fixture, key);
  if (data.length !== sizeOf(spec.shape)) {
    throw new TypeError(`"${name}" of ${data.length} values does not fit [${spec.shape}]`);
  }
  return { data: toEngine(data, spec), shape: spec.shape };
}

/** All leaves' values, straight from the fixture. */
export function fixtureValues(graph: Graph, fixture: Fixture): Values {
  const inputs = new Map<string, NumberArray>();
  for (const name of graph.inputs.keys()) {
    inputs.set(name, tensorOf(fixture, name.startsWith("cot/") ? name : `in/${name}`));
  }
  const params = new Map(
    [...graph.params.keys()].map((name) => [name, parameterValue(graph, fixture, name)]),
  );
  return { inputs, params, slabs: new Map(), scalars: new Map() };
}

/** Features of a tensor's last dimension, for builders. */
export const widthOf = (t: Tensor) => lastOf(t.shape);
