// The engine on the device as the golden runner's evaluator: a graph is compiled once and replayed for every further
// evaluation of the same outputs; only the last graph is kept.

import { f32, type HostArray, i32 } from "../../gpu/base/mod.ts";
import { openGpu } from "../../gpu/device/mod.ts";
import { reachable, type Tensor } from "../../gpu/graph/mod.ts";
import {
  compile,
  createStore,
  defineParams,
  defineSlab,
  destroyProgram,
  destroyStore,
  type Precision,
  type Program,
  read,
  run,
  type Store,
  writeSlab,
  writeTensors,
} from "../../gpu/run/mod.ts";
import type { Evaluator, Values } from "./evaluator.ts";

interface Compiled {
  readonly outputs: readonly Tensor[];
  readonly precision: Precision;
  readonly store: Store;
  readonly program: Program;
}

async function prepare(
  gpu: Store["gpu"],
  outputs: readonly Tensor[],
  precision: Precision,
): Promise<Compiled> {
  const store = createStore(gpu), leaves = reachable(outputs);
  const nameOf = (leaf: Tensor) => leaf.attrs.name as string;
  const params = leaves.filter((leaf) => leaf.op === "param");
  if (params.length > 0) {
    defineParams(store, "parameters", params.map((leaf) => leaf.graph.params.get(nameOf(leaf))!), 0);
  }
  for (const leaf of leaves) if (leaf.op === "slab") defineSlab(store, nameOf(leaf), leaf.shape[0]);
  try {
    const named = Object.fromEntries(outputs.map((output, i) => [`${i}`, output]));
    return { outputs, precision, store, program: await compile(store, { outputs: named }, { precision }) };
  } catch (error) {
    destroyStore(store);
    throw error;
  }
}

async function step({ outputs, store, program }: Compiled, values: Values) {
  await writeTensors(store, new Map([...values.params].filter(([name]) => store.placeOf.has(name))));
  for (const [name, { data }] of values.slabs) {
    if (store.slabs.has(name)) writeSlab(store, name, Float32Array.from(data));
  }
  const inputs: Record<string, HostArray> = {};
  for (const [name, { tensor: { dtype, shape } }] of program.inputs) {
    const given = values.inputs.get(name);
    if (given !== undefined) inputs[name] = dtype === "i32" ? i32(given.data, shape) : f32(given.data, shape);
  }
  run(program, { inputs, scalars: Object.fromEntries(values.scalars) });
  const results = await read(program);
  return outputs.map((_, i) => results[`${i}`]);
}

/** Opens the device. Throws Error with the remedy when there is no adapter. */
export async function deviceEvaluator(options: Parameters<typeof openGpu>[0] = {}): Promise<Evaluator> {
  const gpu = await openGpu(options);
  let last: Compiled | null = null;
  const forget = () => {
    if (last === null) return;
    destroyProgram(last.program);
    destroyStore(last.store);
    last = null;
  };
  return {
    name: `${gpu.description.description || gpu.description.device} (${gpu.deviceClass})`,
    evaluate: async (outputs, values, precision = "plain") => {
      if (last?.outputs !== outputs || last.precision !== precision) {
        forget();
        last = await prepare(gpu, outputs, precision);
      }
      return step(last, values);
    },
    close: () => {
      forget();
      gpu.close();
    },
  };
}
