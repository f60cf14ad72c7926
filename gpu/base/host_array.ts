// What crosses the border of the engine: a flat typed array with its logical shape (row-major, no padding).
// data_utils hands over records of exactly this form, so neither side imports the other.

import { type Shape, showShape, sizeOf } from "./shape.ts";

export type DType = "f32" | "i32";

export interface HostArray {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: Shape;
  readonly dtype: "f32" | "i32" | "u8";
}

/** A float32 host array; throws TypeError when the number of values does not fit the shape. */
export function f32(data: ArrayLike<number>, shape: Shape): HostArray {
  return checked({
    data: data instanceof Float32Array ? data : Float32Array.from(data),
    shape,
    dtype: "f32",
  });
}

/** An int32 host array; throws TypeError when the number of values does not fit the shape. */
export function i32(data: ArrayLike<number>, shape: Shape): HostArray {
  return checked({ data: data instanceof Int32Array ? data : Int32Array.from(data), shape, dtype: "i32" });
}

function checked(array: HostArray): HostArray {
  if (array.data.length !== sizeOf(array.shape)) {
    throw new TypeError(`${array.data.length} values do not fill the shape ${showShape(array.shape)}`);
  }
  return array;
}
