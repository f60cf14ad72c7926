// Which tensors of a slab decay, learn faster, or are adapted: a rule gives two multipliers per parameter, and a block
// table spreads them over the slab's blocks. A block belongs to one tensor, so the optimisers need no more than one
// number per block to treat every tensor in its own way.

import type { Shape } from "../base/mod.ts";
import { constant, type Graph, type SlabLayout, type Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";

export interface Multipliers {
  /** Times the weight decay; 0 = none. Default 1. */
  readonly decay?: number;
  /** Times the learning rate. Default 1. */
  readonly lr?: number;
}

export type GroupRule = (parameter: { readonly name: string; readonly shape: Shape }) => Multipliers;

/** Every parameter decays (spec section 4.2, and PyTorch's default). */
export const decayAll: GroupRule = () => ({});

/** Only tensors of two dimensions or more decay. */
export const decayMatrices: GroupRule = ({ shape }) => ({ decay: shape.length < 2 ? 0 : 1 });

/** open_clip: as `decayMatrices`, and no name with bn, ln, bias or logit_scale in it decays. */
export const decayClip: GroupRule = ({ name, shape }) => ({
  decay: shape.length < 2 || /bn|ln|bias|logit_scale/.test(name) ? 0 : 1,
});

/** Numbers of every block of a slab. */
export interface BlockTable {
  readonly layout: SlabLayout;
  readonly decay: readonly number[];
  readonly lr: readonly number[];
  /** Position in the layout of the tensor that the block belongs to. */
  readonly tensor: readonly number[];
  /** 1 but for tensors of exactly one dimension, which LARS neither decays nor adapts. */
  readonly adapted: readonly number[];
}

/** The block table of a slab under a rule. */
export function blockTable(layout: SlabLayout, rule: GroupRule = decayAll): BlockTable {
  const decay: number[] = [], lr: number[] = [], tensor: number[] = [], adapted: number[] = [];
  layout.entries.forEach((entry, index) => {
    const own = rule(entry);
    for (let i = 0; i < entry.blocks; i++) {
      decay.push(own.decay ?? 1);
      lr.push(own.lr ?? 1);
      tensor.push(index);
      adapted.push(entry.shape.length === 1 ? 0 : 1);
    }
  });
  return { layout, decay, lr, tensor, adapted };
}

/** x times one number per block. Costs nothing where all are 1. */
export function timesPerBlock(x: Tensor, values: readonly number[]): Tensor {
  if (values.every((v) => v === values[0])) return ops.mulScalar(x, values[0] ?? 1);
  return ops.mul(x, perBlock(x.graph, values));
}

/** One number per block as [blocks, 1]. */
export function perBlock(graph: Graph, values: readonly number[]): Tensor {
  return constant(graph, values, [values.length, 1]);
}

/** Norm of each tensor of the slab, given to every block of that tensor: [blocks, 256] to [blocks, 1]. */
export function tensorNorms(x: Tensor, table: BlockTable): Tensor {
  const blocks = table.layout.blocks, rows = table.layout.entries.length;
  const perBlockSums = ops.sum(ops.square(x), { axes: [1], keep: true });
  const index = constant(x.graph, table.tensor, [blocks], "i32");
  const perTensor = ops.embeddingGrad(index, perBlockSums, { rows });
  return ops.sqrt(ops.embedding(index, perTensor));
}
