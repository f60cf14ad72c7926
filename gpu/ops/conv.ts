// Two-dimensional convolution (NHWC images, HWIO weights) and its two gradients as ops of their own. Each of the
// three is linear in both inputs, and the gradients of each are the other two, so differentiation stays among them.

import { type ConvSizes, lowerConv } from "./lowering_conv.ts";
import { type Shape, showShape, sizeOf } from "../base/mod.ts";
import { type Attrs, defineOp, emit, type OpCase, type RefArray, type Tensor } from "../graph/mod.ts";
import { expectFloats, expectLayout, expectWhole } from "./expect.ts";

export interface ConvOptions {
  /** Same in both directions; default 1. */
  readonly stride?: number;
  /** Zero rows and columns on every side; default 0. */
  readonly padding?: number;
}

/**
 * Cross-correlation as in PyTorch: x [N,H,W,C] and w [kh,kw,C,O] give [N,H',W',O],
 * H' = floor((H + 2 padding - kh) / stride) + 1. Throws TypeError when the channels differ, RangeError when the
 * kernel is larger than the padded image.
 */
export function conv2d(x: Tensor, w: Tensor, options: ConvOptions = {}): Tensor {
  const { stride = 1, padding = 0 } = options;
  return emit(x.graph, "conv2d", [x, w], { stride, padding });
}

/** Gradient of `conv2d` for its image: dy [N,H',W',O] and w [kh,kw,C,O] give [N,height,width,C]. */
export function conv2dDX(
  dy: Tensor,
  w: Tensor,
  options: { stride: number; padding: number; height: number; width: number },
): Tensor {
  const { stride, padding, height, width } = options;
  return emit(dy.graph, "conv2dDX", [dy, w], { stride, padding, height, width });
}

/** Gradient of `conv2d` for its weights: x [N,H,W,C] and dy [N,H',W',O] give [kh,kw,C,O]. */
export function conv2dDW(
  x: Tensor,
  dy: Tensor,
  options: { stride: number; padding: number; kh: number; kw: number },
): Tensor {
  const { stride, padding, kh, kw } = options;
  return emit(x.graph, "conv2dDW", [x, dy], { stride, padding, kh, kw });
}

/** Sizes of a convolution from the shapes of image and weights; throws as `conv2d` does. */
function sizesFrom(x: Shape, w: Shape, attrs: Attrs): ConvSizes {
  const stride = attrs.stride as number, padding = attrs.padding as number;
  expectWhole("stride", stride, 1);
  expectWhole("padding", padding, 0);
  const [n, height, width, c] = x, [kh, kw, inputs, o] = w;
  if (c !== inputs) {
    throw new TypeError(`Image ${showShape(x)} has ${c} channels, weights ${showShape(w)} take ${inputs}`);
  }
  const rows = Math.floor((height + 2 * padding - kh) / stride) + 1;
  const columns = Math.floor((width + 2 * padding - kw) / stride) + 1;
  if (kh < 1 || kw < 1 || rows < 1 || columns < 1) {
    throw new RangeError(`Kernel ${kh}x${kw} does not fit ${showShape(x)} padded by ${padding}`);
  }
  return { n, height, width, c, kh, kw, o, rows, columns, stride, padding };
}

/** Sizes of a node of any of the three ops. */
export function convSizes(op: string, [first, second]: readonly Tensor[], attrs: Attrs): ConvSizes {
  expectFloats([first, second]);
  expectLayout(op === "conv2dDX" ? "gradient" : "image", first, "[N,H,W,C]");
  expectLayout(op === "conv2dDW" ? "gradient" : "weights", second, "[A,B,C,O]");
  const x = op === "conv2dDX"
    ? [first.shape[0], attrs.height as number, attrs.width as number, second.shape[2]]
    : first.shape;
  const w = op === "conv2dDW"
    ? [attrs.kh as number, attrs.kw as number, first.shape[3], second.shape[3]]
    : second.shape;
  const sizes = sizesFrom(x, w, attrs);
  const dy = op === "conv2dDX" ? first : op === "conv2dDW" ? second : null;
  const wanted = [sizes.n, sizes.rows, sizes.columns, sizes.o];
  if (dy !== null && showShape(dy.shape) !== showShape(wanted)) {
    throw new TypeError(`The gradient is ${showShape(dy.shape)}, wanted ${showShape(wanted)}`);
  }
  return sizes;
}

const sizesOfNode = (node: Tensor) => convSizes(node.op, node.inputs, node.attrs);

function convFlops(node: Tensor): number {
  const { n, rows, columns, o, kh, kw, c } = sizesOfNode(node);
  return 2 * n * rows * columns * o * kh * kw * c;
}

/**
 * Calls `visit` with the flat offsets (image pixel, weight matrix, result pixel) of every kernel tap that falls
 * inside the image.
 */
function eachTap(sizes: ConvSizes, visit: (x: number, w: number, y: number) => void): void {
  const { n, height, width, c, kh, kw, o, rows, columns, stride, padding } = sizes;
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const y = ((image * rows + row) * columns + column) * o;
        for (let i = 0; i < kh; i++) {
          const h = row * stride + i - padding;
          if (h < 0 || h >= height) continue;
          for (let j = 0; j < kw; j++) {
            const v = column * stride + j - padding;
            if (v < 0 || v >= width) continue;
            visit(((image * height + h) * width + v) * c, (i * kw + j) * c * o, y);
          }
        }
      }
    }
  }
}

function convReference([x, w]: readonly RefArray[], node: Tensor): RefArray {
  const sizes = sizesOfNode(node), { c, o } = sizes;
  const out = new Float64Array(sizeOf(node.shape));
  eachTap(sizes, (xAt, wAt, yAt) => {
    for (let i = 0; i < c; i++) {
      const value = x.data[xAt + i], from = wAt + i * o;
      for (let j = 0; j < o; j++) out[yAt + j] += value * w.data[from + j];
    }
  });
  return { data: out, shape: node.shape };
}

function imageGradReference([dy, w]: readonly RefArray[], node: Tensor): RefArray {
  const sizes = sizesOfNode(node), { c, o } = sizes;
  const out = new Float64Array(sizeOf(node.shape));
  eachTap(sizes, (xAt, wAt, yAt) => {
    for (let i = 0; i < c; i++) {
      let total = 0;
      for (let j = 0; j < o; j++) total += dy.data[yAt + j] * w.data[wAt + i * o + j];
      out[xAt + i] += total;
    }
  });
  return { data: out, shape: node.shape };
}

function weightGradReference([x, dy]: readonly RefArray[], node: Tensor): RefArray {
  const sizes = sizesOfNode(node), { c, o } = sizes;
  const out = new Float64Array(sizeOf(node.shape));
  eachTap(sizes, (xAt, wAt, yAt) => {
    for (let i = 0; i < c; i++) {
      const value = x.data[xAt + i], to = wAt + i * o;
      for (let j = 0; j < o; j++) out[to + j] += value * dy.data[yAt + j];
    }
  });
  return { data: out, shape: node.shape };
}

/** Image, weights, stride, padding of every case; the two gradients are tested on the same ones. */
const geometries: readonly [string, Shape, Shape, number, number][] = [
  ["1x1", [1, 5, 3, 4], [1, 1, 4, 5], 1, 0],
  ["1x1, 33 to 17 channels", [1, 3, 3, 33], [1, 1, 33, 17], 1, 0],
  ["1x1 stride 2", [2, 5, 7, 3], [1, 1, 3, 4], 2, 0],
  ["3x3 padded", [2, 5, 4, 3], [3, 3, 3, 4], 1, 1],
  ["3x3, channels 1", [1, 3, 3, 1], [3, 3, 1, 1], 1, 0],
  ["3x3, channels 4 and 8", [1, 6, 6, 4], [3, 3, 4, 8], 1, 1],
  ["3x3, one pixel", [2, 1, 1, 5], [3, 3, 5, 3], 1, 1],
  ["3x3 stride 2 padded, even image", [1, 8, 6, 3], [3, 3, 3, 5], 2, 1],
  ["3x3 stride 2 padded, odd image", [1, 7, 9, 4], [3, 3, 4, 3], 2, 1],
  ["3x3 stride 2, last row unused", [1, 8, 7, 3], [3, 3, 3, 4], 2, 0],
  ["3x3 stride 4, pixels unused between", [1, 9, 10, 2], [3, 3, 2, 3], 4, 0],
  ["5x5 padded by 3", [1, 4, 3, 2], [5, 5, 2, 3], 1, 3],
  ["7x7 stride 2 padded by 3", [1, 9, 8, 3], [7, 7, 3, 4], 2, 3],
  ["8x8 stride 8 (patches)", [1, 17, 16, 3], [8, 8, 3, 5], 8, 0],
  ["oblong kernel", [1, 4, 6, 3], [1, 5, 3, 4], 1, 0],
];

function outShape(x: Shape, w: Shape, stride: number, padding: number): Shape {
  const { n, rows, columns, o } = sizesFrom(x, w, { stride, padding });
  return [n, rows, columns, o];
}

defineOp({
  name: "conv2d",
  lower: (node) => lowerConv(sizesOfNode(node), "conv"),
  infer: (inputs, attrs) => {
    const { n, rows, columns, o } = convSizes("conv2d", inputs, attrs);
    return { shape: [n, rows, columns, o], dtype: "f32" };
  },
  vjp: (node, dy) => {
    const [x, w] = node.inputs, { stride, padding, height, width, kh, kw } = sizesOfNode(node);
    return [
      conv2dDX(dy, w, { stride, padding, height, width }),
      conv2dDW(x, dy, { stride, padding, kh, kw }),
    ];
  },
  ref: convReference,
  flops: convFlops,
  cases: geometries.map(([name, x, w, stride, padding]): OpCase => ({
    name,
    inputs: [{ shape: x }, { shape: w }],
    attrs: { stride, padding },
  })),
});

defineOp({
  name: "conv2dDX",
  lower: (node) => lowerConv(sizesOfNode(node), "convT"),
  infer: (inputs, attrs) => {
    expectWhole("height", attrs.height, 1);
    expectWhole("width", attrs.width, 1);
    const { n, height, width, c } = convSizes("conv2dDX", inputs, attrs);
    return { shape: [n, height, width, c], dtype: "f32" };
  },
  vjp: (node, dx) => {
    const [dy, w] = node.inputs, { stride, padding, kh, kw } = sizesOfNode(node);
    return [conv2d(dx, w, { stride, padding }), conv2dDW(dx, dy, { stride, padding, kh, kw })];
  },
  ref: imageGradReference,
  flops: convFlops,
  cases: geometries.map(([name, x, w, stride, padding]): OpCase => ({
    name,
    inputs: [{ shape: outShape(x, w, stride, padding) }, { shape: w }],
    attrs: { stride, padding, height: x[1], width: x[2] },
  })),
});

defineOp({
  name: "conv2dDW",
  lower: (node) => lowerConv(sizesOfNode(node), "convW"),
  infer: (inputs, attrs) => {
    const { kh, kw, c, o } = convSizes("conv2dDW", inputs, attrs);
    return { shape: [kh, kw, c, o], dtype: "f32" };
  },
  vjp: (node, dw) => {
    const [x, dy] = node.inputs, { stride, padding, height, width } = sizesOfNode(node);
    return [conv2dDX(dy, dw, { stride, padding, height, width }), conv2d(x, dw, { stride, padding })];
  },
  ref: weightGradReference,
  flops: convFlops,
  cases: geometries.map(([name, x, w, stride, padding]): OpCase => ({
    name,
    inputs: [{ shape: x }, { shape: outShape(x, w, stride, padding) }],
    attrs: { stride, padding, kh: w[0], kw: w[1] },
  })),
});
