// What the study set out to ask, answered from its numbers. A statement compares means over seeds; it says by how much,
// and how large a difference chance alone makes between rank correlations of so many classes.

import { nullSpread } from "../../data_utils/mod.ts";
import { type ArmSummary, type Measure, noiseOfMeans } from "./summary.ts";

/** A statement, whether the numbers bear it out, and the numbers. */
export interface Hypothesis {
  readonly id: string;
  readonly statement: string;
  /** Null where a number it needs is missing. */
  readonly holds: boolean | null;
  /** The means compared, by arm (or arm and measure). */
  readonly values: Readonly<Record<string, number | null>>;
  /** The first value minus the second (or minus 0). */
  readonly difference: number | null;
  /**
   * Standard deviation of such a difference: of rank correlations, where frequency plays no role; of the gaps between
   * head and tail, from the spread over seeds (the two thirds taken as independent), null with one seed.
   */
  readonly noise: number | null;
}

interface Question {
  readonly id: string;
  readonly statement: string;
  readonly measure: Measure | "gap";
  /** The arm that is said to have the larger value, and the one with the smaller; without that, larger than noise. */
  readonly larger: string;
  readonly smaller?: string;
}

const questions: readonly Question[] = [
  {
    id: "sl_predictions_follow_frequency",
    statement:
      "SL predicts frequent classes more often (rho of frequency and predictions beyond twice its noise)",
    measure: "rho_freq_pred",
    larger: "sl_full",
  },
  {
    id: "clip_predictions_follow_frequency_less",
    statement: "CLIP's predictions follow frequency less than SL's (rho of frequency and predictions)",
    measure: "rho_freq_pred",
    larger: "sl_full",
    smaller: "clip",
  },
  {
    id: "clip_accuracy_follows_frequency_less",
    statement: "CLIP's accuracy follows frequency less than SL's (rho of frequency and accuracy)",
    measure: "rho_freq_acc",
    larger: "sl_full",
    smaller: "clip",
  },
  {
    id: "sub_vocabulary_lowers_bias",
    statement: "A frequency-weighted sub-vocabulary makes SL's predictions follow frequency less",
    measure: "rho_freq_pred",
    larger: "sl_full",
    smaller: "sl_sub",
  },
  {
    id: "clip_loses_less_in_the_tail",
    statement: "From the head to the tail third CLIP loses less accuracy than SL",
    measure: "gap",
    larger: "sl_full",
    smaller: "clip",
  },
];

/** The hypotheses that the arms at hand can answer. */
export function judge(summaries: readonly ArmSummary[], classes: number): Hypothesis[] {
  const byArm = new Map(summaries.map((summary) => [summary.arm, summary]));
  return questions.filter((q) => [q.larger, q.smaller].every((arm) => arm === undefined || byArm.has(arm)))
    .map((question) => answer(question, byArm, classes));
}

function answer(
  { id, statement, measure, larger, smaller }: Question,
  byArm: ReadonlyMap<string, ArmSummary>,
  classes: number,
): Hypothesis {
  const valueOf = (arm: string) => {
    const { head, tail, ...measures } = byArm.get(arm)!.means;
    if (measure !== "gap") return { head, tail, ...measures }[measure].mean;
    return head.mean === null || tail.mean === null ? null : head.mean - tail.mean;
  };
  const compared = smaller === undefined ? [larger] : [larger, smaller];
  const values = Object.fromEntries(compared.map((arm) => [arm, valueOf(arm)]));
  const [a, b = 0] = compared.map((arm) => values[arm]);
  const summaries = compared.map((arm) => byArm.get(arm)!);
  const noise = measure === "gap"
    ? noiseOfGaps(summaries)
    : noiseOfMeans(nullSpread(classes), summaries.map(({ seeds }) => seeds));
  const difference = a === null || b === null ? null : a - b;
  const least = smaller === undefined ? 2 * noise! : 0;
  return { id, statement, holds: difference === null ? null : difference > least, values, difference, noise };
}

/** Standard deviation of a difference of mean head-to-tail gaps; null where an arm has a single seed. */
function noiseOfGaps(summaries: readonly ArmSummary[]): number | null {
  let variance = 0;
  for (const { seeds, means: { head, tail } } of summaries) {
    if (head.sd === null || tail.sd === null) return null;
    variance += (head.sd ** 2 + tail.sd ** 2) / seeds;
  }
  return Math.sqrt(variance);
}
