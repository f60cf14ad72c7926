// The finished runs of a study as its report lists them: read from their folders, in the order of laws and arms, with
// what follows from two of them (SL at CLIP's accuracy) beside them.

import {
  type CurvePoint,
  type EvaluationRecord,
  readEvaluations,
  readResult,
  type ReportedRun,
  type RunResult,
} from "../../data_utils/mod.ts";
import { arms } from "./arms.ts";
import { captionFrequency, readCaptionCounts } from "./caption_frequency.ts";
import { matchAccuracy } from "./matched.ts";
import { allRuns, runFolder, type RunName, type StudySettings } from "./settings.ts";

/** A finished run. */
export interface FinishedRun {
  readonly name: RunName;
  readonly result: RunResult;
}

/** The runs of the study in `dir` that are finished. */
export async function finishedRuns(dir: string, settings: StudySettings): Promise<FinishedRun[]> {
  const results: FinishedRun[] = [];
  for (const name of allRuns(settings)) {
    const result = await readResult(`${dir}/${runFolder(name)}`);
    if (result) results.push({ name, result });
  }
  return results;
}

/** All runs law by law and arm by arm, the derived ones after the arm that they come from; and what is missing, in sentences. */
export async function reportedRuns(
  dir: string,
  settings: StudySettings,
  finished: readonly FinishedRun[],
): Promise<{ runs: ReportedRun[]; notes: string[] }> {
  const runs: ReportedRun[] = [], notes: string[] = [];
  for (const law of settings.laws) {
    const ofLaw = (arm: string) => finished.filter(({ name }) => name.law === law && name.arm === arm);
    for (const arm of settings.arms) {
      const matched: ReportedRun[] = [];
      for (const each of ofLaw(arm)) {
        const evaluations = await readEvaluations(`${dir}/${runFolder(each.name)}`);
        const run = await withCaptionFrequency(dir, reportedRun(each, evaluations));
        runs.push(run);
        const clip = arm === "sl_full" &&
          ofLaw("clip_templates").find(({ name }) => name.seed === each.name.seed);
        if (!clip) continue;
        const found = matchAccuracy(run, evaluations, { top1: clip.result.top1! });
        if ("run" in found) matched.push(found.run);
        else notes.push(found.reason);
      }
      runs.push(...matched);
    }
  }
  if (runs.some((run) => readsCaptions(run) && run.caption_frequency === null)) {
    notes.push(
      "How often captions mention each class is missing for some runs: counting needs WordNet 3.0, which " +
        "`./denow task setup` fetches once.",
    );
  }
  return { runs, notes };
}

/** Throws TypeError for a run without scores. */
function reportedRun({ name, result }: FinishedRun, evaluations: readonly EvaluationRecord[]): ReportedRun {
  const { skipped: _, collapse = null, ...scores } = result, run = runFolder(name);
  if (!scores.per_class) throw new TypeError(`The run ${run} has no scores`);
  const curve = evaluations.map(({ acc: _, pred: __, ...point }): CurvePoint => point);
  return { ...name, run, collapse, curve, ...scores } as ReportedRun;
}

/** Whether a run trains on captions of the images whose labels its frequencies count. */
function readsCaptions({ arm }: ReportedRun): boolean {
  return arms.some(({ name, family, balanced }) => name === arm && family === "clip" && !balanced);
}

async function withCaptionFrequency(dir: string, run: ReportedRun): Promise<ReportedRun> {
  if (!readsCaptions(run)) return run;
  const names = run.per_class.map((row) => row.class), counts = await readCaptionCounts(dir, run.run, names);
  return { ...run, caption_frequency: counts && captionFrequency(counts, run) };
}
