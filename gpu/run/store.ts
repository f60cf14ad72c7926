// What outlives a step: parameters, buffers and moments, in slabs. A slab is one storage for many tensors; it has two
// sides, because a kernel cannot read and write the same texture: a program that assigns a slab writes the other side
// and the sides change roles when the step is submitted.

import { f32, type HostArray, normals, type Shape, sizeOf, streamOf, uniforms } from "../base/mod.ts";
import {
  BLOCK,
  packEntry,
  type ParamSpec,
  type SlabEntry,
  type SlabLayout,
  slabLayouts,
  slabName,
  unpackEntry,
} from "../graph/mod.ts";
import {
  createStorage,
  destroyStorage,
  type Gpu,
  maxWords,
  readStorages,
  type Storage,
  storageBytes,
  writeStorage,
} from "../device/mod.ts";

/** Words of a slab block. */
const BLOCK_WORDS = BLOCK / 4;

export interface Slab {
  readonly name: string;
  /** The slabs of a group follow one another; most groups have one slab, of the group's name. */
  readonly group: string;
  readonly blocks: number;
  readonly layout: SlabLayout | null;
  /** The second side is made when a program first assigns the slab. */
  readonly sides: [Storage, Storage | null];
  current: 0 | 1;
}

export interface Store {
  readonly gpu: Gpu;
  /** Most blocks of a slab; what needs more becomes a group of several. */
  readonly slabBlocks: number;
  readonly slabs: Map<string, Slab>;
  /** Where each parameter or buffer is. */
  readonly placeOf: Map<string, { readonly slab: Slab; readonly entry: SlabEntry; readonly spec: ParamSpec }>;
}

/** An empty store. `slabWords`: the largest slab, in vec4 words, if that is to be less than the device binds. */
export function createStore(gpu: Gpu, slabWords = Infinity): Store {
  const slabBlocks = Math.floor(Math.min(slabWords, maxWords(gpu)) / BLOCK_WORDS);
  return { gpu, slabBlocks, slabs: new Map(), placeOf: new Map() };
}

/**
 * Makes the slabs of a group for parameters or buffers and fills them from their `init`s; each draws from a stream of
 * its own name, so the values do not depend on the order. Throws RangeError when a name is taken or a tensor is larger
 * than a slab can be.
 */
export function defineParams(
  store: Store,
  group: string,
  specs: readonly ParamSpec[],
  seed: number,
): Slab[] {
  const specOf = new Map(specs.map((spec) => [spec.name, spec]));
  return slabLayouts(specs, store.slabBlocks).map((layout, part) => {
    const slab = newSlab(store, slabName(group, part), layout.blocks, layout, group);
    const data = new Float32Array(slab.blocks * BLOCK);
    for (const entry of layout.entries) {
      if (store.placeOf.has(entry.name)) {
        throw new RangeError(`Parameter "${entry.name}" is in the store already`);
      }
      const spec = specOf.get(entry.name)!;
      store.placeOf.set(entry.name, { slab, entry, spec });
      packEntry(data, entry, initialValues(spec, seed));
    }
    writeStorage(store.gpu, slab.sides[0], data);
    return slab;
  });
}

/** The values a parameter starts with under a seed. Throws TypeError when its init gives another number of values. */
export function initialValues(spec: ParamSpec, seed: number): Float32Array {
  const stream = streamOf(spec.name);
  const values = spec.init(spec.shape, {
    uniform: (count) => uniforms(count, seed, stream),
    normal: (count) => normals(count, seed, stream),
  });
  if (values.length !== sizeOf(spec.shape)) {
    throw new TypeError(`The init of "${spec.name}" gave ${values.length} values`);
  }
  return values;
}

/** Makes a slab of zeros (moments, accumulated gradients, EMA), or returns the one of that name. */
export function defineSlab(
  store: Store,
  name: string,
  blocks: number,
  layout: SlabLayout | null = null,
  group = name,
): Slab {
  const known = store.slabs.get(name);
  if (known !== undefined) {
    if (known.blocks !== blocks) {
      throw new RangeError(`Slab "${name}" has ${known.blocks} blocks, not ${blocks}`);
    }
    return known;
  }
  const slab = newSlab(store, name, blocks, layout, group);
  writeStorage(store.gpu, slab.sides[0], new Float32Array(blocks * BLOCK));
  return slab;
}

/** Makes the slabs of a group that follows another: zeros, laid out as that one. */
export function defineGroup(store: Store, group: string, layouts: readonly SlabLayout[]): void {
  layouts.forEach((layout, part) => {
    defineSlab(store, slabName(group, part), layout.blocks, layout, group);
  });
}

/** The slabs of a group, in order; none where there is no such group. */
export function slabsOf(store: Store, group: string): Slab[] {
  return [...store.slabs.values()].filter((slab) => slab.group === group);
}

function newSlab(
  store: Store,
  name: string,
  blocks: number,
  layout: SlabLayout | null,
  group: string,
): Slab {
  if (store.slabs.has(name)) throw new RangeError(`Slab "${name}" is defined twice`);
  const remedy = "define several smaller ones; features of a whole step take less in a smaller batch";
  const first = createStorage(store.gpu, blocks * BLOCK_WORDS, `Slab "${name}"`, remedy);
  const slab: Slab = { name, group, blocks, layout, sides: [first, null], current: 0 };
  store.slabs.set(name, slab);
  return slab;
}

/** Bytes that a slab will take on the device, with one side or with both. */
export function slabBytes(gpu: Gpu, blocks: number, sides: 1 | 2): number {
  return sides * storageBytes(gpu, blocks * BLOCK_WORDS);
}

/** Makes the side that an assigning program writes. */
export function ensureSecondSide(store: Store, slab: Slab): void {
  slab.sides[1] ??= createStorage(store.gpu, slab.blocks * BLOCK_WORDS, `slab ${slab.name} (second side)`);
}

export function currentSide(slab: Slab): Storage {
  return slab.sides[slab.current]!;
}

/** Whole slabs as floats, in one wait. Throws RangeError for an unknown name. */
export async function readSlabs(
  store: Store,
  names: readonly string[],
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const slabs = names.map((name) => slabOf(store, name));
  const data = await readStorages(
    store.gpu,
    slabs.map((s) => ({ storage: currentSide(s), at: 0, words: s.blocks * BLOCK_WORDS })),
  );
  return new Map(slabs.map((slab, i) => [slab.name, data[i]]));
}

/** Replaces a whole slab. Throws TypeError when the length is not the slab's. */
export function writeSlab(store: Store, name: string, data: Float32Array<ArrayBuffer>): void {
  const slab = slabOf(store, name);
  if (data.length !== slab.blocks * BLOCK) {
    throw new TypeError(`Slab "${name}" holds ${slab.blocks * BLOCK} floats, not ${data.length}`);
  }
  writeStorage(store.gpu, currentSide(slab), data);
}

/** A slab by name; throws RangeError for an unknown one. */
export function slabOf(store: Store, name: string): Slab {
  const slab = store.slabs.get(name);
  if (slab === undefined) throw new RangeError(`The store has no slab "${name}"`);
  return slab;
}

/** Tensors of a group of slabs by name, in the engine's layout. Throws RangeError for an unknown group. */
export async function readTensors(store: Store, group: string): Promise<Map<string, HostArray>> {
  const slabs = slabsOf(store, group);
  if (slabs.length === 0) throw new RangeError(`The store has no slabs "${group}"`);
  const data = await readSlabs(store, slabs.map(({ name }) => name));
  return new Map(slabs.flatMap(({ name, layout }) => {
    const floats = data.get(name)!;
    return (layout?.entries ?? []).map((entry): [string, HostArray] => {
      return [entry.name, f32(unpackEntry(floats, entry), entry.shape)];
    });
  }));
}

/** Writes tensors by name into their slabs. Throws RangeError for an unknown name, TypeError for another shape. */
export async function writeTensors(
  store: Store,
  tensors: ReadonlyMap<string, { data: ArrayLike<number>; shape: Shape }>,
): Promise<void> {
  const touched = new Map<Slab, [SlabEntry, ArrayLike<number>][]>();
  for (const [name, { data }] of tensors) {
    const place = store.placeOf.get(name);
    if (place === undefined) throw new RangeError(`The store has no parameter "${name}"`);
    if (!touched.has(place.slab)) touched.set(place.slab, []);
    touched.get(place.slab)!.push([place.entry, data]);
  }
  const current = await readSlabs(store, [...touched.keys()].map((slab) => slab.name));
  for (const [slab, parts] of touched) {
    const data = current.get(slab.name)!;
    for (const [entry, values] of parts) packEntry(data, entry, values);
    writeSlab(store, slab.name, data);
  }
}

/** Frees all device memory of the store. */
export function destroyStore(store: Store): void {
  for (const slab of store.slabs.values()) {
    for (const side of slab.sides) if (side !== null) destroyStorage(store.gpu, side);
  }
  store.slabs.clear();
  store.placeOf.clear();
}
