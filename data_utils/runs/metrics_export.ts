/**
 * A run's numbers for other programs: metrics.jsonl and evaluations.jsonl as one table for spreadsheets (metrics.csv) and
 * as an event file for TensorBoard. Both are made anew from the logs each time, so a run that was stopped and went on
 * has each step once, and the logs stay the only source.
 */
import { writeAtomically, writeFully, writeTextAtomically } from "./atomic.ts";
import { eventRecords, type ScalarEvent } from "./event_file.ts";
import { type JsonRecord, readJsonl } from "./jsonl.ts";
import { RUN_FILES } from "./run_dir.ts";

/** Forms in which a run's numbers can be had beside its logs. */
export const REPORT_KINDS = ["csv", "tensorboard"] as const;

export type ReportKind = typeof REPORT_KINDS[number];

/** Names of the files in a run folder. TensorBoard reads what has "tfevents" in its name. */
export const EXPORT_FILES: Readonly<Record<ReportKind, string>> = {
  csv: "metrics.csv",
  tensorboard: "events.out.tfevents.0.beyond-tail",
};

/**
 * Reads the flag --report-to, which has open_clip's form: kinds with commas between, or `all`. Empty means none.
 * Throws RangeError for a kind that there is not.
 */
export function readReportTo(text: string): ReportKind[] {
  if (text.trim() === "all") return [...REPORT_KINDS];
  const asked = text.split(",").map((kind) => kind.trim()).filter((kind) => kind !== "");
  const unknown = asked.find((kind) => !REPORT_KINDS.some((known) => known === kind));
  if (unknown !== undefined) {
    throw new RangeError(
      `--report-to ${text}: ${unknown} is none of ${REPORT_KINDS.join(", ")}; commas between several, or all`,
    );
  }
  return REPORT_KINDS.filter((kind) => asked.includes(kind));
}

/** What says how far a run was, and therefore is no curve. Both logs may have them. */
const CLOCKS = ["step", "seconds", "images_seen"] as const;

/** The numbers of one step, from both logs. */
interface Row {
  readonly step: number;
  /** Seconds of training up to this step, or those of the last step before that has them. */
  readonly seconds: number;
  readonly train: Readonly<Record<string, unknown>>;
  readonly val: Readonly<Record<string, unknown>>;
  readonly clocks: Readonly<Record<string, unknown>>;
}

function splitClocks(record: JsonRecord): { clocks: JsonRecord; curves: JsonRecord } {
  const isClock = ([name]: [string, unknown]) => CLOCKS.some((clock) => clock === name);
  const entries = Object.entries(record).filter(([, value]) => typeof value !== "object"); // nor null
  return {
    clocks: Object.fromEntries(entries.filter(isClock)),
    curves: Object.fromEntries(entries.filter((entry) => !isClock(entry))),
  };
}

/** The steps of both logs, each once, in order. Throws SyntaxError naming the file for a record without a step. */
async function readRows(dir: string): Promise<Row[]> {
  const rows = new Map<number, Omit<Row, "seconds">>();
  const logs = [["train", RUN_FILES.metrics], ["val", RUN_FILES.evaluations]] as const;
  for (const [part, name] of logs) {
    for await (const record of readJsonl(`${dir}/${name}`)) {
      const { clocks, curves } = splitClocks(record), step = record.step;
      if (typeof step !== "number" || !Number.isSafeInteger(step) || step < 0) {
        throw new SyntaxError(`${dir}/${name} has a record without a step: ${JSON.stringify(record)}`);
      }
      const row = rows.get(step) ?? { step, train: {}, val: {}, clocks: {} };
      rows.set(step, { ...row, [part]: curves, clocks: { ...row.clocks, ...clocks } });
    }
  }
  let seconds = 0;
  return [...rows.values()].sort((a, b) => a.step - b.step).map((row) => {
    if (typeof row.clocks.seconds === "number") seconds = row.clocks.seconds;
    return { ...row, seconds };
  });
}

/** A cell, quoted where the text would not come back as it is. */
function cell(value: unknown): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A line of column names and one for each step, with CRLF (RFC 4180): clocks, the training's numbers under their own
 * names, and those of evaluations with val_ before them. A step without a number has an empty cell.
 */
function csvText(rows: readonly Row[]): string {
  const flat = rows.map(({ train, val, clocks }): JsonRecord => ({
    ...clocks,
    ...train,
    ...Object.fromEntries(Object.entries(val).map(([name, value]) => [`val_${name}`, value])),
  }));
  const found = new Set(flat.flatMap((row) => Object.keys(row)));
  const isValue = (name: string) => name.startsWith("val_");
  const others = [...found].filter((name) => !CLOCKS.some((clock) => clock === name));
  const columns = [
    ...CLOCKS.filter((name) => name === "step" || found.has(name)),
    ...others.filter((name) => !isValue(name)),
    ...others.filter(isValue),
  ];
  const lines = [columns, ...flat.map((row) => columns.map((name) => row[name]))];
  return lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

/** One event per step, at the time at which it would have been had the run begun at `start` and never paused. */
function events(rows: readonly Row[], start: number): ScalarEvent[] {
  const curves = (part: "train" | "val", row: Row) =>
    Object.entries(row[part]).filter((entry): entry is [string, number] => typeof entry[1] === "number")
      .map(([name, value]) => ({ tag: `${part}/${name}`, value }));
  return rows.map((row) => ({
    wallTime: start + row.seconds,
    step: row.step,
    scalars: [...curves("train", row), ...curves("val", row)],
  }));
}

/** When the run was begun, in seconds since 1970: its configuration is written once, then. */
async function startOf(dir: string): Promise<number> {
  const { mtime } = await Deno.stat(`${dir}/${RUN_FILES.config}`);
  return (mtime?.getTime() ?? 0) / 1000;
}

/**
 * Exports when the block that holds it (`await using`) is left, by whatever way: finished, stopped or failed. What the
 * block threw comes before what the export throws.
 */
export function exportAtEnd(dir: string, kinds: readonly ReportKind[]): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => exportMetrics(dir, kinds) };
}

/**
 * Writes the numbers that the run folder `dir` holds so far in each of the kinds, replacing what was written before: to
 * be called whenever a run ends or stops. The same logs give the same files.
 * Throws SyntaxError naming file and line for a log that is damaged, Deno.errors.NotFound where there is no run.
 */
export async function exportMetrics(dir: string, kinds: readonly ReportKind[]): Promise<void> {
  if (kinds.length === 0) return;
  const start = await startOf(dir), rows = await readRows(dir);
  if (kinds.includes("csv")) await writeTextAtomically(`${dir}/${EXPORT_FILES.csv}`, csvText(rows));
  if (kinds.includes("tensorboard")) {
    await writeAtomically(`${dir}/${EXPORT_FILES.tensorboard}`, async (file) => {
      for (const record of eventRecords(events(rows, start))) await writeFully(file, record);
    });
  }
}
