// All runs of the folder in a table that links sort, with a box at each run to compare it with others.
import type { Catalogue } from "../../../data_utils/mod.ts";
import { percent } from "../../../data_utils/mod.ts";
import { html } from "../../deps.ts";
import { decimal, rho, type RunFacts, runFacts, stepText } from "../run_facts.ts";
import { encodedPath } from "../safe_path.ts";
import type { Markup } from "./layout.ts";

interface Column {
  readonly key: string;
  readonly title: string;
  /** What the column sorts by; runs without it come last in both directions. */
  by(facts: RunFacts): string | number | null;
  cell(facts: RunFacts): Markup;
}

const states = ["training", "stopped", "done", "broken"];

const cell = (text: string | number | null) => html`<td>${text === null || text === "" ? "-" : text}</td>`;
const short = (text: string | null) => html`<td class="short">${text ?? "-"}</td>`;
const word = (text: string | null) => html`<td class="word">${text ?? "-"}</td>`;

const columns: readonly Column[] = [
  {
    ...{ key: "run", title: "run", by: ({ dir }) => dir },
    cell: ({ dir }) => html`<td class="name"><a href="/runs/${encodedPath(dir)}">${dir}</a></td>`,
  },
  { key: "state", title: "state", by: ({ state }) => states.indexOf(state), cell: stateCell },
  { key: "arm", title: "arm", by: ({ arm }) => arm, cell: ({ arm }) => word(arm) },
  { key: "law", title: "law", by: ({ law }) => law, cell: ({ law }) => word(law) },
  { key: "seed", title: "seed", by: ({ seed }) => seed, cell: ({ seed }) => cell(seed) },
  { key: "step", title: "step", by: ({ step }) => step, cell: (facts) => short(stepText(facts)) },
  { key: "loss", title: "loss", by: ({ loss }) => loss, cell: ({ loss }) => cell(decimal(loss, 3)) },
  { key: "top1", title: "top-1, %", by: ({ top1 }) => top1, cell: ({ top1 }) => cell(percent(top1)) },
  {
    ...{ key: "rho_pred", title: "ρ predictions", by: ({ rhoPredictions }) => rhoPredictions },
    cell: ({ rhoPredictions }) => cell(rho(rhoPredictions)),
  },
  {
    ...{ key: "rho_acc", title: "ρ accuracy", by: ({ rhoAccuracy }) => rhoAccuracy },
    cell: ({ rhoAccuracy }) => cell(rho(rhoAccuracy)),
  },
  {
    ...{ key: "speed", title: "images/s", by: ({ imagesPerSecond }) => imagesPerSecond },
    cell: ({ imagesPerSecond }) => cell(decimal(imagesPerSecond, 0)),
  },
];

function stateCell({ state }: RunFacts): Markup {
  return html`<td class="state state-${state}">${state}</td>`;
}

/** What a request asks of the list. */
export interface ListOrder {
  readonly sort: string | undefined;
  readonly order: string | undefined;
}

/** The body of the list. An unknown column sorts by nothing. */
export function listPage(catalogue: Catalogue, folder: string, asked: ListOrder): Markup {
  const sorted = columns.find(({ key }) => key === asked.sort), falling = asked.order === "desc";
  const runs = catalogue.runs.map((run) => ({ facts: runFacts(run), problem: run.problem }));
  if (sorted) runs.sort((a, b) => compare(sorted.by(a.facts), sorted.by(b.facts), falling));
  const rows = runs.map(({ facts, problem }) =>
    html`<tr data-run="${facts.dir}">
      <td class="pick"><input type="checkbox" name="run" value="${facts.dir}" aria-label="Compare ${facts.dir}"></td>
      ${columns.map((column) => column.cell(facts))}
    </tr>${problem === undefined ? "" : problemRow(facts.dir, problem)}`
  );
  const isLive = runs.some(({ facts }) => facts.state === "training");
  return html`
    <h1>Runs</h1>
    ${reportLinks(catalogue.studies)}
    ${catalogue.truncated
      ? html`<p>There is more in this folder than is listed; name a folder within it.</p>`
      : ""}
    ${rows.length === 0
      ? html`<p>No runs in ${folder} yet. A study puts its runs there as it trains them.</p>`
      : html`
        <form action="/compare">
          <p><button>Compare the chosen runs</button></p>
          <div class="scroll" tabindex="0" role="region" aria-label="Runs">
            <table id="runs" data-refresh="${isLive ? "yes" : "no"}">
              <caption><span>Choose runs to compare. ρ is the rank correlation of class frequency with how often a class is
                predicted, and with its accuracy.</span></caption>
              <thead>
                <tr><td class="pick"></td>${columns.map((column) =>
                  header(column, column === sorted, falling)
                )}</tr>
              </thead>
              <tbody>${rows}</tbody>
            </table>
          </div>
        </form>
      `}
  `;
}

function problemRow(dir: string, problem: string): Markup {
  return html`
    <tr data-run="${dir}/problem">
      <td></td>
      <td class="name problem" colspan="${columns.length}">${problem}</td>
    </tr>
  `;
}

/** A column's heading: a link that sorts by it, or the other way round where the list is sorted by it. */
function header({ key, title }: Column, isSorted: boolean, falling: boolean): Markup {
  const link = html`<a href="/?sort=${key}&amp;order=${isSorted && !falling ? "desc" : "asc"}">${title}</a>`;
  const side = key === "run" ? "name" : ["state", "arm", "law"].includes(key) ? "word" : "short";
  return isSorted
    ? html`<th scope="col" class="${side}" aria-sort="${falling ? "descending" : "ascending"}">${link}</th>`
    : html`<th scope="col" class="${side}">${link}</th>`;
}

function reportLinks(studies: readonly string[]): Markup | string {
  if (studies.length === 0) return "";
  const links = studies.map((dir) =>
    html`<li><a href="/report?study=${encodeURIComponent(dir)}">Study report${
      dir === "." ? "" : `: ${dir}`
    }</a></li>`
  );
  return html`<ul class="reports">${links}</ul>`;
}

function compare(a: string | number | null, b: string | number | null, falling: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order = typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), "en");
  return falling ? -order : order;
}
