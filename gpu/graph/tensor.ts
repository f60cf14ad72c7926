// The words of the graph: a node, a parameter's description, the list that holds them. A `Tensor` is a symbolic
// handle; it holds no data.

import type { DType, Shape } from "../base/mod.ts";

export type Attr = number | string | boolean | null | readonly number[];
export type Attrs = Readonly<Record<string, Attr>>;

export interface Tensor {
  readonly id: number;
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where in the model the node was made, e.g. `visual/layer1.0`. */
  readonly scope: string;
  readonly graph: Graph;
}

/** Fills a fresh parameter; `uniform` and `normal` draw `count` numbers from the parameter's own stream. */
export type Init = (
  shape: Shape,
  random: { uniform(count: number): Float64Array; normal(count: number): Float64Array },
) => Float32Array;

/** A value that outlives a step: a trained parameter or a buffer (running statistics). */
export interface ParamSpec {
  /** PyTorch state-dict name. */
  readonly name: string;
  /** Shape in the engine (HWIO for convolutions). */
  readonly shape: Shape;
  readonly init: Init;
  readonly trainable: boolean;
  /** Layout on disk: `oihw` = a convolution stored as HWIO here, as OIHW there. */
  readonly layout: "plain" | "oihw";
}

export interface Graph {
  readonly nodes: Tensor[];
  readonly params: Map<string, ParamSpec>;
  readonly inputs: Map<string, Tensor>;
  scope: string;
  readonly known: Map<string, Tensor>;
}
