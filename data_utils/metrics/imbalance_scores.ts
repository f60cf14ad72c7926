/** A classifier's results beside class frequency: what the study reports of every model, under its names. */
import type { ClassRow } from "../runs/class_table.ts";
import type { ClassificationResult } from "./confusion.ts";
import { frequencyCorrelation } from "./correlation.ts";
import { meanByThird } from "./frequency_groups.ts";

/** Accuracies are fractions; null stands for what is not defined (a constant list, fewer than three classes). */
export interface ImbalanceScores {
  top1: number;
  top5: number;
  /** Spearman's correlation of class frequency with accuracy, and with the number of predictions. */
  rho_freq_acc: number | null;
  rho_freq_pred: number | null;
  /** Mean accuracy of the most frequent, the middle and the rarest third of the classes. */
  head: number | null;
  middle: number | null;
  tail: number | null;
  per_class: ClassRow[];
  /** Why a correlation is null, by its name. */
  undefined_because?: Partial<Record<"rho_freq_acc" | "rho_freq_pred", string>>;
}

const orNull = (value: number) => Number.isNaN(value) ? null : value;

/**
 * Scores of a result that holds top-1 and top-5; where frequencies are not known (null), what needs them is null and
 * `freq` is 0. Throws TypeError unless every class has a name and a frequency.
 */
export function imbalanceScores(
  result: ClassificationResult,
  frequencies: ArrayLike<number> | null,
  classNames: readonly string[],
): ImbalanceScores {
  const { perClassAccuracy: accuracy, predictionCounts: predictions, topK } = result;
  const classes = accuracy.length;
  const wanted = { frequencies: frequencies?.length ?? classes, names: classNames.length };
  if (wanted.frequencies !== classes || wanted.names !== classes) {
    throw new TypeError(
      `${wanted.frequencies} frequencies and ${wanted.names} names do not go with ${classes} classes`,
    );
  }
  const { head, middle, tail } = classes < 3 || frequencies === null
    ? { head: NaN, middle: NaN, tail: NaN }
    : meanByThird(frequencies, accuracy);
  const undefinedBecause: ImbalanceScores["undefined_because"] = {};
  const rho = (name: "rho_freq_acc" | "rho_freq_pred", values: ArrayLike<number>) => {
    const found = frequencies
      ? frequencyCorrelation(frequencies, values)
      : { rho: null, reason: "class frequencies are not known" };
    if (found.rho === null) undefinedBecause[name] = found.reason;
    return found.rho;
  };
  const correlations = {
    rho_freq_acc: rho("rho_freq_acc", accuracy),
    rho_freq_pred: rho("rho_freq_pred", predictions),
  };
  return {
    top1: topK[1],
    top5: topK[5],
    ...correlations,
    head: orNull(head),
    middle: orNull(middle),
    tail: orNull(tail),
    per_class: classNames.map((name, c) => ({
      class: name,
      freq: frequencies?.[c] ?? 0,
      acc: orNull(accuracy[c]),
      pred: predictions[c],
    })),
    ...(Object.keys(undefinedBecause).length > 0 ? { undefined_because: undefinedBecause } : {}),
  };
}
