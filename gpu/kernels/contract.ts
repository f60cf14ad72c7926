// Contractions: matrix products and the three convolutions, described once for both device classes. A contraction is
// Y[m, n] = sum over k of A[m, k] B[k, n]; what differs is how an operand's words are found.
//   A "mk": words run along k; "km": words run along m (A is stored transposed).
//   B "kn": words run along n; "nk": words run along k (B is stored transposed).
// A convolution is the same with an A whose rows are pixels seen through the window (Chetlur et al. 2014): forward
// reads x ("conv"), the input gradient reads dy ("convT"), the weight gradient reads x transposed ("convW").

import type { Operand, Program } from "./expr.ts";
import type { PartialSums } from "./column_sums.ts";

/** Strides of a matrix in words: from row to row, and along the two batch dimensions. */
export interface MatrixAt {
  readonly row: number;
  readonly batch0: number;
  readonly batch1: number;
}

export interface ConvWindow {
  readonly kind: "conv" | "convT" | "convW";
  /** Input pixels (of x) and output pixels (of y). */
  readonly height: number;
  readonly width: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly padding: number;
  readonly images: number;
  /** Channels of x and y. */
  readonly inChannels: number;
  readonly outChannels: number;
}

export interface ContractSpec {
  readonly orientA: "mk" | "km";
  readonly orientB: "kn" | "nk";
  readonly batch: readonly [number, number];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: MatrixAt;
  readonly b: MatrixAt;
  readonly y: MatrixAt;
  readonly window?: ConvWindow;
  /** A is not read but made: A[k, m] = (index[k] == m); operand A holds the indices in rows of this length. */
  readonly oneHot?: number;
}

/** What runs on each finished word before it is stored. */
export interface Epilogue {
  /** Step "given" named `acc` is the sum. */
  readonly program: Program;
  readonly stores: readonly { readonly operand: string; readonly step: number }[];
  /** Sums down the rows of each tile, [tiles, parts, N]. */
  readonly partials: readonly PartialSums[];
}

export interface ContractPlan {
  readonly spec: ContractSpec;
  /** How a word of A comes in: a program over operands, `A` at full index among them. */
  readonly loadA: Operand;
  readonly readsA: readonly string[];
  readonly epilogue: Epilogue;
  readonly readsEpilogue: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
  readonly tile: Tile;
  /** Products and sums keep what f32 rounds off; the result is rounded once (kahan.ts). */
  readonly compensated?: boolean;
}

export interface Tile {
  /** Rows of Y per invocation (software) or per workgroup (gpu). */
  readonly rows: number;
  /** Words of Y along n likewise. */
  readonly words: number;
  /** Parts that k is cut into; each leaves its own partial Y. */
  readonly splits: number;
  /** gpu: rows and words of one invocation, and the steps of k that are shared at a time. */
  readonly own?: { readonly rows: number; readonly words: number; readonly depth: number };
}

/** A piece of a contraction whose products are compensated: their text is ten times as long, so few stand in it. */
export function lowTile({ window }: ContractSpec, tile: Tile): Tile {
  if (tile.own !== undefined) return tile;
  return { ...tile, rows: window?.kind === "convW" ? tile.rows : 4, words: 1 };
}

/** Multiply-adds times two. */
export function contractFlops(spec: ContractSpec): number {
  return 2 * spec.batch[0] * spec.batch[1] * spec.m * spec.n * spec.k;
}

/** Row tiles of a contraction. Rows of a weight gradient have whole words for each tap; software cuts them tap by tap. */
export function rowTiles(spec: ContractSpec, tile: Tile): number {
  const w = spec.window;
  if (w?.kind !== "convW") return Math.ceil(spec.m / tile.rows);
  const taps = w.kernelHeight * w.kernelWidth;
  if (tile.own !== undefined) return Math.ceil(taps * Math.ceil(w.inChannels / 4) * 4 / tile.rows);
  return w.kernelHeight * Math.ceil(w.inChannels / 4);
}

/** Length of what `splits` cuts (software): words or single steps of k, or rows of output pixels. */
export function splitLength(spec: ContractSpec): number {
  if (spec.window?.kind === "convW") return spec.window.images * spec.window.outHeight;
  if (spec.window !== undefined) return 1;
  if (spec.orientA === "km" && spec.orientB === "kn") return spec.k;
  return Math.ceil(spec.k / 4);
}

/**
 * The numbers of a contraction by the names under which kernel bodies of both device classes read them. `K` is the
 * length of the sum as the spec has it.
 */
export function contractNumbers(spec: ContractSpec, tile: Tile): Map<string, number> {
  const n4 = Math.ceil(spec.n / 4), batches = spec.batch[0] * spec.batch[1], w = spec.window;
  const tilesM = rowTiles(spec, tile), tilesN = Math.ceil(n4 / tile.words);
  const numbers = new Map<string, number>([
    ["total", tilesN * tilesM * tile.splits * batches],
    ["tilesN", tilesN],
    ["tilesM", tilesM],
    ["splits", tile.splits],
    ["batch1", spec.batch[1]],
    ["M", spec.m],
    ["N", spec.n],
    ["N4", n4],
    ["K", spec.k],
    ["K4", Math.ceil(spec.k / 4)],
    ["Y_split", spec.m * n4 * batches],
  ]);
  for (const [name, at] of [["A", spec.a], ["B", spec.b], ["Y", spec.y]] as const) {
    numbers.set(`${name}_row`, at.row).set(`${name}_b0`, at.batch0).set(`${name}_b1`, at.batch1);
  }
  if (w === undefined) return numbers;
  const channels = w.kind === "convT" ? w.outChannels : w.inChannels;
  return numbers
    .set("H", w.height).set("W", w.width).set("OH", w.outHeight).set("OW", w.outWidth)
    .set("KH", w.kernelHeight).set("KW", w.kernelWidth).set("stride", w.stride).set("pad", w.padding)
    .set("Ci", w.inChannels).set("Co", w.outChannels).set("C4", Math.ceil(channels / 4));
}
