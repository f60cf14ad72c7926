// Reads what a study leaves in its folder: report.json (the arms with their per-class tables) and the run
// folders beside it (config.json, metrics.jsonl). Files are checked as they are read, so that the view can say
// which file is at fault; a study still under way has no report yet and is shown by its runs alone.

/** One class of one arm: share of its images in training, accuracy on the balanced test, share of predictions. */
export interface ClassRow {
  class: string;
  freq: number;
  acc: number;
  pred: number;
}

/** One trained model of a study. */
export interface Arm {
  arm: string;
  seed: number;
  top1: number;
  top5: number;
  /** Null where one of the two is the same for all classes. */
  rho_freq_acc: number | null;
  rho_freq_pred: number | null;
  head: number;
  middle: number;
  tail: number;
  per_class: ClassRow[];
}

/** The part of report.json that the view shows. */
export interface StudyReport {
  arms: Arm[];
  seconds?: number;
}

/** A run folder in one line: its newest metrics record, or null before the first. */
export interface RunSummary {
  name: string;
  latest: Record<string, unknown> | null;
}

const armNumbers = ["seed", "top1", "top5", "head", "middle", "tail"];
const armCorrelations = ["rho_freq_acc", "rho_freq_pred"];
const rowNumbers = ["freq", "acc", "pred"];

/**
 * The study's report, or null while there is none.
 * Throws SyntaxError naming the file and the field for a report that is not one.
 */
export async function readReport(folder: string): Promise<StudyReport | null> {
  const file = `${folder}/report.json`;
  const text = await readIfThere(file);
  if (text === null) return null;
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${file} is not JSON: ${(error as Error).message}`);
  }
  const expect = (holds: boolean, field: string) => {
    if (!holds) throw new SyntaxError(`${file}: ${field} is missing or of the wrong type`);
  };
  const { arms, seconds } = asRecord(report);
  expect(Array.isArray(arms), "arms");
  for (const [i, arm] of (arms as unknown[]).entries()) {
    const record = asRecord(arm);
    expect(typeof record.arm === "string", `arms[${i}].arm`);
    for (const name of armNumbers) expect(typeof record[name] === "number", `arms[${i}].${name}`);
    for (const name of armCorrelations) {
      expect(typeof record[name] === "number" || record[name] === null, `arms[${i}].${name}`);
    }
    expect(Array.isArray(record.per_class), `arms[${i}].per_class`);
    for (const [j, entry] of (record.per_class as unknown[]).entries()) {
      const row = asRecord(entry);
      expect(typeof row.class === "string", `arms[${i}].per_class[${j}].class`);
      for (const name of rowNumbers) {
        expect(typeof row[name] === "number", `arms[${i}].per_class[${j}].${name}`);
      }
    }
  }
  return { arms: arms as Arm[], seconds: typeof seconds === "number" ? seconds : undefined };
}

/** The run folders directly below a study's folder, by name. */
export async function listRuns(folder: string): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.isDirectory || (await readIfThere(`${folder}/${entry.name}/config.json`)) === null) continue;
    runs.push({ name: entry.name, latest: await lastRecord(`${folder}/${entry.name}/metrics.jsonl`) });
  }
  return runs.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The last whole line of a metrics file, which may be growing; only its end is read. */
async function lastRecord(file: string): Promise<Record<string, unknown> | null> {
  const tailBytes = 16384;
  let open: Deno.FsFile;
  try {
    open = await Deno.open(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  using input = open;
  const { size } = await input.stat();
  await input.seek(Math.max(0, size - tailBytes), Deno.SeekMode.Start);
  const lines = (await new Response(input.readable).text()).split("\n");
  for (const line of lines.slice(0, -1).reverse()) {
    try {
      return asRecord(JSON.parse(line));
    } catch {
      continue; // cut at the front of what was read
    }
  }
  return null;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" ? value as Record<string, unknown> : {};
}
