// @ts-check
// Goes on with a run's curves and numbers as its events come.
import { curveChart } from "./curve_chart.js";
import { document, openEvents } from "./page.js";

/**
 * @typedef {import("./curve_chart.js").Point} Point
 * @typedef {{ points: Record<string, Point[][]>, texts: Record<string, string> }} News
 */

/** A curve with more points than this is thinned out. */
const most = 1500;

/** Listens to the run's events where the page has any. */
export function goOnWithCurves() {
  const place = document.querySelector("[data-events]"), url = place?.dataset.events;
  if (!place || !url) return;
  const figures = [...place.querySelectorAll("[data-chart]")];
  /** @type {Record<string, Point[][]>} */
  let points = {};

  const show = (/** @type {News["texts"]} */ texts) => {
    for (const figure of figures) {
      const svg = figure.querySelector("svg"), about = JSON.parse(figure.dataset.about ?? "{}");
      const series = (points[figure.dataset.chart ?? ""] ?? []).map((points, colour) => ({ colour, points }));
      if (svg) svg.innerHTML = curveChart({ ...about, series });
    }
    for (const value of document.querySelectorAll("[data-live]")) {
      const text = texts[value.dataset.live ?? ""];
      if (text !== undefined && value.textContent !== text) value.textContent = text;
    }
  };

  const events = openEvents(url);
  events.addEventListener("history", ({ data }) => {
    const news = /** @type {News} */ (JSON.parse(data));
    points = news.points;
    show(news.texts);
  });
  events.addEventListener("news", ({ data }) => {
    const news = /** @type {News} */ (JSON.parse(data));
    for (const [chart, series] of Object.entries(news.points)) {
      points[chart] = series.map((added, i) => thinned([...points[chart]?.[i] ?? [], ...added]));
    }
    show(news.texts);
  });
  events.addEventListener("end", () => {
    events.close();
    const end = document.querySelector("[data-end]");
    if (end) {
      end.innerHTML = 'The run has ended. <a href="">Load the page again</a> for its classes and confusion.';
    }
  });
}

/**
 * Every other point where there are too many; the last stays.
 * @param {Point[]} points
 */
function thinned(points) {
  return points.length <= most ? points : points.filter((_, i) => (points.length - 1 - i) % 2 === 0);
}
