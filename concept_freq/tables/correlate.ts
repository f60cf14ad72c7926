/** How closely tables agree on which classes are frequent: Spearman's rank correlation of each with each. */
import { spearman } from "../../data_utils/mod.ts";

/**
 * Spearman's correlation, with average ranks, of every two tables of counts over the same classes. Null where it is not
 * defined: a table whose counts are all equal, or fewer than two classes. Throws TypeError for tables of other lengths.
 */
export function correlationMatrix(tables: readonly (readonly number[])[]): (number | null)[][] {
  const matrix = tables.map(() => tables.map((): number | null => null));
  tables.forEach((a, i) =>
    tables.slice(0, i + 1).forEach((b, j) => {
      const { statistic } = spearman(a, b);
      matrix[i][j] = matrix[j][i] = Number.isNaN(statistic) ? null : statistic;
    })
  );
  return matrix;
}
