/**
 * Tables side by side: for each class its count in every table. A table may be in class order or sorted, and a name may stand in it
 * more than once, so rows are joined by name and, where a name is repeated, by its n-th row.
 */
import type { FrequencyTable } from "./frequency_table.ts";

/** Classes with their counts in each table, in the order of the first table. */
export interface JoinedTables {
  readonly names: readonly string[];
  /** Per table the count of each class. */
  readonly counts: readonly (readonly number[])[];
  /** Rows of any table that the others do not all have, and that are therefore left out. */
  readonly leftOut: number;
  /**
   * Names that stand in a table more than once, where tables are in different orders: the n-th row of the name in one
   * need not be the same class as the n-th in another. Empty where all tables have one order.
   */
  readonly ambiguous: readonly string[];
}

/** A row as it is joined: its name, and the how-manieth it is of that name. */
function keysOf({ rows }: FrequencyTable): string[] {
  const seen = new Map<string, number>();
  return rows.map(({ name }) => {
    const nth = seen.get(name) ?? 0;
    seen.set(name, nth + 1);
    return `${nth}\t${name}`;
  });
}

const nameOf = (key: string) => key.slice(key.indexOf("\t") + 1);

/**
 * Joins tables. Throws RangeError, naming table and class, when one lacks a class of another, unless `common` says that
 * such classes are left out; and when no class is left.
 */
export function joinTables(tables: readonly FrequencyTable[], common = false): JoinedTables {
  const keys = tables.map(keysOf);
  const found = tables.map(({ rows }, t) => new Map(rows.map(({ count }, i) => [keys[t][i], count])));
  const everywhere = keys[0].filter((key) => found.every((counts) => counts.has(key)));
  const leftOut = new Set(keys.flat()).size - everywhere.length;
  if (leftOut > 0 && !common) {
    for (const [t, counts] of found.entries()) {
      const other = keys.findIndex((list) => list.some((key) => !counts.has(key)));
      if (other < 0) continue;
      const missing = keys[other].filter((key) => !counts.has(key));
      throw new RangeError(
        `${tables[t].path} lacks ${missing.length} of the ${keys[other].length} rows of ${
          tables[other].path
        }, ` +
          `the first of them ${JSON.stringify(nameOf(missing[0]))}: --common compares what all tables have`,
      );
    }
  }
  if (everywhere.length === 0) throw new RangeError("The tables have no name in common");
  const oneOrder = keys.every((list) => {
    const kept = list.filter((key) => found.every((counts) => counts.has(key)));
    return kept.every((key, i) => key === everywhere[i]);
  });
  return {
    names: everywhere.map(nameOf),
    counts: found.map((counts) => everywhere.map((key) => counts.get(key)!)),
    leftOut,
    ambiguous: oneOrder ? [] : [...new Set(keys.flat().filter((key) => !key.startsWith("0\t")).map(nameOf))],
  };
}
