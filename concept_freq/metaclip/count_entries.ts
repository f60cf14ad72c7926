/**
 * Class frequencies from a count of texts, as MetaCLIP publishes of its metadata: every entry that mentions a class adds its count to
 * the class.
 */
import { captionArena, openBytes, TEXT_AT, TEXT_BYTES } from "../../data_utils/mod.ts";
import type { CompiledConcepts } from "../count/compile.ts";
import { conceptMatcher } from "../count/matcher.ts";
import { countObjectReader } from "./count_object.ts";

/** What entries add up to. */
export interface EntryCounts {
  /** By class, the sum of the counts of the entries that mention it. */
  readonly counts: Float64Array<ArrayBuffer>;
  readonly entries: number;
  /** Sum of all entries' counts. */
  readonly total: number;
  /** Entries that mention a class, and the sum of their counts. */
  readonly matched: number;
  readonly matchedTotal: number;
}

const pieceBytes = 2 ** 18;

/**
 * Counts the entries of a JSON object of texts and counts, plain or gzipped. `onPiece` is told of the entries so far, some
 * times a megabyte. Throws SyntaxError, naming file and place, for a file that is no such object or is cut short.
 */
export async function countEntries(
  path: string,
  concepts: CompiledConcepts,
  options: { readonly signal?: AbortSignal; readonly onPiece?: (entries: number) => void } = {},
): Promise<EntryCounts> {
  const arena = captionArena(), matcher = conceptMatcher(concepts, arena);
  const counts = new Float64Array(concepts.classNames.length);
  let entries = 0, total = 0, matched = 0, matchedTotal = 0;
  const reader = countObjectReader((length, count) => {
    const classes = matcher.match(length);
    for (const c of classes) counts[c] += count;
    entries++;
    total += count;
    if (classes.length === 0) return;
    matched++;
    matchedTotal += count;
  }, () => arena.bytes().subarray(TEXT_AT, TEXT_AT + TEXT_BYTES));
  const source = await openBytes(path);
  try {
    for (;;) {
      const piece = await source.read(pieceBytes);
      options.signal?.throwIfAborted();
      named(path, () => piece.length === 0 ? reader.end() : reader.push(piece));
      if (piece.length === 0) break;
      options.onPiece?.(entries);
    }
  } finally {
    await source.close();
  }
  return { counts, entries, total, matched, matchedTotal };
}

/** Does something; a SyntaxError of it names the file. */
function named(path: string, read: () => void): void {
  try {
    read();
  } catch (error) {
    throw error instanceof SyntaxError
      ? new SyntaxError(`${path}: ${error.message}`, { cause: error })
      : error;
  }
}

/**
 * The captions' name in the names of tables, as the reference makes it of a file's: datacard_400m.json is
 * metaclip_400m, datacard_fullcc2.5b.json is metaclip_fullcc.
 */
export function metaclipName(path: string): string {
  const stem = path.slice(path.lastIndexOf("/") + 1).split(".")[0];
  return stem.replace("datacard", "metaclip").replace("fullcc2", "fullcc");
}
