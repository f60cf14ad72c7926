// One run of a study in this process. Its progress goes to a line of JSON at a time, which the study reads; when nobody
// reads any more, the study is gone and the run stops, saved.

import { readResult, type RunResult, Stopped, type TrainingReport } from "../../data_utils/mod.ts";
import { armNamed } from "./arms.ts";
import { dataMaker, openStudyData } from "./data.ts";
import type { Recipes } from "./recipe.ts";
import { runFolder, type RunName, runsBefore, type StudySettings } from "./settings.ts";

/** A line that a run prints. */
export type RunLine = { readonly report: TrainingReport } | { readonly result: RunResult };

export interface OneRunOptions {
  /** The study's folder. */
  readonly dir: string;
  readonly settings: StudySettings;
  readonly run: RunName;
  readonly recipes: Recipes;
  /** Seconds between checkpoints, at least. */
  readonly saveEvery: number;
  /** Takes a line; throws when nobody reads. */
  readonly print: (line: RunLine) => void;
  readonly signal: AbortSignal;
}

/** Trains the run, or goes on with it. Throws Stopped after saving when asked to or when nobody reads. */
export async function trainOneRun(options: OneRunOptions): Promise<RunResult> {
  const { dir, settings, run, recipes, print, saveEvery } = options, arm = armNamed(run.arm);
  const unread = new AbortController(), signal = AbortSignal.any([options.signal, unread.signal]);
  const [head] = runsBefore(run, settings), headFrom = head ? `${dir}/${runFolder(head)}` : null;
  if (headFrom && !await readResult(headFrom)) {
    throw new RangeError(
      `${runFolder(run)} takes its head from ${runFolder(head)}, which is not trained yet`,
    );
  }
  await dataMaker(dir, settings, { signal }).prepare(run);
  const data = await openStudyData(dir, run, settings);
  const onReport = (report: TrainingReport) => {
    try {
      print({ report });
    } catch {
      unread.abort(new Stopped("Nobody reads the progress of this run"));
    }
  };
  const { law, seed } = run;
  const place = {
    law,
    seed,
    settings,
    headFrom,
    onReport,
    saveEvery,
    signal,
    ...data,
    dir: `${dir}/${runFolder(run)}`,
  };
  const train = () => arm.family === "sl" ? recipes.sl({ arm, ...place }) : recipes.clip({ arm, ...place });
  const result = await whileBusy(train, signal);
  print({ result });
  return result;
}

/** Waits while another process holds the run: after a kill the one before needs a moment to notice. */
async function whileBusy<T>(job: () => Promise<T>, signal: AbortSignal, seconds = 30): Promise<T> {
  for (let tries = 0;; tries++) {
    try {
      return await job();
    } catch (error) {
      if (!(error instanceof Deno.errors.Busy) || tries >= seconds) throw error;
      await new Promise((resume) => setTimeout(resume, 1000));
      signal.throwIfAborted();
    }
  }
}
