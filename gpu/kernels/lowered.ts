// What an op's record says about how it runs: a contraction, a reduction over rows, or fixed kernels of its own.
// The first two are open: run/fuse.ts lets elementwise neighbours and column sums ride along.

import type { ContractSpec } from "./contract.ts";
import type { Program } from "./expr.ts";
import type { Reduction } from "./column_sums.ts";
import type { Launch } from "./wgsl.ts";

/** Where an operand of a fixed kernel comes from. */
export type Bound =
  | { readonly input: number; readonly offset?: number }
  | { readonly temp: number }
  | { readonly out: true };

export interface Dispatch {
  readonly launch: Launch;
  readonly bind: Readonly<Record<string, Bound>>;
}

export interface ContractLowered {
  readonly kind: "contract";
  readonly spec: ContractSpec;
  /** Inputs of the op that are A and B. */
  readonly a: number;
  readonly b: number;
}

export interface ColumnLowered {
  readonly kind: "column";
  /** Loads operands named like the keys of `bind`; `main` is the one whose producer may carry this reduction. */
  readonly program: Program;
  readonly results: readonly number[];
  readonly bind: Readonly<Record<string, { readonly input: number; readonly offset?: number }>>;
  readonly main: string;
  readonly reduction: Reduction;
  readonly outer: number;
  readonly rows: number;
  readonly last: number;
  /** The words of several rows were joined to one: neighbours cannot ride along. */
  readonly plain?: boolean;
  /** From partials (operand X, [outer, chunks, parts, C]) to the result (operand Y); `rows` per full chunk. */
  readonly finish: (chunks: number, chunkRows: number) => Dispatch;
}

export interface FixedLowered {
  readonly kind: "fixed";
  readonly dispatches: readonly Dispatch[];
  /** Words of each temporary. */
  readonly temps?: readonly number[];
}

/** Tensors laid one after the other into a slab; see kernels/collect.ts. */
export interface CollectLowered {
  readonly kind: "collect";
  readonly blocks: number;
}

export type Lowered = ContractLowered | ColumnLowered | FixedLowered | CollectLowered;

/** Marks the result of a record's `lower`. */
export function lowered(value: Lowered): Lowered {
  return value;
}
