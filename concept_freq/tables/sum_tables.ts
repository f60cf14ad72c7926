/** Frequency tables of the same names added up, such as those of two caption sets. */
import { frequencyTableText, readFrequencyTable } from "./frequency_table.ts";

/**
 * The text of the sum, in the order of the first table. Where names occur several times (ImageNet has two classes
 * "crane"), which is which shows only from the order, so that must then be the same in all. Throws RangeError naming the
 * table that has other names than the first, or such names in another order.
 */
export async function sumTables(paths: readonly string[]): Promise<string> {
  const [first, ...others] = await Promise.all(paths.map(readFrequencyTable));
  const sum = first.rows.map(({ name, count }) => ({ name, count }));
  const byName = new Map(sum.map((row) => [row.name, row])), repeated = byName.size < sum.length;
  for (const { path, rows } of others) {
    const fail = (what: string) => {
      throw new RangeError(`${path} ${what} ${first.path}, so they cannot be added`);
    };
    if (rows.length !== sum.length) fail(`has ${rows.length} rows, not the ${sum.length} of`);
    const added = new Set<string>();
    rows.forEach(({ name, count }, i) => {
      const row = repeated ? sum[i] : byName.get(name);
      if (row?.name !== name) {
        fail(
          repeated ? `has other names, or names that repeat in another order, than` : `has "${name}", unlike`,
        );
      } else if (!repeated && added.has(name)) fail(`has "${name}" twice, unlike`);
      else row.count += count;
      added.add(name);
    });
  }
  return frequencyTableText(sum);
}
