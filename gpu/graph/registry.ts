// The table of operations. One record holds everything the engine knows about an op: what it gives, how gradients
// pass it, what it means in float64, how it runs on the device, and the cases that test it. ops/ fills the table.

import type { DeviceClass, DType, Shape } from "../base/mod.ts";
import type { Attrs, Tensor } from "./tensor.ts";

/** A float64 array of the reference interpreter, row-major without padding. */
export interface RefArray {
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** One test of an op: shapes of its inputs (values are drawn, or given), attributes. */
export interface OpCase {
  readonly name: string;
  readonly inputs: readonly {
    readonly shape: Shape;
    readonly dtype?: DType;
    /** Range of the drawn values; default [-2, 2]. For i32: integers in [low, high). */
    readonly low?: number;
    readonly high?: number;
    /** Fixed values instead of drawn ones. */
    readonly values?: readonly number[];
    /** False where no gradient is to be checked (masks, indices, statistics). */
    readonly gradient?: boolean;
  }[];
  readonly attrs?: Attrs;
}

/** How an elementwise op is written in WGSL: one vec4f expression of vec4f operands. */
export interface Elementwise {
  readonly wgsl: (operands: readonly string[], constants: readonly string[]) => string;
  /** Attributes handed to the kernel as f32 uniforms, so that their value makes no new pipeline. */
  readonly constants?: readonly string[];
  /** Names of WGSL helper functions (kernels/helpers.ts) that the expression calls. */
  readonly helpers?: readonly string[];
  /** True when zero operands give zero: the padding lanes then stay zero without a mask. */
  readonly keepsZero: boolean;
}

export interface OpRecord {
  readonly name: string;
  /** Shape and type of the result; throws TypeError or RangeError when the inputs do not fit. */
  readonly infer: (inputs: readonly Tensor[], attrs: Attrs) => { shape: Shape; dtype: DType };
  /** Gradients of the inputs, as new nodes, given the gradient of the result; null = none flows there. */
  readonly vjp?: (node: Tensor, dy: Tensor) => (Tensor | null)[];
  /** The meaning, in float64. */
  readonly ref: (inputs: readonly RefArray[], node: Tensor) => RefArray;
  /** Exactly one of these four says how it runs: */
  readonly elementwise?: Elementwise;
  /** - rewritten into other ops after differentiation; */
  readonly expand?: (node: Tensor) => Tensor;
  /** - the same bytes under another shape: offset in rows of the input; null when a copy is needed; */
  readonly alias?: (node: Tensor) => { rowOffset: number } | null;
  /** - its own kernels: a `Lowered` of kernels/lowered.ts. */
  readonly lower?: (node: Tensor, target: DeviceClass) => unknown;
  /**
   * What stays in f32 where activations are stored in halves (run/precision.ts): the result (sums, statistics), the
   * inputs (masked scores, which no half can hold), or both (losses and their logits).
   */
  readonly exact?: "result" | "inputs" | "both";
  /** Floating-point operations of one evaluation. */
  readonly flops?: (node: Tensor) => number;
  readonly cases: readonly OpCase[];
}

const records = new Map<string, OpRecord>();

/** Adds an op to the table and returns it. */
export function defineOp(record: OpRecord): OpRecord {
  if (records.has(record.name)) throw new RangeError(`Op "${record.name}" is defined twice`);
  records.set(record.name, record);
  return record;
}

/** The record of an op; throws RangeError for an unknown name. */
export function opRecord(name: string): OpRecord {
  const record = records.get(name);
  if (record === undefined) throw new RangeError(`Unknown op "${name}"`);
  return record;
}

export function allOps(): OpRecord[] {
  return [...records.values()];
}
