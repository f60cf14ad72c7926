// Checks shared by the `infer` functions of the contraction and normalisation ops: what an input must look like, and
// an error that says which input it was and what it should have been.

import { sameShape, type Shape, showShape } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";

/** Throws TypeError unless every tensor holds floats. */
export function expectFloats(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) {
    if (tensor.dtype !== "f32") {
      throw new TypeError(`Input ${showShape(tensor.shape)} holds ${tensor.dtype}, wanted f32`);
    }
  }
}

/** Throws TypeError unless the tensor holds indices. */
export function expectIndices(tensor: Tensor): void {
  if (tensor.dtype !== "i32") {
    throw new TypeError(`The indices ${showShape(tensor.shape)} hold ${tensor.dtype}, wanted i32`);
  }
}

/** Throws TypeError unless the tensor has exactly the shape. */
export function expectShape(name: string, tensor: Tensor, shape: Shape): void {
  if (!sameShape(tensor.shape, shape)) {
    throw new TypeError(`The ${name} is ${showShape(tensor.shape)}, wanted ${showShape(shape)}`);
  }
}

/** Throws TypeError unless the tensor has as many dimensions as `layout` names, e.g. "[N,H,W,C]". */
export function expectLayout(name: string, tensor: Tensor, layout: string): void {
  if (tensor.shape.length !== layout.split(",").length) {
    throw new TypeError(`The ${name} is ${showShape(tensor.shape)}, wanted ${layout}`);
  }
}

/** Throws TypeError when a tensor has fewer dimensions than `rank`. */
export function expectRank(name: string, tensor: Tensor, rank: number): void {
  if (tensor.shape.length < rank) {
    throw new TypeError(`The ${name} is ${showShape(tensor.shape)}, wanted at least ${rank} dimensions`);
  }
}

/** Throws RangeError unless `value` is a whole number of at least `least`. */
export function expectWhole(name: string, value: unknown, least: number): void {
  if (!Number.isInteger(value) || value as number < least) {
    throw new RangeError(`The ${name} is ${value}, wanted a whole number of at least ${least}`);
  }
}

/** Throws RangeError unless `value` is a finite number above zero. */
export function expectPositive(name: string, value: unknown): void {
  if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value)) {
    throw new RangeError(`The ${name} is ${value}, wanted a number above 0`);
  }
}
