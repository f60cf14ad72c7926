/**
 * What a run says of itself while it trains and at its end: evaluations.jsonl, one record per evaluation with the
 * scores of every class, and confusion.tsv, which class was taken for which at the end.
 */
import type { ImbalanceScores } from "../metrics/imbalance_scores.ts";
import { writeTextAtomically } from "./atomic.ts";
import { readJsonl } from "./jsonl.ts";
import { RUN_FILES } from "./run_dir.ts";
import type { CurvePoint } from "./study_report.ts";

/** An evaluation during training, with accuracy (null without test images) and predictions in class order. */
export interface EvaluationRecord extends CurvePoint {
  readonly acc: readonly (number | null)[];
  readonly pred: readonly number[];
}

/** The record of an evaluation after `step` steps. */
export function evaluationRecord(
  at: { step: number; imagesPerStep: number },
  scores: ImbalanceScores,
): EvaluationRecord {
  const { per_class, undefined_because: _, ...measures } = scores;
  return {
    step: at.step,
    images_seen: at.step * at.imagesPerStep,
    ...measures,
    acc: per_class.map(({ acc }) => acc),
    pred: per_class.map(({ pred }) => pred),
  };
}

/** The evaluations of the run in `dir`, by step; none where there is no such file. Throws SyntaxError for a damaged line. */
export async function readEvaluations(dir: string): Promise<EvaluationRecord[]> {
  const records: EvaluationRecord[] = [];
  for await (const record of readJsonl(`${dir}/${RUN_FILES.evaluations}`)) {
    records.push(record as unknown as EvaluationRecord);
  }
  return records;
}

const header = "target\tpredicted\tcount";

/** Writes a confusion matrix [classes, classes] (rows are targets) as the counts above 0. */
export async function writeConfusion(path: string, confusion: ArrayLike<number>): Promise<void> {
  const classes = Math.sqrt(confusion.length), lines = [header];
  for (let i = 0; i < confusion.length; i++) {
    if (confusion[i] > 0) lines.push(`${Math.floor(i / classes)}\t${i % classes}\t${confusion[i]}`);
  }
  await writeTextAtomically(path, lines.join("\n") + "\n");
}

/** A count of confusion.tsv: images of class `target` that were taken for class `predicted`. */
export interface ConfusionCount {
  readonly target: number;
  readonly predicted: number;
  readonly count: number;
}

/**
 * The counts above 0 of the run in `dir`, by target and prediction; empty where there is no such file. Throws
 * SyntaxError naming the line for anything but three numbers below `classes`.
 */
export async function readConfusion(dir: string, classes: number): Promise<ConfusionCount[]> {
  const path = `${dir}/${RUN_FILES.confusion}`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.trimEnd().split("\n").slice(1).map((line, i) => {
    const [target, predicted, count] = line.split("\t").map(Number);
    if (!/^\d+\t\d+\t\d+$/.test(line) || target >= classes || predicted >= classes) {
      throw new SyntaxError(`${path} line ${i + 2}: expected ${header.replaceAll("\t", "<TAB>")}`);
    }
    return { target, predicted, count };
  });
}
