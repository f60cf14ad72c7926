/** How many rows the classes of a variant have, for `--dry-run` and provenance files. */

/** Rows per class, summed up and one by one. */
export interface ClassHistogram {
  readonly classes: number;
  /** Sum of the counts. */
  readonly total: number;
  /** Classes without a row. */
  readonly zeros: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** Names and counts in class order. */
  readonly counts: readonly (readonly [string, number])[];
}

/** Sums up rows per class. Throws RangeError when there is no class, or there are not as many counts as names. */
export function histogramOf(names: readonly string[], counts: ArrayLike<number>): ClassHistogram {
  if (names.length === 0 || names.length !== counts.length) {
    throw new RangeError(`${names.length} class names do not go with ${counts.length} counts`);
  }
  const sorted = Float64Array.from(counts).sort(), n = sorted.length, middle = n >> 1;
  return {
    classes: n,
    total: sorted.reduce((sum, count) => sum + count, 0),
    zeros: sorted.filter((count) => count === 0).length,
    min: sorted[0],
    median: n % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2,
    max: sorted[n - 1],
    counts: names.map((name, c) => [name, counts[c]] as const),
  };
}

const shown = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 1 });

/** Classes by the number of digits of their counts: none, 1-9, 10-99 ... */
function byDigits({ counts }: ClassHistogram): [string, number][] {
  const bins: number[] = [];
  for (const [, count] of counts) {
    const digits = count === 0 ? 0 : String(count).length;
    bins[digits] = (bins[digits] ?? 0) + 1;
  }
  const range = (digits: number) =>
    digits === 0 ? "0" : digits === 1 ? "1 - 9" : `${shown(10 ** (digits - 1))} - ${shown(10 ** digits - 1)}`;
  return Array.from(bins, (classes, digits): [string, number] => [range(digits), classes ?? 0])
    .slice(bins.findIndex((classes) => classes > 0));
}

/** Lines for the eye: the summary, and unless `brief` how many classes have how many rows, with bars. */
export function histogramLines(histogram: ClassHistogram, brief: boolean): string[] {
  const { classes, zeros, min, median, max } = histogram;
  const summary =
    `${shown(classes)} classes: ${shown(min)} to ${shown(max)} rows, median ${shown(median)}, ` +
    `${shown(zeros)} without rows`;
  if (brief) return [summary];
  const bins = byDigits(histogram), most = Math.max(...bins.map(([, n]) => n));
  const wide = Math.max("rows".length, ...bins.map(([range]) => range.length)), count = shown(most).length;
  return [
    summary,
    `  ${"rows".padStart(wide)}  classes`,
    ...bins.map(([range, n]) =>
      `  ${range.padStart(wide)}  ${shown(n).padStart(count)} ${"#".repeat(Math.ceil(40 * n / most))}`
        .trimEnd()
    ),
  ];
}
