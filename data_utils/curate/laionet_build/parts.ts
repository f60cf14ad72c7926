/**
 * The parts of a large set of captions and the ids of their rows. LAION-400M comes in 32 parquet files; a row is known by
 * its number within its part plus 100,000,000 times the part's.
 */
import { basename } from "node:path";
import { listCaptionFiles } from "../../captions/mod.ts";

/** Ids that belong to each part. */
export const PART_IDS = 100_000_000;

/** A file of a set, with its number. */
export interface Part {
  readonly path: string;
  readonly number: number;
}

/** The id of a row. Throws RangeError where the part has too many rows. */
export function globalId({ path, number }: Part, row: number): number {
  if (row < PART_IDS) return number * PART_IDS + row;
  throw new RangeError(`${path} has more than ${PART_IDS} rows: split it, so that ids stay apart`);
}

/**
 * Numbers files: by what their names say (`part-00012-...`), or where no name says anything by their order, from 0.
 * Throws RangeError where only some names do, or two say the same.
 */
export function numberParts(paths: readonly string[]): Part[] {
  const said = paths.map((path) => /part-?_?(\d+)/.exec(basename(path))?.[1]);
  if (said.every((number) => number === undefined)) return paths.map((path, number) => ({ path, number }));
  const parts = paths.map((path, i) => ({ path, number: Number(said[i] ?? NaN) }));
  const unnamed = parts.find(({ number }) => Number.isNaN(number));
  if (unnamed) {
    throw new RangeError(`${unnamed.path} has no part number in its name, as others have: part-00000`);
  }
  parts.sort((a, b) => a.number - b.number);
  const twice = parts.findIndex(({ number }, i) => i > 0 && number === parts[i - 1].number);
  if (twice > 0) {
    throw new RangeError(
      `${parts[twice - 1].path} and ${parts[twice].path} are both part ${parts[twice].number}`,
    );
  }
  return parts;
}

/** The parts that patterns name (see listCaptionFiles), by number. */
export async function listParts(patterns: readonly string[]): Promise<Part[]> {
  return numberParts(await listCaptionFiles(patterns));
}

/** What the names of all parts have behind their number, or nothing where they differ: `-5b54c5d5-....snappy`. */
function commonEnding(parts: readonly Part[]): string {
  const endings = new Set(parts.map(({ path }) => {
    return /part-?_?\d+(.*?)(\.parquet|\.tsv|\.csv|\.jsonl?)?(\.gz)?$/.exec(basename(path))?.[1] ?? "";
  }));
  return endings.size === 1 ? [...endings][0] : "";
}

/** The end of the name of a table made of these parts: `part-00000-to-part00031-5b54c5d5-....parquet`. */
export function subsetFileName(parts: readonly Part[]): string {
  const five = (number: number) => String(number).padStart(5, "0");
  const last = parts[parts.length - 1].number;
  return `part-${five(parts[0].number)}-to-part${five(last)}${commonEnding(parts)}.parquet`;
}
