// Where each tensor lies in a slab. A slab is one run of blocks of 256 floats; every tensor starts at a block and is
// stored as on the device: its rows one after the other, each padded with zeros to whole vec4s. The store, `collect`
// and the optimisers share this one definition, so a block of any slab belongs to one tensor. What a device cannot bind
// at once is a group of several slabs ("params", "params.1", ...), no tensor of which lies in two.

import { lastOf, rowsOf, type Shape, showShape, sizeOf, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import { BLOCK, slab } from "./leaf.ts";
import type { Graph, Tensor } from "./tensor.ts";

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

interface Named {
  readonly name: string;
  readonly shape: Shape;
}

const blocksOf = (shape: Shape) => Math.ceil((vec4sOf(shape) * 4) / BLOCK);

/** Lays tensors out one after the other, in the order given. Throws RangeError when a name comes twice. */
export function slabLayout(specs: readonly Named[]): SlabLayout {
  const entries: SlabEntry[] = [];
  const names = new Set<string>();
  let block = 0;
  for (const { name, shape } of specs) {
    if (names.has(name)) throw new RangeError(`Tensor "${name}" comes twice in one slab`);
    names.add(name);
    const blocks = blocksOf(shape);
    entries.push({ name, shape, block, blocks, vec4s: vec4sOf(shape) });
    block += blocks;
  }
  return { blocks: block, entries };
}

/**
 * The layouts of a group of slabs of at most `most` blocks each: the tensors in the order given, a new slab wherever
 * the next one no longer fits. No tensors, no slab. Throws RangeError naming a tensor that is larger than a slab.
 */
export function slabLayouts(specs: readonly Named[], most: number): SlabLayout[] {
  const parts: Named[][] = [];
  let room = 0;
  for (const spec of specs) {
    const blocks = blocksOf(spec.shape);
    if (blocks > most) {
      throw new RangeError(
        `"${spec.name}" ${showShape(spec.shape)} needs ${blocks} KiB and a slab holds at most ${most} KiB ` +
          `on this device: make this tensor smaller (fewer classes, words or channels)`,
      );
    }
    if (parts.length === 0 || blocks > room) {
      parts.push([]);
      room = most;
    }
    parts[parts.length - 1].push(spec);
    room -= blocks;
  }
  return parts.map(slabLayout);
}

/** Name of a slab of a group; part 0 has the group's own. */
export function slabName(group: string, part: number): string {
  return part === 0 ? group : `${group}.${part}`;
}

/** The leaves of a group of slabs. */
export function slabGroup(graph: Graph, group: string, layouts: readonly SlabLayout[]): Tensor[] {
  return layouts.map(({ blocks }, part) => slab(graph, slabName(group, part), blocks));
}

/** Tensors under the names of a group's slabs. */
export function namedSlabs(group: string, slabs: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(slabs.map((tensor, part) => [slabName(group, part), tensor]));
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
