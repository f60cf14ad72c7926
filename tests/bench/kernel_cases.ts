// Single kernels: matrix products, a 3x3 convolution with its two gradients, row-wise ops, an elementwise op on much
// data. Operands stay on the device; nothing is read back while time is taken.

import type { Gpu } from "../../gpu/device/mod.ts";
import { type Graph, input, type Tensor } from "../../gpu/graph/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { prepareExample } from "./example_gemm.ts";
import type { Figure } from "./figures.ts";
import { drawn, prepare } from "./replay.ts";
import { median, timeInTurns, timeOf, type Timing, type TimingOptions, type Work } from "./timing.ts";

export interface KernelCase {
  readonly title: string;
  readonly build: (graph: Graph) => Tensor;
  /** Floating-point operations, for what is limited by arithmetic; the figure is then GFLOP/s, else milliseconds. */
  readonly flops?: number;
  /** On software Vulkan: GFLOP/s to reach. */
  readonly target?: number;
  readonly note?: string;
}

const x = (g: Graph) => input(g, "x", [32, 16, 16, 64]);
const dy = (g: Graph) => input(g, "dy", [32, 16, 16, 64]);
const w = (g: Graph) => input(g, "w", [3, 3, 64, 64]);
const rows = (g: Graph) => input(g, "rows", [4096, 256]);
const CONV = 2 * 32 * 16 * 16 * 64 * 9 * 64;

const gemm = (n: number) => (g: Graph) => ops.matmul(input(g, "a", [n, n]), input(g, "b", [n, n]));

export const kernelCases: Readonly<Record<string, KernelCase>> = {
  gemm_1024: { title: "GEMM 1024", build: gemm(1024), flops: 2 * 1024 ** 3 },
  conv_forward: {
    title: "conv 3x3 [32,16,16,64]->64 forward",
    build: (g) => ops.conv2d(x(g), w(g), { stride: 1, padding: 1 }),
    flops: CONV,
    target: 25,
  },
  conv_dx: {
    title: "  the same, dX",
    build: (g) => ops.conv2dDX(dy(g), w(g), { stride: 1, padding: 1, height: 16, width: 16 }),
    flops: CONV,
    target: 15,
  },
  conv_dw: {
    title: "  the same, dW",
    build: (g) => ops.conv2dDW(x(g), dy(g), { stride: 1, padding: 1, kh: 3, kw: 3 }),
    flops: CONV,
    target: 15,
  },
  softmax: { title: "softmax [4096,256]", build: (g) => ops.softmax(rows(g)) },
  layer_norm: {
    title: "layer norm [4096,256]",
    build: (g) => ops.layerNorm(rows(g), input(g, "gamma", [256]), input(g, "beta", [256])),
  },
  add: {
    title: "add, 4M floats",
    build: (g) => ops.add(input(g, "a", [4096, 1024]), input(g, "b", [4096, 1024])),
  },
};

/** Times one kernel. */
export async function kernelFigure(gpu: Gpu, name: string, options?: TimingOptions): Promise<Figure> {
  const { title, build, flops, target, note } = kernelCases[name];
  const prepared = await prepare(gpu, build);
  try {
    const found = await timeOf(prepared.work, options);
    return { name, title, ...inUnit(found, flops), ...reach(gpu, target), ...(note ? { note } : {}) };
  } finally {
    prepared.close();
  }
}

/** GEMM 512 and, on software Vulkan, the reference kernel in turns with it. */
export async function gemmFigures(gpu: Gpu, options?: TimingOptions): Promise<Figure[]> {
  const n = 512, flops = 2 * n ** 3;
  const own = await prepare(gpu, gemm(n));
  const example = gpu.memory !== "texture"
    ? null
    : await prepareExample(gpu, [n, n, n], drawn("a", n * n), drawn("b", n * n));
  try {
    const works: Record<string, Work> = example === null
      ? { own: own.work }
      : { own: own.work, example: example.work };
    const found = await timeInTurns(works, options);
    const figures: Figure[] = [{
      name: "gemm_512",
      title: "GEMM 512",
      ...inUnit(found.own, flops),
      ...reach(gpu, 24),
    }];
    if (example === null) return figures;
    const ratios = found.own.rounds.map((took, i) => found.example.rounds[i] / took);
    return [
      ...figures,
      { name: "gemm_512_reference", title: "  the reference kernel", ...inUnit(found.example, flops) },
      {
        name: "gemm_512_ratio",
        title: "  GEMM 512 over the reference kernel",
        value: median(ratios),
        best: Math.max(...ratios),
        unit: "times",
        target: { atLeast: 0.9 },
      },
    ];
  } finally {
    own.close();
    example?.close();
  }
}

function inUnit({ median, best }: Timing, flops?: number): { value: number; best: number; unit: string } {
  if (flops === undefined) return { value: median, best, unit: "ms" };
  return { value: flops / median / 1e6, best: flops / best / 1e6, unit: "GFLOP/s" };
}

/** The targets are for software Vulkan. */
function reach(gpu: Gpu, atLeast?: number): { target?: { atLeast: number } } {
  return atLeast === undefined || gpu.deviceClass !== "software" ? {} : { target: { atLeast } };
}
