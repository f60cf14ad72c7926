// Who computes a graph for the golden runner: the float64 interpreter, or the engine on the device. A case builds its
// graph once and may evaluate it many times (the steps of a training) with other values.

import type { Shape } from "../../gpu/base/mod.ts";
import type { Tensor } from "../../gpu/graph/mod.ts";
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
  /** Values of `outputs`; the same list of outputs again reuses what was compiled for it. */
  evaluate(outputs: readonly Tensor[], values: Values): Promise<NumberArray[]>;
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
};

/** The engine on the device. Throws when this checkout has none, with the way round it. */
export async function deviceEvaluator(): Promise<Evaluator> {
  const place = new URL("../../gpu/run/mod.ts", import.meta.url).href;
  const engine = await import(place).catch(() => ({}));
  if (typeof engine.evaluateOnDevice !== "function") {
    throw new Error("The engine cannot evaluate on a device here; --reference runs the float64 interpreter");
  }
  return { name: "device", evaluate: engine.evaluateOnDevice };
}
