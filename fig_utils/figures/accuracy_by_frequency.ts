// The study's first figure: one column per arm, every class's accuracy against its frequency above, and how often it is
// predicted below. Arms that find no room side by side go on underneath. A pure function of the report.
import { nullSpread } from "../../data_utils/mod.ts";
import type { StudyReport } from "../report.ts";
import { type ArmRuns, rhoLabel, runsByArm } from "./arms.ts";
import { classPanel, type Measure, panelMargin, type PanelOptions } from "./class_panel.ts";
import { frequencyAxis } from "./frequency_axis.ts";
import { accuracy, predictions } from "./measures.ts";
import { element, type SvgElement, svgText } from "./svg.ts";

const width = 920, columns = 3, left = 56, head = 38, plotHeight = 164, xLabel = 16, gap = 14, footLine = 17;
const measures: readonly Measure[] = [accuracy, predictions];
const heading = "Accuracy and predictions of each class, by its frequency in training";

/**
 * The figure as an `<svg>` element that takes the text colour of the page around it; {@link svgFile} makes a file of
 * it. Throws RangeError for a report without arms or classes.
 */
export function accuracyByFrequency({ arms: runs }: StudyReport): string {
  const arms = runsByArm(runs), rows = runs.flatMap(({ per_class }) => per_class);
  if (rows.length === 0) throw new RangeError("The report has no arm with classes to draw");
  const frequency = frequencyAxis(rows.map(({ freq }) => freq));
  const panelWidth = (width - left) / Math.min(columns, arms.length);
  const body = element("g", {});
  let y = head;
  for (let from = 0; from < arms.length; from += columns) {
    measures.forEach((measure, i) => {
      const titled = i === 0, most = rows.reduce((most, row) => Math.max(most, measure.of(row) ?? 0), 0);
      const height = plotHeight + panelMargin.top + panelMargin.bottom + (titled ? panelMargin.title : 0);
      const size = { width: panelWidth, height };
      body.append(panelRow(arms.slice(from, from + columns), { measure, frequency, most, size, titled }, y));
      y += height + gap;
    });
    body.append(text("training images of the class (log scale)", left + panelMargin.left, y));
    y += xLabel + gap;
  }
  const foot = footLines(arms), height = y + (foot.length + 0.5) * footLine, start = left + panelMargin.left;
  const figure = element("svg", {
    ...{ xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height },
    ...{ fill: "currentColor", "font-family": "system-ui, sans-serif", role: "img", "aria-label": heading },
  });
  figure.append(
    element("desc", {}, inWords(arms)),
    element("text", { x: start, y: 20, "font-size": 15, "font-weight": 600 }, heading),
    body,
    ...foot.map((line, i) => text(line, start, y + 12 + footLine * i)),
  );
  return svgText(figure);
}

function panelRow(
  arms: readonly ArmRuns[],
  options: Omit<PanelOptions, "arm" | "numbered">,
  y: number,
): SvgElement {
  const { size: { width, height }, measure: { label } } = options;
  const row = element("g", { transform: `translate(${left},${y})` });
  arms.forEach((arm, i) => {
    const panel = classPanel({ ...options, arm, numbered: i === 0 });
    panel.setAttribute("x", String(i * width));
    row.append(panel);
  });
  const middle = height - panelMargin.bottom - plotHeight / 2;
  const turned = `translate(-38,${middle}) rotate(-90)`;
  row.append(element("text", { transform: turned, "text-anchor": "middle", "font-size": 12 }, label));
  return row;
}

function text(line: string, x: number, y: number): SvgElement {
  return element("text", { x, y, "font-size": 12 }, line);
}

/** The correlations, for those who do not see the picture. */
function inWords(arms: readonly ArmRuns[]): string {
  return arms.map(({ title, runs }) => {
    const rhos = measures.map(({ name, rho }) => `${rhoLabel(runs.map((run) => run[rho]))} (${name})`);
    return `${title}: ${rhos.join(", ")}`;
  }).join("; ");
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
