// A compiled graph, and running it: a step writes its inputs and step scalars, replays a flat list of dispatches in one
// pass and submits. Slab assignments swap the slab's sides. compile.ts makes programs.

import { type HostArray, showShape, sizeOf, vec4sOf } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import { FIRST_OPERAND } from "../kernels/mod.ts";
import {
  bindGroupOf,
  destroyStorage,
  type Gpu,
  readStorages,
  type Storage,
  writeStorage,
} from "../device/mod.ts";
import type { KernelCall } from "./calls.ts";
import { padRows, unpadRows } from "./host_layout.ts";
import type { MemoryReport } from "./memory_report.ts";
import type { Slab, Store } from "./store.ts";

export interface Program {
  readonly gpu: Gpu;
  readonly store: Store;
  readonly calls: readonly CompiledCall[];
  readonly pipelines: number;
  readonly memory: MemoryReport;
  readonly inputs: ReadonlyMap<
    string,
    { readonly tensor: Tensor; readonly storage: Storage; readonly staging: Float32Array<ArrayBuffer> }
  >;
  readonly outputs: ReadonlyMap<
    string,
    { readonly tensor: Tensor; readonly place: Place; readonly offset: number }
  >;
  readonly scalars: readonly string[];
  readonly internal: Internal;
}

export interface CompiledCall extends KernelCall {
  readonly pipeline: GPUComputePipeline;
  readonly grid: readonly [number, number];
  readonly places: readonly Place[];
}

/** A storage, or the side of a slab that a step reads (`next` false) or writes. */
export type Place = { readonly storage: Storage } | { readonly slab: Slab; readonly next: boolean };

/** What running needs and users do not. */
export interface Internal {
  readonly uniform: GPUBuffer;
  readonly scalarBlock: GPUBuffer;
  readonly scalarValues: Float32Array<ArrayBuffer>;
  readonly owned: Storage[];
  readonly slabs: readonly Slab[];
  readonly assigned: readonly Slab[];
  readonly groups: Map<string, GPUBindGroup[]>;
}

export function storageAt(place: Place): Storage {
  if ("storage" in place) return place.storage;
  const { slab, next } = place;
  return slab.sides[next ? 1 - slab.current : slab.current]!;
}

/** Bind groups for the sides that the slabs show now; made once per combination. */
export function bindGroups(program: Program): GPUBindGroup[] {
  const { internal, gpu } = program;
  const key = internal.slabs.map((slab) => slab.current).join("");
  const known = internal.groups.get(key);
  if (known !== undefined) return known;
  const groups = program.calls.map((call, index) => {
    const entries: { binding: number; resource: GPUBindingResource }[] = [
      { binding: 0, resource: { buffer: internal.uniform, offset: index * 256, size: 256 } },
    ];
    if (call.launch.kernel.scalars?.length) {
      entries.push({ binding: 1, resource: { buffer: internal.scalarBlock } });
    }
    call.places.forEach((place, i) =>
      entries.push({ binding: FIRST_OPERAND + i, resource: storageAt(place).binding })
    );
    return bindGroupOf(gpu, call.pipeline, entries);
  });
  internal.groups.set(key, groups);
  return groups;
}

export interface StepInputs {
  readonly inputs?: Readonly<Record<string, HostArray>>;
  readonly scalars?: Readonly<Record<string, number>>;
}

/** Uploads what a step is given. Throws TypeError for another shape, RangeError when something is missing. */
export function writeInputs(program: Program, { inputs = {}, scalars = {} }: StepInputs): void {
  const { gpu, internal } = program;
  for (const [name, { tensor, storage, staging }] of program.inputs) {
    const given = inputs[name];
    if (given === undefined) throw new RangeError(`The step was given no input "${name}"`);
    if (sizeOf(given.shape) !== sizeOf(tensor.shape) || given.data.length !== sizeOf(tensor.shape)) {
      throw new TypeError(`Input "${name}" is ${showShape(given.shape)} and not ${showShape(tensor.shape)}`);
    }
    writeStorage(gpu, storage, padRows(given.data, tensor.shape, staging));
  }
  if (program.scalars.length === 0) return;
  program.scalars.forEach((name, i) => {
    if (scalars[name] === undefined) throw new RangeError(`The step was given no scalar "${name}"`);
    internal.scalarValues[i] = scalars[name];
  });
  gpu.queue.writeBuffer(internal.scalarBlock, 0, internal.scalarValues);
}

/** Runs one step: submits it and returns without waiting. `after` may add copies of results to the same submit. */
export function run(
  program: Program,
  step: StepInputs = {},
  after?: (encoder: GPUCommandEncoder) => void,
): void {
  writeInputs(program, step);
  const groups = bindGroups(program);
  const encoder = program.gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  const { calls } = program;
  for (let i = 0; i < calls.length; i++) {
    pass.setPipeline(calls[i].pipeline);
    pass.setBindGroup(0, groups[i]);
    pass.dispatchWorkgroups(calls[i].grid[0], calls[i].grid[1]);
  }
  pass.end();
  after?.(encoder);
  program.gpu.queue.submit([encoder.finish()]);
  swapSides(program);
}

/** Assigned slabs now show what the step wrote. */
export function swapSides(program: Program): void {
  for (const slab of program.internal.assigned) slab.current = slab.current === 0 ? 1 : 0;
}

/** Where an output's words are. */
export function outputStorage(
  program: Program,
  name: string,
): { storage: Storage; at: number; words: number } {
  const output = program.outputs.get(name);
  if (output === undefined) throw new RangeError(`The program has no output "${name}"`);
  // The sides have changed roles since the run: what it wrote is now the current side.
  const { place } = output;
  const swapped = "slab" in place && program.internal.assigned.includes(place.slab);
  const storage = swapped ? storageAt({ slab: place.slab, next: !place.next }) : storageAt(place);
  return { storage, at: output.offset, words: vec4sOf(output.tensor.shape) };
}

/** Values of outputs of the last run, in one wait. Throws Error when the device has failed. */
export async function read(
  program: Program,
  names: readonly string[] = [...program.outputs.keys()],
): Promise<Record<string, HostArray>> {
  const data = await readStorages(program.gpu, names.map((name) => outputStorage(program, name)));
  return Object.fromEntries(names.map((name, i) => {
    const { shape, dtype } = program.outputs.get(name)!.tensor;
    const values = unpadRows(data[i], shape);
    return [name, { data: dtype === "i32" ? Int32Array.from(values) : values, shape, dtype }];
  }));
}

/** Frees the program's memory; the store stays. */
export function destroyProgram(program: Program): void {
  for (const storage of program.internal.owned) destroyStorage(program.gpu, storage);
  program.internal.uniform.destroy();
  program.internal.scalarBlock.destroy();
  program.internal.groups.clear();
}
