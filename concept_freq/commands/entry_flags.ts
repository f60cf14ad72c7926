/** The entries of `freq substring` and `freq balance`: read, compiled, and said what is odd about them. */
import type { Progress } from "../../data_utils/mod.ts";
import { type CompiledEntries, compileEntries, isRepeated } from "../substring/compile_entries.ts";
import { readEntryFile } from "../substring/entry_file.ts";
import { type EntryList, entryText } from "../substring/entry_list.ts";

export const entryFlags = {
  entries: {
    kind: "text",
    value: "FILE",
    help: "entries: a JSON array of strings, a JSON object of text and count, or a text file, one a line",
  },
} as const;

/** Entries with what the matcher makes of them. */
export interface Entries {
  readonly list: EntryList;
  readonly compiled: CompiledEntries;
}

/** Reads a file of entries; an entry that occurs twice is noted. Throws what readEntryFile and compileEntries do. */
export async function readEntries(path: string, progress: Progress): Promise<Entries> {
  const list = await readEntryFile(path), compiled = compileEntries(list);
  const more = compiled.entries - compiled.patterns;
  if (more > 0) {
    const repeated = isRepeated(compiled);
    const first = list.ends.findIndex((_, i) => repeated(i));
    progress.note(
      `${path}: ${more} of ${compiled.entries} entries occur before already, the first ` +
        `${JSON.stringify(entryText(list, first))}; each has the same count as there`,
    );
  }
  return { list, compiled };
}
