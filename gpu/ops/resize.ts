// Resizing of feature maps and position embeddings, differentiable: one matrix product per direction by a constant
// matrix of weights, with the coordinates and kernels of PyTorch's interpolate (align_corners = false).

import { constant, defineOp, emit, type Tensor } from "../graph/mod.ts";
import { expectLayout, expectShape, expectWhole } from "./expect.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./shape.ts";

export interface ResizeOptions {
  readonly height: number;
  readonly width: number;
  readonly mode: "bilinear" | "bicubic";
  /** Widens the kernel when shrinking, so that every input counts; bicubic then has a = -0.5 instead of -0.75. */
  readonly antialias?: boolean;
  /** Factors [vertical, horizontal] that map coordinates instead of size ratios (PyTorch's scale_factor). */
  readonly scale?: readonly [number, number];
}

defineOp({
  name: "straightThrough",
  infer([value, source]) {
    expectShape("source", source, value.shape);
    return { shape: value.shape, dtype: value.dtype };
  },
  vjp: (_, dy) => [null, dy],
  ref: ([value]) => value,
  expand: (node) => node.inputs[0],
  flops: () => 0,
  cases: [{
    name: "value of one, gradient of the other",
    inputs: [{ shape: [3, 5], gradient: false }, { shape: [3, 5], gradient: false }],
  }],
});

/**
 * `value`, whose gradient goes to `source` (same shape) as if it were `source` (the straight-through estimator, Bengio
 * et al., 2013): for what PyTorch computes one way and differentiates another.
 */
export function straightThrough(value: Tensor, source: Tensor): Tensor {
  return emit(value.graph, "straightThrough", [value, source]);
}

/**
 * x [N,H,W,C] -> [N,height,width,C]. Where a bicubic resize keeps the size but not the scale (DINO's position
 * embedding at its own grid), the gradient passes unchanged, as PyTorch's does. Throws TypeError for another number of
 * dimensions, RangeError for sizes below 1 or a scale that is not above 0.
 */
export function resize(x: Tensor, options: ResizeOptions): Tensor {
  expectLayout("input", x, "[N,H,W,C]");
  const { height, width, scale } = options;
  const [n, h, w, c] = x.shape;
  const rows = weights(x, h, height, scale?.[0], options);
  const columns = weights(x, w, width, scale?.[1], options);
  const tall = matmul(rows, reshape(x, [n, h, w * c]));
  const y = reshape(matmul(columns, reshape(tall, [n * height, w, c])), [n, height, width, c]);
  const copied = options.mode === "bicubic" && !options.antialias && height === h && width === w;
  return copied ? straightThrough(y, x) : y;
}

function weights(
  x: Tensor,
  from: number,
  to: number,
  factor: number | undefined,
  options: ResizeOptions,
): Tensor {
  return constant(x.graph, resizeWeights(from, to, { ...options, factor }), [to, from]);
}

/** The matrix [to,from], row-major, that resizes one dimension; every row sums to 1. Throws RangeError as `resize`. */
export function resizeWeights(
  from: number,
  to: number,
  options: { mode: "bilinear" | "bicubic"; antialias?: boolean; factor?: number },
): number[] {
  const { mode, antialias = false, factor } = options;
  expectWhole("size", to, 1);
  if (factor !== undefined && !(factor > 0)) {
    throw new RangeError(`The scale is ${factor}, wanted a number above 0`);
  }
  const step = factor === undefined ? from / to : 1 / factor;
  const matrix = new Array<number>(to * from).fill(0);
  for (let i = 0; i < to; i++) {
    const taps = antialias ? wideTaps(mode, step, i, from) : narrowTaps(mode, step, i);
    const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [at, weight] of taps) {
      matrix[i * from + Math.min(Math.max(at, 0), from - 1)] += weight / total;
    }
  }
  return matrix;
}

/** Source positions and weights around the centre of output i; positions outside stand for the border. */
function narrowTaps(mode: string, step: number, i: number): [number, number][] {
  const centre = step * (i + 0.5) - 0.5;
  const [first, last] = mode === "bicubic" ? [-1, 2] : [0, 1];
  const base = Math.floor(centre);
  const taps: [number, number][] = [];
  for (let k = first; k <= last; k++) taps.push([base + k, kernel(mode, base + k - centre, -0.75)]);
  return taps;
}

/** The same with the kernel stretched by the shrinking factor, and only positions inside. */
function wideTaps(mode: string, step: number, i: number, from: number): [number, number][] {
  const centre = step * (i + 0.5), stretch = Math.max(step, 1);
  const support = (mode === "bicubic" ? 2 : 1) * stretch;
  const first = Math.max(Math.trunc(centre - support + 0.5), 0);
  const end = Math.min(Math.trunc(centre + support + 0.5), from);
  const taps: [number, number][] = [];
  for (let at = first; at < end; at++) taps.push([at, kernel(mode, (at + 0.5 - centre) / stretch, -0.5)]);
  return taps;
}

/** The triangle, or Keys' cubic convolution kernel with parameter a (Keys, 1981). */
function kernel(mode: string, distance: number, a: number): number {
  const t = Math.abs(distance);
  if (mode === "bilinear") return Math.max(0, 1 - t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}
