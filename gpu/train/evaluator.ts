// Forward passes over a store: the model in training, or one loaded from a file. The graph is built in evaluation
// form (running statistics) and compiled once per batch shape.

import { type HostArray, type Shape, sizeOf } from "../base/mod.ts";
import { createGraph, type Graph, type Tensor } from "../graph/mod.ts";
import {
  compile,
  createStore,
  defineParams,
  destroyProgram,
  destroyStore,
  type MemoryReport,
  type Program,
  read,
  run,
  slabsOf,
  type StorageType,
  type Store,
} from "../run/mod.ts";
import { type NamedValues, namedValues, writeModel } from "./checkpoint.ts";

export interface EvaluatorOptions {
  readonly store: Store;
  /** Declares inputs and gives the outputs by name. Every parameter it asks for must be in the store. */
  build(graph: Graph): Readonly<Record<string, Tensor>>;
  readonly onMemory?: (report: MemoryReport) => void;
  /** How activations are stored (see TrainerOptions); default "f32". */
  readonly storage?: StorageType;
}

export interface Evaluator {
  readonly program: Program;
  /**
   * Outputs for one batch, with the store's weights of the moment. Several calls may be under way: each is enqueued
   * at once and waits only for its own result.
   */
  run(inputs: Readonly<Record<string, HostArray>>): Promise<Record<string, HostArray>>;
  destroy(): void;
}

/** Compiles an evaluation graph over a store. */
export async function createEvaluator(options: EvaluatorOptions): Promise<Evaluator> {
  const { store, build, onMemory, storage } = options;
  const program = await compile(store, { outputs: build(createGraph()) }, { onMemory, storage });
  return {
    program,
    run: async (inputs) => {
      run(program, { inputs });
      return await read(program);
    },
    destroy: () => destroyProgram(program),
  };
}

/** The store seen with averaged weights in place of the trained ones; nothing is copied. */
export function averagedStore(store: Store): Store {
  const averages = slabsOf(store, "ema");
  if (averages.length === 0) throw new RangeError("The trainer keeps no average: give it the option ema");
  const averageOf = new Map(slabsOf(store, "params").map((slab, part) => [slab, averages[part]]));
  const placeOf = new Map([...store.placeOf].map(([name, place]) => {
    return [name, { ...place, slab: averageOf.get(place.slab) ?? place.slab }];
  }));
  return { ...store, placeOf };
}

/**
 * A store with the weights of a state dict and no trainer, for the graph that `build` makes. Counters and entries that
 * the graph does not use are passed over; throws RangeError for one that is missing or over the device's limits,
 * TypeError for another shape. `slabWords` as in TrainerOptions.
 */
export function modelStore(
  gpu: Store["gpu"],
  build: (graph: Graph) => unknown,
  model: NamedValues,
  slabWords?: number,
): Store {
  const graph = createGraph();
  build(graph);
  const empty = (shape: Shape) => new Float32Array(sizeOf(shape));
  const wanted = new Map([...namedValues(model)].filter(([name]) => graph.params.has(name)));
  const store = createStore(gpu, slabWords);
  try {
    defineParams(store, "params", [...graph.params.values()].map((spec) => ({ ...spec, init: empty })), 0);
    writeModel(store, wanted, new Map());
  } catch (error) {
    destroyStore(store);
    throw error;
  }
  return store;
}
