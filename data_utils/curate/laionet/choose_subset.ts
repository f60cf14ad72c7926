/**
 * Which rows of LAIONet a subset has: those at or above a similarity, a part of them or so many of them, at least one per
 * class that the table has, and then as many fewer of the ten largest classes. Bit-equal to the reference
 * (create_laionet_subsets), whose draws are pandas' `sample`.
 */
import { sampleRows } from "../../random/data_frame_sample.ts";
import { countLabels } from "./training_table.ts";

/** What is asked for; `count` or `part` or neither. */
export interface SubsetRule {
  readonly threshold: number;
  readonly count?: number;
  /** Default 1. */
  readonly part?: number;
  readonly seed: number;
}

/** Rows of a table as far as the rule looks at them. */
export interface SubsetRows {
  readonly similarity: Float32Array | Float64Array | Int32Array;
  readonly labels: Int32Array;
  readonly classes: number;
}

/** Rows in drawn order, and how they came about. */
export interface ChosenSubset {
  readonly rows: Int32Array;
  readonly aboveThreshold: number;
  /** Rows that stand for a class of which none was drawn. */
  readonly rescued: number;
  /** Rows that were left out again. */
  readonly dropped: number;
}

const LARGEST_CLASSES = 10;

/**
 * Chooses rows. A float32 similarity is compared in float32; NaN is below every threshold. Throws RangeError when more
 * rows are asked for than there are at the threshold, or more would be dropped than the ten largest classes have.
 */
export function chooseSubset({ similarity, labels, classes }: SubsetRows, rule: SubsetRule): ChosenSubset {
  const { count, part = 1, seed } = rule;
  const threshold = similarity instanceof Float32Array ? Math.fround(rule.threshold) : rule.threshold;
  const above = new Int32Array(similarity.length);
  let aboveThreshold = 0;
  for (let row = 0; row < similarity.length; row++) {
    if (similarity[row] >= threshold) above[aboveThreshold++] = row;
  }
  if (count !== undefined && count > aboveThreshold) {
    throw new RangeError(
      `--n ${count} is more than the ${aboveThreshold} rows at or above the threshold ${rule.threshold}: lower one of them`,
    );
  }
  const drawn = sampleRows(aboveThreshold, {
    ...count === undefined ? { frac: part } : { n: count },
    randomState: seed,
  });
  for (let i = 0; i < drawn.length; i++) drawn[i] = above[drawn[i]];

  const rescued = firstOfAbsent(labels, drawn, classes), rows = new Int32Array(drawn.length + rescued.length);
  rows.set(drawn);
  rows.set(rescued, drawn.length);
  const surplus = count === undefined ? 0 : rows.length - count;
  return {
    rows: surplus === 0 ? rows : withoutSurplus(rows, labels, classes, surplus, seed),
    ...{ aboveThreshold, rescued: rescued.length, dropped: surplus },
  };
}

/** The first row of each class that no drawn row has, in the order of the table. */
function firstOfAbsent(labels: Int32Array, drawn: Int32Array, classes: number): number[] {
  const seen = new Uint8Array(classes), first: number[] = [];
  for (const row of drawn) seen[labels[row]] = 1;
  for (let row = 0; row < labels.length; row++) {
    if (seen[labels[row]]) continue;
    seen[labels[row]] = 1;
    first.push(row);
  }
  return first;
}

/** Leaves out `surplus` rows of the largest classes; of two classes of a size the one seen first is the larger. */
function withoutSurplus(
  rows: Int32Array,
  labels: Int32Array,
  classes: number,
  surplus: number,
  seed: number,
): Int32Array {
  const counts = countLabels(rows.map((row) => labels[row]), classes),
    firstAt = new Int32Array(classes).fill(-1);
  rows.forEach((row, i) => {
    if (firstAt[labels[row]] < 0) firstAt[labels[row]] = i;
  });
  const largest = Array.from(counts, (_, label) => label).filter((label) => counts[label] > 0)
    .sort((a, b) => counts[b] - counts[a] || firstAt[a] - firstAt[b]).slice(0, LARGEST_CLASSES);
  const isLarge = new Uint8Array(classes);
  for (const label of largest) isLarge[label] = 1;
  const places = Int32Array.from({ length: rows.length }, (_, i) => i).filter((i) =>
    isLarge[labels[rows[i]]]
  );
  if (surplus > places.length) {
    throw new RangeError(
      `${surplus} rows more than --n would have to be left out, but the ten largest classes have only ` +
        `${places.length}: raise --n`,
    );
  }
  const leftOut = new Uint8Array(rows.length);
  for (const drawn of sampleRows(places.length, { n: surplus, randomState: seed })) {
    leftOut[places[drawn]] = 1;
  }
  return rows.filter((_, i) => !leftOut[i]);
}
