// SL stopped at CLIP's accuracy: of the evaluations that the supervised run made on its way, the one whose top-1 is
// nearest to where CLIP of the same seed ended. It asks whether SL is more biased merely because it is further along.

import { type EvaluationRecord, percent, type ReportedRun } from "../../data_utils/mod.ts";
import { matchedArm } from "./arms.ts";

/** Further apart than this, two accuracies are not called equal. */
const tolerance = 0.05;

/** The matched run, or why there is none. */
export type Matched = { readonly run: ReportedRun } | { readonly reason: string };

/** The evaluation of a supervised run that is nearest to a CLIP's accuracy, as a run of its own. */
export function matchAccuracy(
  supervised: ReportedRun,
  evaluations: readonly EvaluationRecord[],
  clip: Pick<ReportedRun, "top1">,
): Matched {
  const distance = ({ top1 }: EvaluationRecord) => Math.abs(top1 - clip.top1);
  const [nearest] = evaluations.toSorted((a, b) => distance(a) - distance(b));
  if (!nearest || distance(nearest) > tolerance) {
    const found = nearest ? `the nearest has ${percent(nearest.top1)} %` : "there is none";
    return {
      reason: `${matchedArm.name}, ${supervised.law}, seed ${supervised.seed}: no evaluation of SL within ` +
        `${percent(tolerance)} points of CLIP's ${percent(clip.top1)} % (${found})`,
    };
  }
  const { acc, pred, step, images_seen, ...measures } = nearest;
  const { law, seed, run, seconds, images_per_second, per_class } = supervised;
  return {
    run: {
      ...{ arm: matchedArm.name, law, seed, run, seconds, images_per_second, ...measures },
      steps: step,
      images_seen,
      per_class: per_class.map((row, c) => ({ ...row, acc: acc[c], pred: pred[c] })),
      collapse: null,
      curve: [],
    },
  };
}
