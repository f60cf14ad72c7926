/** Looks for equal fingerprints in one file of records, as far as they go into memory; else file by file of its own. */
import { fileOf, FILES, RECORD_WORDS, rowAt } from "./fingerprint.ts";
import type { FirstRows } from "./first_rows.ts";
import { openScatter, readScattered, type Scatter } from "./scatter.ts";

/** What a search needs and gives. */
export interface Search {
  /** Memory for the files in turn. */
  readonly firsts: FirstRows;
  /** Told of each duplicate. */
  found(row: number, first: number): void;
  readonly signal?: AbortSignal;
}

/** Where the files of a file are. */
export const partOf = (path: string) => (file: number) => `${path.replace(/\.part$/, "")}_${file}.part`;

/** Notes the first row of each fingerprint; gives the number of records, or null when memory is too small. */
async function noteFirsts(path: string, { firsts, signal }: Search): Promise<number | null> {
  let records = 0;
  firsts.clear();
  for await (const words of readScattered(path, RECORD_WORDS, signal)) {
    for (let at = 0; at < words.length; at += RECORD_WORDS, records++) {
      if (!firsts.note(words, at, rowAt(words, at + 4))) return null;
    }
  }
  return records;
}

/** Adds a copy of a record to its file. */
export function scatterRecord(words: Uint32Array, at: number, into: Scatter, level: number): void {
  const to = into.place(fileOf(words, at, level));
  for (let i = 0; i < RECORD_WORDS; i++) into.words[to + i] = words[at + i];
}

/** Searches a file whose fingerprints agree in the bits of all levels before this one, and removes it. */
export async function searchFile(path: string, level: number, search: Search): Promise<void> {
  const { firsts, found, signal } = search, records = await noteFirsts(path, search);
  if (records === null) {
    const parts = openScatter(partOf(path), FILES, RECORD_WORDS);
    for await (const words of readScattered(path, RECORD_WORDS, signal)) {
      for (let at = 0; at < words.length; at += RECORD_WORDS) scatterRecord(words, at, parts, level);
    }
    await Deno.remove(path);
    for (const part of parts.finish()) if (part !== null) await searchFile(part, level + 1, search);
    return;
  }
  if (firsts.count < records) {
    for await (const words of readScattered(path, RECORD_WORDS, signal)) {
      for (let at = 0; at < words.length; at += RECORD_WORDS) {
        const row = rowAt(words, at + 4), first = firsts.of(words, at);
        if (row !== first) found(row, first);
      }
    }
  }
  await Deno.remove(path);
}
