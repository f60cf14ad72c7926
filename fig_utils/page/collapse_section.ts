// The report's measures of neural collapse, where the study has them: means over classes and seeds, and how closely they
// go with frequency and with accuracy.
import { COLLAPSE_MEASURES, type CollapseMeasure, type StudyReport } from "../../data_utils/mod.ts";
import { type ArmRuns, armsOf, lawsOf } from "../figures/arms.ts";
import { lawTitle, meanOf, signed } from "../figures/words.ts";
import { type Markup, markup } from "./markup.ts";
import { type Column, table } from "./tables.ts";

/** What each measure is, in words. */
export const collapseWords: Readonly<Record<CollapseMeasure, string>> = {
  Sw_invSb: "NC1: variation within a class against that between classes",
  cos_M_all: "NC2 of class means: cosine with all others",
  cos_M_nearest: "NC2 of class means: cosine with the nearest",
  cos_W_all: "NC2 of classifier rows: cosine with all others",
  cos_W_nearest: "NC2 of classifier rows: cosine with the nearest",
};

export function collapseSection(report: StudyReport): Markup | null {
  if (report.arms.every(({ collapse }) => collapse === null)) return null;
  const tables = lawsOf(report).flatMap((law) => {
    const arms = armsOf(report, law).filter(({ runs }) => runs.every(({ collapse }) => collapse !== null));
    return arms.length === 0
      ? []
      : [table(`Neural collapse under ${lawTitle(law)}, means over seeds`, columns, arms)];
  });
  return markup`<section id="collapse"><h2>Neural collapse</h2>
<p>Each cell: the measure's mean over classes; in brackets its rank correlation with frequency and with accuracy.</p>
${tables}<dl class="words">${
    COLLAPSE_MEASURES.map((name) => markup`<dt><code>${name}</code></dt><dd>${collapseWords[name]}</dd>`)
  }</dl></section>`;
}

const columns: readonly Column<ArmRuns>[] = [
  { head: "arm", text: true, cell: ({ title }) => title },
  ...COLLAPSE_MEASURES.map((name) => ({ head: name, cell: ({ runs }: ArmRuns) => cell(name, runs) })),
];

function cell(name: CollapseMeasure, runs: ArmRuns["runs"]): string {
  const scores = runs.map(({ collapse }) => collapse![name]);
  const mean = meanOf(scores.map((score) => score?.mean ?? null));
  const [freq, acc] = (["rho_freq", "rho_acc"] as const).map((rho) => {
    const value = meanOf(scores.map((score) => score?.[rho] ?? null));
    return value === null ? "–" : signed(value);
  });
  return `${mean === null ? "–" : mean.toPrecision(3).replace("-", "−")} (${freq}, ${acc})`;
}
