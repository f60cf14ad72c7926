// A compiled graph. Everything is decided once - kernels, memory, bind groups - and a step is then: write the inputs
// and the step scalars, replay a flat list of dispatches in one pass, submit. Slab assignments swap the slab's sides.

import { type HostArray, sameShape, showShape, sizeOf, vec4sOf } from "../base/mod.ts";
import { BLOCK, type Tensor } from "../graph/mod.ts";
import { assemble, copyLaunch, FIRST_OPERAND, MAX_GROUPS, uniformNames } from "../kernels/mod.ts";
import {
  bindGroupOf,
  createStorage,
  createUniform,
  destroyStorage,
  type Gpu,
  maxWords,
  pipelineOf,
  readStorages,
  type Storage,
  storageBytes,
  writeStorage,
} from "../device/mod.ts";
import { viewOf } from "./alias.ts";
import { expandMacros, isLeaf } from "./expand.ts";
import { fuse } from "./fuse.ts";
import { padRows, unpadRows } from "./host_layout.ts";
import type { KernelCall, Operand, Value } from "./calls.ts";
import { lowerGraph } from "./lower.ts";
import { planStorage, roomOf, settle } from "./plan.ts";
import { expectStorage, halfNodes, type StorageType, withShadows } from "./precision.ts";
import { ensureSecondSide, type Slab, type Store } from "./store.ts";

export interface ProgramSpec {
  /** Values that can be read after a run. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** New contents of slabs, by slab name, [blocks, 256]. */
  readonly assign?: Readonly<Record<string, Tensor>>;
}

export interface MemoryReport {
  readonly inputs: number;
  readonly constants: number;
  readonly activations: number;
  readonly outputs: number;
  readonly slabs: number;
  readonly total: number;
}

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

interface Internal {
  readonly uniform: GPUBuffer;
  readonly scalarBlock: GPUBuffer;
  readonly scalarValues: Float32Array<ArrayBuffer>;
  readonly owned: Storage[];
  readonly slabs: readonly Slab[];
  readonly assigned: readonly Slab[];
  readonly groups: Map<string, GPUBindGroup[]>;
}

/** Most step scalars a program can use. */
const SCALARS = 64;

export interface CompileOptions {
  /** Default f32; f16 wants a GPU with shader-f16 and a loss that is scaled. */
  readonly storage?: StorageType;
  /** Called with the plan's memory before anything is allocated. */
  readonly onMemory?: (report: MemoryReport) => void;
}

/**
 * Compiles a graph against a store. Throws TypeError when an op has no kernel or an assignment does not fit its slab,
 * RangeError when a tensor is over the device's limits or the device stores no halves, SyntaxError when a kernel is refused.
 */
export async function compile(
  store: Store,
  spec: ProgramSpec,
  options: CompileOptions = {},
): Promise<Program> {
  const { gpu } = store;
  const names = Object.keys(spec.outputs), slabNames = Object.keys(spec.assign ?? {});
  const wanted = [...Object.values(spec.outputs), ...Object.values(spec.assign ?? {})];
  const roots = expandMacros(wanted);
  const { storage = "f32" } = options, inHalves = storage === "f16";
  expectStorage(gpu, storage);
  const halves = inHalves ? halfNodes(roots) : undefined;
  const lowered = lowerGraph(fuse(roots, gpu.deviceClass), gpu.deviceClass, halves, maxWords(gpu));
  const calls = inHalves ? withShadows(lowered, roots, store) : [...lowered.steps];
  const { valueOf } = lowered;
  const placed = new Map<Value, Place>();
  const assigned: Slab[] = [];
  slabNames.forEach((name, i) => {
    const tensor = roots[names.length + i], slab = store.slabs.get(name);
    if (slab === undefined) throw new RangeError(`The store has no slab "${name}"`);
    if (!sameShape(tensor.shape, [slab.blocks, BLOCK])) {
      throw new TypeError(`${showShape(tensor.shape)} does not fit slab "${name}" of ${slab.blocks} blocks`);
    }
    ensureSecondSide(store, slab);
    assigned.push(slab);
    const view = viewOf(tensor), value = valueOf(view.root);
    const place: Place = { slab, next: true };
    if (!isLeaf(view.root) && view.offset === 0 && !placed.has(value) && value.home === undefined) {
      placed.set(value, place);
    } else {
      const copy: Value = { words: vec4sOf(tensor.shape), tensor: null };
      placed.set(copy, place);
      const from = { value, offset: view.offset };
      const launch = copyLaunch(copy.words);
      calls.push({
        launch,
        reads: [from],
        writes: [{ value: copy, offset: 0 }],
        core: tensor,
        flops: 0,
        contraction: false,
      });
    }
  });
  const values = allValues(calls, roots.slice(0, names.length).map((t) => valueOf(viewOf(t).root)));
  const leaves = [...values].filter((value) => value.tensor !== null && isLeaf(value.tensor));
  const isTemporary = (value: Value) =>
    !placed.has(value) && value.data === undefined && (value.tensor === null || !isLeaf(value.tensor));
  const kept = new Set(
    roots.slice(0, names.length).map((t) => settle({ value: valueOf(viewOf(t).root), offset: 0 }).value),
  );
  const plan = planStorage(calls, isTemporary, kept, maxWords(gpu));
  for (const value of values) checkSize(gpu, value);
  const memory = report(gpu, store, plan.slots, leaves, values);
  options.onMemory?.(memory);

  const owned: Storage[] = [];
  const own = (words: number, label: string) => {
    const storage = createStorage(gpu, words, label);
    owned.push(storage);
    return storage;
  };
  const slots = plan.slots.map((words) => own(words, "activation"));
  const inputs = new Map<string, { tensor: Tensor; storage: Storage; staging: Float32Array<ArrayBuffer> }>();
  for (const value of values) {
    if (placed.has(value)) continue;
    const tensor = value.tensor;
    if (value.data !== undefined) {
      placed.set(value, { storage: uploaded(gpu, own(value.words, "table"), value.data) });
    } else if (tensor?.op === "input") {
      const name = tensor.attrs.name as string;
      const entry = {
        tensor,
        storage: own(value.words, `input ${name}`),
        staging: new Float32Array(value.words * 4),
      };
      inputs.set(name, entry);
      placed.set(value, { storage: entry.storage });
    } else if (tensor?.op === "constant") {
      const data = padRows(tensor.attrs.values as number[], tensor.shape);
      placed.set(value, { storage: uploaded(gpu, own(value.words, "constant"), data) });
    } else if (tensor?.op === "slab") {
      placed.set(value, { slab: slabFor(store, tensor.attrs.name as string), next: false });
    } else if (plan.slotOf.has(value)) placed.set(value, { storage: slots[plan.slotOf.get(value)!] });
  }
  const placeOf = (operand: Operand): { place: Place; offset: number } => {
    const settled = settle(operand), { tensor } = settled.value;
    if (tensor?.op === "param") {
      const at = store.placeOf.get(tensor.attrs.name as string);
      if (at === undefined) throw new RangeError(`The store has no parameter "${tensor.attrs.name}"`);
      return { place: { slab: at.slab, next: false }, offset: at.entry.block * (BLOCK / 4) + settled.offset };
    }
    const place = placed.get(settled.value);
    if (place === undefined) throw new Error(`A value of ${tensor?.op ?? "a kernel"} has no place`);
    return { place, offset: settled.offset };
  };

  const scalars: string[] = [];
  const { compiled, uniform } = await compileCalls(gpu, calls, placeOf, scalars);
  const scalarValues = new Float32Array(SCALARS);
  const scalarBlock = createUniform(gpu, scalarValues, "step scalars");
  const slabs = new Set<Slab>(assigned);
  for (const call of compiled) for (const place of call.places) if ("slab" in place) slabs.add(place.slab);
  const outputs = new Map(names.map((name, i) => {
    const view = viewOf(roots[i]);
    const { place, offset } = placeOf({ value: valueOf(view.root), offset: view.offset });
    return [name, { tensor: roots[i], place, offset }];
  }));
  const pipelines = new Set(compiled.map((call) => call.pipeline)).size;
  const internal = {
    uniform,
    scalarBlock,
    scalarValues,
    owned,
    slabs: [...slabs],
    assigned,
    groups: new Map(),
  };
  return { gpu, store, calls: compiled, pipelines, memory, inputs, outputs, scalars, internal };
}

function slabFor(store: Store, name: string): Slab {
  const slab = store.slabs.get(name);
  if (slab === undefined) throw new RangeError(`The store has no slab "${name}"`);
  return slab;
}

function uploaded(gpu: Gpu, storage: Storage, data: Float32Array<ArrayBuffer>): Storage {
  writeStorage(gpu, storage, data);
  return storage;
}

function allValues(calls: readonly KernelCall[], extra: readonly Value[]): Set<Value> {
  const values = new Set<Value>();
  for (const call of calls) {
    for (const operand of [...call.reads, ...call.writes]) values.add(settle(operand).value);
  }
  for (const value of extra) values.add(settle({ value, offset: 0 }).value);
  return values;
}

function checkSize(gpu: Gpu, value: Value): void {
  if (roomOf(value) <= maxWords(gpu) || value.tensor?.op === "param") return;
  const what = value.tensor === null
    ? "A temporary"
    : `[${value.tensor.op} @ ${value.tensor.scope}] ${showShape(value.tensor.shape)}`;
  throw new RangeError(
    `${what} needs ${Math.ceil(roomOf(value) / 65536)} MiB and this device binds at most ` +
      `${Math.floor(maxWords(gpu) / 65536)} MiB at once: take a smaller micro-batch`,
  );
}

function report(
  gpu: Gpu,
  store: Store,
  slots: readonly number[],
  leaves: readonly Value[],
  values: Set<Value>,
): MemoryReport {
  const bytes = (words: number) => storageBytes(gpu, words);
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  const of = (op: string) => sum(leaves.filter((v) => v.tensor!.op === op).map((v) => bytes(v.words)));
  const inputs = of("input");
  const constants = of("constant") +
    sum([...values].filter((v) => v.data !== undefined).map((v) => bytes(v.words)));
  const activations = sum(slots.map(bytes));
  const slabs = sum(
    [...store.slabs.values()].map((s) => s.sides.reduce((n, side) => n + (side?.bytes ?? 0), 0)),
  );
  return {
    inputs,
    constants,
    activations,
    outputs: 0,
    slabs,
    total: inputs + constants + activations + slabs,
  };
}

async function compileCalls(
  gpu: Gpu,
  calls: readonly KernelCall[],
  placeOf: (operand: Operand) => { place: Place; offset: number },
  scalars: string[],
): Promise<{ compiled: CompiledCall[]; uniform: GPUBuffer }> {
  const slice = 256;
  const words = new ArrayBuffer(Math.max(1, calls.length) * slice);
  const view = new DataView(words);
  const compiled = await Promise.all(calls.map(async (call, index) => {
    const { kernel } = call.launch;
    const given = [...call.reads, ...call.writes], operands = given.map(placeOf);
    const halves = [...kernel.reads, ...kernel.writes].filter((_, i) => settle(given[i]).value.half);
    const slots = (kernel.scalars ?? []).map((name) => {
      if (!scalars.includes(name)) scalars.push(name);
      return scalars.indexOf(name);
    });
    if (scalars.length > SCALARS) throw new RangeError(`A program has at most ${SCALARS} step scalars`);
    const numbers = [
      ...call.launch.sizes,
      ...(call.launch.constants ?? []),
      ...slots,
      ...operands.map((o) => o.offset),
    ];
    const floats = new Set(kernel.constants ?? []);
    uniformNames(kernel).forEach((name, i) => {
      const at = index * slice + i * 4;
      if (floats.has(name)) view.setFloat32(at, numbers[i], true);
      else view.setUint32(at, numbers[i], true);
    });
    if (numbers.length * 4 > slice) throw new RangeError(`Kernel ${kernel.label} has too many numbers`);
    const pipeline = await pipelineOf(
      gpu,
      assemble(kernel, gpu.memory, new Set(halves)),
      `${kernel.label} (${call.core.op} @ ${call.core.scope})`,
    );
    const groups = call.launch.groups;
    const grid: [number, number] = groups <= MAX_GROUPS ? [groups, 1] : [32768, Math.ceil(groups / 32768)];
    return { ...call, pipeline, grid, places: operands.map((o) => o.place) };
  }));
  return { compiled, uniform: createUniform(gpu, words, "kernel numbers") };
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
  const failure = program.gpu.error();
  if (failure !== null) throw new Error(`The device failed: ${failure}`);
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
