/** Cutting the rarest classes down to a few rows. */
import { randomState } from "../../random/mt19937.ts";
import { countLabels } from "./labelled_table.ts";

/** What is cut. */
export interface Trim {
  /** How many of the rarest classes. */
  readonly lastk: number;
  /** How many rows each of them keeps at most. */
  readonly ceil: number;
  readonly seed: number;
}

/**
 * The rows that stay, in their order, and the labels of the tail: by count, those of one count by label. Classes of the
 * tail lose rows in this order, each as `RandomState.choice(rows, replace=False)` of one state draws them.
 */
export function trimTail(
  labels: Int32Array,
  classes: number,
  { lastk, ceil, seed }: Trim,
): { kept: Int32Array; tail: Int32Array } {
  const counts = countLabels(labels, classes), random = randomState(seed);
  const tail = Int32Array.from(counts.keys()).sort((a, b) => counts[a] - counts[b] || a - b).subarray(
    0,
    lastk,
  );
  const rowsOf = new Map<number, number[]>(Array.from(tail, (label) => [label, []]));
  labels.forEach((label, row) => rowsOf.get(label)?.push(row));
  const dropped = new Set<number>();
  for (const rows of rowsOf.values()) {
    if (rows.length <= ceil) continue;
    for (const i of random.choice(rows.length, rows.length - ceil, { replace: false })) dropped.add(rows[i]);
  }
  return { kept: Int32Array.from(labels.keys().filter((row) => !dropped.has(row))), tail };
}
