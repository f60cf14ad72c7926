// One panel: the classes of one arm as dots at their frequency, the means of the rare, middle and frequent third as bars
// over them, and the rank correlation in the title. What a dot's height stands for, a measure says.
import { type ClassRow, frequencyThirds, meanByThird, type ReportedRun } from "../../data_utils/mod.ts";
import { Plot } from "../deps.ts";
import type { ArmRuns } from "./arms.ts";
import type { FrequencyAxis } from "./frequency_axis.ts";
import { meanText } from "./words.ts";
import { document, element, roundAttributes, type SvgElement } from "./svg.ts";

/** A number per class that is drawn against its frequency. */
export interface Measure {
  /** What is drawn, in a word and short, and as it stands at the vertical axis. */
  readonly name: string;
  readonly short: string;
  readonly label: string;
  /** Which rank correlation of the report goes with it. */
  readonly rho: "rho_freq_acc" | "rho_freq_pred";
  /** A class's number; null where it has none, which leaves the class out. */
  of(row: ClassRow): number | null;
  /** The number as a reader wants it told. */
  text(value: number): string;
  /** Plot's options of the vertical axis for numbers up to `most`, with its `ticks`. */
  axis(most: number): { readonly ticks: readonly number[] } & Readonly<Record<string, unknown>>;
  /** Whether to draw the level at which all classes would have the same number. */
  readonly even: boolean;
}

export interface PanelOptions {
  readonly arm: ArmRuns;
  readonly measure: Measure;
  readonly frequency: FrequencyAxis;
  /** Largest number of any panel that shares the axis. */
  readonly most: number;
  readonly size: { readonly width: number; readonly height: number };
  /** The lines that head the panel. */
  readonly title: readonly string[];
  /** Whether the vertical axis has its numbers, which stand to the left of the panel. */
  readonly numbered: boolean;
}

/** Space around what is drawn within a panel, in pixels; `title` for each line of it. */
export const panelMargin = { left: 4, right: 16, top: 26, title: 17, bottom: 24 } as const;

/** Size of a panel's title. */
export const titleSize = 13;

/** With more dots than these a panel does not name them: the names would be most of the file. */
const mostNames = 1000;

/** Draws a panel. */
export function classPanel(options: PanelOptions): SvgElement {
  const { arm: { colour, runs }, measure, frequency, size, title } = options;
  const { ticks, ...scale } = measure.axis(options.most), { left } = panelMargin;
  const top = panelMargin.top + title.length * panelMargin.title;
  const dots = runs.flatMap((run) => dotsOf(measure, frequency, run));
  const level = measure.even && dots.length > 0 ? [mean(dots.map(({ y }) => y))] : [];
  const many = dots.length > 100, named = dots.length <= mostNames;
  const plot = Plot.plot({
    // Plot asks for a browser's document; linkedom's does all that it needs.
    document: document as never,
    ...size,
    ...{ marginLeft: left, marginRight: panelMargin.right, marginTop: top, marginBottom: panelMargin.bottom },
    x: { type: "log", domain: frequency.domain },
    y: { label: null, ...scale },
    marks: [
      Plot.gridY(ticks, { strokeOpacity: 0.13 }),
      Plot.axisY(ticks, { label: null, tickSize: 0, ...(options.numbered ? {} : { tickFormat: () => "" }) }),
      Plot.axisX(frequency.ticks, { x: "at", text: "text", label: null, tickSize: 4 }),
      Plot.ruleY(level, { strokeDasharray: "4 3", strokeOpacity: 0.7 }),
      Plot.dot(dots, {
        ...{ x: "x", y: "y", title: named ? "title" : undefined, r: many ? 2.3 : 3 },
        ...{ fill: colour, fillOpacity: many ? 0.4 : 0.55, stroke: colour, strokeWidth: 0.8 },
      }),
      Plot.ruleY(barsOf(measure, frequency, runs), { x1: "x1", x2: "x2", y: "y", strokeWidth: 2.5 }),
    ],
  }) as unknown as SvgElement;
  // Its style sheet would break a strict page policy; sizes and what may stand outside are for the figure to say.
  for (const style of plot.querySelectorAll("style")) style.remove();
  plot.setAttribute("font-size", "11.5");
  plot.setAttribute("overflow", "visible");
  for (const dot of plot.querySelectorAll("circle")) roundAttributes(dot, ["cx", "cy"]);
  const heading = { x: left, "text-anchor": "start" };
  title.forEach((line, i) => {
    const place = { ...heading, y: 12 + i * panelMargin.title, "font-size": titleSize, "font-weight": 600 };
    plot.append(element("text", place, line));
  });
  plot.append(element("text", { ...heading, y: top - 12, "font-size": 12 }, rhoLabel(measure, runs)));
  return plot;
}

/** "ρ(freq, acc) = 0.55 ± 0.04" */
export function rhoLabel({ short, rho }: Measure, runs: readonly ReportedRun[]): string {
  const value = meanText(runs.map((run) => run[rho]));
  return `ρ(freq, ${short}) ${value === "undefined" ? value : `= ${value}`}`;
}

function dotsOf(measure: Measure, frequency: FrequencyAxis, { per_class }: ReportedRun) {
  return per_class.flatMap((row) => {
    const y = measure.of(row);
    if (y === null) return [];
    const title = `${row.class}: ${row.freq} in training, ${measure.text(y)}`;
    return [{ x: frequency.place(row.freq), y, title }];
  });
}

/** The three means, averaged over runs; none for fewer than three classes, or where no class of a third has a number. */
function barsOf(measure: Measure, frequency: FrequencyAxis, runs: readonly ReportedRun[]) {
  if (runs.some(({ per_class }) => per_class.length < 3)) return [];
  const each = runs.map(({ per_class }) => {
    const frequencies = per_class.map(({ freq }) => freq), thirds = frequencyThirds(frequencies);
    const means = meanByThird(frequencies, per_class.map((row) => measure.of(row) ?? NaN));
    return { frequencies, thirds, means };
  });
  return (["tail", "middle", "head"] as const).flatMap((third) => {
    const y = mean(each.map(({ means }) => means[third]));
    if (Number.isNaN(y)) return [];
    const xs = each.flatMap(({ frequencies, thirds }) =>
      thirds[third].map((c) => frequency.place(frequencies[c]))
    );
    return [{ x1: Math.min(...xs), x2: Math.max(...xs), y }];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
