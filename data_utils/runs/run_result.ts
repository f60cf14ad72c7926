/** What a finished run leaves behind: one small JSON file whose being there says that the run is done. */
import type { Skipped } from "../loader/sample.ts";
import type { ImbalanceScores } from "../metrics/imbalance_scores.ts";
import { writeJsonAtomically } from "./atomic.ts";
import { writeClassTable } from "./class_table.ts";
import { RUN_FILES } from "./run_dir.ts";

/** Name of the file in a run folder. */
export const RESULT_FILE = "result.json";

/** Result of a training run; without a test set there are no scores. */
export interface RunResult extends Partial<ImbalanceScores> {
  /** Seconds spent in training steps, over all sessions. */
  seconds: number;
  /** Training images per second of these. */
  images_per_second: number;
  steps: number;
  images_seen: number;
  /** Samples that were left out. */
  skipped?: { train: Skipped[]; test: Skipped[] };
}

/** The result in the run folder `dir`, or null while the run is not finished. Throws SyntaxError for a damaged file. */
export async function readResult(dir: string): Promise<RunResult | null> {
  const path = `${dir}/${RESULT_FILE}`;
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof SyntaxError) {
      throw new SyntaxError(`${path} is not JSON: remove it to finish the run again`);
    }
    throw error;
  }
}

/** Writes classes.tsv (where there are scores) and then the result, which marks the run as finished. */
export async function writeResult(dir: string, result: RunResult): Promise<void> {
  if (result.per_class) await writeClassTable(`${dir}/${RUN_FILES.classes}`, result.per_class);
  await writeJsonAtomically(`${dir}/${RESULT_FILE}`, result);
}
