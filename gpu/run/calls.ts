// What lowering produces: kernel calls over values, before any memory is chosen. Shared by the parts of lowering.

import type { DeviceClass } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import type { Launch } from "../kernels/mod.ts";
import { viewOf } from "./alias.ts";
import type { Fused } from "./fuse.ts";

/** Something that holds words on the device: a leaf of the graph, a stored node, or a kernel's temporary. */
export interface Value {
  words: number;
  /** Stored in halves (precision.ts). */
  readonly half?: boolean;
  /** The leaf or node it stands for; null for a temporary. */
  readonly tensor: Tensor | null;
  /** Fixed contents, uploaded once. */
  readonly data?: Float32Array<ArrayBuffer>;
  /** A place inside another value. */
  home?: { readonly value: Value; readonly offset: number };
}

export interface Operand {
  readonly value: Value;
  readonly offset: number;
}

export interface KernelCall {
  readonly launch: Launch;
  readonly reads: readonly Operand[];
  readonly writes: readonly Operand[];
  readonly core: Tensor;
  readonly flops: number;
  /** A contraction's main loop: counted as GEMM time in profiles. */
  readonly contraction: boolean;
}

/** Words and copies of a value that is left in parts for `collect` to join. */
export interface Parts {
  readonly count: number;
  readonly words: number;
}

export interface Context {
  readonly fused: Fused;
  readonly target: DeviceClass;
  readonly valueOf: (root: Tensor) => Value;
  readonly partsOf: Map<Tensor, Parts>;
  /** Nodes whose value lives inside a collect's arena: node -> collect. */
  readonly arena: ReadonlyMap<Tensor, Tensor>;
  readonly arenas: Map<Tensor, Value>;
  /** Nodes whose value is not left in parts. */
  readonly whole: ReadonlySet<Tensor>;
  /** Words by which each collect's arena may exceed what it gathers. */
  readonly spare: Map<Tensor, number>;
  /** Nodes stored in halves. */
  readonly halves: ReadonlySet<Tensor>;
  /** Contractions keep what f32 rounds off. */
  readonly compensated: boolean;
  readonly steps: KernelCall[];
}

/** Appends the dispatch of a launch whose operands are given by name. */
export function emitCall(
  c: Context,
  core: Tensor,
  launch: Launch,
  operands: ReadonlyMap<string, Operand>,
  contraction = false,
  flops = 0,
): void {
  const find = (name: string): Operand => {
    const operand = operands.get(name);
    if (operand === undefined) throw new Error(`Operand ${name} of ${core.op} is not bound`);
    return operand;
  };
  const { kernel } = launch;
  c.steps.push({
    launch,
    reads: kernel.reads.map(find),
    writes: kernel.writes.map(find),
    core,
    flops,
    contraction,
  });
}

/** An input of a node as an operand of a kernel. */
export function inputOperand(c: Context, node: Tensor, source: { input: number; offset?: number }): Operand {
  const { root, offset } = viewOf(node.inputs[source.input]);
  return { value: c.valueOf(root), offset: offset + (source.offset ?? 0) };
}
