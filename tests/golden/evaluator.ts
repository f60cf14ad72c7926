// Who computes a graph for the golden runner: the float64 interpreter here, or the engine on the device
// (device_evaluator.ts). A case builds its graph once and may evaluate it many times (the steps of a training).

import type { Shape } from "../../gpu/base/mod.ts";
import type { Tensor } from "../../gpu/graph/mod.ts";
import type { Precision } from "../../gpu/run/compile.ts";
import { interpret } from "../../gpu/run/reference.ts";

/** Row-major numbers without padding. */
export interface NumberArray {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
}

/** What the leaves of a graph stand for, by name. Slabs are [blocks, 256]. */
export interface Values {
  readonly inputs: ReadonlyMap<string, NumberArray>;
  readonly params: ReadonlyMap<string, NumberArray>;
  readonly slabs: ReadonlyMap<string, NumberArray>;
  readonly scalars: ReadonlyMap<string, number>;
}

export interface Evaluator {
  readonly name: string;
  /** Values of `outputs`, by default in plain f32; the same list of outputs again reuses what was compiled for it. */
  evaluate(outputs: readonly Tensor[], values: Values, precision?: Precision): Promise<NumberArray[]>;
  /** Frees what it holds. */
  close(): void;
}

/** The interpreter: no device, float64. */
export const referenceEvaluator: Evaluator = {
  name: "float64 reference",
  evaluate: (outputs, { inputs, params, slabs, scalars }) => {
    const doubles = (table: ReadonlyMap<string, NumberArray>) =>
      new Map([...table].map(([name, { data, shape }]) => {
        return [name, { data: data instanceof Float64Array ? data : Float64Array.from(data), shape }];
      }));
    const values = { inputs: doubles(inputs), params: doubles(params), slabs: doubles(slabs), scalars };
    return Promise.resolve(interpret(outputs, values));
  },
  close: () => {},
};
