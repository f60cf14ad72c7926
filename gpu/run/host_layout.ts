// Between host arrays (row-major, no padding) and the device's rows of whole vec4 words.

import { lastOf, rowsOf, type Shape, sizeOf, vec4sOf, vec4sPerRow } from "../base/mod.ts";

/** Pads rows with zeros to whole words. Integers and bytes become floats. `into` is reused when given. */
export function padRows(
  data: ArrayLike<number>,
  shape: Shape,
  into?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const out = into ?? new Float32Array(vec4sOf(shape) * 4);
  const last = lastOf(shape), stride = vec4sPerRow(shape) * 4;
  if (last === stride) {
    out.set(data);
    return out;
  }
  const rows = rowsOf(shape);
  if (last === 3) {
    for (let row = 0, from = 0, to = 0; row < rows; row++, from += 3, to += 4) {
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
    return out;
  }
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < last; i++) out[row * stride + i] = data[row * last + i];
  }
  return out;
}

/** Drops the padding. */
export function unpadRows(words: Float32Array<ArrayBuffer>, shape: Shape): Float32Array<ArrayBuffer> {
  const last = lastOf(shape), stride = vec4sPerRow(shape) * 4;
  if (last === stride) return words.subarray(0, sizeOf(shape));
  const out = new Float32Array(sizeOf(shape));
  for (let row = 0; row < rowsOf(shape); row++) {
    for (let i = 0; i < last; i++) out[row * last + i] = words[row * stride + i];
  }
  return out;
}
