// The study's second figure: how closely predictions and accuracy follow class frequency, one row per arm under each
// law, a dot per seed, the mean as a bar, and in grey what chance alone makes.
import type { StudyReport } from "../../data_utils/mod.ts";
import { type ArmRuns, armsOf, lawsOf } from "./arms.ts";
import { type LinearScale, linearScale } from "./linear_scale.ts";
import { band, label, lineHeight, paragraph, rule, sheet, textSize } from "./sheet.ts";
import { element, type SvgElement } from "./svg.ts";
import { lawTitle, meanOf, meanText, signed, wrapped } from "./words.ts";

const width = 960, left = 16, names = 270, gap = 30, numbers = 116, rowPadding = 11;
const columnWidth = (width - names - 2 * gap) / 2, plotWidth = columnWidth - numbers;
const columns = [
  { rho: "rho_freq_pred", title: "ρ(frequency, predictions)" },
  { rho: "rho_freq_acc", title: "ρ(frequency, accuracy)" },
] as const;

/** The figure as an `<svg>` element in the page's text colour. Throws RangeError for a report without runs. */
export function biasFigure(report: StudyReport): string {
  const laws = lawsOf(report), spread = 2 * report.null_spread;
  if (laws.length === 0) throw new RangeError("The report has no run to draw");
  const known = report.arms.flatMap((run) => columns.map(({ rho }) => run[rho])).filter((rho) =>
    rho !== null
  );
  const chance = Math.min(1, spread), values = [0, 0.5, -chance, chance, ...known];
  const scales = columns.map((_, i) => {
    const start = names + gap + i * (columnWidth + gap);
    return linearScale(values, [start, start + plotWidth], 4);
  });
  const parts: SvgElement[] = [];
  let y = 34;
  for (const law of laws) {
    const drawn = lawRows(armsOf(report, law), law, scales, chance, y);
    parts.push(drawn.figure);
    y += drawn.height;
  }
  const foot = paragraph(footLine(report), { x: left, y, width: width - 2 * left });
  const heading = "How closely predictions and accuracy follow class frequency";
  const size = { width, height: y + foot.height };
  return sheet({ ...size, heading, inWords: inWords(report, laws), left }, ...parts, ...foot.lines);
}

/** The rows of a law between their head and the numbers of the axes. */
function lawRows(
  arms: readonly ArmRuns[],
  law: string,
  scales: readonly LinearScale[],
  chance: number,
  y: number,
): { figure: SvgElement; height: number } {
  const figure = element("g", {}), bold = { "font-weight": 600 };
  figure.append(label(lawTitle(law), left, y + 14, bold));
  const top = y + 26, rows = arms.map(({ title }) => wrapped(title, names - left, textSize));
  const heights = rows.map(({ length }) => length * lineHeight + rowPadding);
  const bottom = top + heights.reduce((sum, height) => sum + height, 0);
  columns.forEach(({ title }, i) => {
    const { at, ticks } = scales[i];
    figure.append(label(title, at(ticks[0]), y + 14, bold));
    figure.append(band(at(-chance), top, Number((at(chance) - at(-chance)).toFixed(2)), bottom - top));
    for (const tick of ticks) {
      figure.append(rule([at(tick), top], [at(tick), bottom], { "stroke-opacity": tick === 0 ? 0.7 : 0.15 }));
      figure.append(label(signed(tick), at(tick), bottom + 16, { "text-anchor": "middle" }));
    }
  });
  let start = top;
  arms.forEach((arm, r) => {
    const middle = start + heights[r] / 2, first = middle - (rows[r].length - 1) * lineHeight / 2 + 4;
    if (r > 0) figure.append(rule([left, start], [width - left, start], { "stroke-opacity": 0.08 }));
    rows[r].forEach((line, i) => figure.append(label(line, left, first + i * lineHeight)));
    columns.forEach(({ rho }, i) => figure.append(cell(arm, rho, scales[i], middle)));
    start += heights[r];
  });
  return { figure, height: bottom - y + 40 };
}

function cell(
  { runs, colour, title }: ArmRuns,
  rho: typeof columns[number]["rho"],
  { at, ticks }: LinearScale,
  y: number,
) {
  const cell = element("g", { fill: colour }), mean = meanOf(runs.map((run) => run[rho]));
  for (const run of runs) {
    const value = run[rho];
    if (value === null) continue;
    const dot = element("circle", { cx: at(value), cy: y, r: 4, "fill-opacity": 0.6, stroke: colour });
    dot.append(element("title", {}, `${title}, seed ${run.seed}: ${signed(value)}`));
    cell.append(dot);
  }
  if (mean !== null) cell.append(element("rect", { x: at(mean) - 1.5, y: y - 9, width: 3, height: 18 }));
  const end = at(ticks[ticks.length - 1]) + 12, text = meanText(runs.map((run) => run[rho]));
  cell.append(label(text, end, y + 4, { fill: "currentColor" }));
  return cell;
}

function footLine({ null_spread, classes }: StudyReport): string {
  return `A dot is a seed, a bar the mean; numbers: mean ± standard deviation over seeds. Grey: two null spreads, within which ` +
    `19 of 20 correlations of ${classes} classes lie where frequency plays no role (${
      signed(null_spread)
    } each).`;
}

function inWords(report: StudyReport, laws: readonly string[]): string {
  return laws.flatMap((law) =>
    armsOf(report, law).map(({ title, runs }) =>
      `${lawTitle(law)}, ${title}: ` +
      columns.map(({ rho, title }) => `${title} ${meanText(runs.map((run) => run[rho]))}`).join(", ")
    )
  ).join("; ");
}
