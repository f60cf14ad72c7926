/**
 * What a study writes to report.json: every run with its scores, means over seeds, and the hypotheses with their
 * answers. The one place that knows the layout; the study writes it, figures and view read it.
 */
import type { Skipped } from "../loader/skips.ts";
import type { ImbalanceScores } from "../metrics/imbalance_scores.ts";
import {
  expectFields,
  type Fields,
  isArray,
  isNumber,
  isNumberOrNull,
  isObject,
  isString,
} from "./expect.ts";

/** The layout's version. */
export const STUDY_FORMAT = "beyond-tail-study/2";

/** Name of the file in a study's folder. */
export const REPORT_FILE = "report.json";

/** One evaluation during training; accuracies are fractions. */
export interface CurvePoint {
  readonly step: number;
  readonly images_seen: number;
  readonly top1: number;
  readonly top5: number;
  readonly rho_freq_acc: number | null;
  readonly rho_freq_pred: number | null;
  readonly head: number | null;
  readonly middle: number | null;
  readonly tail: number | null;
}

/** Measures of neural collapse, under the reference's names (Papyan, Han and Donoho 2020; spec section 4.3). */
export const COLLAPSE_MEASURES = [
  "Sw_invSb",
  "cos_M_all",
  "cos_M_nearest",
  "cos_W_all",
  "cos_W_nearest",
] as const;

export type CollapseMeasure = typeof COLLAPSE_MEASURES[number];

/** A measure of neural collapse per class, its mean, and its rank correlation with frequency and with accuracy. */
export interface CollapseScore {
  readonly mean: number | null;
  readonly rho_freq: number | null;
  readonly rho_acc: number | null;
  readonly per_class: readonly (number | null)[];
}

export type CollapseScores = Readonly<Record<CollapseMeasure, CollapseScore>>;

/**
 * How often the captions of a run's training images mention each class, by the rule of the reference's concept counter,
 * in the captions of the first epoch; and how that goes with the labels and with what the model does.
 */
export interface CaptionFrequency {
  readonly captions: number;
  /** Captions that mention the class, in the order of the classes. */
  readonly per_class: readonly number[];
  /** Rank correlation with the number of images that are labelled with the class. */
  readonly rho_labels: number | null;
  /** Rank correlations with the model's accuracy and predictions, as `rho_freq_*` are of the labels. */
  readonly rho_acc: number | null;
  readonly rho_pred: number | null;
}

/** One trained model of a study (or, for matched accuracy, a model at an earlier step). */
export interface ReportedRun extends Readonly<ImbalanceScores> {
  readonly arm: string;
  /** The imbalance law, as it was given: ratio:10. */
  readonly law: string;
  readonly seed: number;
  /** The run's folder within the study's. */
  readonly run: string;
  readonly steps: number;
  readonly images_seen: number;
  /** Seconds spent in training steps, and images per second of these. */
  readonly seconds: number;
  readonly images_per_second: number;
  readonly collapse: CollapseScores | null;
  /** Of runs on captions of the imbalanced set; absent or null where it was not counted. */
  readonly caption_frequency?: CaptionFrequency | null;
  /** Evaluations during training, the last one at its end. */
  readonly curve: readonly CurvePoint[];
}

/** What an arm is, for legends. */
export interface ArmAbout {
  readonly arm: string;
  readonly title: string;
  /** Trained with labels, or on captions. */
  readonly family: "sl" | "clip";
  /** Trained on as many images of each class. */
  readonly balanced: boolean;
}

/** A mean over seeds, and the standard deviation (n - 1) where there are two or more. */
export interface MeanAndSpread {
  readonly mean: number | null;
  readonly sd: number | null;
}

/** Measures of a run that are averaged over seeds. */
export const STUDY_MEASURES = [
  "top1",
  "top5",
  "rho_freq_acc",
  "rho_freq_pred",
  "head",
  "middle",
  "tail",
  "seconds",
  "images_per_second",
] as const;

export type StudyMeasure = typeof STUDY_MEASURES[number];

/** An arm under a law, over its seeds. */
export interface ArmSummary {
  readonly law: string;
  readonly arm: string;
  readonly seeds: number;
  readonly means: Readonly<Record<StudyMeasure, MeanAndSpread>>;
}

/** `not tested here`: an arm that it needs was not trained, or there are too few classes or seeds for a verdict. */
export type Verdict = "holds" | "does not hold" | "not tested here";

/** One comparison that a hypothesis rests on: a weighted sum of arms' mean rank correlations that should exceed 0. */
export interface ReportedContrast {
  readonly statement: string;
  /** Weights of the arms in the sum. */
  readonly weights: Readonly<Record<string, number>>;
  /** Means over seeds of the arms' correlations of frequency and predictions. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly estimate: number | null;
  /** 95 % bootstrap interval over seeds and classes. */
  readonly interval: readonly [number, number] | null;
  readonly verdict: Verdict;
  /** The same sum for the correlations of frequency and accuracy; no verdict rests on it. */
  readonly accuracy: {
    readonly estimate: number | null;
    readonly interval: readonly [number, number] | null;
  };
}

/** A hypothesis under a law, with its answer. */
export interface ReportedHypothesis {
  readonly id: string;
  readonly law: string;
  readonly statement: string;
  /** Who says so, and where. */
  readonly source: string;
  readonly verdict: Verdict;
  /** Why, in a sentence. */
  readonly because: string;
  readonly contrasts: readonly ReportedContrast[];
}

/** What report.json holds. */
export interface StudyReport {
  readonly format: typeof STUDY_FORMAT;
  /** All that decides the numbers. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly classes: number;
  /** In the order of tables and figures. */
  readonly legend: readonly ArmAbout[];
  /** Runs, law by law and arm by arm. */
  readonly arms: readonly ReportedRun[];
  readonly summary: readonly ArmSummary[];
  readonly hypotheses: readonly ReportedHypothesis[];
  /** Standard deviation of one rank correlation where frequency plays no role: 1 / sqrt(classes - 1). */
  readonly null_spread: number;
  /** What was left out or is missing, in sentences. */
  readonly notes: readonly string[];
  /** Samples left out of the sets of the first seed. */
  readonly skipped: Readonly<Record<"train" | "test", readonly Skipped[]>>;
  /** Seconds spent in training steps by all runs together, and images per second of these. */
  readonly seconds: number;
  readonly images_per_second: number;
}

const curveFields: Fields<CurvePoint> = {
  ...{ step: isNumber, images_seen: isNumber, top1: isNumber, top5: isNumber },
  ...{ rho_freq_acc: isNumberOrNull, rho_freq_pred: isNumberOrNull },
  ...{ head: isNumberOrNull, middle: isNumberOrNull, tail: isNumberOrNull },
};

const rowFields = { class: isString, freq: isNumber, acc: isNumberOrNull, pred: isNumber };

const runFields: Fields<Omit<ReportedRun, "undefined_because">> = {
  caption_frequency: (value) => value === undefined || value === null || isObject(value),
  ...{ arm: isString, law: isString, seed: isNumber, run: isString },
  ...{ top1: isNumber, top5: isNumber, rho_freq_acc: isNumberOrNull, rho_freq_pred: isNumberOrNull },
  ...{ head: isNumberOrNull, middle: isNumberOrNull, tail: isNumberOrNull },
  ...{ per_class: isArray(rowFields), curve: isArray(curveFields) },
  ...{ steps: isNumber, images_seen: isNumber, seconds: isNumber, images_per_second: isNumber },
  collapse: (value) => value === null || isObject(value),
};

const contrastFields: Fields<ReportedContrast> = {
  ...{ statement: isString, weights: isObject, values: isObject, verdict: isString, accuracy: isObject },
  ...{ estimate: isNumberOrNull, interval: (value) => value === null || Array.isArray(value) },
};

const reportFields: Fields<StudyReport> = {
  format: isString,
  ...{ settings: isObject, classes: isNumber, null_spread: isNumber, skipped: isObject },
  legend: isArray({ arm: isString, title: isString, family: isString }),
  arms: isArray(runFields),
  summary: isArray({ law: isString, arm: isString, seeds: isNumber, means: isObject }),
  hypotheses: isArray({
    ...{ id: isString, law: isString, statement: isString, source: isString, verdict: isString },
    ...{ because: isString, contrasts: isArray(contrastFields) },
  }),
  ...{ notes: Array.isArray, seconds: isNumber, images_per_second: isNumber },
};

/**
 * Reads a report. Throws SyntaxError naming the file and the field for a file that is not one or has another version,
 * Deno.errors.NotFound where there is none.
 */
export async function readStudyReport(file: string): Promise<StudyReport> {
  let report: unknown;
  try {
    report = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new SyntaxError(`${file} is not JSON: ${error.message}`);
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(`${file} is not there; a study writes it when it is done`);
  }
  const format = (report as { format?: unknown } | null)?.format;
  if (format !== STUDY_FORMAT) {
    throw new SyntaxError(
      `${file} has format ${
        JSON.stringify(format)
      }, this version reads "${STUDY_FORMAT}": run the study again, ` +
        `or use the version that wrote it`,
    );
  }
  expectFields(report, reportFields, file);
  return report as StudyReport;
}
