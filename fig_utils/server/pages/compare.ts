// Chosen runs over each other: their curves, their numbers side by side, the settings in which they differ, and class
// by class how much more accurate each is than the first.
import { type ClassRow, percent } from "../../../data_utils/mod.ts";
import { html } from "../../deps.ts";
import type { RunDetails } from "../run_details.ts";
import { decimal, rho, type RunFacts, runFacts, stepText } from "../run_facts.ts";
import { encodedPath } from "../safe_path.ts";
import { classScatter, type ScatterSeries } from "./class_scatter.ts";
import { comparedCurves, legend, swatch } from "./curves.ts";
import type { Markup } from "./layout.ts";
import { flatConfig } from "./run.ts";

/** Runs compared, at most: there are as many colours. */
export const COMPARED = 8;

const measures: readonly [name: string, text: (facts: RunFacts) => string][] = [
  ["arm", ({ arm }) => arm ?? "-"],
  ["law", ({ law }) => law ?? "-"],
  ["seed", ({ seed }) => String(seed ?? "-")],
  ["state", ({ state }) => state],
  ["step", stepText],
  ["loss", ({ loss }) => decimal(loss, 3)],
  ["top-1, %", ({ top1 }) => percent(top1)],
  ["top-5, %", ({ top5 }) => percent(top5)],
  ["frequent third, %", ({ head }) => percent(head)],
  ["middle third, %", ({ middle }) => percent(middle)],
  ["rare third, %", ({ tail }) => percent(tail)],
  ["ρ of predictions", ({ rhoPredictions }) => rho(rhoPredictions)],
  ["ρ of accuracy", ({ rhoAccuracy }) => rho(rhoAccuracy)],
  ["images/s", ({ imagesPerSecond }) => decimal(imagesPerSecond, 0)],
];

/** The body of the comparison; `left` runs were chosen beyond those that can be compared. */
export function comparePage(runs: readonly RunDetails[], left: number): Markup {
  if (runs.length === 0) {
    return html`
      <h1>Comparison</h1>
      <p>No run was chosen. Tick runs in the <a href="/">list</a>, then compare them.</p>
    `;
  }
  const names = runs.map(({ dir }) => dir);
  const problems = runs.flatMap(({ problems }) => problems);
  return html`
    <h1>Comparison of ${runs.length} ${runs.length === 1 ? "run" : "runs"}</h1>
    ${left === 0
      ? ""
      : html`<p>At most ${COMPARED} runs are compared; ${left} more were chosen and are left out.</p>`}
    ${problems.map((problem) => html`<p class="problem">${problem}</p>`)}
    ${numbers(runs)}
    <h2>Curves</h2>
    ${legend(names)}${comparedCurves(runs)}
    ${runs.length < 2
      ? ""
      : html`<h2>Accuracy of each class, beside the first run's</h2>${legend(names)}${differences(runs)}`}
    ${runs.length < 2 ? "" : html`<h2>Settings in which they differ</h2>${settings(runs)}`}
  `;
}

function heads(runs: readonly RunDetails[]): Markup[] {
  return runs.map(({ dir }, i) =>
    html`
      <th scope="col"
        class="run"><span class="legend">${swatch(i)}</span><a href="/runs/${encodedPath(
          dir,
        )}">${dir}</a></th>
    `
  );
}

function numbers(runs: readonly RunDetails[]): Markup {
  const facts = runs.map(runFacts);
  const rows = measures.map(([name, text]) =>
    html`<tr><th scope="row" class="name">${name}</th>${
      facts.map((each) => html`<td>${text(each)}</td>`)
    }</tr>`
  );
  return table("Numbers of the runs", "Numbers side by side", runs, rows);
}

function settings(runs: readonly RunDetails[]): Markup {
  const all = runs.map(({ config }) => new Map(flatConfig(config ?? {})));
  const keys = [...new Set(all.flatMap((config) => [...config.keys()]))];
  const differing = keys.filter((key) => new Set(all.map((config) => config.get(key))).size > 1);
  if (differing.length === 0) return html`<p>None.</p>`;
  const rows = differing.map((key) =>
    html`<tr><th scope="row" class="name">${key}</th>${
      all.map((config) => html`<td class="name">${config.get(key) ?? "-"}</td>`)
    }</tr>`
  );
  const caption = "As stored in config.json; a dash where a run has no such setting";
  return table("Settings", caption, runs, rows, "words");
}

function table(
  label: string,
  caption: string,
  runs: readonly RunDetails[],
  rows: readonly Markup[],
  kind: "numbers" | "words" = "numbers",
): Markup {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="${label}">
      <table class="${kind}">
        <caption><span>${caption}</span></caption>
        <thead>
          <tr><td></td>${heads(runs)}</tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

/** A dot per class and run that is compared with the first. Classes are the same by name. */
function differences([first, ...others]: readonly RunDetails[]): Markup {
  const base = new Map(first.classes.map((row) => [row.class, row]));
  const series = others.map(({ classes, dir }, i): ScatterSeries => ({
    colour: i + 1,
    dots: classes.flatMap((row) => difference(base.get(row.class), row, dir)),
  }));
  if (series.every(({ dots }) => dots.length === 0)) {
    return html`<p>These runs have no evaluated class in common.</p>`;
  }
  const ticks = [-100, -50, 0, 50, 100];
  const title = `Percentage points above ${first.dir}`;
  return html`<div class="charts">${
    classScatter({
      title,
      axis: { domain: [-100, 100], ticks },
      level: 0,
      levelMeans: "as accurate as the first",
    }, series)
  }</div>`;
}

function difference(base: ClassRow | undefined, row: ClassRow, dir: string): ScatterSeries["dots"] {
  if (base === undefined || base.acc === null || row.acc === null) return [];
  const points = (row.acc - base.acc) * 100;
  const signed = `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)}`;
  const title = `${row.class}: ${base.freq} in training, ${
    percent(base.acc)
  } % and ${signed} points in ${dir}`;
  return [{ freq: base.freq, value: points, title }];
}
