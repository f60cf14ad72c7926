// What the tests of kernels and of fusion share: values of several tensors on a device beside the float64 reference,
// and how much the reference moves when float32's rounding is imitated in it.

import { f32, type HostArray, i32, uniforms } from "../../gpu/base/mod.ts";
import type { Gpu } from "../../gpu/device/mod.ts";
import { type Graph, opRecord, reachable, type RefArray, type Tensor } from "../../gpu/graph/mod.ts";
import { evaluate } from "../../gpu/run/evaluate.ts";
import { interpret } from "../../gpu/run/reference.ts";
import { agreement, kernelTolerance, showAgreement } from "../../gpu/testing/tolerance.ts";

export type Values = ReadonlyMap<string, RefArray>;

/** A tensor to check; `op` says by whose tolerance, null by that of whole graphs. */
export interface Checked {
  readonly name: string;
  readonly op: string | null;
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
  const values = { inputs, scalars: new Map(Object.entries(scalars)) };
  const want = interpret(outputs, values);
  const moved = [1, 2].map((draw) => interpretRounded(outputs, values, draw));
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

/** The reference with every value, inputs and what lies between included, off by up to half a unit of float32. */
function interpretRounded(
  outputs: readonly Tensor[],
  values: { inputs: Values; scalars: ReadonlyMap<string, number> },
  draw: number,
): RefArray[] {
  const results = new Map<Tensor, RefArray>(), stored = new Map<Tensor, RefArray>();
  for (const node of reachable(outputs)) {
    const exact = node.inputs.length === 0
      ? interpret([node], values)[0]
      : opRecord(node.op).ref(node.inputs.map((source) => stored.get(source)!), node);
    results.set(node, exact);
    const whole = node.op === "scalar" || node.dtype === "i32";
    stored.set(node, whole ? exact : roundedAnew(exact, draw, node.id));
  }
  return outputs.map((output) => results.get(output)!);
}

function roundedAnew({ data, shape }: RefArray, draw: number, stream: number): RefArray {
  const shift = uniforms(data.length, draw, stream).map((u) => (2 * u - 1) * 2 ** -24);
  return { data: data.map((value, i) => value * (1 + shift[i])), shape };
}
