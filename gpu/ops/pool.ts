// Average pooling of NHWC images and its gradient; each is the gradient of the other.

import { type Shape, sizeOf } from "../base/mod.ts";
import { type Attrs, defineOp, emit, type RefArray, type Tensor } from "../graph/mod.ts";
import { expectFloats, expectLayout, expectShape, expectWhole } from "./expect.ts";
import { lowerAvgPool, lowerAvgPoolGrad } from "./lowering_pool.ts";

/**
 * Means of kernel x kernel windows, without padding: x [N,H,W,C] gives [N,H',W',C], H' = floor((H - kernel) / stride)
 * + 1; `stride` is the kernel by default. Throws RangeError when the kernel is larger than the image.
 */
export function avgPool(x: Tensor, options: { kernel: number; stride?: number }): Tensor {
  const { kernel, stride = kernel } = options;
  return emit(x.graph, "avgPool", [x], { kernel, stride });
}

/** Gradient of `avgPool`: dy [N,H',W',C] gives [N,height,width,C]. */
export function avgPoolGrad(
  dy: Tensor,
  options: { kernel: number; stride: number; height: number; width: number },
): Tensor {
  const { kernel, stride, height, width } = options;
  return emit(dy.graph, "avgPoolGrad", [dy], { kernel, stride, height, width });
}

interface Window {
  readonly kernel: number;
  readonly stride: number;
}

/** Shape of the pooled image. */
function pooledShape([n, height, width, c]: Shape, attrs: Attrs): Shape {
  const kernel = attrs.kernel as number, stride = attrs.stride as number;
  expectWhole("kernel", kernel, 1);
  expectWhole("stride", stride, 1);
  if (kernel > height || kernel > width) {
    throw new RangeError(`Kernel ${kernel}x${kernel} does not fit an image of ${height}x${width}`);
  }
  return [n, Math.floor((height - kernel) / stride) + 1, Math.floor((width - kernel) / stride) + 1, c];
}

/** Calls `visit` with the flat offsets of the first channel of every (image pixel, result pixel) pair. */
function eachPair(
  [n, height, width, c]: Shape,
  [, rows, columns]: Shape,
  { kernel, stride }: Window,
  visit: (x: number, y: number) => void,
): void {
  for (let y = 0; y < n * rows * columns; y++) {
    const column = y % columns, row = Math.floor(y / columns) % rows, image = Math.floor(y / columns / rows);
    for (let i = 0; i < kernel; i++) {
      for (let j = 0; j < kernel; j++) {
        visit(((image * height + row * stride + i) * width + column * stride + j) * c, y * c);
      }
    }
  }
}

function poolReference([x]: readonly RefArray[], node: Tensor): RefArray {
  const data = new Float64Array(sizeOf(node.shape)), c = node.shape[3];
  const window = node.attrs as unknown as Window, share = 1 / window.kernel ** 2;
  eachPair(x.shape, node.shape, window, (xAt, yAt) => {
    for (let i = 0; i < c; i++) data[yAt + i] += x.data[xAt + i] * share;
  });
  return { data, shape: node.shape };
}

function poolGradReference([dy]: readonly RefArray[], node: Tensor): RefArray {
  const data = new Float64Array(sizeOf(node.shape)), c = node.shape[3];
  const window = node.attrs as unknown as Window, share = 1 / window.kernel ** 2;
  eachPair(node.shape, dy.shape, window, (xAt, yAt) => {
    for (let i = 0; i < c; i++) data[xAt + i] += dy.data[yAt + i] * share;
  });
  return { data, shape: node.shape };
}

/** Image shape, kernel and stride of every case. */
const geometries: readonly [string, Shape, number, number][] = [
  ["kernel 1", [2, 3, 5, 3], 1, 1],
  ["kernel 2", [2, 4, 6, 4], 2, 2],
  ["kernel 2, last row and column unused", [1, 7, 5, 3], 2, 2],
  ["kernel 3 stride 2, overlapping", [2, 7, 8, 1], 3, 2],
  ["kernel 2 stride 3, pixels between unused", [1, 8, 9, 5], 2, 3],
  ["kernel 5 stride 1", [1, 6, 5, 17], 5, 1],
  ["the whole image", [3, 4, 4, 33], 4, 4],
];

defineOp({
  name: "avgPool",
  lower: lowerAvgPool,
  infer: (inputs, attrs) => {
    expectFloats(inputs);
    expectLayout("image", inputs[0], "[N,H,W,C]");
    return { shape: pooledShape(inputs[0].shape, attrs), dtype: "f32" };
  },
  vjp: (node, dy) => {
    const [, height, width] = node.inputs[0].shape, { kernel, stride } = node.attrs as unknown as Window;
    return [avgPoolGrad(dy, { kernel, stride, height, width })];
  },
  ref: poolReference,
  flops: (node) => sizeOf(node.shape) * (node.attrs.kernel as number) ** 2,
  cases: geometries.map(([name, shape, kernel, stride]) => ({
    name,
    inputs: [{ shape }],
    attrs: { kernel, stride },
  })),
});

defineOp({
  name: "avgPoolGrad",
  lower: lowerAvgPoolGrad,
  infer: (inputs, attrs) => {
    expectFloats(inputs);
    expectLayout("gradient", inputs[0], "[N,H,W,C]");
    expectWhole("height", attrs.height, 1);
    expectWhole("width", attrs.width, 1);
    const [n, , , c] = inputs[0].shape;
    const shape = [n, attrs.height as number, attrs.width as number, c];
    expectShape("gradient", inputs[0], pooledShape(shape, attrs));
    return { shape, dtype: "f32" };
  },
  vjp: (node, dx) => [avgPool(dx, node.attrs as unknown as Window)],
  ref: poolGradReference,
  flops: (node) => sizeOf(node.inputs[0].shape) * (node.attrs.kernel as number) ** 2,
  cases: geometries.map(([name, shape, kernel, stride]) => ({
    name,
    inputs: [{ shape: pooledShape(shape, { kernel, stride }) }],
    attrs: { kernel, stride, height: shape[1], width: shape[2] },
  })),
});
