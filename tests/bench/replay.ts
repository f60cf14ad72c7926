// Runs a small graph many times without writing its inputs again: what its kernels cost by themselves.

import { f32, type HostArray, normals, sizeOf, streamOf } from "../../gpu/base/mod.ts";
import type { Gpu } from "../../gpu/device/mod.ts";
import { createGraph, type Graph, type Tensor } from "../../gpu/graph/mod.ts";
import {
  bindGroups,
  compile,
  createStore,
  destroyProgram,
  destroyStore,
  type Program,
  read,
  writeInputs,
} from "../../gpu/run/mod.ts";
import type { Work } from "./timing.ts";

export interface Prepared {
  readonly program: Program;
  /** Submits `times` replays and returns without waiting. */
  enqueue(times: number): void;
  /** Replays and waits, without reading. */
  readonly work: Work;
  /** Values of the output. */
  values(): Promise<HostArray>;
  /** Frees all device memory. */
  close(): void;
}

/** Compiles the graph that `build` makes and fills its inputs, from `given` by name or else with `drawn` ones. */
export async function prepare(
  gpu: Gpu,
  build: (graph: Graph) => Tensor,
  given: Readonly<Record<string, Float32Array>> = {},
): Promise<Prepared> {
  const graph = createGraph();
  const output = build(graph);
  const store = createStore(gpu);
  const program = await compile(store, { outputs: { output } });
  const inputs = [...graph.inputs].map(([name, { shape }]) => {
    return [name, f32(given[name] ?? drawn(name, sizeOf(shape)), shape)];
  });
  writeInputs(program, { inputs: Object.fromEntries(inputs) });
  return {
    program,
    enqueue: (times) => replay(program, times),
    work: (times) => {
      replay(program, times);
      return gpu.queue.onSubmittedWorkDone();
    },
    values: async () => (await read(program)).output,
    close: () => {
      destroyProgram(program);
      destroyStore(store);
    },
  };
}

/** Normal numbers of a name's own stream: the values that the engine, the reference kernel and the peers all get. */
export function drawn(name: string, count: number, spread = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from(normals(count, 0, streamOf(name)), (z) => z * spread);
}

/** Puts all dispatches of the program into one submit, `times` times over. For programs that assign no slab. */
export function replay(program: Program, times: number): void {
  const groups = bindGroups(program);
  const encoder = program.gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (let time = 0; time < times; time++) {
    program.calls.forEach(({ pipeline, grid }, i) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, groups[i]);
      pass.dispatchWorkgroups(grid[0], grid[1]);
    });
  }
  pass.end();
  program.gpu.queue.submit([encoder.finish()]);
}
