// The study's third figure, a forest plot: each comparison that a hypothesis rests on with its estimate and 95 %
// interval under each law, beside the line of no difference.
import type { ReportedContrast, ReportedHypothesis, StudyReport, Verdict } from "../../data_utils/mod.ts";
import { type LinearScale, linearScale } from "./linear_scale.ts";
import { label, lineHeight, paragraph, rule, sheet } from "./sheet.ts";
import { element, type SvgElement } from "./svg.ts";
import { intervalText, lawTitle } from "./words.ts";

const width = 960, left = 16, statements = 330, lawNames = 76, plotStart = 450, plotEnd = 690;
const numbers = 706, verdicts = 856;
/** A verdict has a colour and a mark: filled, hollow, or grey and hollow. */
const marks: Readonly<
  Record<Verdict, { readonly colour: string; readonly filled: boolean; readonly text: string }>
> = {
  "holds": { colour: "#2f7fd1", filled: true, text: "holds" },
  "does not hold": { colour: "#d55e00", filled: false, text: "does not hold" },
  "not tested here": { colour: "#7a7a7a", filled: false, text: "not tested" },
};

/** Whether the report has a comparison to draw. */
export function hasContrasts({ hypotheses }: StudyReport): boolean {
  return hypotheses.some(({ contrasts }) => contrasts.some(({ estimate }) => estimate !== null));
}

/**
 * The figure as an `<svg>` element in the page's text colour. Throws RangeError for a report in which no hypothesis has
 * an estimate.
 */
export function hypothesisFigure(report: StudyReport): string {
  if (!hasContrasts(report)) throw new RangeError("The report has no comparison to draw");
  const all = report.hypotheses.flatMap(({ contrasts }) => contrasts);
  const values = all.flatMap((
    { estimate, interval },
  ) => [...interval ?? [], ...estimate === null ? [] : [estimate]]);
  const scale = linearScale([0, ...values], [plotStart, plotEnd], 4), rows = element("g", {});
  let y = 44;
  for (const hypothesis of grouped(report.hypotheses)) {
    const drawn = hypothesisRows(hypothesis, scale, y);
    rows.append(drawn.figure);
    y += drawn.height;
  }
  const grid = scale.ticks.flatMap((tick) => {
    const x = scale.at(tick);
    return [
      rule([x, 34], [x, y], { "stroke-opacity": tick === 0 ? 0.7 : 0.13 }),
      label(String(tick).replace("-", "−"), x, y + 16, { "text-anchor": "middle" }),
    ];
  });
  const foot = paragraph(
    "Differences of rank correlations of frequency and predictions; each exceeds 0 if its statement is true. A line is a 95 % bootstrap " +
      "interval over seeds and classes; filled: it lies above 0, hollow: it does not; grey: no verdict here.",
    { x: left, y: y + 42, width: width - 2 * left },
  );
  const heading = "The hypotheses: estimates and 95 % intervals", height = y + 36 + foot.height;
  return sheet({ width, height, heading, inWords: inWords(report), left }, ...grid, rows, ...foot.lines);
}

interface Grouped {
  readonly statement: string;
  readonly answers: readonly ReportedHypothesis[];
}

/** A hypothesis once, with its answers under all laws. */
export function grouped(hypotheses: readonly ReportedHypothesis[]): Grouped[] {
  return [...new Set(hypotheses.map(({ id }) => id))].map((id) => {
    const answers = hypotheses.filter((hypothesis) => hypothesis.id === id);
    return { statement: answers[0].statement, answers };
  });
}

function hypothesisRows({ statement, answers }: Grouped, scale: LinearScale, y: number) {
  const figure = element("g", {});
  const head = paragraph(statement, { x: left, y: y + 14, width: statements + lawNames, "font-weight": 600 });
  figure.append(rule([left, y - 4], [width - left, y - 4], { "stroke-opacity": 0.25 }), ...head.lines);
  let at = y + Math.max(head.height, 0) + 8;
  for (
    const words of new Set(answers.flatMap(({ contrasts }) => contrasts.map(({ statement }) => statement)))
  ) {
    const lines = paragraph(words, { x: left + 10, y: at + 12, width: statements - 10 });
    figure.append(...lines.lines);
    let row = at;
    for (const { law, contrasts } of answers) {
      const contrast = contrasts.find(({ statement }) => statement === words);
      if (!contrast) continue;
      figure.append(contrastRow(contrast, lawTitle(law), scale, row + 8));
      row += lineHeight + 2;
    }
    at = Math.max(at + lines.height, row) + 8;
  }
  return { figure, height: at - y + 8 };
}

function contrastRow(
  { estimate, interval, verdict, statement }: ReportedContrast,
  law: string,
  scale: LinearScale,
  y: number,
): SvgElement {
  const { colour, filled, text } = marks[verdict] ?? marks["not tested here"];
  const row = element("g", { class: "contrast" });
  row.append(label(law, statements + left + 14, y + 4, { "fill-opacity": 0.75 }));
  const dot = estimate === null ? null : scale.at(estimate);
  if (interval) {
    // The line leaves room for the mark, so that a hollow one shows what is behind the figure.
    const [from, to] = interval.map(scale.at),
      [before, after] = dot === null ? [to, to] : [dot - 5.5, dot + 5.5];
    const line = { stroke: colour, "stroke-width": 2 };
    if (from < before) row.append(rule([from, y], [before, y], line));
    if (after < to) row.append(rule([after, y], [to, y], line));
  }
  if (dot !== null) {
    const mark = {
      cx: dot,
      cy: y,
      r: 4.5,
      stroke: colour,
      "stroke-width": 2,
      fill: filled ? colour : "none",
    };
    row.append(element("circle", mark, element("title", {}, statement)));
  }
  row.append(label(intervalText(estimate, interval), numbers, y + 4), label(text, verdicts, y + 4));
  return row;
}

function inWords({ hypotheses }: StudyReport): string {
  return hypotheses.map(({ statement, law, verdict, contrasts }) =>
    `${statement} (${lawTitle(law)}): ${verdict}; ` +
    contrasts.map(({ statement, estimate, interval }) => `${statement}: ${intervalText(estimate, interval)}`)
      .join("; ")
  ).join(". ");
}
