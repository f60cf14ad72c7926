// A whole study: its runs as processes, two at a time, their progress on one line, and the report at the end. Finished
// runs are left as they are, so a study that was stopped or killed goes on where it was.

import {
  clockTime,
  describeSkipped,
  Failure,
  type Progress,
  readResult,
  Stopped,
  type TrainingReport,
  writeJsonAtomically,
} from "../../data_utils/mod.ts";
import { inParallel, runChild } from "./children.ts";
import { dataMaker, removeStudyData } from "./data.ts";
import { makeReport, type StudyReport } from "./report.ts";
import { agreeOnSettings, allRuns, runFolder, type RunName, type StudySettings } from "./settings.ts";
import type { ArmResult } from "./summary.ts";

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
 * fails, RangeError when the folder holds another study, Deno.errors.Busy while another process works in it.
 */
export async function runStudy(options: StudyOptions): Promise<StudyReport> {
  const { dir, settings, progress } = options;
  await agreeOnSettings(dir, settings);
  using _lock = await lockFolder(dir);
  const results = await collect(dir, settings);
  const left = allRuns(settings).filter((run) =>
    !results.some(({ arm, seed }) => arm === run.arm && seed === run.seed)
  );
  if (left.length > 0) await trainRuns(left, options);
  const report = makeReport(settings, await collect(dir, settings));
  for (const [part, list] of Object.entries(report.skipped)) {
    if (list.length > 0) progress.note(`${part} images: ${describeSkipped(list)}`);
  }
  await writeJsonAtomically(`${dir}/report.json`, report);
  await removeStudyData(dir);
  progress.end();
  return report;
}

/** Results of the runs that are finished. */
async function collect(dir: string, settings: StudySettings): Promise<ArmResult[]> {
  const results: ArmResult[] = [];
  for (const run of allRuns(settings)) {
    const result = await readResult(`${dir}/${runFolder(run)}`);
    if (result) results.push({ ...run, ...result });
  }
  return results;
}

async function trainRuns(runs: readonly RunName[], options: StudyOptions): Promise<void> {
  const { dir, settings, jobs, progress, signal } = options, total = allRuns(settings).length;
  const underWay = new Map<RunName, TrainingReport>();
  let done = total - runs.length;
  const show = () => progress.show(progressText(underWay, { done, total, settings }));
  const onProgress = (text: string) => void (underWay.size === 0 && progress.show(text));
  const data = dataMaker(dir, settings, { onProgress, signal });
  const seeds = [...new Set(runs.map(({ seed }) => seed))];

  const train = async (run: RunName, stop: AbortSignal) => {
    await data.prepare(run.seed);
    const next = seeds[seeds.indexOf(run.seed) + 1];
    if (next !== undefined) data.prepare(next).catch(() => {}); // reported where it is awaited
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
      throw known ? new Failure(`${run.arm}:${run.seed}: ${error.message}`, error.exitCode) : error;
    });
    underWay.delete(run);
    done++;
  };
  try {
    await inParallel(runs, jobs, train, signal);
  } catch (error) {
    progress.end();
    throw error instanceof Stopped ? new Stopped("Stopped; the same command goes on from here") : error;
  }
}

/** "4 of 9 runs done, clip:1 310/625 520/s, sl_full:1 200/625 640/s, 3:10 left" */
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
