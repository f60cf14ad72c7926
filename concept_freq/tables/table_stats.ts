/**
 * What a frequency table looks like as a distribution: how much there is, how unequal it is, and how fast it falls.
 */
import { byCount, type FrequencyRow } from "./frequency_table.ts";

/** The numbers of a table. What is not defined for it is null. */
export interface TableStats {
  /** Rows of the table. */
  readonly classes: number;
  /** Sum of all counts. */
  readonly total: number;
  readonly max: number;
  /** The middle count, or the mean of the two in the middle. */
  readonly median: number;
  /** Lowest count above zero; null when all are zero. */
  readonly min_above_zero: number | null;
  /** Rows with a count of zero. */
  readonly zeros: number;
  /**
   * Gini coefficient of all counts, zeros included: half the mean absolute difference of two counts drawn with replacement, over
   * their mean. 0 when all are equal, 1 - 1/n when one row has everything; null when the total is zero.
   */
  readonly gini: number | null;
  /** The total's share in the most frequent tenth of the rows, rounded up to whole rows; null when the total is zero. */
  readonly top_tenth_share: number | null;
  /**
   * Exponent s of Zipf's law, count ~ rank^-s: minus the slope of the least-squares line of ln(count) on ln(rank) over
   * the rows above zero, each row a point, ranks from 1, equal counts in any order. Null for fewer than two such rows.
   */
  readonly zipf_exponent: number | null;
}

/** The numbers of a table with at least one row; their order does not matter. Throws RangeError for one without. */
export function tableStats(rows: readonly FrequencyRow[]): TableStats {
  const n = rows.length;
  if (n === 0) throw new RangeError("A table without rows has no statistics");
  const counts = byCount(rows).map(({ count }) => count), total = sum(counts);
  const above = counts.filter((count) => count > 0), middle = n >> 1;
  return {
    ...{ classes: n, total, max: counts[0] },
    median: n % 2 === 1 ? counts[middle] : (counts[middle - 1] + counts[middle]) / 2,
    min_above_zero: above.at(-1) ?? null,
    zeros: n - above.length,
    gini: total === 0 ? null : sum(counts.map((count, i) => (n - 1 - 2 * i) * count)) / (n * total),
    top_tenth_share: total === 0 ? null : sum(counts.slice(0, Math.ceil(n / 10))) / total,
    zipf_exponent: zipfExponent(above),
  };
}

/** The exponent of counts above zero that fall. */
function zipfExponent(counts: readonly number[]): number | null {
  if (counts.length < 2) return null;
  const x = counts.map((_, i) => Math.log(i + 1)), y = counts.map(Math.log);
  const meanX = sum(x) / x.length, meanY = sum(y) / y.length;
  const slope = sum(x.map((at, i) => (at - meanX) * (y[i] - meanY))) / sum(x.map((at) => (at - meanX) ** 2));
  return 0 - slope;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
