/**
 * The counts of entries as files: in the form of MetaCLIP's datacards, `{entry: count}` in the entries' order, which
 * `freq metaclip` reads; and as a table by count.
 */
import { writeAtomically, writeFully } from "../../data_utils/mod.ts";
import { type EntryList, entryText } from "./entry_list.ts";

/** Where the counts of entries lie. */
export interface EntryTablePaths {
  /** entry_counts_{name}.json: an object of entry and count, in the entries' order. */
  readonly json: string;
  /** entry_frequency_{name}.txt: entry, tab and count a line, the highest count first, ties in the entries' order. */
  readonly table: string;
}

const escapes: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" };

/** An entry as a line of a table holds it: tab, LF, CR and backslash are written \t \n \r \\ as in JSON. */
export function escapedEntry(entry: string): string {
  return entry.replace(/[\t\n\r\\]/g, (letter) => escapes[letter]);
}

/** Writes lines a few thousand at a time. */
async function writeLines(path: string, count: number, line: (i: number) => string): Promise<void> {
  await writeAtomically(path, async (file) => {
    const encoder = new TextEncoder();
    for (let from = 0; from < count; from += 8192) {
      const lines = Array.from({ length: Math.min(8192, count - from) }, (_, i) => line(from + i));
      await writeFully(file, encoder.encode(lines.join("")));
    }
  });
}

/** The entries' numbers by count, the highest first; equal counts keep their order. */
function byCount(counts: Float64Array): Uint32Array {
  return Uint32Array.from(counts, (_, i) => i).sort((a, b) => counts[b] - counts[a] || a - b);
}

/**
 * Writes both files into the folder `out`, which is made where it is absent. In the object an entry that occurs several
 * times is written once, where it occurs first: `isRepeated` tells the later ones.
 */
export async function writeEntryTables(
  { out, name, entries, counts, isRepeated }: {
    readonly out: string;
    readonly name: string;
    readonly entries: EntryList;
    readonly counts: Float64Array;
    readonly isRepeated: (entry: number) => boolean;
  },
): Promise<EntryTablePaths> {
  await Deno.mkdir(out, { recursive: true });
  const json = `${out}/entry_counts_${name}.json`, table = `${out}/entry_frequency_${name}.txt`;
  const total = entries.ends.length, order = byCount(counts);
  await writeLines(json, total + 1, (i) => {
    if (i === total) return "\n}\n";
    if (isRepeated(i)) return "";
    return `${i === 0 ? "{" : ","}\n${JSON.stringify(entryText(entries, i))}: ${counts[i]}`;
  });
  await writeLines(
    table,
    total,
    (i) => `${escapedEntry(entryText(entries, order[i]))}\t${counts[order[i]]}\n`,
  );
  return { json, table };
}
