/**
 * Rows of two sources such that each class has as many as asked for: of the first source as many as there are, the rest of
 * the second. The reference (create_laionet_match_freq) draws unseeded and may take an image from both sources; here the
 * draws come from one seeded stream, and no id is taken twice.
 */
import { randomState } from "../../random/mt19937.ts";

/** A source of rows, as far as the rule looks at them. */
export interface MatchSource {
  readonly ids: ArrayLike<number>;
  readonly labels: Int32Array;
}

/** Rows that were chosen: of which source (0, 1), in the order of their ids. */
export interface MatchedRow {
  readonly source: number;
  readonly row: number;
}

/** Rows by label, each in the order of the table. */
function rowsByLabel({ labels }: MatchSource, classes: number): number[][] {
  const byLabel: number[][] = Array.from({ length: classes }, () => []);
  for (let row = 0; row < labels.length; row++) byLabel[labels[row]].push(row);
  return byLabel;
}

/**
 * Chooses `targets[label]` rows of each class. The stream of NumPy's RandomState(seed) is drawn from class by class in
 * label order for the first source, `choice` without replacement among the class's rows in the order of the table where
 * there are more than asked for; then in the same way for the second, whose rows with an id that the first gave are no
 * candidates. `short` has for each label how many rows there were too few.
 */
export function matchCounts(
  sources: readonly MatchSource[],
  targets: ArrayLike<number>,
  seed: number,
): { rows: MatchedRow[]; short: Int32Array } {
  const classes = targets.length, short = Int32Array.from(targets), random = randomState(seed);
  const rows: MatchedRow[] = [], taken = new Set<number>();
  for (const [source, table] of sources.entries()) {
    const byLabel = rowsByLabel(table, classes);
    for (let label = 0; label < classes; label++) {
      if (short[label] === 0) continue;
      const free = source === 0 ? byLabel[label] : byLabel[label].filter((row) => !taken.has(table.ids[row]));
      const wanted = short[label];
      const chosen = free.length > wanted
        ? Array.from(random.choice(free.length, wanted, { replace: false }), (i) => free[i])
        : free;
      for (const row of chosen) rows.push({ source, row });
      short[label] -= chosen.length;
    }
    for (const { source: from, row } of rows) if (from === source) taken.add(table.ids[row]);
  }
  const idOf = ({ source, row }: MatchedRow) => sources[source].ids[row];
  return { rows: rows.sort((a, b) => idOf(a) - idOf(b)), short };
}
