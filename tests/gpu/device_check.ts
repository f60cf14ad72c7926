// What the tests of kernels and of fusion share: values of several tensors on a device beside the float64 reference,
// and how much the reference moves when its inputs are rounded a little differently.

import { f32, type HostArray, i32, streamOf, uniforms } from "../../gpu/base/mod.ts";
import type { Gpu } from "../../gpu/device/mod.ts";
import type { Graph, RefArray, Tensor } from "../../gpu/graph/mod.ts";
import { evaluate } from "../../gpu/run/evaluate.ts";
import { interpret } from "../../gpu/run/reference.ts";
import { agreement, kernelTolerance, showAgreement } from "../../gpu/testing/tolerance.ts";

export type Values = ReadonlyMap<string, RefArray>;

/** A tensor to check; `op` says by whose tolerance. */
export interface Checked {
  readonly name: string;
  readonly op: string;
  readonly output: Tensor;
}

/** One line for each tensor whose value on the device is further off than its tolerance. All run as one program. */
export async function checkOnDevice(
  gpu: Gpu,
  checked: readonly Checked[],
  inputs: Values,
  scalars: Readonly<Record<string, number>> = {},
): Promise<string[]> {
  const outputs = checked.map((one) => one.output), { graph } = outputs[0];
  const reference = (values: Values) =>
    interpret(outputs, { inputs: values, scalars: new Map(Object.entries(scalars)) });
  const want = reference(inputs);
  const moved = [1, 2].map((draw) => reference(roundedAnew(graph, inputs, draw)));
  const got = await evaluate(gpu, outputs, { inputs: toHost(graph, inputs), scalars });
  return checked.flatMap(({ name, op }, i) => {
    const tolerance = kernelTolerance(op, want[i].data, moved.map((arrays) => arrays[i].data));
    const found = agreement(got[i].data, want[i].data, tolerance);
    return found.factor <= 1 ? [] : [showAgreement(name, found)];
  });
}

function toHost(graph: Graph, values: Values): Record<string, HostArray> {
  return Object.fromEntries(
    [...values].map(([name, { data, shape }]) => {
      const indices = graph.inputs.get(name)!.dtype === "i32";
      return [name, indices ? i32(Int32Array.from(data), shape) : f32(Float32Array.from(data), shape)];
    }),
  );
}

/** The values as another rounding of them to float32 might have been; indices stay. */
function roundedAnew(graph: Graph, values: Values, draw: number): Values {
  return new Map(
    [...values].map(([name, { data, shape }]) => {
      if (graph.inputs.get(name)!.dtype === "i32") return [name, { data, shape }];
      const shift = uniforms(data.length, draw, streamOf(name)).map((u) => (2 * u - 1) * 2 ** -24);
      return [name, { data: data.map((value, i) => value * (1 + shift[i])), shape }];
    }),
  );
}
