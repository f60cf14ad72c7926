// Frequencies of the same classes in several tables, as curves over the classes' rank: how steeply each falls, and whether what is
// frequent in one is frequent in the others. A curve whose classes are ranked by another table is noisy, so it is drawn
// thin, with a smoothed line above it.
import { frequencyAxis } from "./frequency_axis.ts";
import { linearScale } from "./linear_scale.ts";
import { allColours } from "./palette.ts";
import { label, lineHeight, paragraph, rule, sheet } from "./sheet.ts";
import { element, plain, type SvgElement } from "./svg.ts";
import { textWidth, wrapped } from "./words.ts";

/** The counts of one table; place c is the same class in every table of a figure. */
export interface FrequencyCurve {
  readonly name: string;
  readonly counts: readonly number[];
}

/** Which classes come first: those frequent in the table of this place, or in each curve its own. */
export type RankBy = number | "own";

const width = 960, left = 66, right = 196, top = 34, plotHeight = 190, gap = 26, most = 3;
/** Smoothing: the Gaussian's deviation in ranks for every 1000 classes, how many it reaches, and from which on it is done. */
const sigmaPerThousand = 3, reach = 4, leastSigma = 0.5;
/** A curve with more points than this is drawn by the lowest and the highest of every few. */
const mostPoints = 2000;

/**
 * The figure as an `<svg>` element in the page's text colour; {@link svgFile} makes a file of it. Throws RangeError
 * without curves or classes, for curves of different length, counts that are negative or no numbers, and for a
 * `rankBy` that is no curve.
 */
export function frequencyCurves(curves: readonly FrequencyCurve[], rankBy: RankBy = 0): string {
  const classes = curves[0]?.counts.length ?? 0, ranking = rankBy === "own" ? null : curves[rankBy];
  if (classes === 0) throw new RangeError("There is no table with classes to draw");
  if (ranking === undefined) throw new RangeError(`No table has place ${rankBy} to rank the classes by`);
  for (const { name, counts } of curves) {
    if (counts.length !== classes) {
      throw new RangeError(`${name} has ${counts.length} classes where ${curves[0].name} has ${classes}`);
    }
    if (!counts.every((count) => count >= 0 && count < Infinity)) {
      throw new RangeError(`${name} holds no counts`);
    }
  }
  const order = ranking && descending(ranking.counts), sigma = sigmaPerThousand * classes / 1000;
  const drawn = curves.map(({ name, counts }, i) => {
    const ranked = (order ?? descending(counts)).map((c) => counts[c]);
    const noisy = order !== null && curves[i] !== ranking && sigma >= leastSigma;
    const smooth = noisy ? smoothed(ranked, sigma) : null;
    return { name, raw: outline(ranked), smooth, colour: allColours[i % allColours.length] };
  });
  const panels = Math.ceil(curves.length / (order ? most : allColours.length));
  const each = Math.ceil(curves.length / panels), parts: SvgElement[] = [];
  let y = top;
  for (let p = 0; p < panels; p++) {
    parts.push(panel(drawn.slice(p * each, (p + 1) * each), classes, y, p === panels - 1));
    y += plotHeight + gap;
  }
  parts.push(
    label(
      ranking ? `classes by rank in ${ranking.name}` : "classes, in each table by rank",
      left,
      y + lineHeight,
    ),
  );
  const foot = paragraph(
    drawn.some(({ smooth }) => smooth)
      ? "Thin: the counts; thick: their Gaussian mean over neighbouring ranks " +
        `(standard deviation ${Number(sigma.toPrecision(3))}).`
      : "",
    { x: left, y: y + 2.4 * lineHeight, width: width - left - 20 },
  );
  const size = { width, height: y + 2 * lineHeight + foot.height + 4, left };
  const heading = `Frequency of ${classes.toLocaleString("en-US")} ${classes === 1 ? "class" : "classes"}`;
  return sheet({ ...size, heading, inWords: inWords(curves) }, ...parts, ...foot.lines);
}

/** A rank from 0, and the count there. */
type Point = readonly [place: number, count: number];

interface DrawnCurve {
  readonly name: string;
  readonly raw: readonly Point[];
  /** Null for a curve that falls by itself. */
  readonly smooth: readonly Point[] | null;
  readonly colour: string;
}

/** Places by count, the highest first; equal counts keep their order. */
function descending(counts: readonly number[]): number[] {
  return counts.map((_, c) => c).sort((a, b) => counts[b] - counts[a]);
}

/** The Gaussian mean of places and their neighbours, with the ends mirrored; of many places evenly spaced ones. */
function smoothed(values: readonly number[], sigma: number): Point[] {
  const n = values.length, radius = Math.floor(reach * sigma + 0.5), step = Math.ceil(n / mostPoints);
  const weights = Array.from({ length: radius + 1 }, (_, d) => Math.exp(-0.5 * (d / sigma) ** 2));
  const all = weights.reduce((sum, weight, d) => sum + (d === 0 ? weight : 2 * weight), 0);
  const mirrored = (at: number) => at < 0 ? values[-1 - at] : at >= n ? values[2 * n - 1 - at] : values[at];
  const mean = (at: number) => {
    let sum = weights[0] * values[at];
    for (let d = 1; d <= radius; d++) sum += weights[d] * (mirrored(at - d) + mirrored(at + d));
    return sum / all;
  };
  const places = Array.from({ length: Math.ceil(n / step) }, (_, i) => i * step);
  if (places.at(-1) !== n - 1) places.push(n - 1);
  return places.map((place) => [place, mean(place)]);
}

function panel(curves: readonly DrawnCurve[], classes: number, y: number, last: boolean): SvgElement {
  const bottom = y + plotHeight, end = width - right, group = element("g", { class: "panel" });
  const axis = frequencyAxis(curves.flatMap(({ raw }) => raw.map(([, count]) => count))),
    [low, high] = axis.domain.map(Math.log);
  const x = (place: number) => round(left + (place + 0.5) / classes * (end - left));
  const at = (count: number) => {
    const place = Math.max(axis.place(count), axis.place(0), axis.domain[0]);
    return round(bottom - (Math.log(place) - low) / (high - low) * plotHeight);
  };
  for (const { at: count, text } of axis.ticks) {
    const height = text === "0" ? at(0) : at(count), beside = { "text-anchor": "end" };
    group.append(rule([left, height], [end, height]));
    group.append(label(text === "0" ? text : short(count), left - 8, height + 4, beside));
  }
  for (const rank of linearScale([0, classes], [left, end], 8).ticks) {
    if (rank > classes) continue;
    const start = left + rank / classes * (end - left);
    group.append(rule([start, bottom], [start, bottom + 5], { "stroke-opacity": 0.6 }));
    if (last) group.append(label(String(rank), start, bottom + 19, { "text-anchor": "middle" }));
  }
  group.append(rule([left, bottom], [end, bottom], { "stroke-opacity": 0.6 }));
  group.append(rule([left, y], [left, bottom], { "stroke-opacity": 0.6 }));
  const turned = { transform: `translate(16,${(y + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" };
  group.append(element("text", turned, "count (log scale)"));
  const path = (points: readonly Point[], attributes: Record<string, string | number>) => {
    const places = points.map(([place, count]) => `${x(place)} ${at(count)}`);
    const d = places.length === 1 ? `M${places[0]}h0` : `M${places.join("L")}`;
    group.append(element("path", { d, fill: "none", "stroke-linejoin": "round", ...attributes }));
  };
  for (const { raw, smooth, colour } of curves) {
    if (smooth) path(raw, { stroke: colour, "stroke-width": 1, "stroke-opacity": 0.35, class: "raw" });
  }
  for (const { raw, smooth, colour, name } of curves) {
    const line = { stroke: colour, "stroke-width": 2, "stroke-linecap": "round", class: "curve" };
    path(smooth ?? raw, { ...line, "aria-label": plain(name) });
  }
  group.append(...nameLabels(curves, (curve) => at((curve.smooth ?? curve.raw).at(-1)![1]), [y, bottom]));
  return group;
}

/** Names at the ends of the curves, moved apart where they would overlap, each with a line to where its curve ends. */
function nameLabels(
  curves: readonly DrawnCurve[],
  endOf: (curve: DrawnCurve) => number,
  [top, bottom]: readonly [number, number],
): SvgElement[] {
  const end = width - right, room = right - 34;
  const labels = curves.map((curve) => ({ curve, from: endOf(curve), lines: nameLines(curve.name, room) }))
    .sort((a, b) => a.from - b.from);
  const heights = labels.map(({ lines }) => lines.length * 14 + 2);
  const starts = labels.map(({ from }, i) => from - heights[i] / 2);
  for (let i = 0; i < starts.length; i++) {
    starts[i] = Math.max(starts[i], i === 0 ? top - 8 : starts[i - 1] + heights[i - 1]);
  }
  for (let i = starts.length - 1; i >= 0; i--) {
    const below = i === starts.length - 1 ? bottom + 10 : starts[i + 1];
    starts[i] = Math.min(starts[i], below - heights[i]);
  }
  return labels.flatMap(({ curve, from, lines }, i) => {
    const middle = starts[i] + heights[i] / 2, leader = { stroke: curve.colour, "stroke-width": 1.5 };
    return [
      rule([end + 3, round(from)], [end + 20, round(middle)], leader),
      ...lines.map((line, l) => label(line, end + 25, round(starts[i] + 12 + 14 * l), { class: "name" })),
    ];
  });
}

/** A table's name in two lines at most, parted at its underscores. */
function nameLines(name: string, room: number): string[] {
  const size = 12,
    parts = wrapped(name.replaceAll("_", "_ "), room, size).map((line) => line.replaceAll("_ ", "_"));
  const fitting = Math.floor(room / textWidth("m", size));
  const cut = (line: string) =>
    [...line].length > fitting ? [...line].slice(0, fitting - 1).join("") + "…" : line;
  return parts.length <= 2 ? parts.map(cut) : [cut(parts[0]), cut(parts.slice(1).join(""))];
}

/** The points that are drawn: all, or of many the lowest and the highest of every few, in order. */
function outline(counts: readonly number[]): Point[] {
  const points = counts.map((count, place): Point => [place, count]);
  if (counts.length <= mostPoints) return points;
  const few = Math.ceil(2 * counts.length / mostPoints), kept = new Set<number>([0]);
  for (let from = 0; from < counts.length; from += few) {
    let lowest = from, highest = from;
    for (let place = from; place < Math.min(from + few, counts.length); place++) {
      if (counts[place] < counts[lowest]) lowest = place;
      if (counts[place] > counts[highest]) highest = place;
    }
    kept.add(Math.min(lowest, highest)).add(Math.max(lowest, highest));
  }
  return [...kept.add(counts.length - 1)].map((place) => points[place]);
}

/** 1, 100, 10k, 1M: round numbers as an axis has room for. */
function short(count: number): string {
  const [unit, letter] = ([[1e9, "G"], [1e6, "M"], [1e3, "k"]] as const).find(([unit]) => count >= unit) ??
    [1, ""];
  return `${Number((count / unit).toPrecision(3))}${letter}`;
}

const round = (pixels: number) => Number(pixels.toFixed(1));

function inWords(curves: readonly FrequencyCurve[]): string {
  return curves.map(({ name, counts }) => {
    const ends = counts.reduce(([low, high], count) => [Math.min(low, count), Math.max(high, count)], [
      Infinity,
      0,
    ]);
    return `${name}: from ${ends[1]} down to ${ends[0]}`;
  }).join("; ");
}
