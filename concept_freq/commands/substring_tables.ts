/** The tables of `freq substring`, from its own partial results or from those that a merge brings together. */
import { readSpec, writeSpec } from "../run/spec_file.ts";
import { sumPartials } from "../run/sum_partials.ts";
import type { WriteTables } from "../run/tables.ts";
import { isRepeated } from "../substring/compile_entries.ts";
import type { EntryList } from "../substring/entry_list.ts";
import { writeEntryTables } from "../substring/entry_tables.ts";
import type { Entries } from "./entry_flags.ts";

const FILE = "entries.bin";

interface KeptEntries extends EntryList {
  readonly patternOf: Uint32Array<ArrayBuffer> | null;
}

/** Puts the entries beside the partial results, too many as they are for the plan. */
export function keepEntries(folder: string, { list, compiled }: Entries): Promise<void> {
  const { bytes, ends } = list, { patternOf } = compiled;
  return writeSpec(`${folder}/${FILE}`, { bytes, ends, patternOf } satisfies KeptEntries);
}

export const substringTables: WriteTables = async (outcome, { out, name }) => {
  const entries = await readSpec(`${outcome.folder}/${FILE}`) as KeptEntries;
  const counts = await sumPartials(outcome.partials, entries.ends.length);
  const { json, table } = await writeEntryTables({
    out,
    name,
    entries,
    counts,
    isRepeated: isRepeated(entries),
  });
  return { tables: [table, json], provenance: table.replace(/txt$/, "json") };
};
