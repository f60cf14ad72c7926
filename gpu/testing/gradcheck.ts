// First rung of checking: the gradient of every op against central differences, in float64, with no device. Single
// elements are moved one by one, and all of them together along random directions, so none escapes.

import { sizeOf, streamOf, uniforms } from "../base/mod.ts";
import { gradients, input, type OpCase, type OpRecord, type RefArray, type Tensor } from "../graph/mod.ts";
import { interpret } from "../run/reference.ts";
import { buildCase } from "./case_inputs.ts";

export interface GradcheckOptions {
  /** Elements of each input that are moved one by one, spread evenly. */
  readonly elements?: number;
  /** Random directions in which all elements of an input move. */
  readonly directions?: number;
  /** Accepted difference, relative to the larger of 1 and the two sides. */
  readonly tolerance?: number;
}

const step = 1e-5;

/** Worst difference found, and where. */
export interface GradcheckResult {
  readonly worst: number;
  /** One line per derivative that is further off than the tolerance. */
  readonly failures: string[];
}

/** Checks the gradients of one case of an op towards all its float inputs not marked `gradient: false`. */
export function gradcheckCase(
  record: OpRecord,
  test: OpCase,
  options: GradcheckOptions = {},
): GradcheckResult {
  const { inputs, output, values } = buildCase(record, test);
  const wrt = inputs.filter((_, i) => test.inputs[i].dtype !== "i32" && test.inputs[i].gradient !== false);
  return gradcheck(output, wrt, values, options);
}

/**
 * Checks d<output, c>/dw for a random cotangent c and every w of `wrt` (inputs of the graph) against central
 * differences. `values` holds all inputs by name.
 */
export function gradcheck(
  output: Tensor,
  wrt: readonly Tensor[],
  values: ReadonlyMap<string, RefArray>,
  options: GradcheckOptions = {},
): GradcheckResult {
  const { elements = 16, directions = 2, tolerance = 1e-6 } = options;
  const cotangent = { data: symmetric(sizeOf(output.shape), "cotangent"), shape: output.shape };
  const dy = input(output.graph, "cotangent", output.shape);
  const results = gradients([output], [dy], wrt);
  const all = new Map([...values, ["cotangent", cotangent]]);
  const found = interpret(results.filter((g) => g !== null), { inputs: all });
  const failures: string[] = [];
  let worst = 0, next = 0;
  for (const [i, target] of wrt.entries()) {
    const name = target.attrs.name as string;
    const base = values.get(name)!;
    const analytic = results[i] === null ? new Float64Array(base.data.length) : found[next++].data;
    const slope = (direction: (e: number) => number) => {
      const loss = (sign: number) => {
        const data = base.data.map((value, e) => value + sign * step * direction(e));
        const moved = new Map(values).set(name, { data, shape: base.shape });
        return dot(interpret([output], { inputs: moved })[0].data, cotangent.data);
      };
      return (loss(1) - loss(-1)) / (2 * step);
    };
    const compare = (what: string, got: number, want: number) => {
      const error = Math.abs(got - want) / Math.max(1, Math.abs(got), Math.abs(want));
      worst = Math.max(worst, error);
      if (!(error <= tolerance)) failures.push(`${what} of ${name}: gradient ${got}, differences ${want}`);
    };
    const stride = Math.max(1, Math.ceil(base.data.length / elements));
    for (let e = 0; e < base.data.length; e += stride) {
      compare(`element ${e}`, analytic[e], slope((k) => k === e ? 1 : 0));
    }
    for (let d = 0; d < directions; d++) {
      const direction = symmetric(base.data.length, `direction ${d}`);
      compare(`direction ${d}`, dot(analytic, direction), slope((k) => direction[k]));
    }
  }
  return { worst, failures };
}

function symmetric(count: number, name: string): Float64Array {
  return uniforms(count, 1, streamOf(name)).map((u) => 2 * u - 1);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
