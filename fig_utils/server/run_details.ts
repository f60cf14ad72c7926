// All that a page shows of one run, read within bounds: its logs in part, its tables whole unless they are too large.
// What is damaged is left out and named; the rest is shown.
import {
  type ClassRow,
  type ConfusionCount,
  expectReadable,
  type JsonRecord,
  type LogPart,
  readClassTable,
  readConfusion,
  readRunSummary,
  RUN_FILES,
  type RunSummary,
  sampleJsonl,
} from "../../data_utils/mod.ts";
import { number } from "./run_facts.ts";

/** Points of a curve, at most: more than a chart has pixels. */
export const CURVE_POINTS = 600;

/** A run with its logs and tables. */
export interface RunDetails extends RunSummary {
  readonly metrics: LogPart;
  readonly evaluations: LogPart;
  /** Classes in class order; empty where nothing has been evaluated. */
  readonly classes: readonly ClassRow[];
  /** The step after which the classes were evaluated; null at the end of the training. */
  readonly classesAtStep: number | null;
  readonly confusion: readonly ConfusionCount[];
  /** What could not be read, a sentence each. */
  readonly problems: readonly string[];
}

/** Reads the run in `root`/`dir`. */
export async function readRunDetails(root: string, dir: string): Promise<RunDetails> {
  const path = (name: string) => `${root}/${dir}/${name}`, problems: string[] = [];
  async function attempt<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) problems.push((error as Error).message);
      return otherwise;
    }
  }
  const log = (name: string) =>
    attempt(async () => {
      await expectReadable(path(name), true);
      return await sampleJsonl(path(name), CURVE_POINTS);
    }, nothing);

  const summary = await readRunSummary(root, dir);
  if (summary.problem !== undefined) problems.push(summary.problem);
  const metrics = await log(RUN_FILES.metrics), evaluations = await log(RUN_FILES.evaluations);
  for (const [name, { damaged }] of [["metrics", metrics], ["evaluations", evaluations]] as const) {
    if (damaged > 0) {
      problems.push(`${path(RUN_FILES[name])}: ${damaged} of the lines read are no JSON object`);
    }
  }
  const table = await attempt(async () => {
    await expectReadable(path(RUN_FILES.classes));
    return await readClassTable(path(RUN_FILES.classes));
  }, []);
  const classes = table.length > 0 ? table : classesOf(summary);
  const confusion = await attempt(async () => {
    await expectReadable(path(RUN_FILES.confusion));
    return table.length === 0 ? [] : await readConfusion(`${root}/${dir}`, table.length);
  }, []);
  const classesAtStep = table.length > 0 ? null : number(summary.evaluation, "step");
  return { ...summary, metrics, evaluations, classes, classesAtStep, confusion, problems: unique(problems) };
}

const nothing: LogPart = { records: [], damaged: 0, place: { end: 0, file: null } };

/** The classes as the newest evaluation has them, by the names and frequencies of the configuration. */
function classesOf({ config, evaluation }: RunSummary): ClassRow[] {
  const list = (record: JsonRecord | Readonly<JsonRecord> | null, key: string) => {
    const value = record?.[key];
    return Array.isArray(value) ? value : [];
  };
  const names = list(config, "classNames"), frequencies = list(config, "frequencies");
  const predictions = list(evaluation, "pred"), accuracies = list(evaluation, "acc");
  if (frequencies.length === 0 || frequencies.length !== predictions.length) return [];
  if (![...frequencies, ...predictions].every((value) => typeof value === "number")) return [];
  return frequencies.map((freq, c) => ({
    class: typeof names[c] === "string" ? names[c] : `class ${c}`,
    ...{ freq, acc: typeof accuracies[c] === "number" ? accuracies[c] : null, pred: predictions[c] },
  }));
}

const unique = (texts: readonly string[]) => [...new Set(texts)];
