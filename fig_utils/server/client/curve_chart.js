// @ts-check
// Curves over training steps as the inside of an <svg>: the server draws them with the page, and the page draws them
// again with the same function as a run goes on, so that nothing jumps. Pure text from numbers; names of runs and
// classes never enter it.

/**
 * @typedef {[step: number, value: number]} Point
 * @typedef {object} Series
 * @property {number} colour Number of the colour, which the style sheet has.
 * @property {readonly Point[]} points In order of their steps.
 * @typedef {object} CurveChart
 * @property {readonly Series[]} series
 * @property {number | null} steps Steps of the whole training, where known.
 * @property {readonly [number, number] | null} range Ends of the vertical axis; null: from 0 to what the curves need.
 * @property {number | null} level A value to draw a line at.
 */

/** Size of the drawing, in its own units. */
export const chartSize = { width: 400, height: 210 };

const margin = { left: 44, right: 12, top: 10, bottom: 30 };

/**
 * The drawing.
 * @param {CurveChart} chart
 * @returns {string}
 */
export function curveChart({ series, steps, range, level }) {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) {
    return `<text x="${chartSize.width / 2}" y="${
      chartSize.height / 2
    }" text-anchor="middle">no points</text>`;
  }
  const lastStep = points.reduce((most, [step]) => Math.max(most, step), steps ?? 1);
  const [low, high] = range ?? [0, points.reduce((most, [, value]) => Math.max(most, value), 1e-9) * 1.04];
  const right = chartSize.width - margin.right, bottom = chartSize.height - margin.bottom;
  const x = (/** @type {number} */ step) => margin.left + (right - margin.left) * step / lastStep;
  const y = (/** @type {number} */ value) => {
    const share = (Math.min(high, Math.max(low, value)) - low) / (high - low);
    return bottom - (bottom - margin.top) * share;
  };
  const grid = ticks(low, high, 5).map((at) =>
    `<path class="grid" d="M${margin.left} ${round(y(at))}H${right}"/>` +
    `<text x="${margin.left - 6}" y="${round(y(at) + 4)}" text-anchor="end">${label(at)}</text>`
  );
  const below = ticks(0, lastStep, 5).map((at) =>
    `<text x="${round(x(at))}" y="${bottom + 17}" text-anchor="middle">${label(at)}</text>`
  );
  const line = level === null ? "" : `<path class="level" d="M${margin.left} ${round(y(level))}H${right}"/>`;
  const curves = series.map(({ colour, points }) => {
    const path = points.map(([step, value], i) =>
      `${i === 0 ? "M" : "L"}${round(x(step))} ${round(y(value))}`
    );
    const end = points.at(-1);
    const dot = end
      ? `<circle class="colour-${colour}" cx="${round(x(end[0]))}" cy="${round(y(end[1]))}" r="3"/>`
      : "";
    return `<path class="curve colour-${colour}" d="${path.join("")}"/>${dot}`;
  });
  return `${grid.join("")}${line}${below.join("")}${curves.join("")}`;
}

/**
 * Round numbers from `low` to `high`, about `count` of them.
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @returns {number[]}
 */
export function ticks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((unit) => unit * power).find((unit) => unit >= rough * 0.999) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const found = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: found }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** @param {number} value */
function label(value) {
  return (value >= 10_000 ? `${Number((value / 1000).toPrecision(4))}k` : String(value)).replace(
    "-",
    "−",
  );
}

/** @param {number} value */
function round(value) {
  return Number(value.toFixed(1));
}
