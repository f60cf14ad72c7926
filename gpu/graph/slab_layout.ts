// Where each tensor lies in a slab. A slab is one run of blocks of 256 floats; every tensor starts at a block and is
// stored as on the device: its rows one after the other, each padded with zeros to whole vec4s. The store, `collect`
// and the optimisers share this one definition, so a block of any slab belongs to one tensor.

import { lastOf, rowsOf, type Shape, sizeOf, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import { BLOCK } from "./leaf.ts";

export interface SlabEntry {
  readonly name: string;
  readonly shape: Shape;
  /** First block of the tensor. */
  readonly block: number;
  /** Number of blocks it takes. */
  readonly blocks: number;
  /** vec4 words it fills; the rest of its last block stays zero. */
  readonly vec4s: number;
}

export interface SlabLayout {
  readonly blocks: number;
  readonly entries: readonly SlabEntry[];
}

type Numbers = Float32Array | Float64Array;

/** Lays tensors out one after the other, in the order given. Throws RangeError when a name comes twice. */
export function slabLayout(specs: readonly { readonly name: string; readonly shape: Shape }[]): SlabLayout {
  const entries: SlabEntry[] = [];
  const names = new Set<string>();
  let block = 0;
  for (const { name, shape } of specs) {
    if (names.has(name)) throw new RangeError(`Tensor "${name}" comes twice in one slab`);
    names.add(name);
    const vec4s = vec4sOf(shape);
    const blocks = Math.ceil((vec4s * 4) / BLOCK);
    entries.push({ name, shape, block, blocks, vec4s });
    block += blocks;
  }
  return { blocks: block, entries };
}

/** Copies a tensor's values (row-major, no padding) to its place in a slab. Throws TypeError when they do not fit. */
export function packEntry(slab: Numbers, entry: SlabEntry, values: ArrayLike<number>): void {
  if (values.length !== sizeOf(entry.shape)) {
    throw new TypeError(
      `${values.length} values do not fill "${entry.name}" of ${sizeOf(entry.shape)} elements`,
    );
  }
  const last = lastOf(entry.shape), stride = vec4sPerRow(entry.shape) * 4;
  for (let row = 0, at = entry.block * BLOCK; row < rowsOf(entry.shape); row++, at += stride) {
    for (let i = 0; i < last; i++) slab[at + i] = values[row * last + i];
  }
}

/** The values of one tensor of a slab, row-major without padding, in the slab's number type. */
export function unpackEntry<T extends Numbers>(slab: T, entry: SlabEntry): T {
  const size = sizeOf(entry.shape);
  const out = (slab instanceof Float64Array ? new Float64Array(size) : new Float32Array(size)) as T;
  const last = lastOf(entry.shape), stride = vec4sPerRow(entry.shape) * 4;
  for (let row = 0, at = entry.block * BLOCK; row < rowsOf(entry.shape); row++, at += stride) {
    for (let i = 0; i < last; i++) out[row * last + i] = slab[at + i];
  }
  return out;
}
