// The study's fourth figure: how closely predictions follow frequency against top-1 accuracy, along training, so that
// arms can be compared where they are equally accurate. Supervised arms at the left, CLIP at the right.
import type { ArmAbout, CurvePoint, StudyReport } from "../../data_utils/mod.ts";
import { type ArmRuns, armsOf, lawsOf } from "./arms.ts";
import { type LinearScale, linearScale } from "./linear_scale.ts";
import { marker } from "./marker.ts";
import { lineColour } from "./palette.ts";
import { band, label, lineHeight, paragraph, rule, sheet } from "./sheet.ts";
import { element, plain, type SvgElement } from "./svg.ts";
import { lawTitle, meanOf, signed } from "./words.ts";

const width = 960, left = 70, gap = 56, plotHeight = 250, right = 20;
/** The arm that both panels show, and the same arm at an earlier step, which is a ring on its line. */
const reference = "sl_full", matched = "sl_matched";

/** A place of a curve: top-1 as a fraction, and the correlation of frequency and predictions. */
interface Place {
  readonly top1: number;
  readonly rho: number;
}

/** An arm's line in a panel: its look, the curve of each seed, and of the mean where all seeds have a value. */
interface Line {
  readonly arm: string;
  readonly title: string;
  readonly colour: string;
  readonly shape: number;
  readonly seeds: readonly (readonly Place[])[];
  readonly mean: readonly Place[];
}

/** Whether the report has a curve to draw. */
export function hasCurves({ arms }: StudyReport): boolean {
  return arms.some(({ curve }) => curve.some((point) => point.rho_freq_pred !== null));
}

/** The figure as an `<svg>` element in the page's text colour. Throws RangeError where no run has a curve. */
export function matchedFigure(report: StudyReport): string {
  if (!hasCurves(report)) throw new RangeError("The report has no training curve to draw");
  const laws = lawsOf(report), panels = panelsOf(report.legend);
  const places = report.arms.flatMap(({ curve }) => curve.flatMap(placeOf));
  const chance = Math.min(1, 2 * report.null_spread);
  const panelWidth = (width - left - right - (panels.length - 1) * gap) / panels.length;
  const parts: SvgElement[] = [];
  let y = 34;
  for (const law of laws) {
    const arms = armsOf(report, law);
    panels.forEach((panel, i) => {
      const start = left + i * (panelWidth + gap);
      const x = linearScale(places.map(({ top1 }) => top1 * 100), [start, start + panelWidth]);
      const rhos = linearScale([-chance, chance, ...places.map(({ rho }) => rho)], [
        y + 28 + plotHeight,
        y + 28,
      ]);
      parts.push(label(`${panel.title} (${lawTitle(law)})`, start, y + 16, { "font-weight": 600 }));
      parts.push(
        axes(x, rhos, chance, i === 0),
        ...panelLines(panel.arms, arms).map((line) => drawn(line, x, rhos)),
      );
    });
    y += plotHeight + 84;
  }
  const legends = panels.map((panel, i) => legendOf(panel.arms, left + i * (panelWidth + gap), y));
  y += Math.max(...legends.map(({ height }) => height)) + 14;
  const foot = paragraph(
    "Each line is an arm along its training, a marker an evaluation; thick: mean over seeds, thin: the seeds; the large " +
      "marker is the end. Grey: two null spreads around 0. At one accuracy (a vertical line) the arm nearer to 0 is the less biased.",
    { x: 16, y, width: width - 32 },
  );
  const heading = "Bias of predictions against accuracy, along training";
  const size = { width, height: y + foot.height };
  return sheet(
    { ...size, heading, inWords: inWords(report, laws) },
    ...parts,
    ...legends.map(({ figure }) => figure),
    ...foot.lines,
  );
}

/** The panels with the arms that each shows, in the order of their colours; the reference leads both. */
function panelsOf(legend: readonly ArmAbout[]): { title: string; arms: ArmAbout[] }[] {
  const trained = legend.filter(({ arm }) => arm !== matched),
    first = trained.filter(({ arm }) => arm === reference);
  const family = (name: ArmAbout["family"]) =>
    trained.filter(({ family, arm }) => family === name && arm !== reference);
  const clip = family("clip"), sl = family("sl"), equal = legend.filter(({ arm }) => arm === matched);
  return [
    ...first.length + sl.length === 0 ? [] : [{ title: "SL", arms: [...first, ...sl] }],
    ...clip.length === 0
      ? []
      : [{ title: first.length === 0 ? "CLIP" : "CLIP beside SL", arms: [...first, ...clip, ...equal] }],
  ];
}

/** How an arm looks in its panel: the n-th of its family there. */
function look(arms: readonly ArmAbout[], arm: string): { colour: string; shape: number } {
  if (arm === matched) return { colour: lineColour("sl", 0), shape: 0 };
  const about = arms.find((a) => a.arm === arm)!, own = arms.filter(({ family }) => family === about.family);
  return { colour: lineColour(about.family, own.indexOf(about)), shape: arms.indexOf(about) };
}

function panelLines(shown: readonly ArmAbout[], arms: readonly ArmRuns[]): Line[] {
  return arms.filter(({ arm }) => shown.some((about) => about.arm === arm)).map(({ arm, title, runs }) => {
    if (arm === matched) {
      const top1 = meanOf(runs.map((run) => run.top1)), rho = meanOf(runs.map((run) => run.rho_freq_pred));
      return { arm, title, ...look(shown, arm), seeds: [], mean: rho === null ? [] : [{ top1: top1!, rho }] };
    }
    const seeds = runs.map(({ curve }) => curve.flatMap(placeOf)).filter(({ length }) => length > 0);
    const steps = runs[0].curve.map(({ step }) => step);
    const mean = steps.flatMap((step) => {
      const points = runs.map(({ curve }) => curve.find((point) => point.step === step));
      const rho = meanOf(points.map((point) => point?.rho_freq_pred ?? null));
      const top1 = meanOf(points.map((point) => point?.top1 ?? null));
      return rho === null || top1 === null ? [] : [{ top1, rho }];
    });
    return { arm, title, ...look(shown, arm), seeds, mean };
  });
}

function placeOf({ top1, rho_freq_pred }: CurvePoint): Place[] {
  return rho_freq_pred === null ? [] : [{ top1, rho: rho_freq_pred }];
}

function axes(x: LinearScale, y: LinearScale, chance: number, labelled: boolean): SvgElement {
  const group = element("g", {}), ends = x.domain.map(x.at), [bottom, top] = y.domain.map(y.at);
  group.append(
    band(ends[0], y.at(chance), ends[1] - ends[0], Number((y.at(-chance) - y.at(chance)).toFixed(2))),
  );
  for (const tick of y.ticks) {
    group.append(
      rule([ends[0], y.at(tick)], [ends[1], y.at(tick)], { "stroke-opacity": tick === 0 ? 0.7 : 0.15 }),
    );
    group.append(label(signed(tick), ends[0] - 6, y.at(tick) + 4, { "text-anchor": "end" }));
  }
  for (const tick of x.ticks) {
    group.append(rule([x.at(tick), top], [x.at(tick), bottom]));
    group.append(label(String(tick), x.at(tick), bottom + 16, { "text-anchor": "middle" }));
  }
  group.append(label("top-1, %", ends[1], bottom + 34, { "text-anchor": "end" }));
  if (labelled) {
    const turned = `translate(16,${(top + bottom) / 2}) rotate(-90)`;
    group.append(
      element("text", { transform: turned, "text-anchor": "middle" }, "ρ(frequency, predictions)"),
    );
  }
  return group;
}

function drawn({ arm, title, colour, shape, seeds, mean }: Line, x: LinearScale, y: LinearScale): SvgElement {
  const group = element("g", { class: `line ${plain(arm)}` }, element("title", {}, title));
  const path = (places: readonly Place[], attributes: Readonly<Record<string, string | number>>) => {
    const points = places.map(({ top1, rho }) => `${x.at(top1 * 100)} ${y.at(rho)}`);
    return element("path", { d: `M${points.join("L")}`, fill: "none", stroke: colour, ...attributes });
  };
  if (seeds.length > 1) {
    for (const places of seeds) group.append(path(places, { "stroke-width": 1, "stroke-opacity": 0.35 }));
  }
  if (mean.length === 0) return group;
  group.append(path(mean, { "stroke-width": 2.2, "stroke-linejoin": "round" }));
  mean.forEach(({ top1, rho }, i) => {
    const [cx, cy] = [x.at(top1 * 100), y.at(rho)];
    const size = i === mean.length - 1 ? 1.5 : 0.7;
    const place = element("g", { transform: `translate(${cx},${cy}) scale(${size})` });
    place.append(arm === matched ? ring(0, 0, colour) : marker(shape, 0, 0, colour));
    group.append(place);
  });
  return group;
}

function ring(cx: number, cy: number, colour: string): SvgElement {
  return element("circle", { cx, cy, r: 6, fill: "none", stroke: colour, "stroke-width": 2 });
}

function legendOf(arms: readonly ArmAbout[], x: number, y: number): { figure: SvgElement; height: number } {
  const figure = element("g", {});
  arms.forEach(({ arm, title }, i) => {
    const { colour, shape } = look(arms, arm), middle = y + i * (lineHeight + 2);
    figure.append(label(title, x + 36, middle + 4));
    if (arm === matched) return figure.append(ring(x + 14, middle, colour));
    figure.append(rule([x, middle], [x + 28, middle], { stroke: colour, "stroke-width": 2.2 }));
    figure.append(marker(shape, x + 14, middle, colour));
  });
  return { figure, height: arms.length * (lineHeight + 2) };
}

function inWords(report: StudyReport, laws: readonly string[]): string {
  return laws.flatMap((law) =>
    armsOf(report, law).map(({ title, runs }) => {
      const top1 = meanOf(runs.map((run) => run.top1)), rho = meanOf(runs.map((run) => run.rho_freq_pred));
      const place = `top-1 ${(top1! * 100).toFixed(1)} %, ρ ${rho === null ? "undefined" : signed(rho)}`;
      return `${lawTitle(law)}, ${title}: ${place} at the end`;
    })
  ).join("; ");
}
