/** Neural collapse beside frequency and accuracy, under the names the reference's notebooks use (spec section 4.3). */
import type { CollapseMeasure, CollapseScore, CollapseScores } from "../runs/study_report.ts";
import { frequencyCorrelation } from "./correlation.ts";
import type { NeuralCollapse } from "./neural_collapse.ts";

const sources: Readonly<
  Record<CollapseMeasure, "swInvSb" | "cosMAll" | "cosMNearest" | "cosWAll" | "cosWNearest">
> = {
  Sw_invSb: "swInvSb",
  cos_M_all: "cosMAll",
  cos_M_nearest: "cosMNearest",
  cos_W_all: "cosWAll",
  cos_W_nearest: "cosWNearest",
};

/** Every measure per class, its mean over the classes that have it, and its correlations over the classes. */
export function collapseScores(
  collapse: NeuralCollapse,
  frequencies: ArrayLike<number>,
  accuracy: ArrayLike<number>,
): CollapseScores {
  const score = (values: Float64Array): CollapseScore => {
    const present = Array.from(values).filter((value) => !Number.isNaN(value));
    const mean = present.length > 0 ? present.reduce((sum, v) => sum + v, 0) / present.length : null;
    return {
      mean,
      rho_freq: frequencyCorrelation(frequencies, values).rho,
      rho_acc: frequencyCorrelation(accuracy, values).rho,
      per_class: Array.from(values, (value) => Number.isNaN(value) ? null : value),
    };
  };
  return Object.fromEntries(
    Object.entries(sources).map(([name, source]) => [name, score(collapse[source])]),
  ) as Record<CollapseMeasure, CollapseScore>;
}
