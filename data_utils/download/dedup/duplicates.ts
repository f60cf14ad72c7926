/** Which rows are duplicates: a bit for each row in memory, and the rows they are duplicates of in files. */
import { putRow, rowAt } from "./fingerprint.ts";
import { openScatter, readScattered } from "./scatter.ts";

/** A row and the first with the same fingerprint. */
export interface Duplicate {
  readonly row: number;
  readonly first: number;
}

/** What was found. */
export interface Duplicates {
  readonly count: number;
  /** Whether an earlier row has the same fingerprint; also after the finder is gone. */
  isDuplicate(row: number): boolean;
  /** All of them by row, read from files of the finder, which must still be there. */
  all(): AsyncGenerator<Duplicate>;
}

/** Rows of one file, all of which are in memory when it is read (8 bytes each). */
const ROWS_PER_FILE = 2 ** 22, RECORD = 3;

/** Takes duplicates among rows below `rows` in any order. */
export function collectDuplicates(pathOf: (file: number) => string, rows: number, signal?: AbortSignal) {
  const files = Math.max(1, Math.ceil(rows / ROWS_PER_FILE));
  const scatter = openScatter(pathOf, files, RECORD), bits = new Uint8Array(Math.ceil(rows / 8));
  let count = 0;
  const bitOf = (row: number): [number, number] => [Math.floor(row / 8), 1 << row % 8];

  function add(row: number, first: number): void {
    const [byte, bit] = bitOf(row);
    if (bits[byte] & bit) return;
    bits[byte] |= bit;
    count++;
    const at = scatter.place(Math.floor(row / ROWS_PER_FILE));
    scatter.words[at] = row % ROWS_PER_FILE;
    putRow(first, scatter.words, at + 1);
  }

  function finish(): Duplicates {
    const paths = scatter.finish();
    async function* all(): AsyncGenerator<Duplicate> {
      const firsts = new Float64Array(Math.min(rows, ROWS_PER_FILE));
      for (const [file, path] of paths.entries()) {
        if (path === null) continue;
        firsts.fill(-1);
        for await (const words of readScattered(path, RECORD, signal)) {
          for (let at = 0; at < words.length; at += RECORD) firsts[words[at]] = rowAt(words, at + 1);
        }
        for (let i = 0; i < firsts.length; i++) {
          if (firsts[i] >= 0) yield { row: file * ROWS_PER_FILE + i, first: firsts[i] };
        }
      }
    }
    const isDuplicate = (row: number) => {
      const [byte, bit] = bitOf(row);
      return (bits[byte] & bit) !== 0;
    };
    return { count, isDuplicate, all };
  }
  return { add, finish };
}
