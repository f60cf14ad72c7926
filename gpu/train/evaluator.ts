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
  const average = store.slabs.get("ema");
  if (average === undefined) throw new RangeError("The trainer keeps no average: give it the option ema");
  const placeOf = new Map([...store.placeOf].map(([name, place]) => {
    return [name, place.slab.name === "params" ? { ...place, slab: average } : place];
  }));
  return { ...store, placeOf };
}

/**
 * A store with the weights of a state dict and no trainer, for the graph that `build` makes. Counters and entries that
 * the graph does not use are passed over; throws RangeError for one that is missing, TypeError for another shape.
 */
export function modelStore(
  gpu: Store["gpu"],
  build: (graph: Graph) => unknown,
  model: NamedValues,
): Store {
  const graph = createGraph();
  build(graph);
  const empty = (shape: Shape) => new Float32Array(sizeOf(shape));
  const wanted = new Map([...namedValues(model)].filter(([name]) => graph.params.has(name)));
  const store = createStore(gpu);
  defineParams(store, "params", [...graph.params.values()].map((spec) => ({ ...spec, init: empty })), 0);
  try {
    writeModel(store, wanted, new Map());
  } catch (error) {
    destroyStore(store);
    throw error;
  }
  return store;
}
