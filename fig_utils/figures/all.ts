// All figures of a report, by the names under which programs, files and pages have them.
import type { StudyReport } from "../../data_utils/mod.ts";
import { accuracyByFrequency } from "./accuracy_by_frequency.ts";
import { lawsOf } from "./arms.ts";
import { biasFigure } from "./bias.ts";
import { hasContrasts, hypothesisFigure } from "./hypotheses.ts";
import { hasCurves, matchedFigure } from "./matched.ts";
import { lawFileName, lawTitle } from "./words.ts";

/** A drawn figure. */
export interface Figure {
  /** Name of its file, without the ending. */
  readonly name: string;
  /** What it shows, in a sentence. */
  readonly caption: string;
  /** An `<svg>` in the text colour of the page around it. */
  readonly svg: string;
}

/** The figures that the report has numbers for; none for a report without runs. */
export function figuresOf(report: StudyReport): Figure[] {
  const laws = lawsOf(report), names = new Set<string>();
  if (laws.length === 0) return [];
  const figures: Figure[] = [{
    ...{ name: "bias", svg: biasFigure(report) },
    caption: "How closely predictions and accuracy follow class frequency, by arm.",
  }];
  if (hasContrasts(report)) {
    const caption = "The comparisons that the hypotheses rest on, with their intervals.";
    figures.push({ name: "hypotheses", caption, svg: hypothesisFigure(report) });
  }
  if (hasCurves(report)) {
    const caption = "Bias of predictions against accuracy along training: arms compared at equal accuracy.";
    figures.push({ name: "matched_accuracy", caption, svg: matchedFigure(report) });
  }
  for (const law of laws) {
    const drawn = report.arms.some((run) => run.law === law && run.per_class.length > 0);
    if (!drawn) continue;
    let name = `accuracy_by_frequency-${lawFileName(law)}`;
    while (names.has(name)) name += "-2";
    names.add(name);
    const caption = `Each class's accuracy and predictions against its frequency in training (${
      lawTitle(law)
    }).`;
    figures.push({ name, caption, svg: accuracyByFrequency(report, { law }) });
  }
  return figures;
}
