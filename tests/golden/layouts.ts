// PyTorch's layouts beside the engine's: images NCHW there and NHWC here, convolution weights OIHW there and HWIO here.
// Inputs are turned by the graph itself (so gradients come back in PyTorch's layout), weights on the host.

import type { ParamSpec, Tensor } from "../../gpu/graph/mod.ts";
import { permute } from "../../gpu/ops/mod.ts";

/** NCHW.. to N..C, any number of dimensions from two. */
export function channelsLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  return permute(x, [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]);
}

/** N..C to NC.. */
export function channelsFirst(x: Tensor): Tensor {
  const rank = x.shape.length;
  return permute(x, [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]);
}

/** OIHW weights to HWIO. */
export function kernelHere(w: Tensor): Tensor {
  return permute(w, [2, 3, 1, 0]);
}

/** A weight as the state dict has it, in the engine's order. */
export function toEngine(values: ArrayLike<number>, { layout, shape }: ParamSpec): ArrayLike<number> {
  if (layout === "plain") return values;
  const [h, w, i, o] = shape, out = new Float64Array(values.length);
  eachKernelElement(h, w, i, o, (here, there) => out[here] = values[there]);
  return out;
}

/** A weight (or its gradient) of the engine in the state dict's order. */
export function toTorch(values: ArrayLike<number>, { layout, shape }: ParamSpec): ArrayLike<number> {
  if (layout === "plain") return values;
  const [h, w, i, o] = shape, out = new Float64Array(values.length);
  eachKernelElement(h, w, i, o, (here, there) => out[there] = values[here]);
  return out;
}

function eachKernelElement(
  h: number,
  w: number,
  inputs: number,
  outputs: number,
  visit: (here: number, there: number) => void,
): void {
  let here = 0;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++) visit(here++, ((o * inputs + i) * h + y) * w + x);
      }
    }
  }
}
