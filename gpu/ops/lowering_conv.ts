// How the three convolutions run: a 1x1 convolution of stride 1 is a plain matrix product; the others see their
// pixels through the window (kernels/contract.ts).

import { type ContractSpec, type ConvWindow, type Lowered, lowered, type MatrixAt } from "../kernels/mod.ts";

const flat = (row: number): MatrixAt => ({ row, batch0: 0, batch1: 0 });

/** All sizes of one convolution; `height` and `width` are the image's, `rows` and `columns` the result's. */
export interface ConvSizes {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly c: number;
  readonly kh: number;
  readonly kw: number;
  readonly o: number;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly padding: number;
}

export function lowerConv(s: ConvSizes, kind: ConvWindow["kind"]): Lowered {
  const ci = Math.ceil(s.c / 4), co = Math.ceil(s.o / 4);
  const pixels = s.n * s.rows * s.columns, inPixels = s.n * s.height * s.width;
  const plain = s.kh === 1 && s.kw === 1 && s.stride === 1 && s.padding === 0;
  const window: ConvWindow | undefined = plain ? undefined : {
    kind,
    height: s.height,
    width: s.width,
    outHeight: s.rows,
    outWidth: s.columns,
    kernelHeight: s.kh,
    kernelWidth: s.kw,
    stride: s.stride,
    padding: s.padding,
    images: s.n,
    inChannels: s.c,
    outChannels: s.o,
  };
  const taps = s.kh * s.kw, batch = [1, 1] as const;
  const specs: Record<ConvWindow["kind"], ContractSpec> = {
    conv: {
      orientA: "mk",
      orientB: "kn",
      batch,
      m: pixels,
      n: s.o,
      k: taps * s.c,
      a: flat(ci),
      b: flat(co),
      y: flat(co),
      window,
    },
    convT: {
      orientA: "mk",
      orientB: "nk",
      batch,
      m: inPixels,
      n: s.c,
      k: taps * s.o,
      a: flat(co),
      b: flat(co),
      y: flat(ci),
      window,
    },
    convW: {
      orientA: "km",
      orientB: "kn",
      batch,
      m: taps * s.c,
      n: s.o,
      k: pixels,
      a: flat(ci),
      b: flat(co),
      y: flat(co),
      window,
    },
  };
  return lowered({ kind: "contract", spec: specs[kind], a: 0, b: 1 });
}
