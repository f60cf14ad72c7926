/** The frequency tables of a folder in the reference's layout, `freqs/class_frequency_*.txt`: what their names say. */
import { conceptSets } from "./concept_sets.ts";
import { type FrequencyRow, readFrequencyTable } from "./frequency_table.ts";

/** A table and what its name says of it. */
export interface ListedTable {
  readonly path: string;
  /** The data set that was counted, such as laion400m or laionet_thresh0.7_frac0.5. */
  readonly name: string;
  /** The concept set: that which the name ends in, or `imagenet`; `imagenet100` for its 100 classes. */
  readonly set: string;
  /** `class`: rows in class order (`_ori`); `count`: the highest count first, equal counts in class order. */
  readonly order: "class" | "count";
  readonly rows: readonly FrequencyRow[];
}

/** What a table's file name says, or null for a file of another name. */
export function tableNamed(file: string): Pick<ListedTable, "name" | "set" | "order"> | null {
  const [, stem, ori] = /^class_frequency_(.+?)(_ori)?\.txt$/.exec(file) ?? [];
  if (stem === undefined) return null;
  const set = [...Object.keys(conceptSets), "imagenet100"].find((known) => stem.endsWith(`_${known}`));
  const name = set === undefined ? stem : stem.slice(0, -set.length - 1);
  return { name, set: set ?? "imagenet", order: ori ? "class" : "count" };
}

/**
 * The tables of `folder`/freqs, by file name. Throws RangeError when the folder or its tables are missing, SyntaxError,
 * naming file and line, for a malformed table.
 */
export async function listFrequencyTables(folder: string): Promise<ListedTable[]> {
  const freqs = `${folder}/freqs`, tables: ListedTable[] = [];
  const found = await Array.fromAsync(Deno.readDir(freqs)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  });
  for (const { name } of found.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const said = tableNamed(name);
    if (said) tables.push({ ...said, ...await readFrequencyTable(`${freqs}/${name}`) });
  }
  if (tables.length === 0) {
    throw new RangeError(
      `${freqs} holds no tables class_frequency_*.txt: name the folder above it, or fetch the published ones: ` +
        `deno task data metadata fetch --dir ${folder}`,
    );
  }
  return tables;
}
