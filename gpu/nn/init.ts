// How fresh parameters are filled. Every parameter draws from its own counter-based stream (seed, name), so adding a
// layer leaves the others' values alone. Fans are read off the engine's layouts: [out, in] linears, HWIO convolutions.

import { type Shape, sizeOf } from "../base/mod.ts";
import type { Init } from "../graph/mod.ts";

/** Number of inputs that one output sees: the columns of [out, in], height x width x channels of an HWIO kernel. */
export function fanIn(shape: Shape): number {
  if (shape.length === 4) return shape[0] * shape[1] * shape[2];
  return shape.length === 0 ? 1 : shape[shape.length - 1];
}

function fanOut(shape: Shape): number {
  return shape.length === 4 ? shape[0] * shape[1] * shape[3] : shape[0];
}

/** The same number everywhere. */
export function value(number: number): Init {
  return (shape) => new Float32Array(sizeOf(shape)).fill(number);
}

export const zeros: Init = value(0);
export const ones: Init = value(1);

/** U(-bound, bound). */
export function uniform(bound: number): Init {
  return (shape, random) => Float32Array.from(random.uniform(sizeOf(shape)), (u) => (2 * u - 1) * bound);
}

/** N(0, std^2). */
export function normal(std: number): Init {
  return (shape, random) => Float32Array.from(random.normal(sizeOf(shape)), (z) => z * std);
}

/** What torch gives Linear and Conv weights: Kaiming uniform with a = sqrt 5, which is U(-1/sqrt fanIn, 1/sqrt fanIn). */
export const kaimingUniform: Init = (shape, random) => uniform(1 / Math.sqrt(fanIn(shape)))(shape, random);

/** What torch gives the bias of a Linear or Conv whose outputs see `inputs` values. */
export function biasUniform(inputs: number): Init {
  return uniform(1 / Math.sqrt(inputs));
}

/** Glorot uniform: U(-b, b), b = sqrt(6 / (fanIn + fanOut)). */
export const xavierUniform: Init = (shape, random) =>
  uniform(Math.sqrt(6 / (fanIn(shape) + fanOut(shape))))(shape, random);
