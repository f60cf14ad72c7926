/** The table of duplicates that a run leaves: which row is one, of what kind, and of which earlier row. */
import { writeAtomically, writeFully } from "../../runs/atomic.ts";
import type { Duplicate } from "./duplicates.ts";

/** Duplicates of one kind. */
export interface DuplicateList {
  readonly kind: "url" | "content";
  readonly duplicates: AsyncIterable<Duplicate> | Iterable<Duplicate>;
  /** The key of a row's sample: no tab and no line end. */
  keyOf(row: number): string;
}

const BATCH_CHARS = 2 ** 16;

/** Writes a TSV with the columns kind, key and first_key, list after list, and gives the number of its rows. */
export async function writeDuplicateTable(path: string, lists: readonly DuplicateList[]): Promise<number> {
  let count = 0;
  await writeAtomically(path, async (file) => {
    const encoder = new TextEncoder();
    let text = "kind\tkey\tfirst_key\n";
    for (const { kind, duplicates, keyOf } of lists) {
      for await (const { row, first } of duplicates) {
        text += `${kind}\t${keyOf(row)}\t${keyOf(first)}\n`;
        count++;
        if (text.length < BATCH_CHARS) continue;
        await writeFully(file, encoder.encode(text));
        text = "";
      }
    }
    await writeFully(file, encoder.encode(text));
  });
  return count;
}
