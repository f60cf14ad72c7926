// A study's report as a page that opens from the disk: one file with its figures and style in it, which loads nothing and
// runs no script. The same content goes into the view's page as a fragment. Pure functions of the report.
import { REPORT_FILE, type StudyReport } from "../../data_utils/mod.ts";
import { type Figure, figuresOf } from "../figures/all.ts";
import { svgFile } from "../figures/svg.ts";
import { armsSection } from "./arms_section.ts";
import { captionsSection } from "./captions_section.ts";
import { classesSection } from "./classes_section.ts";
import { collapseSection } from "./collapse_section.ts";
import { hypothesesSection, verdictsSection } from "./hypotheses_section.ts";
import { Markup, markup } from "./markup.ts";
import { readingSection } from "./reading_section.ts";
import { runSection } from "./run_section.ts";
import { pageStyle, reportStyle } from "./style.ts";
import { scrolling } from "./tables.ts";

/** Name of the page in a study's folder. */
export const REPORT_PAGE = "report.html";

const title = "Class frequency, accuracy and predictions: a study";
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** The report's content without a page around it; {@link reportStyle} goes with it. Its headings begin at h2. */
export function reportFragment(report: StudyReport): string {
  return fragment(report, figuresOf(report)).text;
}

/** The report as an HTML page of its own. */
export function reportPage(report: StudyReport): string {
  return page(report, figuresOf(report));
}

/** What a study leaves beside its report.json: the page and the figures, by their paths in its folder. */
export function studyFiles(report: StudyReport): Map<string, string> {
  const figures = figuresOf(report);
  return new Map([
    [REPORT_PAGE, page(report, figures)],
    ...figures.map(({ name, svg }): [string, string] => [`figures/${name}.svg`, svgFile(svg)]),
  ]);
}

function page(report: StudyReport, figures: readonly Figure[]): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(pageStyle + reportStyle)}</style>
</head>
<body>
<main class="study-report"><h1>${title}</h1>
${fragmentBody(report, figures)}
</main>
</body>
</html>
`.text;
}

function fragment(report: StudyReport, figures: readonly Figure[]): Markup {
  return markup`<div class="study-report">${fragmentBody(report, figures)}</div>`;
}

const contents: readonly [id: string, name: string][] = [
  ...[["verdicts", "In short"], ["run", "What was run"], ["arms", "Arms"], ["figures", "Figures"]] as const,
  ...[["hypotheses", "Hypotheses"], ["captions", "Frequency by captions"]] as const,
  ...[["collapse", "Neural collapse"], ["classes", "Classes"], ["reading", "How to read this"]] as const,
].map(([id, name]) => [id, name]);

function fragmentBody(report: StudyReport, figures: readonly Figure[]): Markup {
  const sections = [
    verdictsSection(report),
    runSection(report),
    armsSection(report),
    figuresSection(figures),
    hypothesesSection(report),
    captionsSection(report),
    collapseSection(report),
    classesSection(report),
    readingSection(report),
  ].filter((section) => section !== null);
  const links = contents.filter(([id]) => sections.some(({ text }) => text.includes(`<section id="${id}">`)));
  return markup`<nav aria-label="Contents"><ul class="contents">${
    links.map(([id, name]) => markup`<li><a href="#${id}">${name}</a></li>`)
  }</ul></nav>
${sections}
<p class="source">Made from ${REPORT_FILE}, which has every number.</p>`;
}

function figuresSection(figures: readonly Figure[]): Markup | null {
  if (figures.length === 0) return null;
  return markup`<section id="figures"><h2>Figures</h2>${
    figures.map(({ caption, svg }) =>
      markup`<figure>${scrolling(caption, new Markup(svg))}</figure>
`
    )
  }</section>`;
}
