// How big a piece of a contraction one invocation (llvmpipe) or one workgroup (GPU) takes, and into how many parts a
// long sum is cut. Few variants on purpose: every variant is one more pipeline to compile.

import type { DeviceClass } from "../base/mod.ts";
import { type ContractSpec, rowTiles, splitLength, type Tile } from "../kernels/mod.ts";

/** Invocations that keep two cores of eight lanes busy. */
const ENOUGH_INVOCATIONS = 512;

export function chooseTile(spec: ContractSpec, target: DeviceClass): Tile {
  if (target === "gpu") return chooseGpuTile(spec);
  const n4 = Math.ceil(spec.n / 4), words = n4 === 1 ? 1 : 2;
  const kind = spec.window?.kind;
  if (kind === "convW") {
    const rows = spec.window!.kernelWidth * 4;
    return withSplits(spec, { rows, words: rows > 12 ? 1 : words, splits: 1 }, ENOUGH_INVOCATIONS);
  }
  const rows = spec.orientA === "mk" && spec.m >= 256 ? 16 : 8;
  return withSplits(spec, { rows, words, splits: 1 }, ENOUGH_INVOCATIONS);
}

/** Tiles of a GPU, largest first. A narrow result takes one that wastes few columns. */
export const GPU_TILES: readonly Tile[] = [
  { rows: 128, words: 32, splits: 1, own: { rows: 8, words: 2, depth: 8 } },
  { rows: 128, words: 16, splits: 1, own: { rows: 8, words: 2, depth: 8 } },
  { rows: 64, words: 16, splits: 1, own: { rows: 8, words: 1, depth: 16 } },
  { rows: 32, words: 8, splits: 1, own: { rows: 4, words: 1, depth: 16 } },
  { rows: 128, words: 4, splits: 1, own: { rows: 8, words: 1, depth: 8 } },
];

/** Workgroups that keep a large GPU busy, and the shortest sum worth a workgroup of its own. */
const ENOUGH_WORKGROUPS = 256, SHORTEST_SUM = 128;

function chooseGpuTile(spec: ContractSpec): Tile {
  const n4 = Math.ceil(spec.n / 4), narrow = GPU_TILES[GPU_TILES.length - 1];
  if (n4 <= narrow.words && spec.m > narrow.rows) return gpuSplits(spec, narrow);
  const fitting = GPU_TILES.filter((tile) => tile !== narrow && (n4 > tile.words / 2 || tile.words <= 8));
  const splits = isSplittable(spec) ? Math.max(1, Math.floor(spec.k / SHORTEST_SUM)) : 1;
  const tile = fitting.find((t) => tilesOf(spec, t) * splits >= ENOUGH_WORKGROUPS) ??
    fitting[fitting.length - 1];
  return gpuSplits(spec, tile);
}

function gpuSplits(spec: ContractSpec, tile: Tile): Tile {
  if (!isSplittable(spec)) return tile;
  const wanted = Math.ceil(ENOUGH_WORKGROUPS / tilesOf(spec, tile));
  const splits = Math.max(1, Math.min(wanted, Math.floor(spec.k / SHORTEST_SUM)));
  const slices = Math.ceil(spec.k / tile.own!.depth);
  return { ...tile, splits: Math.ceil(slices / Math.ceil(slices / splits)) };
}

/** Only the weight-gradient form, a long sum with a small result, is cut. */
function isSplittable(spec: ContractSpec): boolean {
  return spec.orientA === "km" && spec.orientB === "kn" && spec.batch[0] * spec.batch[1] === 1;
}

function tilesOf(spec: ContractSpec, tile: Tile): number {
  return rowTiles(spec, tile) * Math.ceil(Math.ceil(spec.n / 4) / tile.words) * spec.batch[0] * spec.batch[1];
}

function withSplits(spec: ContractSpec, tile: Tile, wanted: number): Tile {
  if (!isSplittable(spec)) return tile;
  const tiles = tilesOf(spec, tile);
  const length = splitLength(spec), shortest = spec.window === undefined ? 32 : 4;
  const splits = Math.max(1, Math.min(Math.ceil(wanted / tiles), Math.floor(length / shortest)));
  return { ...tile, splits: Math.ceil(length / Math.ceil(length / splits)) };
}
