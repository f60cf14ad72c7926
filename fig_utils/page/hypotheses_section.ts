// The report's hypotheses: first the verdicts at a glance, then each with its source, its comparisons and their intervals.
import type { ReportedContrast, ReportedHypothesis, StudyReport, Verdict } from "../../data_utils/mod.ts";
import { lawsOf } from "../figures/arms.ts";
import { grouped } from "../figures/hypotheses.ts";
import { intervalText, lawTitle, signed } from "../figures/words.ts";
import { type Markup, markup } from "./markup.ts";
import { type Column, table } from "./tables.ts";

const classNames: Readonly<Record<Verdict, string>> = {
  ...{ "holds": "holds", "does not hold": "fails", "not tested here": "open" },
};

function verdictMark(verdict: Verdict): Markup {
  return markup`<span class="verdict ${classNames[verdict] ?? "open"}">${verdict}</span>`;
}

/** One row per hypothesis, one column per law. */
export function verdictsSection(report: StudyReport): Markup {
  const hypotheses = grouped(report.hypotheses);
  if (hypotheses.length === 0) {
    return markup`<section id="verdicts"><h2>In short</h2><p>No hypothesis was put to this study.</p></section>`;
  }
  type Row = typeof hypotheses[number];
  const columns: Column<Row>[] = [
    { head: "hypothesis", text: true, cell: ({ statement }) => statement },
    ...lawsOf(report).map((law) => ({
      ...{ head: lawTitle(law), text: true },
      cell: ({ answers }: Row) => {
        const answer = answers.find((hypothesis) => hypothesis.law === law);
        return answer ? verdictMark(answer.verdict) : "–";
      },
    })),
  ];
  return markup`<section id="verdicts"><h2>In short</h2>
${table("Verdicts on the hypotheses, by the imbalance of the training set", columns, hypotheses)}
<p>The hypotheses were written down before the numbers; where one was added later its source says so. A verdict is about these images, models and this length of
training.</p></section>`;
}

interface ContrastRow {
  readonly law: string;
  readonly contrast: ReportedContrast;
}

const contrastColumns: readonly Column<ContrastRow>[] = [
  { head: "should exceed 0", text: true, cell: ({ contrast }) => contrast.statement },
  { head: "law", text: true, cell: ({ law }) => lawTitle(law) },
  {
    head: "estimate [95 %]",
    cell: ({ contrast: { estimate, interval } }) => intervalText(estimate, interval),
  },
  { head: "verdict", text: true, cell: ({ contrast }) => verdictMark(contrast.verdict) },
  { head: "from the arms' mean ρ(freq, pred)", text: true, cell: ({ contrast }) => sumText(contrast) },
  {
    head: "same for ρ(freq, acc)",
    cell: ({ contrast: { accuracy: { estimate, interval } } }) => intervalText(estimate, interval),
  },
];

export function hypothesesSection(report: StudyReport): Markup | null {
  const hypotheses = grouped(report.hypotheses);
  if (hypotheses.length === 0) return null;
  return markup`<section id="hypotheses"><h2>Hypotheses</h2>${
    hypotheses.map(({ statement, answers }) => {
      const statements = new Set(
        answers.flatMap(({ contrasts }) => contrasts.map(({ statement }) => statement)),
      );
      const rows = [...statements].flatMap((statement) => rowsOf(statement, answers));
      return markup`<h3>${statement}</h3>
<p class="source">Source: ${answers[0].source}</p>
<ul>${
        answers.map(({ law, verdict, because }) =>
          markup`<li>${lawTitle(law)}: ${verdictMark(verdict)} ${because}</li>`
        )
      }</ul>
${table(`Comparisons: ${statement}`, contrastColumns, rows)}`;
    })
  }</section>`;
}

function rowsOf(statement: string, answers: readonly ReportedHypothesis[]): ContrastRow[] {
  return answers.flatMap(({ law, contrasts }) =>
    contrasts.filter((contrast) => contrast.statement === statement).map((contrast) => ({ law, contrast }))
  );
}

/** "sl_full (0.89) − 0.5 × clip_rich (0.21)" */
function sumText({ weights, values }: ReportedContrast): string {
  return Object.entries(weights).map(([arm, weight], i) => {
    const value = values[arm] ?? null, size = Math.abs(weight), times = size === 1 ? "" : `${size} × `;
    const sign = i === 0 ? (weight < 0 ? "−" : "") : weight < 0 ? "− " : "+ ";
    return `${sign}${times}${arm} (${value === null ? "–" : signed(value)})`;
  }).join(" ");
}
