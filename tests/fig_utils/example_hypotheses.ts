// Hypotheses of example reports: statements and contrasts as a study has them, with intervals of a made width.
import type { ArmSummary, ReportedContrast, ReportedHypothesis, Verdict } from "../../data_utils/mod.ts";

type Weights = Readonly<Record<string, number>>;

interface Question {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly contrasts: readonly (readonly [statement: string, weights: Weights])[];
}

const questions: readonly Question[] = [
  {
    id: "clip_follows_less",
    statement: "CLIP's predictions follow frequency less than SL's, also at matched accuracy",
    source: "Wen et al. 2024, section 3",
    contrasts: [
      ["SL minus CLIP with templates", { sl_full: 1, clip_templates: -1 }],
      ["SL at CLIP's accuracy minus CLIP with templates", { sl_matched: 1, clip_templates: -1 }],
    ],
  },
  {
    id: "sub_vocabulary",
    statement: "A frequency-weighted sub-vocabulary lowers SL's bias, a uniform one does not",
    source: "Wen et al. 2024, section 4",
    contrasts: [
      ["SL minus SL with a frequency-weighted sub-vocabulary", { sl_full: 1, sl_sub: -1 }],
      [
        "a uniform one removes less than half of what a frequency-weighted one removes",
        { sl_full: -0.5, sl_sub: -0.5, sl_sub_uniform: 1 },
      ],
    ],
  },
  {
    id: "richer_captions",
    statement: "Richer captions lower CLIP's bias below that with templates",
    source: "Wen et al. 2024, figure 5",
    contrasts: [["templates minus rich captions", { clip_templates: 1, clip_rich: -1 }]],
  },
  {
    id: "repeats_adjust",
    statement: "Repeats of a caption within a batch act as logit adjustment",
    source: "the prototype's own finding; Menon et al. 2021",
    contrasts: [
      ["repeats counted once minus templates", { clip_once: 1, clip_templates: -1 }],
      ["SL minus SL with logit adjustment", { sl_full: 1, sl_adjusted: -1 }],
    ],
  },
];

/** The questions under a law; fewer than 30 classes, or one seed, leave them without a verdict. */
export function exampleHypotheses(
  law: string,
  summary: readonly ArmSummary[],
  seeds: number,
  classes: number,
): ReportedHypothesis[] {
  const means = (arm: string) => summary.find((row) => row.arm === arm && row.law === law)?.means;
  const judged = classes >= 30 && seeds > 1;
  return questions.map(({ contrasts, ...question }) => {
    const answers = contrasts.map(([statement, weights]): ReportedContrast => {
      const sum = (measure: "rho_freq_pred" | "rho_freq_acc") => {
        let total = 0;
        for (const [arm, weight] of Object.entries(weights)) {
          const mean = means(arm)?.[measure].mean ?? null;
          if (mean === null) return { estimate: null, interval: null };
          total += weight * mean;
        }
        return { estimate: total, interval: [total - 0.17, total + 0.15] as const };
      };
      const { estimate, interval } = sum("rho_freq_pred");
      const verdict = interval === null || !judged
        ? "not tested here"
        : interval[0] > 0
        ? "holds"
        : "does not hold";
      const values = Object.fromEntries(
        Object.keys(weights).map((arm) => [arm, means(arm)?.rho_freq_pred.mean ?? null]),
      );
      return { statement, weights, values, estimate, interval, verdict, accuracy: sum("rho_freq_acc") };
    });
    const verdicts = answers.map((answer) => answer.verdict);
    const verdict: Verdict = verdicts.includes("not tested here")
      ? "not tested here"
      : verdicts.includes("does not hold")
      ? "does not hold"
      : "holds";
    const because = verdict === "holds"
      ? "All intervals lie above 0."
      : verdict === "does not hold"
      ? "An interval includes 0 or lies below it."
      : judged
      ? "An arm that it needs was not trained."
      : "There are too few classes or seeds for a verdict.";
    return { ...question, law, verdict, because, contrasts: answers };
  });
}
