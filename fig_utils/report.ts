// A study's report.json: the arms with their measures and per-class tables. It is checked as it is read, so that view
// and figures can say which field is at fault; a study still under way has none yet, and is shown by its runs alone.
import type { ClassRow } from "../data_utils/mod.ts";

/** One trained model of a study; accuracies are fractions. */
export interface Arm {
  arm: string;
  seed: number;
  top1: number;
  top5: number;
  /** Rank correlation over the classes; null where one of the two is the same for all. */
  rho_freq_acc: number | null;
  rho_freq_pred: number | null;
  /** Mean accuracy of the frequent, the middle and the rare third of the classes; null where there are no thirds. */
  head: number | null;
  middle: number | null;
  tail: number | null;
  per_class: ClassRow[];
}

/** The part of report.json that view and figures show. */
export interface StudyReport {
  arms: Arm[];
  seconds?: number;
}

/** The report in a study's folder, or null while there is none. Throws as {@link readReportFile}. */
export async function readReport(folder: string): Promise<StudyReport | null> {
  try {
    return await readReportFile(`${folder}/report.json`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/**
 * Reads a report. Throws SyntaxError naming the file and the field for a file that is not one, Deno.errors.NotFound
 * where there is none.
 */
export async function readReportFile(file: string): Promise<StudyReport> {
  let report: unknown;
  try {
    report = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new SyntaxError(`${file} is not JSON: ${error.message}`);
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(`${file} is not there; a study writes it when it is done`);
  }
  const { arms, seconds } = asRecord(report);
  if (!Array.isArray(arms)) throw new SyntaxError(`${file}: arms is missing or of the wrong type`);
  for (const [i, arm] of arms.entries()) {
    const { per_class } = expectFields(arm, armFields, `${file}: arms[${i}]`);
    for (const [j, row] of (per_class as unknown[]).entries()) {
      expectFields(row, rowFields, `${file}: arms[${i}].per_class[${j}]`);
    }
  }
  return { arms: arms as Arm[], seconds: typeof seconds === "number" ? seconds : undefined };
}

type Check = (value: unknown) => boolean;

const string: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number";
const numberOrNull: Check = (value) => value === null || number(value);

const armFields: Record<keyof Arm, Check> = {
  ...{ arm: string, seed: number, top1: number, top5: number, per_class: Array.isArray },
  ...{ rho_freq_acc: numberOrNull, rho_freq_pred: numberOrNull },
  ...{ head: numberOrNull, middle: numberOrNull, tail: numberOrNull },
};
const rowFields: Record<keyof ClassRow, Check> = {
  class: string,
  freq: number,
  acc: numberOrNull,
  pred: number,
};

function expectFields(value: unknown, fields: Record<string, Check>, place: string): Record<string, unknown> {
  const record = asRecord(value);
  for (const [name, check] of Object.entries(fields)) {
    if (!check(record[name])) throw new SyntaxError(`${place}.${name} is missing or of the wrong type`);
  }
  return record;
}

function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" ? value as Record<string, unknown> : {};
}
