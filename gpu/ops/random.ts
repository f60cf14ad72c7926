// Random tensors: a pure function of (seed, stream, step, element), so that a replayed, resumed or micro-batched step
// draws the same numbers on every device. The seed and the step are scalars of the step block.

import { normals, type Shape, sizeOf, uniforms } from "../base/mod.ts";
import {
  constant,
  defineOp,
  emit,
  type Graph,
  type OpCase,
  type OpRecord,
  scalar,
  type Tensor,
} from "../graph/mod.ts";
import { lowerRandom } from "./lowering_random.ts";
import { greater, mul, mulScalar } from "./elementwise.ts";

function defineRandom(
  name: string,
  kind: "uniform" | "normal",
  draw: typeof uniforms,
  cost: number,
): OpRecord {
  return defineOp({
    name,
    lower: lowerRandom(kind),
    infer(inputs, attrs) {
      if (inputs.length !== 2 || inputs.some((t) => t.shape.length > 0)) {
        throw new TypeError(`${name} wants the scalars seed and step`);
      }
      return { shape: attrs.shape as Shape, dtype: "f32" };
    },
    vjp: () => [null, null],
    ref([seed, step], node) {
      const data = draw(sizeOf(node.shape), seed.data[0], node.attrs.stream as number, step.data[0]);
      return { data, shape: node.shape };
    },
    flops: (node) => cost * sizeOf(node.shape),
    cases: [
      randomCase([8, 4], 1, 2, 3),
      randomCase([3, 5], 4000000000, 7, 0),
      randomCase([17], 0, 0, 16000000),
      randomCase([2, 3, 7], 12, 4294967295, 9),
      randomCase([], 5, 1, 1),
    ],
  });
}

function randomCase(shape: Shape, seed: number, stream: number, step: number): OpCase {
  const inputs = [seed, step].map((value) => ({ shape: [], values: [value], gradient: false }));
  return {
    name: `[${shape}] of seed ${seed}, stream ${stream}, step ${step}`,
    inputs,
    attrs: { shape, stream },
  };
}

defineRandom("randomUniform", "uniform", uniforms, 10);
defineRandom("randomNormal", "normal", normals, 30);

/** Names the draw: two draws with the same stream are equal; use streamOf(name) of base. Unsigned 32-bit. */
export interface RandomOptions {
  readonly stream: number;
}

/** Uniform numbers in [0,1) with 24 random bits, new at every step. */
export function randomUniform(graph: Graph, shape: Shape, { stream }: RandomOptions): Tensor {
  return emit(graph, "randomUniform", seedAndStep(graph), { shape: [...shape], stream });
}

/** Standard normal numbers (Box-Muller), new at every step. */
export function randomNormal(graph: Graph, shape: Shape, { stream }: RandomOptions): Tensor {
  return emit(graph, "randomNormal", seedAndStep(graph), { shape: [...shape], stream });
}

/** x with each element zeroed with probability p and the rest divided by 1-p. Throws RangeError unless 0 <= p < 1. */
export function dropout(x: Tensor, p: number, options: RandomOptions): Tensor {
  if (!(p >= 0 && p < 1)) throw new RangeError(`Dropout probability is ${p}, wanted 0 or more and below 1`);
  if (p === 0) return x;
  const keep = greater(constant(x.graph, [1 - p], []), randomUniform(x.graph, x.shape, options));
  return mul(mulScalar(x, 1 / (1 - p)), keep);
}

function seedAndStep(graph: Graph): Tensor[] {
  return [scalar(graph, "seed"), scalar(graph, "step")];
}
