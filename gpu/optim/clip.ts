// What happens to gradients before the optimiser and to weights after it: gradients are shortened to a norm, single
// parameters are kept inside a range.

import type { SlabLayout, Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { type BlockTable, perBlock, tensorNorms } from "./groups.ts";

/** Norm over all gradients of all slabs, shape []. */
export function globalNorm(slabs: readonly Tensor[]): Tensor {
  const sums = slabs.map((g) => ops.sum(ops.square(g), { axes: null }));
  return ops.sqrt(sums.reduce((a, b) => ops.add(a, b)));
}

/** min(1, limit / (norm + 1e-6)), as torch's clip_grad_norm_. */
function shortening(norm: Tensor, limit: number): Tensor {
  const room = ops.mulScalar(ops.reciprocal(ops.addScalar(norm, 1e-6)), limit);
  return ops.clamp(room, { min: null, max: 1 });
}

/** All slabs shortened together so that their common norm is at most `limit`; also the norm before. */
export function clipGlobalNorm(slabs: readonly Tensor[], limit: number): { slabs: Tensor[]; norm: Tensor } {
  const norm = globalNorm(slabs), factor = shortening(norm, limit);
  return { slabs: slabs.map((g) => ops.mul(g, factor)), norm };
}

/** Each tensor of the slab shortened by itself, as DINO does. */
export function clipTensorNorms(g: Tensor, table: BlockTable, limit: number): Tensor {
  return ops.mul(g, shortening(tensorNorms(g, table), limit));
}

/**
 * Keeps the named parameters of a slab in [min, max], e.g. logit_scale in [0, ln 100] after a step.
 * Throws RangeError for a name the slab does not hold, or a range without 0, which would fill the padding.
 */
export function clampParameters(
  p: Tensor,
  layout: SlabLayout,
  names: readonly string[],
  range: { readonly min: number; readonly max: number },
): Tensor {
  if (!(range.min <= 0 && range.max >= 0)) {
    throw new RangeError(`The range [${range.min}, ${range.max}] does not hold 0`);
  }
  const mask = new Array<number>(layout.blocks).fill(0);
  for (const name of names) {
    const entry = layout.entries.find((e) => e.name === name);
    if (entry === undefined) throw new RangeError(`No parameter "${name}" to keep in a range`);
    mask.fill(1, entry.block, entry.block + entry.blocks);
  }
  return names.length === 0 ? p : ops.where(perBlock(p.graph, mask), ops.clamp(p, range), p);
}
