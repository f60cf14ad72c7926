// A trainer's state as named tensors in PyTorch's names and layouts: one set is the model's state dict, which other
// tools read; the other is what only a resumed run needs. Written as files elsewhere (data_utils/runs, safetensors).

import { sameShape, type Shape, showShape, sizeOf } from "../base/mod.ts";
import { BLOCK, packEntry, type ParamSpec, type SlabEntry, slabName, unpackEntry } from "../graph/mod.ts";
import { readSlabs, type Slab, slabsOf, type Store, writeSlab } from "../run/mod.ts";
import { LOSS_SCALE } from "./loss_scale.ts";

/** A tensor as it stands in a file: row-major, convolutions OIHW. */
export interface StateTensor {
  readonly data: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;
  readonly shape: readonly number[];
  readonly dtype: "f32" | "i64";
}

export interface NamedTensor extends StateTensor {
  readonly name: string;
}

/** Any record of values and shape, such as data_utils reads from a safetensors file. */
export interface StoredValues {
  readonly data: ArrayLike<number> | BigInt64Array;
  readonly shape: readonly number[];
}

/** Tensors by name, as a map or as a plain record (what readSafetensors gives). */
export type NamedValues = ReadonlyMap<string, StoredValues> | Readonly<Record<string, StoredValues>>;

/** The same as a map. */
export function namedValues(tensors: NamedValues): ReadonlyMap<string, StoredValues> {
  return tensors instanceof Map ? tensors : new Map(Object.entries(tensors));
}

/** Everything a run needs to go on as if it had never stopped. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  /** The state dict: trained and frozen weights, running statistics, counters (num_batches_tracked, i64). */
  readonly model: ReadonlyMap<string, StateTensor>;
  /**
   * `<slot>.<parameter>` for what the optimiser remembers, `ema.<parameter>` for averaged weights; where the loss is
   * scaled, `loss_scale.scale` and `loss_scale.good_steps`.
   */
  readonly optimizer: ReadonlyMap<string, StateTensor>;
}

/** Name of the number of steps among the tensors of the second file. */
const STEP = "step";

/** The first file: the state dict. */
export function modelTensors(state: TrainerState): NamedTensor[] {
  return named(state.model);
}

/** The second file: optimiser, averages and the number of steps done (`step`, i64). */
export function optimizerTensors(state: TrainerState): NamedTensor[] {
  return [{ name: STEP, ...counter(state.step) }, ...named(state.optimizer)];
}

/** The state in the tensors of both files. Throws RangeError when the second has no `step`. */
export function stateOf(model: NamedValues, optimizer: NamedValues): TrainerState {
  const { step, ...rest } = Object.fromEntries(namedValues(optimizer));
  if (step === undefined) throw new RangeError(`The optimiser's tensors hold no "${STEP}"`);
  const copied = (tensors: NamedValues) =>
    new Map([...namedValues(tensors)].map(([name, values]) => [name, stateTensor(values)]));
  return { step: Number(step.data[0]), model: copied(model), optimizer: copied(rest) };
}

function named(tensors: ReadonlyMap<string, StateTensor>): NamedTensor[] {
  return [...tensors].map(([name, tensor]) => ({ name, ...tensor }));
}

/** An integer of the state dict. */
function counter(value: number): StateTensor {
  return { data: BigInt64Array.of(BigInt(value)), shape: [], dtype: "i64" };
}

function stateTensor({ data, shape }: StoredValues): StateTensor {
  if (data instanceof BigInt64Array) return { data: BigInt64Array.from(data), shape, dtype: "i64" };
  return { data: Float32Array.from(data as ArrayLike<number>), shape, dtype: "f32" };
}

type Stored = Pick<ParamSpec, "name" | "shape" | "layout">;

/** A parameter's shape in PyTorch: convolutions [O,I,H,W], here [H,W,I,O]. */
function diskShape(spec: Stored): number[] {
  if (spec.layout === "plain") return [...spec.shape];
  const [h, w, i, o] = spec.shape;
  return [o, i, h, w];
}

/** Calls `visit` with the place of every element of a kernel in HWIO and in OIHW. */
function eachWeight([h, w, i, o]: Shape, visit: (hwio: number, oihw: number) => void): void {
  const area = h * w;
  for (let at = 0; at < area; at++) {
    for (let c = 0; c < i; c++) {
      for (let k = 0; k < o; k++) visit((at * i + c) * o + k, (k * i + c) * area + at);
    }
  }
}

/** A parameter's values as PyTorch lays them out. */
function toDisk(spec: Stored, values: Float32Array<ArrayBuffer>): StateTensor {
  const shape = diskShape(spec);
  if (spec.layout === "plain") return { data: values, shape, dtype: "f32" };
  const data = new Float32Array(values.length);
  eachWeight(spec.shape, (here, there) => data[there] = values[here]);
  return { data, shape, dtype: "f32" };
}

/** A parameter's values as the engine lays them out. Throws TypeError when the stored shape is another. */
function fromDisk(spec: Stored, { data, shape }: StoredValues): Float32Array {
  const wanted = diskShape(spec);
  if (!sameShape(shape, wanted) || data.length !== sizeOf(wanted)) {
    throw new TypeError(
      `"${spec.name}" is stored as ${showShape(shape)}, the model wants ${showShape(wanted)}`,
    );
  }
  const values = Float32Array.from(data as ArrayLike<number>);
  if (spec.layout === "plain") return values;
  const out = new Float32Array(values.length);
  eachWeight(spec.shape, (here, there) => out[here] = values[there]);
  return out;
}

/** How an entry of a slab is stored: as the parameter of its name, but for the scale of the loss. */
function storedAs(store: Store, slab: Slab, entry: SlabEntry): Stored {
  return slab.name === LOSS_SCALE ? { ...entry, layout: "plain" } : store.placeOf.get(entry.name)!.spec;
}

/** The parameters of a slab as they stand in a file, from its floats. */
function unpack(store: Store, slab: Slab, floats: Float32Array<ArrayBuffer>): [string, StateTensor][] {
  return slab.layout!.entries.map((entry) => {
    return [entry.name, toDisk(storedAs(store, slab, entry), unpackEntry(floats, entry))];
  });
}

/** Groups of slabs that hold weights or statistics of their own names. */
const MODEL_GROUPS = ["params", "frozen", "buffers"];

function modelSlabs(store: Store): Slab[] {
  return MODEL_GROUPS.flatMap((group) => slabsOf(store, group));
}

/** What the optimiser remembers, averages, the scale of the loss. */
function followers(store: Store): Slab[] {
  return [...store.slabs.values()].filter(({ group, layout }) =>
    layout !== null && !MODEL_GROUPS.includes(group)
  );
}

/** The state dict and what the optimiser remembers, as they are after the last step; one wait. */
export async function readState(
  store: Store,
  step: number,
  counters: ReadonlyMap<string, number>,
): Promise<TrainerState> {
  const own = modelSlabs(store), extra = followers(store);
  const floats = await readSlabs(store, [...own, ...extra].map(({ name }) => name));
  const tensors = (slab: Slab) => unpack(store, slab, floats.get(slab.name)!);
  const model = new Map([
    ...own.flatMap(tensors),
    ...[...counters].map(([name, value]): [string, StateTensor] => [name, counter(value)]),
  ]);
  const named = (slab: Slab) =>
    tensors(slab).map(([name, tensor]): [string, StateTensor] => [`${slab.group}.${name}`, tensor]);
  return { step, model, optimizer: new Map(extra.flatMap(named)) };
}

/**
 * Replaces weights, statistics and counters; an average starts anew from the weights. Throws RangeError naming tensors
 * that are missing or that the model does not have, TypeError when a shape is another; nothing is written then.
 */
export function writeModel(store: Store, tensors: NamedValues, counters: Map<string, number>): void {
  const model = namedValues(tensors), slabs = packModel(store, model, counters);
  write(store, slabs);
  slabsOf(store, "ema").forEach(({ name }, part) => {
    writeSlab(store, name, slabs.get(slabName("params", part))!);
  });
  writeCounters(counters, model);
}

/** Replaces all that a state holds but the number of steps. Throws as `writeModel`. */
export function writeState(store: Store, state: TrainerState, counters: Map<string, number>): void {
  const slabs = packModel(store, state.model, counters), others = followers(store);
  const wanted = others.flatMap(({ group, layout }) =>
    layout!.entries.map((entry) => `${group}.${entry.name}`)
  );
  refuseDifference("The optimiser", wanted, state.optimizer);
  for (const slab of others) {
    slabs.set(slab.name, pack(store, slab, (name) => state.optimizer.get(`${slab.group}.${name}`)!));
  }
  write(store, slabs);
  writeCounters(counters, state.model);
}

/** New contents of the model's slabs. */
function packModel(
  store: Store,
  model: ReadonlyMap<string, StoredValues>,
  counters: ReadonlyMap<string, number>,
): Map<string, Float32Array<ArrayBuffer>> {
  refuseDifference("The model", [...store.placeOf.keys(), ...counters.keys()], model);
  return new Map(
    modelSlabs(store).map((slab) => [slab.name, pack(store, slab, (name) => model.get(name)!)]),
  );
}

function write(store: Store, slabs: ReadonlyMap<string, Float32Array<ArrayBuffer>>): void {
  for (const [name, floats] of slabs) writeSlab(store, name, floats);
}

function writeCounters(counters: Map<string, number>, model: ReadonlyMap<string, StoredValues>): void {
  for (const name of counters.keys()) counters.set(name, Number(model.get(name)!.data[0]));
}

function refuseDifference(whose: string, wanted: string[], given: ReadonlyMap<string, unknown>): void {
  const missing = wanted.filter((name) => !given.has(name)), known = new Set(wanted);
  const strange = [...given.keys()].filter((name) => !known.has(name));
  const show = (names: string[]) =>
    names.slice(0, 3).join(", ") + (names.length > 3 ? `, ${names.length - 3} more` : "");
  if (missing.length > 0) {
    throw new RangeError(`${whose} wants ${show(missing)}, which the state does not hold`);
  }
  if (strange.length > 0) throw new RangeError(`${whose} has no ${show(strange)}, which the state holds`);
}

/** A slab's floats from the tensors of a file. */
function pack(store: Store, slab: Slab, find: (name: string) => StoredValues): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(slab.blocks * BLOCK);
  for (const entry of slab.layout!.entries) {
    packEntry(floats, entry, fromDisk(storedAs(store, slab, entry), find(entry.name)));
  }
  return floats;
}
