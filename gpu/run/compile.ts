// Makes a program of a graph: rewrite, fuse, lower, plan the memory, tell what it takes, and only then allocate, compile
// and bind.

import { sameShape, showShape, vec4sOf } from "../base/mod.ts";
import { BLOCK, type Tensor } from "../graph/mod.ts";
import { assemble, copyLaunch, MAX_GROUPS, uniformNames } from "../kernels/mod.ts";
import {
  createStorage,
  createUniform,
  destroyStorage,
  type Gpu,
  maxWords,
  pipelineOf,
  type Storage,
  writeStorage,
} from "../device/mod.ts";
import { viewOf } from "./alias.ts";
import type { KernelCall, Operand, Value } from "./calls.ts";
import { expandMacros, isLeaf } from "./expand.ts";
import { fuse } from "./fuse.ts";
import { padRows } from "./host_layout.ts";
import { lowerGraph } from "./lower.ts";
import { expectRoom, type MemoryReport, memoryReport } from "./memory_report.ts";
import { type Plan, planStorage, settle } from "./plan.ts";
import { expectStorage, halfNodes, type StorageType, withShadows } from "./precision.ts";
import type { CompiledCall, Place, Program } from "./program.ts";
import { ensureSecondSide, type Slab, slabOf, type Store } from "./store.ts";

export interface ProgramSpec {
  /** Values that can be read after a run. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** New contents of slabs, by slab name, [blocks, 256]. */
  readonly assign?: Readonly<Record<string, Tensor>>;
}

export type Precision = "plain" | "compensated";

export interface CompileOptions {
  /** Default f32; f16 wants a GPU with shader-f16 and a loss that is scaled. */
  readonly storage?: StorageType;
  /** Default plain; compensated: contractions round their results only, not each product and sum, and take longer. */
  readonly precision?: Precision;
  /** Called with the plan's memory before anything is allocated. */
  readonly onMemory?: (report: MemoryReport) => void;
}

/** Most step scalars a program can use. */
const SCALARS = 64;

/** Bytes of the uniform block that each dispatch has for its numbers: WebGPU's alignment of offsets. */
const NUMBERS_BYTES = 256;

/**
 * Compiles a graph against a store. Throws TypeError when an op has no kernel or an assignment does not fit its slab,
 * RangeError when a tensor is over the device's limits or the device stores no halves, SyntaxError when a kernel is
 * refused; nothing stays allocated then.
 */
export async function compile(
  store: Store,
  spec: ProgramSpec,
  options: CompileOptions = {},
): Promise<Program> {
  const { gpu } = store;
  const schedule = scheduleOf(store, spec, options);
  options.onMemory?.(schedule.memory);
  const owned: Storage[] = [];
  try {
    const { places, inputs } = allocate(store, schedule, owned);
    const placeOf = (operand: Operand) => placed(store, places, operand);
    const { calls, uniform, scalars } = await compileCalls(gpu, schedule.calls, placeOf);
    const scalarValues = new Float32Array(SCALARS);
    const slabs = new Set<Slab>(schedule.assigned);
    for (const call of calls) for (const place of call.places) if ("slab" in place) slabs.add(place.slab);
    const outputs = new Map(
      schedule.outputs.map(({ name, tensor, operand }) => [name, { tensor, ...placeOf(operand) }]),
    );
    const pipelines = new Set(calls.map((call) => call.pipeline)).size;
    const internal = {
      uniform,
      scalarBlock: createUniform(gpu, scalarValues, "step scalars"),
      scalarValues,
      owned,
      slabs: [...slabs],
      assigned: schedule.assigned,
      groups: new Map(),
    };
    return { gpu, store, calls, pipelines, memory: schedule.memory, inputs, outputs, scalars, internal };
  } catch (error) {
    for (const storage of owned) destroyStorage(gpu, storage);
    throw error;
  }
}

/** All that is decided before memory is taken. */
interface Schedule {
  readonly calls: readonly KernelCall[];
  readonly outputs: readonly { readonly name: string; readonly tensor: Tensor; readonly operand: Operand }[];
  readonly assigned: readonly Slab[];
  /** Values that are the new contents of a slab. */
  readonly next: ReadonlyMap<Value, Slab>;
  readonly values: ReadonlySet<Value>;
  readonly plan: Plan;
  readonly memory: MemoryReport;
}

function scheduleOf(store: Store, spec: ProgramSpec, options: CompileOptions): Schedule {
  const { gpu } = store, { storage = "f32", precision = "plain" } = options;
  expectStorage(gpu, storage);
  const names = Object.keys(spec.outputs), assign = Object.entries(spec.assign ?? {});
  const roots = expandMacros([...Object.values(spec.outputs), ...assign.map(([, tensor]) => tensor)]);
  const halves = storage === "f16" ? halfNodes(roots) : undefined;
  const lowered = lowerGraph(fuse(roots, gpu.deviceClass), roots, gpu.deviceClass, {
    halves,
    most: maxWords(gpu),
    compensated: precision === "compensated",
  });
  const calls = storage === "f16" ? withShadows(lowered, roots, store) : [...lowered.steps];
  const operandOf = (tensor: Tensor): Operand => {
    const { root, offset } = viewOf(tensor);
    return { value: lowered.valueOf(root), offset };
  };
  const outputs = names.map((name, i) => ({ name, tensor: roots[i], operand: operandOf(roots[i]) }));
  const next = new Map<Value, Slab>();
  const assigned = assign.map(([name], i) => {
    const tensor = roots[names.length + i], slab = slabOf(store, name);
    if (!sameShape(tensor.shape, [slab.blocks, BLOCK])) {
      throw new TypeError(`${showShape(tensor.shape)} does not fit slab "${name}" of ${slab.blocks} blocks`);
    }
    next.set(intoSlab(tensor, operandOf(tensor), next, calls), slab);
    return slab;
  });
  const values = new Set<Value>();
  for (const call of calls) {
    for (const operand of [...call.reads, ...call.writes]) values.add(settle(operand).value);
  }
  const kept = new Set(outputs.map(({ operand }) => settle(operand).value));
  for (const value of kept) values.add(value);
  for (const value of values) expectRoom(gpu, value);
  const isTemporary = (value: Value) =>
    !next.has(value) && value.data === undefined && (value.tensor === null || !isLeaf(value.tensor));
  const plan = planStorage(calls, isTemporary, kept, maxWords(gpu));
  const memory = memoryReport(store, { slots: plan.slots, values, assigned });
  return { calls, outputs, assigned, next, values, plan, memory };
}

/** The value to be written to a slab: the node's own, or a copy where that lives elsewhere already. */
function intoSlab(tensor: Tensor, from: Operand, next: ReadonlyMap<Value, Slab>, calls: KernelCall[]): Value {
  const { value, offset } = from;
  const own = value.tensor !== null && !isLeaf(value.tensor) && offset === 0;
  if (own && !next.has(value) && value.home === undefined) return value;
  const copy: Value = { words: vec4sOf(tensor.shape), tensor: null };
  const writes = [{ value: copy, offset: 0 }];
  calls.push({
    launch: copyLaunch(copy.words),
    reads: [from],
    writes,
    core: tensor,
    flops: 0,
    contraction: false,
  });
  return copy;
}

type Inputs = Map<string, { tensor: Tensor; storage: Storage; staging: Float32Array<ArrayBuffer> }>;

/** Takes the memory of a schedule; what it creates is in `owned`, also when it throws. */
function allocate(
  store: Store,
  { values, plan, next, assigned }: Schedule,
  owned: Storage[],
): { places: Map<Value, Place>; inputs: Inputs } {
  const { gpu } = store;
  const own = (words: number, label: string, data?: Float32Array<ArrayBuffer>) => {
    const storage = createStorage(gpu, words, label);
    owned.push(storage);
    if (data !== undefined) writeStorage(gpu, storage, data);
    return storage;
  };
  for (const slab of assigned) ensureSecondSide(store, slab);
  const slots = plan.slots.map((words) => own(words, "activation"));
  const places = new Map<Value, Place>(), inputs: Inputs = new Map();
  for (const [value, slab] of next) places.set(value, { slab, next: true });
  for (const value of values) {
    const { tensor, words, data } = value, slot = plan.slotOf.get(value);
    if (slot !== undefined) places.set(value, { storage: slots[slot] });
    else if (data !== undefined) places.set(value, { storage: own(words, "table", data) });
    else if (tensor?.op === "input") {
      const name = tensor.attrs.name as string, storage = own(words, `input ${name}`);
      inputs.set(name, { tensor, storage, staging: new Float32Array(words * 4) });
      places.set(value, { storage });
    } else if (tensor?.op === "constant") {
      const padded = padRows(tensor.attrs.values as number[], tensor.shape);
      places.set(value, { storage: own(words, "constant", padded) });
    } else if (tensor?.op === "slab") {
      places.set(value, { slab: slabOf(store, tensor.attrs.name as string), next: false });
    }
  }
  return { places, inputs };
}

/** Where an operand's words are. */
function placed(
  store: Store,
  places: ReadonlyMap<Value, Place>,
  operand: Operand,
): { place: Place; offset: number } {
  const { value, offset } = settle(operand), { tensor } = value;
  if (tensor?.op === "param") {
    const at = store.placeOf.get(tensor.attrs.name as string);
    if (at === undefined) throw new RangeError(`The store has no parameter "${tensor.attrs.name}"`);
    return { place: { slab: at.slab, next: false }, offset: at.entry.block * (BLOCK / 4) + offset };
  }
  const place = places.get(value);
  if (place === undefined) throw new Error(`A value of ${tensor?.op ?? "a kernel"} has no place`);
  return { place, offset };
}

/** Pipelines, and one uniform block with the numbers of every dispatch. */
async function compileCalls(
  gpu: Gpu,
  calls: readonly KernelCall[],
  placeOf: (operand: Operand) => { place: Place; offset: number },
): Promise<{ calls: CompiledCall[]; uniform: GPUBuffer; scalars: string[] }> {
  const scalars = [...new Set(calls.flatMap((call) => call.launch.kernel.scalars ?? []))];
  if (scalars.length > SCALARS) throw new RangeError(`A program has at most ${SCALARS} step scalars`);
  const block = new ArrayBuffer(Math.max(1, calls.length) * NUMBERS_BYTES);
  const compiled = await Promise.all(calls.map(async (call, index) => {
    const { kernel, groups } = call.launch;
    const given = [...call.reads, ...call.writes], operands = given.map(placeOf);
    const slots = (kernel.scalars ?? []).map((name) => scalars.indexOf(name));
    const offsets = operands.map(({ offset }) => offset);
    writeNumbers(call, [...slots, ...offsets], new DataView(block, index * NUMBERS_BYTES, NUMBERS_BYTES));
    const halves = [...kernel.reads, ...kernel.writes].filter((_, i) => settle(given[i]).value.half);
    const code = assemble(kernel, gpu.memory, new Set(halves));
    const pipeline = await pipelineOf(gpu, code, `${kernel.label} (${call.core.op} @ ${call.core.scope})`);
    const grid: [number, number] = groups <= MAX_GROUPS ? [groups, 1] : [32768, Math.ceil(groups / 32768)];
    return { ...call, pipeline, grid, places: operands.map(({ place }) => place) };
  }));
  return { calls: compiled, uniform: createUniform(gpu, block, "kernel numbers"), scalars };
}

/** A dispatch's sizes, constants, and then `rest`, in the order of uniformNames. */
function writeNumbers({ launch }: KernelCall, rest: readonly number[], view: DataView): void {
  const { kernel, sizes, constants = [] } = launch;
  const numbers = [...sizes, ...constants, ...rest], floats = new Set(kernel.constants ?? []);
  if (numbers.length * 4 > NUMBERS_BYTES) throw new RangeError(`Kernel ${kernel.label} has too many numbers`);
  uniformNames(kernel).forEach((name, i) => {
    if (floats.has(name)) view.setFloat32(i * 4, numbers[i], true);
    else view.setUint32(i * 4, numbers[i], true);
  });
}
