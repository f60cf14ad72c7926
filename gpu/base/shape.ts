// Shapes are plain number arrays, row-major, outermost first. A tensor with no dimensions is a scalar of one
// element. On the device every tensor is a matrix of rows whose last dimension is padded to a multiple of four
// (`rowsOf`, `vec4sPerRow`): all kernels move vec4, and the padding lanes always hold zero.

export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((n, d) => n * d, 1);
}

/** Length of the last dimension; 1 for a scalar. */
export function lastOf(shape: Shape): number {
  return shape.length === 0 ? 1 : shape[shape.length - 1];
}

/** Number of rows on the device: the product of all dimensions but the last. */
export function rowsOf(shape: Shape): number {
  return sizeOf(shape.slice(0, -1));
}

/** vec4 words per row on the device. */
export function vec4sPerRow(shape: Shape): number {
  return Math.ceil(lastOf(shape) / 4);
}

/** vec4 words the tensor takes on the device. */
export function vec4sOf(shape: Shape): number {
  return rowsOf(shape) * vec4sPerRow(shape);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/** NumPy broadcasting of several shapes. Throws TypeError when two sizes differ and neither is 1. */
export function broadcastShapes(...shapes: Shape[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      if (shape[i] === 1) continue;
      if (out[at] !== 1 && out[at] !== shape[i]) {
        throw new TypeError(`Shapes ${shapes.map(showShape).join(" and ")} do not broadcast`);
      }
      out[at] = shape[i];
    }
  }
  return out;
}

/** Index of a dimension with negative values counted from the end. Throws RangeError outside the rank. */
export function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= Math.max(1, rank)) {
    throw new RangeError(`Axis ${axis} is outside a tensor of ${rank} dimensions`);
  }
  return at;
}

/** Sorted unique axes; `null` means all of them. */
export function axesOf(axes: readonly number[] | null, rank: number): number[] {
  if (axes === null) return Array.from({ length: rank }, (_, i) => i);
  return [...new Set(axes.map((a) => axisOf(a, rank)))].sort((a, b) => a - b);
}
