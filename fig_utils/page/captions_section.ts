// Frequency by captions beside frequency by labels: what a model that reads captions meets, and whether its bias follows
// the one or the other. Only runs on captions have it.
import type { CaptionFrequency, ReportedRun, StudyReport } from "../../data_utils/mod.ts";
import { type ArmRuns, armsOf, lawsOf } from "../figures/arms.ts";
import { lawTitle, meanText } from "../figures/words.ts";
import { type Markup, markup } from "./markup.ts";
import { type Column, table } from "./tables.ts";

const counted = ({ caption_frequency }: ReportedRun) =>
  caption_frequency !== null && caption_frequency !== undefined;

export function captionsSection(report: StudyReport): Markup | null {
  if (!report.arms.some(counted)) return null;
  const tables = lawsOf(report).flatMap((law) => {
    const arms = armsOf(report, law).filter(({ runs }) => runs.every(counted));
    return arms.length === 0
      ? []
      : [table(`Frequency by captions under ${lawTitle(law)}, means over seeds`, columns, arms)];
  });
  return markup`<section id="captions"><h2>Frequency by captions</h2>
<p>CLIP is given captions, not labels. Here a class's frequency is the number of training captions that mention it (first
epoch, the counting rule of the reference's <code>concept_freq</code>), and beside it the number of images labelled with it.</p>
${tables}</section>`;
}

const columns: readonly Column<ArmRuns>[] = [
  { head: "arm", text: true, cell: ({ title }) => title },
  { head: "mentions per caption", cell: ({ runs }) => meanText(runs.map(mentionsPerCaption)) },
  { head: "ρ(captions, labels)", cell: ({ runs }) => meanText(of(runs, "rho_labels")) },
  { head: "ρ(captions, pred)", cell: ({ runs }) => meanText(of(runs, "rho_pred")) },
  { head: "ρ(labels, pred)", cell: ({ runs }) => meanText(runs.map((run) => run.rho_freq_pred)) },
  { head: "ρ(captions, acc)", cell: ({ runs }) => meanText(of(runs, "rho_acc")) },
  { head: "ρ(labels, acc)", cell: ({ runs }) => meanText(runs.map((run) => run.rho_freq_acc)) },
];

function of(runs: ArmRuns["runs"], name: "rho_labels" | "rho_pred" | "rho_acc"): (number | null)[] {
  return runs.map(({ caption_frequency }) => caption_frequency![name]);
}

function mentionsPerCaption({ caption_frequency }: ReportedRun): number {
  const { captions, per_class } = caption_frequency as CaptionFrequency;
  return per_class.reduce((sum, count) => sum + count, 0) / captions;
}
