// The drawing of curves that server and browser share: where points come to lie, what the axes say, and that nothing but
// numbers gets in.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chartSize, curveChart, ticks } from "../../fig_utils/server/client/curve_chart.js";
import { elementsOf, readSvg } from "./svg_reading.ts";

const draw = (chart: Parameters<typeof curveChart>[0]) => readSvg(`<svg>${curveChart(chart)}</svg>`);
const plain = { steps: 100, range: null, level: null };

Deno.test("curve chart: ticks are round and within the ends", () => {
  assertEquals(ticks(0, 100, 5), [0, 20, 40, 60, 80, 100]);
  assertEquals(ticks(-1, 1, 5), [-1, -0.5, 0, 0.5, 1]);
  assertEquals(ticks(0, 3.3, 5), [0, 1, 2, 3]);
  assertEquals(ticks(0, 0.00042, 5), [0, 0.0001, 0.0002, 0.0003, 0.0004]);
  for (const high of [1e-9, 0.7, 13, 99_999, 1e12]) {
    const found = ticks(0, high, 5);
    assert(found.length >= 2 && found.length <= 6 && found.at(-1)! <= high, `${high}: ${found}`);
  }
});

Deno.test("curve chart: points lie at their step and value, the axis holds all steps", () => {
  const chart = draw({
    ...plain,
    range: [0, 10],
    series: [{ colour: 3, points: [[0, 0], [50, 5], [100, 10]] }],
  });
  const curve = elementsOf(chart, "path").find(({ attributes }) => attributes.class === "curve colour-3")!;
  const places = [...curve.attributes.d.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map((
    [, x, y],
  ) => [Number(x), Number(y)]);
  assertEquals(places.length, 3);
  const [[x0, y0], [x1, y1], [x2, y2]] = places;
  assertEquals([x1 - x0, y0 - y1], [x2 - x1, y1 - y2]);
  assert(x0 > 0 && x2 < chartSize.width && y2 > 0 && y0 < chartSize.height);
  const texts = elementsOf(chart, "text").map(({ text }) => text);
  assertEquals(texts, ["0", "2", "4", "6", "8", "10", "0", "20", "40", "60", "80", "100"]);

  // With the steps of the whole training the curve ends where the run is; without, at the edge.
  const half = [{ colour: 0, points: [[10, 1], [50, 2]] as [number, number][] }];
  const end = (steps: number | null) =>
    Number(elementsOf(draw({ ...plain, steps, series: half }), "circle")[0].attributes.cx);
  assert(Math.abs(end(100) - (x0 + x2) / 2) < 0.1);
  assertEquals(end(null), x2);
});

Deno.test("curve chart: values beyond a fixed range stay at its edge; a level has its line; no points are told", () => {
  const beyond = draw({
    ...plain,
    range: [-1, 1],
    level: 0,
    series: [{ colour: 0, points: [[0, -9], [100, 9]] }],
  });
  const paths = elementsOf(beyond, "path"), curve = paths.at(-1)!.attributes.d;
  const grid = paths.filter(({ attributes }) => attributes.class === "grid").map(({ attributes }) =>
    attributes.d
  );
  const edges = [grid[0], grid.at(-1)!].map((d) => /^M[\d.]+ ([\d.]+)/.exec(d)![1]);
  assertEquals([...curve.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => y), edges);
  assertEquals(paths.filter(({ attributes }) => attributes.class === "level").length, 1);
  assertStringIncludes(curveChart({ ...plain, series: [{ colour: 0, points: [] }] }), "no points");
  assertEquals(elementsOf(draw({ ...plain, series: [{ colour: 0, points: [[7, 0]] }] }), "circle").length, 1);
});
