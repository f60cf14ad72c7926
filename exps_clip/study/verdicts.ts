// Answers the hypotheses from the runs of a study. An interval above 0 is needed to say that something holds; with few
// classes or a single seed there are intervals and no verdicts.

import type { ReportedContrast, ReportedHypothesis, ReportedRun, Verdict } from "../../data_utils/mod.ts";
import { ClassBootstrap } from "./bootstrap.ts";
import { measureContrast, type Measured, pairsOfRuns } from "./contrast.ts";
import { hypotheses, type Hypothesis } from "./hypotheses.ts";

/** Fewer classes than these give intervals but no verdicts: one rank correlation of 29 has a null spread of 0.19. */
export const LEAST_CLASSES = 30;

/** With a single seed nothing says how far another one would lie. */
export const LEAST_SEEDS = 2;

/** Every hypothesis under every law, in the order of the runs' laws. Deterministic. */
export function judge(runs: readonly ReportedRun[], classes: number): ReportedHypothesis[] {
  if (runs.length === 0) return [];
  const tools = { bootstrap: new ClassBootstrap(classes), pairsOf: pairsOfRuns() };
  return [...new Set(runs.map(({ law }) => law))].flatMap((law) => {
    const own = runs.filter((run) => run.law === law);
    return hypotheses.map((hypothesis) => {
      const measured = hypothesis.contrasts.map((contrast) => measureContrast(contrast, own, tools));
      return answer(hypothesis, { law, classes, measured });
    });
  });
}

function answer(
  { id, statement, source }: Hypothesis,
  { law, classes, measured }: { law: string; classes: number; measured: readonly Measured[] },
): ReportedHypothesis {
  const obstacles = [...new Set(measured.flatMap((one) => obstacle(one, classes) ?? []))];
  const contrasts = measured.map((one): ReportedContrast => ({
    ...one.contrast,
    verdict: obstacle(one, classes) === null ? verdictOf(one.contrast.interval!) : "not tested here",
  }));
  const about = { id, law, statement, source, contrasts };
  if (obstacles.length > 0) return { ...about, verdict: "not tested here", because: sentence(obstacles) };
  const failed = contrasts.filter(({ verdict }) => verdict !== "holds");
  if (failed.length > 0) {
    return { ...about, verdict: "does not hold", because: sentence(failed.map(howFailed)) };
  }
  const intervals = contrasts.length === 1 ? "the interval lies" : "all intervals lie";
  return { ...about, verdict: "holds", because: sentence([`${intervals} above 0`]) };
}

/** Why a contrast has no verdict; null where it has one. */
function obstacle({ missing, seeds, reason }: Measured, classes: number): string | null {
  if (missing.length > 0) return `${missing.join(" and ")} ${missing.length > 1 ? "have" : "has"} no run`;
  if (reason !== null) return reason;
  if (classes < LEAST_CLASSES) {
    return `${classes} classes are too few for a verdict, which takes ${LEAST_CLASSES}`;
  }
  if (seeds.length < LEAST_SEEDS) return "with one seed the intervals are over classes only";
  return null;
}

const verdictOf = ([low]: readonly [number, number]): Verdict => low > 0 ? "holds" : "does not hold";

function howFailed({ statement, interval }: ReportedContrast): string {
  return `${statement}: the interval ${interval![1] < 0 ? "lies below 0, the opposite" : "includes 0"}`;
}

/** Parts as one sentence; a first word that is an arm's name stays as it is. */
const sentence = (parts: readonly string[]) => {
  const text = parts.join("; ");
  return `${/^\w*_/.test(text) ? text[0] : text[0].toUpperCase()}${text.slice(1)}.`;
};
