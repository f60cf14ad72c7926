// The curves of a run, or of several over each other, drawn on the server by the function that the page's script uses
// to go on with them.
import { html, raw } from "../../deps.ts";
import { chartSize, curveChart, type Series } from "../client/curve_chart.js";
import { type ChartAbout, charts, pointsOf } from "../curves.ts";
import type { RunDetails } from "../run_details.ts";
import { runFacts } from "../run_facts.ts";
import type { Markup } from "./layout.ts";

/** All charts of one run; the script finds by the data attributes what it needs to draw them again. */
export function runCurves(run: RunDetails): Markup {
  const { steps } = runFacts(run);
  const figures = charts.map((about) => {
    const series = about.curves.map((curve, i) => ({
      colour: i,
      points: pointsOf(run[about.log].records, curve),
    }));
    return curveFigure(about, series, about.curves.map(({ name }) => name), steps);
  });
  return html`<div class="charts">${figures}</div>`;
}

/** The first curve of each chart, for several runs. */
export function comparedCurves(runs: readonly RunDetails[]): Markup {
  const steps = runs.map((run) => runFacts(run).steps).filter((steps) => steps !== null);
  const figures = charts.map((about) => {
    const series = runs.map((run, i) => ({
      colour: i,
      points: pointsOf(run[about.log].records, about.curves[0]),
    }));
    const title = about.comparedTitle;
    return curveFigure({ ...about, title }, series, [], steps.length > 0 ? Math.max(...steps) : null);
  });
  return html`<div class="charts">${figures}</div>`;
}

function curveFigure(
  { id, title, range, level }: ChartAbout,
  series: readonly Series[],
  names: readonly string[],
  steps: number | null,
): Markup {
  const drawn = raw(curveChart({ series, steps, range, level }));
  const about = JSON.stringify({ steps, range, level });
  return html`<figure class="chart" data-chart="${id}" data-about="${about}">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${chartSize.width} ${chartSize.height}" role="img" aria-label="${title}, by step">${drawn}</svg>
    ${names.length > 1 ? legend(names) : ""}
  </figure>`;
}

/** Names beside their colours. */
export function legend(names: readonly string[]): Markup {
  const items = names.map((name, i) => html`<li>${swatch(i)} ${name}</li>`);
  return html`<ul class="legend">${items}</ul>`;
}

/** A stroke in a colour. */
export function swatch(colour: number): Markup {
  return html`
    <svg viewBox="0 0 18 10" aria-hidden="true">
      <path class="curve colour-${colour}" d="M0 5H18" />
    </svg>
  `;
}
