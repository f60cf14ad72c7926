/** The tables of `freq class`, from its own partial results or from those that a merge brings together. */
import type { WriteTables } from "../run/tables.ts";
import { sumPartials } from "../run/sum_partials.ts";
import { writeClassTables } from "../tables/write_tables.ts";

/** What the tables need besides the counts. */
export interface AboutClasses {
  /** Name of the concept set. */
  readonly set: string;
  readonly classNames: readonly string[];
}

export const classTables: WriteTables = async ({ about, partials }, { out, name }) => {
  const { set, classNames } = about as AboutClasses;
  const counts = await sumPartials(partials, classNames.length);
  const { sorted, ori } = await writeClassTables({ classNames, counts, out, name, set });
  return { tables: [sorted, ori], provenance: sorted.replace(/txt$/, "json") };
};
