// The report's tables of arms: means over seeds under each law, and why a correlation is not defined.
import type {
  ArmSummary,
  MeanAndSpread,
  ReportedRun,
  StudyMeasure,
  StudyReport,
} from "../../data_utils/mod.ts";
import { aboutArm, lawsOf } from "../figures/arms.ts";
import { lawTitle, signed } from "../figures/words.ts";
import { type Markup, markup } from "./markup.ts";
import { type Column, table } from "./tables.ts";

const percent = (value: number) => (value * 100).toFixed(1);
const mean = ({ mean }: MeanAndSpread) => mean === null ? "–" : mean.toFixed(0);

const measures: readonly [head: string, measure: StudyMeasure, show: (value: number) => string][] = [
  ["ρ(freq, pred)", "rho_freq_pred", signed],
  ["ρ(freq, acc)", "rho_freq_acc", signed],
  ["top-1 %", "top1", percent],
  ["top-5 %", "top5", percent],
  ["head %", "head", percent],
  ["middle %", "middle", percent],
  ["tail %", "tail", percent],
];

export function armsSection(report: StudyReport): Markup {
  const columns: Column<ArmSummary>[] = [
    {
      head: "arm",
      text: true,
      cell: ({ arm }) => markup`${aboutArm(report, arm).title}<br><code>${arm}</code>`,
    },
    ...measures.map(([head, measure, show]) => ({
      head,
      cell: ({ means }: ArmSummary) => meanAndSpread(means[measure], show),
    })),
    { head: "seeds", cell: ({ seeds }) => seeds },
    { head: "seconds", cell: ({ means }) => mean(means.seconds) },
    { head: "images/s", cell: ({ means }) => mean(means.images_per_second) },
  ];
  const tables = lawsOf(report).map((law) =>
    table(
      `Arms under ${lawTitle(law)}, means over seeds`,
      columns,
      report.summary.filter((row) => row.law === law),
    )
  );
  return markup`<section id="arms"><h2>Arms</h2>
<p>Frequency is the number of a class's training images. Chance alone spreads one ρ by
${signed(report.null_spread)} around 0. After ± stands the standard deviation over seeds.</p>
${tables}${undefinedCorrelations(report)}</section>`;
}

function meanAndSpread({ mean, sd }: MeanAndSpread, show: (value: number) => string): string {
  if (mean === null) return "–";
  return sd === null ? show(mean) : `${show(mean)} ± ${show(sd)}`;
}

/** A dash in the table has a reason here. */
function undefinedCorrelations(report: StudyReport): Markup | null {
  const reasons = report.arms.flatMap((run) => missing(run, report));
  if (reasons.length === 0) return null;
  return markup`<p>A dash stands where a seed has no value:</p><ul>${
    reasons.map((reason) => markup`<li>${reason}</li>`)
  }</ul>`;
}

const correlations = { rho_freq_pred: "ρ(freq, pred)", rho_freq_acc: "ρ(freq, acc)" } as const;

function missing(run: ReportedRun, report: StudyReport): string[] {
  return (["rho_freq_pred", "rho_freq_acc"] as const).filter((rho) => run[rho] === null).map((rho) => {
    const because = run.undefined_because?.[rho] ?? "no reason was stored";
    const { title } = aboutArm(report, run.arm);
    return `${correlations[rho]} of ${title}, ${lawTitle(run.law)}, seed ${run.seed}: ${because}.`;
  });
}
