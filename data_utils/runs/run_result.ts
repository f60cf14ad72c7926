/** What a finished run leaves behind: one small JSON file whose being there says that the run is done. */
import type { Skipped } from "../loader/skips.ts";
import type { Evaluation } from "../metrics/evaluation.ts";
import type { ImbalanceScores } from "../metrics/imbalance_scores.ts";
import { writeJsonAtomically } from "./atomic.ts";
import { writeClassTable } from "./class_table.ts";
import { evaluationRecord, writeConfusion } from "./evaluations.ts";
import { holdsRun, type Run, RUN_FILES, type RunConfig } from "./run_dir.ts";
import type { CollapseScores } from "./study_report.ts";

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
  /** Neural collapse on the test set; null where it has no meaning. */
  collapse?: CollapseScores | null;
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

/**
 * The result of the run of this configuration in `dir` where it is finished, else null. It only looks, so that a program
 * can find out what is wrong with its input before it makes a folder. Throws RangeError for another run's folder.
 */
export async function finishedRun(
  { dir, config }: { dir: string; config: RunConfig },
): Promise<RunResult | null> {
  return await holdsRun(dir, config) ? await readResult(dir) : null;
}

/** What a run ends with: its evaluation on the test set, where there is one, and how it was trained. */
export interface RunEnd {
  readonly evaluation: Evaluation | null;
  readonly imagesPerStep: number;
  readonly training: Pick<RunResult, "seconds" | "images_per_second" | "steps" | "skipped">;
}

/** Writes all that a finished run leaves: logs its last evaluation, and at the very end the result, which marks it as finished. */
export async function finishRun(
  run: Run,
  { evaluation, imagesPerStep, training }: RunEnd,
): Promise<RunResult> {
  const { steps } = training;
  if (evaluation) {
    const { scores, confusion } = evaluation;
    run.logEvaluation({ ...evaluationRecord({ step: steps, imagesPerStep }, scores) });
    await writeClassTable(run.path(RUN_FILES.classes), scores.per_class);
    await writeConfusion(run.path(RUN_FILES.confusion), confusion);
  }
  const result: RunResult = {
    ...evaluation?.scores,
    ...evaluation && { collapse: evaluation.collapseScores ?? null },
    ...training,
    images_seen: steps * imagesPerStep,
  };
  await writeJsonAtomically(run.path(RESULT_FILE), result);
  return result;
}
