// The inverse of broadcasting, which every binary op's gradient needs. It emits by name and stands apart from
// reduce.ts so that ops and their gradients form no import cycle.

import { broadcastShapes, sameShape, type Shape, showShape } from "../base/mod.ts";
import { emit, type Tensor } from "../graph/mod.ts";

/**
 * Sums t over the dimensions along which `shape` was broadcast to t's shape; the result has `shape`.
 * Throws TypeError when `shape` does not broadcast to t's shape.
 */
export function sumTo(t: Tensor, shape: Shape): Tensor {
  if (sameShape(t.shape, shape)) return t;
  if (!sameShape(broadcastShapes(shape, t.shape), t.shape)) {
    throw new TypeError(`Shape ${showShape(shape)} does not broadcast to ${showShape(t.shape)}`);
  }
  const added = t.shape.length - shape.length;
  const axes = t.shape.flatMap((d, i) => (i < added || shape[i - added] === 1) && d > 1 ? [i] : []);
  const summed = axes.length === 0 ? t : emit(t.graph, "sum", [t], { axes, keep: true });
  return sameShape(summed.shape, shape) ? summed : emit(t.graph, "reshape", [summed], { shape: [...shape] });
}
