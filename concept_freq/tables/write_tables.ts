/**
 * The two tables of a count over classes, under the reference's names: one by count, one in the order of the classes.
 */
import { writeTextAtomically } from "../../data_utils/mod.ts";
import { byCount, frequencyTableText } from "./frequency_table.ts";

/** What was counted, and how its tables are called. */
export interface ClassTables {
  /** In the order of the concept set. */
  readonly classNames: readonly string[];
  /** Captions per class. */
  readonly counts: ArrayLike<number>;
  /** Folder of the tables; it is made where it is absent. */
  readonly out: string;
  /** Name of the captions, such as laion400m. */
  readonly name: string;
  /** Name of the concept set, such as imagenet. */
  readonly set: string;
}

/** Where the tables of a count lie. */
export interface ClassTablePaths {
  /** class_frequency_{name}_{set}.txt: highest count first, equal counts in the order of the classes. */
  readonly sorted: string;
  /** class_frequency_{name}_{set}_ori.txt: in the order of the classes. */
  readonly ori: string;
}

/** The tables' paths. Throws RangeError for a name that is no part of a file name. */
export function classTablePaths(
  { out, name, set }: Pick<ClassTables, "out" | "name" | "set">,
): ClassTablePaths {
  for (const part of [name, set]) {
    // deno-lint-ignore no-control-regex
    if (part === "" || /[/\\\x00-\x1f]/.test(part)) {
      throw new RangeError(`${JSON.stringify(part)} cannot be part of a file name: give another with --name`);
    }
  }
  const stem = `${out.replace(/(?<=.)\/+$/, "")}/class_frequency_${name}_${set}`;
  return { sorted: `${stem}.txt`, ori: `${stem}_ori.txt` };
}

/**
 * Writes both tables and returns their paths. Throws TypeError unless every class has a count, and RangeError for a
 * name or a count that a table cannot hold; then neither is written.
 */
export async function writeClassTables(tables: ClassTables): Promise<ClassTablePaths> {
  const { classNames, counts, out } = tables, paths = classTablePaths(tables);
  if (classNames.length !== counts.length) {
    throw new TypeError(`${counts.length} counts do not go with ${classNames.length} classes`);
  }
  const rows = classNames.map((name, c) => ({ name, count: counts[c] }));
  const ori = frequencyTableText(rows), sorted = frequencyTableText(byCount(rows));
  await Deno.mkdir(out, { recursive: true });
  await writeTextAtomically(paths.ori, ori);
  await writeTextAtomically(paths.sorted, sorted);
  return paths;
}
