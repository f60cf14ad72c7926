/**
 * Which rows go into which shard. Shards are runs of rows of one file, numbered over all files, so that a row's key
 * depends on nothing but the inputs and their order. What a pass over the inputs found is kept for later processes.
 */
import { type Fingerprint, fingerprintFile, listCaptionFiles } from "../../captions/inventory.ts";
import type { Progress } from "../../program/progress.ts";
import { clockTime } from "../../program/progress.ts";
import { writeJsonAtomically } from "../../runs/atomic.ts";
import { byteText } from "../report/amounts.ts";
import type { TableRow } from "../row.ts";
import { openRowFile } from "../rows/open_row_file.ts";
import type { RowFileOptions, RowPlace } from "../rows/row_file.ts";

/** A file of rows, as far as it shapes the shards. */
export interface PlannedFile {
  readonly path: string;
  readonly rows: number;
  readonly places: readonly RowPlace[];
}

/** A shard to be. */
export interface PlannedShard {
  readonly number: number;
  /** Index into the plan's files. */
  readonly file: number;
  readonly place: RowPlace;
  readonly rows: number;
  /** Rows of all shards before it. */
  readonly before: number;
}

/** All shards. */
export interface Plan {
  readonly files: readonly PlannedFile[];
  readonly shards: readonly PlannedShard[];
  readonly rows: number;
}

/** A file that is to be read. */
export interface InputFile extends Fingerprint {
  readonly path: string;
}

/** The files that patterns name. Throws RangeError for a pattern that names nothing. */
export async function listInputs(patterns: readonly string[]): Promise<InputFile[]> {
  const paths = await listCaptionFiles(patterns);
  return await Promise.all(paths.map(async (path) => ({ path, ...await fingerprintFile(path) })));
}

/** How a plan is made. */
export interface PlanOptions {
  readonly inputs: readonly InputFile[];
  readonly rows: RowFileOptions;
  readonly rowsPerShard: number;
  /** Folder of what is kept between processes. */
  readonly state: string;
  /** Sees every row in order, with its number over all files; then every file is gone over. */
  readonly look?: (row: TableRow, number: number, path: string) => void;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Shards of files that were gone over. */
export function shardsOf(files: readonly PlannedFile[], rowsPerShard: number): Plan {
  const shards: PlannedShard[] = [];
  let before = 0;
  for (const [file, { places, rows }] of files.entries()) {
    for (const place of places) {
      const count = Math.min(rowsPerShard, rows - place.row);
      shards.push({ number: shards.length, file, place, rows: count, before });
      before += count;
    }
  }
  return { files, shards, rows: before };
}

/** Milliseconds in which a pass may end without a word. */
const SOON = 1000;

/** A progress line for bytes that are passed. */
function passing(progress: Progress, name: string, bytes: number): (passed: number) => void {
  const began = performance.now();
  let done = 0;
  return (passed) => {
    done += passed;
    if (performance.now() - began < SOON) return;
    const seconds = (performance.now() - began) / 1000, left = seconds * (bytes / done - 1);
    progress.show(
      `finding the rows of ${name}: ${byteText(done)} of ${byteText(bytes)}, ${
        byteText(done / seconds)
      }/s, ` +
        `${clockTime(left)} left`,
    );
  };
}

/** What an earlier process found in this very file. */
async function foundBefore(path: string, key: string): Promise<PlannedFile | null> {
  const text = await Deno.readTextFile(path).catch(() => null);
  if (text === null) return null;
  const { key: before, file } = JSON.parse(text);
  return before === key ? file : null;
}

/**
 * Goes over the inputs that no earlier process went over, and plans their shards. Throws RangeError for inputs without
 * a row, SyntaxError for a file that is no table, and what `signal` aborted with.
 */
export async function makePlan(options: PlanOptions): Promise<Plan> {
  const { inputs, rows, rowsPerShard, state, look, progress, signal } = options, files: PlannedFile[] = [];
  let before = 0;
  for (const [i, { path, bytes, hash, modified }] of inputs.entries()) {
    const key = JSON.stringify([path, bytes, hash, modified, rowsPerShard, rows]);
    const kept = `${state}/rows_${i}.json`;
    let file = look ? null : await foundBefore(kept, key);
    if (file === null) {
      await using table = await openRowFile(path, rows);
      const first = before;
      const survey = await table.survey(rowsPerShard, {
        look: look && ((row) => look(row, first + row.row, path)),
        passed: passing(progress, path, bytes),
        signal,
      });
      file = { path, rows: survey.rows, places: survey.places };
      await writeJsonAtomically(kept, { key, file });
    }
    before += file.rows;
    files.push(file);
  }
  progress.end();
  if (before === 0) {
    throw new RangeError(
      `${inputs.map(({ path }) => path).join(", ")}: no row; name other files with --input`,
    );
  }
  return shardsOf(files, rowsPerShard);
}
