// A report for people: the table of arms and the answers to the hypotheses, law by law, for a terminal of 80 columns; and
// the same table as Markdown.

import {
  type ArmSummary,
  describeSkipped,
  type MeanAndSpread,
  percent,
  type ReportedContrast,
  type ReportedHypothesis,
  type StudyReport,
} from "../../data_utils/mod.ts";
import { meanAndSpread } from "./summary.ts";

const WIDTH = 80;

/** Two digits; no sign before a zero. */
const rho = (value: number) => value.toFixed(2).replace(/^-(0\.00)$/, "$1");

function cell({ mean, sd }: MeanAndSpread, show: (value: number) => string): string {
  if (mean === null) return "-";
  return sd === null ? show(mean) : `${show(mean)}±${show(sd)}`;
}

type Column = readonly [title: string, of: (summary: ArmSummary) => string];

const arm: Column = ["arm", ({ arm }) => arm];
const top1: Column = ["top-1 %", ({ means }) => cell(means.top1, percent)];
const top5: Column = ["top-5 %", ({ means }) => cell(means.top5, percent)];
const rhos: readonly Column[] = [
  ["rho acc", ({ means }) => cell(means.rho_freq_acc, rho)],
  ["rho pred", ({ means }) => cell(means.rho_freq_pred, rho)],
];
const thirds: readonly Column[] = [
  ["head %", ({ means }) => cell(means.head, percent)],
  ["mid %", ({ means }) => cell(means.middle, percent)],
  ["tail %", ({ means }) => cell(means.tail, percent)],
];

/** Title line first; arms in the report's order. */
function tableRows(report: StudyReport, law: string, columns: readonly Column[]): string[][] {
  const own = report.summary.filter((summary) => summary.law === law);
  return [columns.map(([title]) => title), ...own.map((summary) => columns.map(([, of]) => of(summary)))];
}

/** The table of a law's arms: means over seeds, ± standard deviation where there are several; at most 80 columns. */
export function armTable(report: StudyReport, law: string): string {
  const rows = tableRows(report, law, [arm, top1, ...rhos, ...thirds]);
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  const between = widths.reduce((sum, width) => sum + width + 2, -2) <= WIDTH ? "  " : " ";
  return rows.map((row) =>
    row.map((text, c) => c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c])).join(between)
  ).join("\n");
}

/** The same with top-5, as a Markdown table in the shape that `deno fmt` gives it. */
export function armTableMarkdown(report: StudyReport, law: string): string {
  const rows = tableRows(report, law, [arm, top1, top5, ...rhos, ...thirds]);
  const cells = rows.map((row, r) => row.map((text, c) => r > 0 && c === 0 ? `\`${text}\`` : text));
  const widths = rows[0].map((_, c) => Math.max(3, ...cells.map((row) => row[c].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((text, c) => c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c])).join(" | ")} |`;
  const rule = widths.map((width, c) => c === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":");
  return [line(cells[0]), line(rule), ...cells.slice(1).map(line)].join("\n");
}

/** The report as text: arms, and for each law what was run, the table, and what became of the hypotheses. No colours. */
export function reportText(report: StudyReport): string {
  const laws = [...new Set(report.arms.map(({ law }) => law))];
  const skipped = Object.entries(report.skipped).filter(([, list]) => list.length > 0)
    .map(([part, list]) => wrapped(`${part} images left out: ${describeSkipped(list)}`, "  "));
  return [
    ...report.legend.map(({ arm, title }) => wrapped(`${arm}: ${title}`, "  ")),
    ...laws.flatMap((law) => ["", ...lawText(report, law)]),
    "",
    ...report.notes.map((note) => wrapped(note, "  ")),
    ...skipped,
    `${trainedModels(report)}, ${report.seconds.toFixed(0)} s of training, ` +
    `${report.images_per_second.toFixed(0)} images/s`,
  ].join("\n");
}

function lawText(report: StudyReport, law: string): string[] {
  const runs = report.arms.filter((run) => run.law === law);
  const seeds = [...new Set(report.summary.filter((summary) => summary.law === law).map((s) => s.seeds))];
  const most = (values: number[]) => Math.max(...values);
  const images = most(runs.map(({ per_class }) => per_class.reduce((sum, { freq }) => sum + freq, 0)));
  const seen = most(runs.map(({ images_seen }) => images_seen));
  const counted = seeds.length === 1 && seeds[0] === 1 ? "1 seed" : `${seeds.sort().join(" or ")} seeds`;
  const reasons = new Set(
    runs.flatMap((run) =>
      Object.entries(run.undefined_because ?? {}).map(([name, why]) =>
        `No rho ${name === "rho_freq_acc" ? "acc" : "pred"} for ${run.arm}, seed ${run.seed}: ${why}.`
      )
    ),
  );
  const single = counted === "1 seed", over = single ? "classes" : "seeds and classes";
  const own = report.hypotheses.filter((hypothesis) => hypothesis.law === law);
  return [
    wrapped(`${law}: ${report.classes} classes, ${images} training images, ${seen} seen, ${counted}`, "  "),
    "",
    armTable(report, law),
    "",
    ...(single ? [] : ["Means ± standard deviations over seeds."]),
    wrapped(
      "rho acc, rho pred: Spearman's correlation of class frequency with accuracy and with predictions; " +
        `where frequency plays no role, one spreads by ${report.null_spread.toFixed(3)}.`,
      "",
    ),
    ...[...reasons].map((reason) => wrapped(reason, "  ")),
    ...captionLines(report, law),
    "",
    wrapped(`Hypotheses, with sums of mean rho pred that should exceed 0 [95 % interval over ${over}]:`, ""),
    ...own.filter(hasNumbers).flatMap(hypothesisText),
    ...withoutNumbers(own.filter((hypothesis) => !hasNumbers(hypothesis))),
  ];
}

/** The same correlations with frequency counted in the captions, for the arms that train on them. */
function captionLines(report: StudyReport, law: string): string[] {
  const own = report.arms.filter((run) => run.law === law && run.caption_frequency);
  if (own.length === 0) return [];
  const lines = [...new Set(own.map((run) => run.arm))].map((arm) => {
    const counts = own.filter((run) => run.arm === arm).map((run) => run.caption_frequency!);
    const shown = (["rho_labels", "rho_acc", "rho_pred"] as const).map((name) =>
      cell(meanAndSpread(counts.map((count) => count[name])), rho)
    );
    return `  ${arm}: with labels ${shown[0]}; rho acc ${shown[1]}, rho pred ${shown[2]}`;
  });
  return ["", "With frequency counted in the captions (classes that they mention):", ...lines];
}

const hasNumbers = ({ contrasts }: ReportedHypothesis) => contrasts.some(({ estimate }) => estimate !== null);

/** What there is no number for, in few lines. */
function withoutNumbers(hypotheses: readonly ReportedHypothesis[]): string[] {
  if (hypotheses.length === 0) return [];
  const lines = hypotheses.map(({ statement, because }) => wrapped(`- ${statement}. (${because})`, "  "));
  return ["", "NOT TESTED HERE:", ...lines];
}

function hypothesisText({ verdict, statement, because, contrasts }: ReportedHypothesis): string[] {
  return [
    "",
    wrapped(`${verdict.toUpperCase()}: ${statement}.`, "  "),
    ...contrasts.filter(({ estimate }) => estimate !== null).map(contrastText),
    ...(verdict === "holds" ? [] : [wrapped(`  ${because}`, "  ")]),
  ];
}

/** A contrast that has an estimate; why another one has none is said below it. */
function contrastText({ weights, estimate, interval, verdict }: ReportedContrast): string {
  const numbers = [
    rho(estimate!),
    ...(interval ? [`[${rho(interval[0])}, ${rho(interval[1])}]`] : []),
  ].join(" ");
  const word = verdict === "not tested here" ? "" : `  ${verdict}`;
  return `  ${sumText(weights)}: ${numbers}${word}`;
}

/** "sl_frozen - 0.5 sl_full - 0.5 clip_rich": positive weights first. */
function sumText(weights: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(weights).sort(([, a], [, b]) => Math.sign(b) - Math.sign(a));
  return sorted.map(([arm, weight], i) => {
    const size = Math.abs(weight), sign = weight < 0 ? "- " : i > 0 ? "+ " : "";
    return `${sign}${size === 1 ? "" : `${size} `}${arm}`;
  }).join(" ");
}

function trainedModels({ arms }: StudyReport): string {
  const models = new Set(arms.map(({ run }) => run)).size;
  return `${models} ${models === 1 ? "model" : "models"}`;
}

/** Words in lines of at most 80 columns, all but the first indented; leading spaces stay. */
function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
