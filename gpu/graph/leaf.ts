// Two leaves that only a training step has: numbers that change at every step, and whole slabs of the store, on
// which the optimiser works in one piece.

import { leaf } from "./node.ts";
import type { Graph, Tensor } from "./tensor.ts";

/** Floats per slab block. Every tensor in a slab starts at a block, so one block belongs to one tensor. */
export const BLOCK = 256;

/** A number written anew at each step (learning rate, step index, seed); shape []. */
export function scalar(graph: Graph, name: string): Tensor {
  return leaf(graph, `scalar:${name}`, "scalar", { name }, []);
}

/** A whole slab, [blocks, 256]: tensors in their padded device layout, each at the start of a block. */
export function slab(graph: Graph, name: string, blocks: number): Tensor {
  return leaf(graph, `slab:${name}`, "slab", { name }, [blocks, BLOCK]);
}
