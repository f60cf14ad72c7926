// The figure of ranked frequencies: curves stand where rank and count put them, smoothing is the stated mean, names do
// not overlap, and odd tables are drawn or refused.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { randomStream } from "../../data_utils/mod.ts";
import { frequencyCurves, svgFile } from "../../fig_utils/mod.ts";
import { elementsOf, readSvg, type XmlElement } from "./svg_reading.ts";

const pathsOf = (svg: XmlElement, kind: "raw" | "curve") =>
  elementsOf(svg, "path").filter(({ attributes }) => attributes.class === kind)
    .map(({ attributes }) => attributes.d.slice(1).split("L").map((point) => point.split(" ").map(Number)));
const textsOf = (svg: XmlElement) => elementsOf(svg, "text").map(({ text }) => text);

Deno.test("frequency curves: x is the rank in the table that ranks, y the logarithm of the count", () => {
  const a = [10, 1000, 100, 1], b = [7, 1, 1000, 70];
  const [falling, other] = pathsOf(
    readSvg(frequencyCurves([{ name: "a", counts: a }, { name: "b", counts: b }])),
    "curve",
  );
  const ranked = [1, 2, 0, 3];
  const decade = falling[1][1] - falling[0][1], step = falling[1][0] - falling[0][0];
  assert(decade > 0 && step > 0);
  for (const [curve, counts] of [[falling, a], [other, b]] as const) {
    for (const [rank, [x, y]] of curve.entries()) {
      assertAlmostEquals(x, falling[0][0] + rank * step, 0.11);
      assertAlmostEquals(y, falling[0][1] + decade * (3 - Math.log10(counts[ranked[rank]])), 0.16);
    }
  }
  // Each by its own rank: both fall, and the second by what it is itself.
  const own = pathsOf(
    readSvg(frequencyCurves([{ name: "a", counts: a }, { name: "b", counts: b }], "own")),
    "curve",
  );
  for (const curve of own) for (let i = 1; i < 4; i++) assert(curve[i][1] >= curve[i - 1][1]);
  const byB = pathsOf(
    readSvg(frequencyCurves([{ name: "a", counts: a }, { name: "b", counts: b }], 1)),
    "curve",
  );
  assert(byB[1].every(([, y], i) => i === 0 || y >= byB[1][i - 1][1]));
});

Deno.test("frequency curves: what another table ranks is smoothed by a Gaussian of 3 ranks in 1000, mirrored at the ends", () => {
  const n = 1000, { int } = randomStream(3);
  const first = Array.from({ length: n }, (_, i) => 10_000 - 9 * i);
  const second = Array.from({ length: n }, () => 1 + int(9_999));
  const svg = readSvg(
    frequencyCurves([{ name: "first", counts: first }, { name: "second", counts: second }]),
  );
  const [, smooth] = pathsOf(svg, "curve"), raws = pathsOf(svg, "raw");
  assertEquals(raws.length, 1);
  // The scale, from two points of the raw line.
  const high = second.indexOf(Math.max(...second)), low = second.indexOf(Math.min(...second));
  const perLog = (raws[0][low][1] - raws[0][high][1]) / Math.log(second[high] / second[low]);
  for (const place of [0, 1, 5, 11, 500, 995, 999]) {
    let sum = 0, weights = 0;
    for (let d = -12; d <= 12; d++) {
      const weight = Math.exp(-d * d / 18), at = place + d;
      sum += weight * second[at < 0 ? -1 - at : at >= n ? 2 * n - 1 - at : at];
      weights += weight;
    }
    const wanted = raws[0][high][1] + perLog * Math.log(second[high] / (sum / weights));
    assertAlmostEquals(smooth[place][1], wanted, 0.16, `place ${place}`);
  }
});

Deno.test("frequency curves: zeros stand below every count, and a sea of tables goes on in further panels", () => {
  const counts = [0, 5, 1, 0];
  const svg = readSvg(frequencyCurves([{ name: "a", counts }]));
  const [[five, one, zero, last]] = pathsOf(svg, "curve");
  assert(five[1] < one[1] && one[1] < zero[1] - 5 && zero[1] === last[1]);
  assert(textsOf(svg).includes("0"));
  const many = Array.from({ length: 11 }, (_, i) => ({ name: `table ${i}`, counts: [i + 1, 20, 7, 90] }));
  const panels = (svg: string) =>
    elementsOf(readSvg(svg), "g").filter(({ attributes }) => attributes.class === "panel");
  assertEquals(panels(frequencyCurves(many)).length, 4);
  assertEquals(panels(frequencyCurves(many, "own")).length, 2);
  for (const panel of panels(frequencyCurves(many, 4))) {
    const colours = elementsOf(panel, "path").map(({ attributes }) => attributes.stroke);
    assertEquals(new Set(colours).size, colours.length);
  }
});

Deno.test("frequency curves: names stand beside the plot, within the sheet, and never over each other", () => {
  const long = "a_table_whose_name_goes_on_and_on_over_more_than_the_room_that_there_is_for_it";
  for (const same of [0, 3]) {
    const tables = Array.from(
      { length: 7 },
      (_, i) => ({ name: `${long}_${i}`, counts: [900, 30, same * i] }),
    );
    const svg = readSvg(frequencyCurves(tables, "own"));
    const names = elementsOf(svg, "text").filter(({ attributes }) => attributes.class === "name");
    const heights = names.map(({ attributes }) => Number(attributes.y)).sort((a, b) => a - b);
    assertEquals(names.length, 14);
    for (let i = 1; i < heights.length; i++) assert(heights[i] - heights[i - 1] >= 13.9, `${heights}`);
    assert(heights[0] > 0 && heights[13] < Number(svg.attributes.height));
    assert(names.every(({ text, attributes }) => Number(attributes.x) + text.length * 7.2 <= 960));
  }
});

Deno.test("frequency curves: any table that can be drawn is, without a number that is none", () => {
  const tables: number[][] = [
    [0],
    [0, 0],
    [5],
    [2 ** 53 - 1, 0],
    [3, 3, 3],
    Array.from({ length: 100_000 }, (_, i) => i % 977),
  ];
  for (const counts of tables) {
    for (const by of [0, 1, "own"] as const) {
      const text = svgFile(
        frequencyCurves([{ name: "<&\u0001", counts }, { name: "b", counts: counts.toReversed() }], by),
      );
      assert(!/NaN|Infinity|undefined/.test(text));
      assertEquals(pathsOf(readSvg(text), "curve").length, 2);
      assert(text.length < 400_000, `${text.length} characters`);
    }
  }
  const a = { name: "a", counts: [1, 2] };
  assertThrows(() => frequencyCurves([]), RangeError, "no table");
  assertThrows(() => frequencyCurves([{ name: "a", counts: [] }]), RangeError, "no table");
  assertThrows(
    () => frequencyCurves([a, { name: "b", counts: [1] }]),
    RangeError,
    "b has 1 classes where a has 2",
  );
  assertThrows(() => frequencyCurves([{ name: "a", counts: [1, NaN] }]), RangeError, "no counts");
  assertThrows(() => frequencyCurves([a], 1), RangeError, "No table");
});
