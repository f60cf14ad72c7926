// One run: how far it is, its curves, its classes beside their frequency, which are taken for which, and what it was
// asked for.
import { type ClassRow, percent, type RunConfig } from "../../../data_utils/mod.ts";
import { html } from "../../deps.ts";
import type { RunDetails } from "../run_details.ts";
import { liveTexts, runFacts } from "../run_facts.ts";
import { encodedPath } from "../safe_path.ts";
import { classScatters } from "./class_scatter.ts";
import { confusionSection } from "./confusion.ts";
import { runCurves } from "./curves.ts";
import type { Markup } from "./layout.ts";

/** The body of a run's page; `name` is what to call the run. */
export function runPage(run: RunDetails, name: string): Markup {
  const path = encodedPath(run.dir), over = run.state === "done" || run.state === "broken";
  const events = over ? "" : `/runs/${path === "" ? "" : `${path}/`}events`;
  const { classes, classesAtStep, confusion, problems, config } = run;
  const when = classesAtStep === null
    ? ""
    : html`<p class="faint">As evaluated after step ${classesAtStep}.</p>`;
  return html`
    <h1>${name}</h1>
    ${problems.map((problem) => html`<p class="problem">${problem}</p>`)}
    ${factList(run)}
    <p role="status" data-end>${over ? "" : " "}</p>
    <h2>Curves</h2>
    <div data-events="${events}">${runCurves(run)}</div>
    <h2>Classes by frequency</h2>
    ${classes.length === 0
      ? html`<p>${
        run.evaluation === null ? "Nothing has been evaluated yet." : "They are known when the run is done."
      }</p>`
      : html`${when}${classScatters(classes)}
      ${classTable(classes)}`}
    ${confusion.length === 0 ? "" : html`<h2>Confusion</h2>${confusionSection(classes, confusion)}`}
    ${config === null ? "" : html`<h2>Configuration</h2>${configTable(config)}`}
  `;
}

function factList(run: RunDetails): Markup {
  const facts = runFacts(run), live = liveTexts(facts);
  const items: [name: string, value: string, live?: string][] = [
    ["arm", facts.arm ?? "-"],
    ["law", facts.law ?? "-"],
    ["seed", String(facts.seed ?? "-")],
    ["state", live.state, "state"],
    ["step", live.step, "step"],
    ["loss", live.loss, "loss"],
    ["top-1, %", live.top1, "top1"],
    ["ρ of predictions", live.rhoPredictions, "rhoPredictions"],
    ["ρ of accuracy", live.rhoAccuracy, "rhoAccuracy"],
    ["images/s", live.speed, "speed"],
  ];
  const shown = items.map(([name, value, live]) =>
    html`
      <div>
        <dt>${name}</dt>
        <dd data-live="${live ?? ""}">${value}</dd>
      </div>
    `
  );
  return html`<dl class="facts">${shown}</dl>`;
}

function classTable(classes: readonly ClassRow[]): Markup {
  const rows = classes.toSorted((a, b) => b.freq - a.freq).map((row) =>
    html`
      <tr>
        <td class="name">${row.class}</td>
        <td>${row.freq}</td>
        <td>${percent(row.acc)}</td>
        <td><meter
            min="0" max="1" value="${row.acc ?? 0}" aria-hidden="true"></meter></td>
        <td>${row.pred}</td>
      </tr>
    `
  );
  return html`
    <details>
      <summary>Table of all ${classes.length} classes</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Classes">
        <table id="classes">
          <caption><span>Classes from the most to the least frequent in training; accuracy in percent</span></caption>
          <thead>
            <tr>
              <th scope="col" class="name">class</th>
              <th scope="col">frequency</th>
              <th
                scope="col">accuracy</th>
              <td></td>
              <th scope="col">predicted</th>
            </tr>
          </thead>
          <tbody>${rows}</tbody>
        </table>
      </div>
    </details>
  `;
}

function configTable(config: RunConfig): Markup {
  const rows = flatConfig(config).map(([key, value]) =>
    html`
      <tr>
        <th scope="row">${key}</th>
        <td>${value}</td>
      </tr>
    `
  );
  return html`
    <details>
      <summary>All ${rows.length} settings</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Configuration">
        <table class="config">
          <caption><span>As stored in config.json</span></caption>
          <tbody>${rows}</tbody>
        </table>
      </div>
    </details>
  `;
}

/** Settings with their keys as a path, lists in short. */
export function flatConfig(config: RunConfig, at = ""): [key: string, value: string][] {
  return Object.entries(config).flatMap(([key, value]): [string, string][] => {
    const path = at + key;
    if (Array.isArray(value)) {
      const shown = JSON.stringify(value.slice(0, 8)).slice(1, -1);
      return [[path, value.length > 8 ? `${value.length} values: ${shown}, ...` : `[${shown}]`]];
    }
    if (typeof value === "object" && value !== null) return flatConfig(value as RunConfig, `${path}.`);
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  });
}
