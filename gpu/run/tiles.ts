// How big a piece of a contraction one invocation (llvmpipe) or one workgroup (GPU) takes, and into how many parts a
// long sum is cut. Few variants on purpose: every variant is one more pipeline to compile.

import type { DeviceClass } from "../base/mod.ts";
import { type ContractSpec, rowTiles, splitLength, type Tile } from "../kernels/mod.ts";

/** Invocations that keep two cores of eight lanes busy. */
const ENOUGH_INVOCATIONS = 512;

export function chooseTile(spec: ContractSpec, target: DeviceClass): Tile {
  if (target === "gpu") return withSplits(spec, { rows: 64, words: 16, splits: 1 }, 256);
  const n4 = Math.ceil(spec.n / 4), words = n4 === 1 ? 1 : 2;
  const kind = spec.window?.kind;
  if (kind === "convW") {
    return withSplits(
      spec,
      { rows: spec.window!.inChannels > 4 ? 8 : 4, words, splits: 1 },
      ENOUGH_INVOCATIONS,
    );
  }
  const rows = spec.orientA === "km" ? 8 : spec.m < 8 ? 4 : spec.m * n4 >= 16 * 1024 ? 16 : 8;
  return withSplits(spec, { rows, words, splits: 1 }, ENOUGH_INVOCATIONS);
}

/** Only the weight-gradient form, a long sum with a small result, is cut. */
function withSplits(spec: ContractSpec, tile: Tile, wanted: number): Tile {
  if (spec.orientA !== "km" || spec.orientB !== "kn" || spec.batch[0] * spec.batch[1] > 1) return tile;
  const tiles = rowTiles(spec, tile) * Math.ceil(Math.ceil(spec.n / 4) / tile.words);
  const length = splitLength(spec), shortest = spec.window === undefined ? 32 : 4;
  const splits = Math.max(1, Math.min(Math.ceil(wanted / tiles), Math.floor(length / shortest)));
  return { ...tile, splits: Math.ceil(length / Math.ceil(length / splits)) };
}
