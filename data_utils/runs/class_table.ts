/** The table of a run's classes as TSV: name, training frequency, accuracy on the test set, number of predictions. */
import { writeTextAtomically } from "./atomic.ts";

/** One class; `acc` is a fraction, or null for a class without test samples. */
export interface ClassRow {
  class: string;
  freq: number;
  acc: number | null;
  pred: number;
}

const COLUMNS = ["class", "freq", "acc", "pred"] as const;

/** Writes the table. Throws RangeError for a class name with a tab or a line break. */
export async function writeClassTable(path: string, rows: readonly ClassRow[]): Promise<void> {
  const lines = rows.map((row, i) => {
    if (/[\t\r\n]/.test(row.class)) throw new RangeError(`Class ${i} has a tab or a line break in its name`);
    return [row.class, row.freq, row.acc === null || Number.isNaN(row.acc) ? "" : row.acc, row.pred].join(
      "\t",
    );
  });
  await writeTextAtomically(path, [COLUMNS.join("\t"), ...lines].map((line) => line + "\n").join(""));
}

/** Reads the table. Throws SyntaxError naming file and row for a wrong header, column count or number. */
export async function readClassTable(path: string): Promise<ClassRow[]> {
  const [header, ...lines] = (await Deno.readTextFile(path)).trimEnd().split(/\r?\n/);
  if (header !== COLUMNS.join("\t")) {
    throw new SyntaxError(`${path}:1 should read ${COLUMNS.join(", ")} with tabs between`);
  }
  return lines.map((line, i): ClassRow => {
    const cells = line.split("\t");
    const number = (cell: string) => cell.trim() === "" ? NaN : Number(cell);
    const [freq, acc, pred] = [cells[1], cells[2] || "0", cells[3]].map((cell) => number(cell ?? ""));
    if (cells.length !== COLUMNS.length || ![freq, acc, pred].every(Number.isFinite)) {
      throw new SyntaxError(`${path}:${i + 2} should hold a name and three numbers: ${line}`);
    }
    return { class: cells[0], freq, acc: cells[2] === "" ? null : acc, pred };
  });
}
