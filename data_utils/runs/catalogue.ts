/** The runs and studies found under a folder, for lists and comparisons; a broken run is listed with what is wrong. */
import { lastJsonlRecord } from "./jsonl_window.ts";
import type { JsonRecord } from "./jsonl.ts";
import { readRunConfig, RUN_FILES, type RunConfig } from "./run_dir.ts";
import { readResult, RESULT_FILE, type RunResult } from "./run_result.ts";
import { REPORT_FILE } from "./study_report.ts";

/**
 * `done` has a result; `training` has written to its logs lately; `stopped` has not, and can go on; `broken` cannot be
 * read.
 */
export type RunState = "training" | "done" | "stopped" | "broken";

/** One run: its folder relative to the root, what was asked for, and how far it is. */
export interface RunSummary {
  dir: string;
  state: RunState;
  config: RunConfig | null;
  /** Last records of metrics.jsonl and evaluations.jsonl. */
  last: JsonRecord | null;
  evaluation: JsonRecord | null;
  result: RunResult | null;
  /** What is wrong with a broken run. */
  problem?: string;
}

/** A folder tree's runs and studies. */
export interface Catalogue {
  runs: RunSummary[];
  /** Folders with a study's report, relative to the root. */
  studies: string[];
  /** There are more runs or folders than are listed. */
  truncated: boolean;
}

/** How far to look: folders below the root, runs listed, and entries of folders seen in all. */
export interface CatalogueLimits {
  depth?: number;
  runs?: number;
  entries?: number;
}

/** Largest file that is read whole, in bytes: a result with thousands of classes has a tenth. */
const LARGEST = 32 * 2 ** 20;
/** A run whose logs have been silent for this long, in milliseconds, and for some of its own intervals, has stopped. */
const SILENCE = 60_000;

const logs = [RUN_FILES.metrics, RUN_FILES.evaluations];

/**
 * Throws RangeError for what is no plain file (a link could lead anywhere, a pipe would wait for ever), and unless it is
 * a log, which is read in part, for one above 32 MiB. One that is absent passes.
 */
export async function expectReadable(path: string, isLog = false): Promise<void> {
  const info = await infoOf(path);
  if (info === null) return;
  if (!info.isFile) throw new RangeError(`${path} is no plain file, and is not read`);
  if (!isLog && info.size > LARGEST) {
    throw new RangeError(`${path} has ${Math.round(info.size / 2 ** 20)} MiB: more than 32 are not read`);
  }
}

/** The run in the folder `root`/`dir`; what cannot be read makes it a broken one. */
export async function readRunSummary(root: string, dir: string): Promise<RunSummary> {
  const path = (name: string) => `${root}/${dir}/${name}`;
  const summary: RunSummary = {
    ...{ dir, state: "stopped", config: null, last: null, evaluation: null, result: null },
  };
  try {
    for (const name of [RUN_FILES.config, RESULT_FILE]) await expectReadable(path(name));
    for (const name of logs) await expectReadable(path(name), true);
    summary.config = await readRunConfig(`${root}/${dir}`);
    summary.last = await lastJsonlRecord(path(RUN_FILES.metrics));
    summary.evaluation = await lastJsonlRecord(path(RUN_FILES.evaluations));
    summary.result = await readResult(`${root}/${dir}`);
    if (summary.result) summary.state = "done";
    else if (await isBusy(path, summary.last)) summary.state = "training";
  } catch (error) {
    summary.state = "broken";
    summary.problem = (error as Error).message;
  }
  return summary;
}

/**
 * Whether a run without a result was heard of lately. Its lock would say it too, but a reader that tries a lock can
 * turn away the training that wants it at that moment.
 */
async function isBusy(path: (name: string) => string, last: JsonRecord | null): Promise<boolean> {
  const files = [RUN_FILES.config, ...logs];
  const times = await Promise.all(
    files.map(async (name) => (await infoOf(path(name)))?.mtime?.getTime()),
  );
  const heard = Math.max(...times.map((time) => time ?? 0));
  // With slow steps lines are far apart: as a rule one comes every ten steps.
  const { step, seconds } = last ?? {};
  const interval = Number(step) > 0 && Number(seconds) > 0 ? 10 * Number(seconds) / Number(step) : 0;
  return Date.now() - heard < Math.max(SILENCE, 4000 * interval);
}

/** Everything in `root` and the folders below it, in order of names. Throws Deno.errors.NotFound when it does not exist. */
export async function readCatalogue(root: string, limits: CatalogueLimits = {}): Promise<Catalogue> {
  const { depth = 4, runs: mostRuns = 1000, entries: mostEntries = 100_000 } = limits;
  const catalogue: Catalogue = { runs: [], studies: [], truncated: false };
  let seen = 0;
  const visit = async (relative: string, left: number) => {
    const folders: string[] = [];
    let isRun = false;
    for await (const entry of Deno.readDir(`${root}/${relative}`)) {
      if (++seen > mostEntries) break;
      if (entry.isFile && entry.name === RUN_FILES.config) isRun = true;
      if (entry.isFile && entry.name === REPORT_FILE) catalogue.studies.push(relative || ".");
      if (entry.isDirectory && !entry.name.startsWith(".")) folders.push(entry.name);
    }
    const full = catalogue.runs.length >= mostRuns;
    if (isRun && !full) catalogue.runs.push(await readRunSummary(root, relative || "."));
    if (seen > mostEntries || (isRun && full)) catalogue.truncated = true;
    if (left === 0) return;
    for (const name of folders.sort()) {
      if (catalogue.truncated) return;
      try {
        await visit(relative ? `${relative}/${name}` : name, left - 1);
      } catch (error) { // removed meanwhile, or somebody else's
        if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) {
          throw error;
        }
      }
    }
  };
  await visit("", depth);
  return catalogue;
}

async function infoOf(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
