// The study's first figure: one column per arm, every class's accuracy against its frequency above, and how often it is
// predicted below. Arms that find no room side by side go on underneath. A pure function of the report.
import { nullSpread, type StudyReport } from "../../data_utils/mod.ts";
import { type ArmRuns, armsOf, chosenLaw } from "./arms.ts";
import {
  classPanel,
  type Measure,
  panelMargin,
  type PanelOptions,
  rhoLabel,
  titleSize,
} from "./class_panel.ts";
import { frequencyAxis } from "./frequency_axis.ts";
import { accuracy, predictions } from "./measures.ts";
import { label, lineHeight, paragraph, sheet, textSize } from "./sheet.ts";
import { element, type SvgElement } from "./svg.ts";
import { lawTitle, wrapped } from "./words.ts";

const width = 960, left = 56, head = 40, plotHeight = 156, gap = 14, most = 4;
const measures: readonly Measure[] = [accuracy, predictions];

/** What of a report is drawn: the runs under one law (default: the first), and of these some arms (default: all). */
export interface Chosen {
  readonly law?: string;
  readonly arms?: readonly string[];
}

/**
 * The figure as an `<svg>` element that takes the text colour of the page around it; {@link svgFile} makes a file of
 * it. Throws RangeError for a report without arms or classes, and for a law or an arm that it does not have.
 */
export function accuracyByFrequency(report: StudyReport, chosen: Chosen = {}): string {
  const law = chosenLaw(report, chosen.law), arms = armsOf(report, law, chosen.arms);
  const rows = arms.flatMap(({ runs }) => runs.flatMap(({ per_class }) => per_class));
  if (rows.length === 0) throw new RangeError("The report has no arm with classes to draw");
  const heading = `Accuracy and predictions of each class, by its frequency in training (${lawTitle(law)})`;
  const frequency = frequencyAxis(rows.map(({ freq }) => freq)), columns = columnsFor(arms.length);
  const panelWidth = (width - left) / columns, body = element("g", {});
  let y = head;
  for (let from = 0; from < arms.length; from += columns) {
    const group = arms.slice(from, from + columns), titles = titlesOf(group, panelWidth);
    measures.forEach((measure, i) => {
      const most = rows.reduce((most, row) => Math.max(most, measure.of(row) ?? 0), 0);
      const lines = i === 0 ? titles : group.map(() => []);
      const height = plotHeight + panelMargin.top + panelMargin.bottom + lines[0].length * panelMargin.title;
      body.append(
        panelRow(group, lines, { measure, frequency, most, size: { width: panelWidth, height } }, y),
      );
      y += height + gap;
    });
    body.append(label("training images of the class (log scale)", left + panelMargin.left, y));
    y += lineHeight + 2 * gap;
  }
  const start = left + panelMargin.left;
  for (const line of footLines(arms)) {
    const { lines, height } = paragraph(line, { x: start, y, width: width - start - panelMargin.right });
    body.append(...lines);
    y += height;
  }
  return sheet({ width, height: y, heading, inWords: inWords(arms), left: start }, body);
}

/** As many columns as make the fewest rows, evenly filled. */
function columnsFor(arms: number): number {
  return Math.ceil(arms / Math.ceil(arms / most));
}

/** The titles' lines, as many for each panel of a row, so that what is below stands at one height. */
function titlesOf(arms: readonly ArmRuns[], panelWidth: number): string[][] {
  const room = panelWidth - panelMargin.left - panelMargin.right;
  const titles = arms.map(({ title }) => wrapped(title, room, titleSize, true));
  const lines = Math.max(...titles.map(({ length }) => length));
  return titles.map((title) => [...title, ...Array<string>(lines - title.length).fill("")]);
}

function panelRow(
  arms: readonly ArmRuns[],
  titles: readonly string[][],
  options: Omit<PanelOptions, "arm" | "numbered" | "title">,
  y: number,
): SvgElement {
  const { size: { width, height }, measure } = options;
  const row = element("g", { transform: `translate(${left},${y})` });
  arms.forEach((arm, i) => {
    const panel = classPanel({ ...options, arm, title: titles[i], numbered: i === 0 });
    panel.setAttribute("x", String(i * width));
    row.append(panel);
  });
  const middle = height - panelMargin.bottom - plotHeight / 2;
  const turned = `translate(-38,${middle}) rotate(-90)`;
  const axis = { transform: turned, "text-anchor": "middle", "font-size": textSize };
  row.append(element("text", axis, measure.label));
  return row;
}

/** The correlations, for those who do not see the picture. */
function inWords(arms: readonly ArmRuns[]): string {
  return arms.map(({ title, runs }) =>
    `${title}: ${measures.map((measure) => rhoLabel(measure, runs)).join(", ")}`
  ).join("; ");
}

function footLines(arms: readonly ArmRuns[]): string[] {
  const classes = arms[0].runs[0].per_class, seeds = Math.max(...arms.map(({ runs }) => runs.length));
  const absent = classes.filter((row) => accuracy.of(row) === null).length;
  const spread = classes.length < 3
    ? ""
    : `; unrelated, it would be 0 ± ${nullSpread(classes.length).toFixed(2)}`;
  return [
    "A dot is a class, a bar the mean of the rare, the middle or the frequent third; dashed: all predicted equally often.",
    [
      `${classes.length} classes`,
      seeds === 1 ? "one seed" : `${seeds} seeds (± standard deviation)`,
      `ρ is the rank correlation with frequency${spread}`,
    ].join(" · "),
    ...absent === 0 ? [] : [`Without test images, ${absent} of the classes have no accuracy.`],
  ];
}
