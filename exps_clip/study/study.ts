// A whole study: its runs as processes, two at a time, their progress on one line, and the report at the end. Finished
// runs are left as they are, so a study that was stopped or killed goes on where it was.

import {
  clockTime,
  describeSkipped,
  Failure,
  type Progress,
  REPORT_FILE,
  Stopped,
  type StudyReport,
  type TrainingReport,
  writeJsonAtomically,
} from "../../data_utils/mod.ts";
import { headSource, legendOf } from "./arms.ts";
import { inParallel, runChild } from "./children.ts";
import { dataMaker, removeStudyData } from "./data.ts";
import { makeReport } from "./report.ts";
import { type FinishedRun, finishedRuns, reportedRuns } from "./results.ts";
import {
  agreeOnSettings,
  allRuns,
  runFolder,
  type RunName,
  runsBefore,
  type StudySettings,
} from "./settings.ts";
import { undoneOnBadInput } from "./undo.ts";

export interface StudyOptions {
  readonly dir: string;
  readonly settings: StudySettings;
  /** Arguments of the runtime that train one run in a process of its own. */
  readonly childArgs: (run: RunName) => readonly string[];
  /** Runs at a time. */
  readonly jobs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Trains what is not trained yet and writes report.json. Throws Stopped when asked to stop, Failure when a run
 * fails, RangeError when the folder holds another study, Deno.errors.Busy while another process works in it. Bad input
 * leaves nothing in a folder that was begun here.
 */
export function runStudy(options: StudyOptions): Promise<StudyReport> {
  return undoneOnBadInput(options.dir, () => trainAndReport(options));
}

async function trainAndReport(options: StudyOptions): Promise<StudyReport> {
  const { dir, settings, progress } = options;
  await agreeOnSettings(dir, settings);
  using _lock = await lockFolder(dir);
  const done = new Set((await finishedRuns(dir, settings)).map(({ name }) => runFolder(name)));
  const left = allRuns(settings).filter((run) => !done.has(runFolder(run)));
  if (left.length > 0) await trainRuns(left, options);
  const report = await studyReport(dir, settings);
  for (const [part, list] of Object.entries(report.skipped)) {
    if (list.length > 0) progress.note(`${part} images: ${describeSkipped(list)}`);
  }
  await writeJsonAtomically(`${dir}/${REPORT_FILE}`, report);
  await removeStudyData(dir);
  progress.end();
  return report;
}

/** The report of the study in `dir`, whose runs are all finished. */
async function studyReport(dir: string, settings: StudySettings): Promise<StudyReport> {
  const finished: FinishedRun[] = await finishedRuns(dir, settings);
  const { runs, notes } = await reportedRuns(dir, settings, finished);
  return makeReport({
    settings,
    legend: legendOf(settings.arms),
    runs,
    skipped: finished[0].result.skipped ?? { train: [], test: [] },
    notes: [...notes, ...remarksOn(settings)],
  });
}

/** What a reader should know of the arms that were chosen. */
function remarksOn({ arms, data }: StudySettings): string[] {
  const frozen = arms.includes("sl_frozen") && data.kind === "files" && headSource(arms) === "clip_templates";
  return frozen
    ? [
      "The images have no captions of their own: there are no rich arms, and the frozen head is the template CLIP's.",
    ]
    : [];
}

async function trainRuns(runs: readonly RunName[], options: StudyOptions): Promise<void> {
  const { dir, settings, jobs, progress, signal } = options, total = allRuns(settings).length;
  const underWay = new Map<RunName, TrainingReport>(), unfinished = new Set(runs);
  const show = () =>
    progress.show(progressText(underWay, { done: total - unfinished.size, total, settings }));
  const onProgress = (text: string) => void (underWay.size === 0 && progress.show(text));
  const data = dataMaker(dir, settings, { onProgress, signal });

  const train = async (run: RunName, stop: AbortSignal) => {
    await data.prepare(run);
    const next = runs.find(({ seed }) => seed > run.seed);
    if (next) data.prepare(next).catch(() => {}); // reported where it is awaited
    if (stop.aborted) return;
    await runChild({
      args: options.childArgs(run),
      // One thread per process where WebGPU runs on the CPU, unless the user says otherwise.
      env: jobs > 1 && !Deno.env.has("LP_NUM_THREADS") ? { LP_NUM_THREADS: "0" } : {},
      signal: stop,
      onLine(line) {
        if (!("report" in line)) return;
        underWay.set(run, line.report);
        show();
      },
    }).catch((error) => {
      const known = error instanceof Failure;
      throw known ? new Failure(`${runFolder(run)}: ${error.message}`, error.exitCode) : error;
    });
    underWay.delete(run);
    unfinished.delete(run);
    if (![...unfinished].some(({ seed }) => seed === run.seed)) await removeStudyData(dir, run.seed);
  };
  const before = (run: RunName) => {
    const names = runsBefore(run, settings).map(runFolder);
    return runs.filter((other) => names.includes(runFolder(other)));
  };
  try {
    await inParallel({ jobs: runs, width: jobs, before, start: train, signal });
  } catch (error) {
    progress.end();
    throw error instanceof Stopped ? new Stopped("Stopped; the same command goes on from here") : error;
  }
}

/** "4 of 8 runs done, clip_rich:1 310/625 520/s, sl_full:1 200/625 640/s, 3:10 left" */
export function progressText(
  underWay: ReadonlyMap<RunName, TrainingReport>,
  { done, total, settings }: {
    done: number;
    total: number;
    settings: Pick<StudySettings, "steps" | "batchSize">;
  },
): string {
  const { steps, batchSize } = settings;
  const reports = [...underWay.values()], rate = reports.reduce((sum, report) => sum + report.rate, 0);
  const begun = reports.reduce((sum, report) => sum + report.step, 0);
  const left = ((total - done) * steps - begun) * batchSize / rate;
  const runs = [...underWay].map(([{ arm, seed }, report]) =>
    `${arm}:${seed} ${report.step}/${steps} ${report.rate.toFixed(0)}/s`
  );
  return [`${done} of ${total} runs done`, ...runs, ...rate > 0 ? [`${clockTime(left)} left`] : []].join(
    ", ",
  );
}

/** Holds the study's folder for this process. Throws Deno.errors.Busy while another does. */
async function lockFolder(dir: string): Promise<Disposable> {
  const folder = await Deno.open(dir);
  if (!await folder.tryLock(true)) {
    folder.close();
    throw new Deno.errors.Busy(`${dir} is in use by another study: wait for it or choose another --out`);
  }
  return { [Symbol.dispose]: () => folder.close() };
}
