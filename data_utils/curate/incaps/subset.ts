/** Which rows a subset of classes or rows has, as NumPy and pandas draw them. */
import { sampleRows } from "../../random/data_frame_sample.ts";
import { randomState } from "../../random/mt19937.ts";
import type { TextColumn } from "../../tables/column.ts";

/** `k` of the classes, ascending: `RandomState(seed).choice(classes, k, replace=False)`, sorted. */
export function drawClasses(classes: number, k: number, seed: number): Int32Array {
  return randomState(seed).choice(classes, k, { replace: false }).slice().sort();
}

/** The rows whose label is one of the chosen, in their order. */
export function rowsOfClasses(labels: Int32Array, chosen: Int32Array): Int32Array {
  const wanted = new Set(chosen);
  return Int32Array.from(labels.keys().filter((row) => wanted.has(labels[row])));
}

/** `n` of the rows in drawn order: sorted by path, rows of one path in their order, then `DataFrame.sample`. */
export function drawRows(paths: TextColumn, rows: Int32Array, n: number, seed: number): Int32Array {
  const sorted = rows.slice().sort((a, b) => comparePaths(paths, a, b) || a - b);
  return sampleRows(rows.length, { n, randomState: seed }).map((place) => sorted[place]);
}

/** The order of the bytes, which in UTF-8 is that of code points, by which Python sorts. */
function comparePaths({ bytes, starts, lengths }: TextColumn, a: number, b: number): number {
  const from = starts[a], other = starts[b], shared = Math.min(lengths[a], lengths[b]);
  for (let i = 0; i < shared; i++) {
    const difference = bytes[from + i] - bytes[other + i];
    if (difference !== 0) return difference;
  }
  return lengths[a] - lengths[b];
}
