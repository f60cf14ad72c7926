// Which curves a run has: three charts over its steps, and the points that its logs hold for them. Page and event
// stream speak of them in these terms.
import type { JsonRecord } from "../../data_utils/mod.ts";
import type { CurveChart, Point } from "./client/curve_chart.js";
import { number } from "./run_facts.ts";

/** A curve of a chart: a field of a log's records. */
export interface CurveAbout {
  readonly field: string;
  readonly name: string;
  /** Shown in percent. */
  readonly percent?: boolean;
}

/** A chart of a run's page. */
export interface ChartAbout {
  readonly id: string;
  readonly title: string;
  /** Title where several runs show the first of the curves. */
  readonly comparedTitle: string;
  readonly log: "metrics" | "evaluations";
  readonly curves: readonly CurveAbout[];
  readonly range: CurveChart["range"];
  readonly level: number | null;
}

export const charts: readonly ChartAbout[] = [
  {
    ...{ id: "loss", title: "Loss", comparedTitle: "Loss", log: "metrics", range: null, level: null },
    curves: [{ field: "loss", name: "loss" }],
  },
  {
    ...{
      id: "accuracy",
      title: "Accuracy, %",
      comparedTitle: "Top-1 accuracy, %",
      log: "evaluations",
      range: [0, 100],
      level: null,
    },
    curves: [
      { field: "top1", name: "top-1", percent: true },
      { field: "head", name: "frequent third", percent: true },
      { field: "tail", name: "rare third", percent: true },
    ],
  },
  {
    ...{
      id: "rho",
      title: "Rank correlation with frequency, ρ",
      comparedTitle: "ρ of predictions with frequency",
      log: "evaluations",
    },
    ...{ range: [-1, 1], level: 0 },
    curves: [
      { field: "rho_freq_pred", name: "of predictions" },
      { field: "rho_freq_acc", name: "of accuracy" },
    ],
  },
];

/** Points of a curve in a log's records; what is no number is left out. */
export function pointsOf(records: readonly JsonRecord[], { field, percent }: CurveAbout): Point[] {
  return records.flatMap((record): Point[] => {
    const step = number(record, "step"), value = number(record, field);
    return step === null || value === null ? [] : [[step, percent ? value * 100 : value]];
  });
}

/** All points of all charts, by chart and curve: what the event stream sends. */
export type ChartPoints = Record<string, Point[][]>;

/** The charts' points in records of both logs. */
export function chartPoints(records: Record<ChartAbout["log"], readonly JsonRecord[]>): ChartPoints {
  return Object.fromEntries(
    charts.map(({ id, log, curves }) => [id, curves.map((curve) => pointsOf(records[log], curve))]),
  );
}
