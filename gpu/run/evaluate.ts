// Eager use, for tests and exploration: builds a program for a few tensors, runs it once and frees it.

import type { HostArray, Shape } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import type { Gpu } from "../device/mod.ts";
import { reachable } from "../graph/mod.ts";
import { compile, type CompileOptions } from "./compile.ts";
import { destroyProgram, read, run } from "./program.ts";
import { createStore, defineParams, defineSlab, destroyStore, writeSlab, writeTensors } from "./store.ts";

export interface EvaluateValues {
  readonly inputs?: Readonly<Record<string, HostArray>>;
  readonly params?: ReadonlyMap<string, { data: ArrayLike<number>; shape: Shape }>;
  readonly slabs?: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  readonly scalars?: Readonly<Record<string, number>>;
}

/** Values of `outputs` on the device, in order. Parameters not given start from their `init` under seed 0. */
export async function evaluate(
  gpu: Gpu,
  outputs: readonly Tensor[],
  values: EvaluateValues = {},
  options: CompileOptions = {},
): Promise<HostArray[]> {
  const store = createStore(gpu);
  const needed = reachable(outputs);
  const specs = needed.filter((node) => node.op === "param").map((node) =>
    node.graph.params.get(node.attrs.name as string)!
  );
  if (specs.length > 0) {
    defineParams(store, "params", specs, 0);
    const given = new Map([...values.params ?? []].filter(([name]) => store.placeOf.has(name)));
    await writeTensors(store, given);
  }
  for (const node of needed) {
    if (node.op !== "slab") continue;
    const name = node.attrs.name as string;
    defineSlab(store, name, node.shape[0]);
    const data = values.slabs?.get(name);
    if (data !== undefined) writeSlab(store, name, data);
  }
  const named = Object.fromEntries(outputs.map((t, i) => [`${i}`, t]));
  const program = await compile(store, { outputs: named }, options);
  const used = Object.fromEntries([...program.inputs.keys()].map((name) => [name, values.inputs![name]]));
  run(program, { inputs: used, scalars: values.scalars });
  const result = await read(program);
  destroyProgram(program);
  destroyStore(store);
  return outputs.map((_, i) => result[`${i}`]);
}
