// Figures as functions of a report: well-formed SVG, one dot per class and panel at the place its numbers say, the
// report's correlations in the titles, and reports at the edge of what can be drawn.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { ReportedRun, StudyReport } from "../../data_utils/mod.ts";
import { accuracyByFrequency, svgFile } from "../../fig_utils/mod.ts";
import { frequencyAxis } from "../../fig_utils/figures/frequency_axis.ts";
import { predictions } from "../../fig_utils/figures/measures.ts";
import { exampleReport, oneSeedReport } from "./example_study.ts";
import { elementsOf, readSvg, type XmlElement } from "./svg_reading.ts";

const frequencies = [400, 200, 100, 50, 25, 12];

function arm(name: string, changes: Partial<ReportedRun> = {}): ReportedRun {
  return {
    ...oneSeedReport.arms[0],
    ...{ arm: name, rho_freq_acc: 0.7149, rho_freq_pred: -0.2551 },
    per_class: frequencies.map((freq, c) => ({ class: `class ${c}`, freq, acc: c / 10, pred: 4 * c * c })),
    ...changes,
  };
}

const reportOf = (...arms: ReportedRun[]): StudyReport => ({ ...oneSeedReport, arms });
const draw = (...arms: ReportedRun[]) => readSvg(accuracyByFrequency(reportOf(...arms)));
/** Panels in reading order: the accuracies of all arms, then their predictions. */
const panelsOf = (figure: XmlElement) => elementsOf(figure, "svg");
const dotsOf = (panel: XmlElement) =>
  elementsOf(panel, "circle").map(({ attributes, children }) => ({
    x: Number(attributes.cx),
    y: Number(attributes.cy),
    title: children[0].text,
  }));
const textsOf = (of: XmlElement) => elementsOf(of, "text").map(({ text }) => text);

Deno.test("figures: one dot per class and panel, where frequency and value put it", () => {
  const panels = panelsOf(draw(arm("sl_full"), arm("clip")));
  assertEquals(panels.length, 4);
  for (const [i, panel] of panels.entries()) {
    const dots = dotsOf(panel), isAccuracy = i < 2;
    assertEquals(dots.map(({ title }) => title.split(":")[0]), frequencies.map((_, c) => `class ${c}`));
    assertEquals(
      dots[1].title,
      `class 1: 200 in training, ${isAccuracy ? "10.0 % right" : "predicted 4 times"}`,
    );
    // Left to right as the logarithm of frequency, and up as accuracy, or as the root of predictions.
    const perLog = (dots[0].x - dots[5].x) / Math.log(400 / 12), perClass = dots[0].y - dots[1].y;
    assert(perLog > 0 && perClass > 0);
    for (const [c, { x, y }] of dots.entries()) {
      assertAlmostEquals(x, dots[5].x + perLog * Math.log(frequencies[c] / 12), 0.02);
      assertAlmostEquals(y, dots[0].y - perClass * c, 0.05);
    }
    const { width, height } = panel.attributes;
    assert(dots.every(({ x, y }) => x > 0 && x < Number(width) && y > 0 && y < Number(height)));
  }
});

Deno.test("figures: the report's correlations head the panels, as mean and spread over seeds", () => {
  const one = panelsOf(draw(arm("sl_full"), arm("own_arm", { rho_freq_acc: -0.004, rho_freq_pred: null })));
  const headings = one.map((panel) => textsOf(panel).filter((text) => /[a-z]/i.test(text)));
  assertEquals(headings, [
    ["SL, full vocabulary", "ρ(freq, acc) = 0.71"],
    ["own_arm", "ρ(freq, acc) = 0.00"],
    ["ρ(freq, pred) = −0.26"],
    ["ρ(freq, pred) undefined"],
  ]);
  const seeds = [0.1, 0.2, 0.6].map((rho_freq_acc, seed) => arm("clip", { seed, rho_freq_acc }));
  const [accuracy, predictions] = panelsOf(draw(...seeds));
  assertEquals(dotsOf(accuracy).length, 3 * frequencies.length);
  assert(textsOf(accuracy).includes("ρ(freq, acc) = 0.30 ± 0.26"));
  assert(textsOf(predictions).includes("ρ(freq, pred) = −0.26 ± 0.00"));
});

Deno.test("figures: bars stand at the means of the thirds", () => {
  const [panel] = panelsOf(draw(arm("clip")));
  const dots = dotsOf(panel), bars = elementsOf(panel, "line").slice(-3).map(({ attributes }) => attributes);
  // Thirds of two classes each, from the rarest: the mean of a pair lies midway between its dots.
  for (const [i, [rare, frequent]] of [[5, 4], [3, 2], [1, 0]].entries()) {
    assertAlmostEquals(Number(bars[i].y1), (dots[rare].y + dots[frequent].y) / 2, 0.02);
    assertAlmostEquals(Number(bars[i].x1), dots[rare].x, 0.01);
    assertAlmostEquals(Number(bars[i].x2), dots[frequent].x, 0.01);
  }
});

Deno.test("figures: classes without test images, without training images, and constant ones", () => {
  const rows = arm("clip").per_class;
  const odd = rows.map((row, c) => ({
    ...row,
    acc: c === 0 ? null : c === 1 ? NaN : row.acc,
    freq: c === 5 ? 0 : row.freq,
  }));
  const figure = draw(arm("clip", { per_class: odd }));
  const [accuracy, predictions] = panelsOf(figure);
  assertEquals(dotsOf(accuracy).length, 4);
  assertEquals(dotsOf(predictions).length, 6);
  assert(textsOf(figure).some((text) => text === "Without test images, 2 of the classes have no accuracy."));
  const dots = dotsOf(predictions), zero = dots[5];
  assert(dots.slice(0, 5).every(({ x }) => x > zero.x + 5), "no training images stand apart on the left");
  assert(textsOf(predictions).includes("0"));

  const extremes: ReportedRun["per_class"][] = [
    rows.map((row) => ({ ...row, freq: 0 })),
    rows.map((row) => ({ ...row, freq: 70, acc: 1, pred: 0 })),
    rows.map((row) => ({ ...row, acc: null })),
    rows.map((row) => ({ ...row, freq: row.freq ** 4, pred: row.pred * 1e6 })),
    rows.map((row) => ({ ...row, freq: row.freq / 1e4 })),
    rows.slice(0, 1),
    rows.slice(0, 2),
  ];
  for (const per_class of extremes) {
    const text = accuracyByFrequency(reportOf(arm("clip", { per_class, rho_freq_acc: null })));
    assert(!/NaN|Infinity|undefined(?!<|,|;)/.test(text), text);
    assertEquals(dotsOf(panelsOf(readSvg(text))[1]).length, per_class.length);
  }
  assertEquals(panelsOf(draw(arm("a"), arm("b", { per_class: [] }))).length, 4);
  assertThrows(() => draw(arm("clip", { per_class: [] })), RangeError, "no arm with classes");
  assertThrows(() => draw(), RangeError, "no run to draw");
});

Deno.test("figures: text from files is escaped, and what XML forbids is left out", () => {
  const name = `<script>&"'\u0001\ud800 &amp;`;
  const per_class = [{ class: name, freq: 3, acc: 0.5, pred: 1 }];
  const figure = draw(arm(name, { per_class }));
  const [accuracy] = panelsOf(figure);
  assert(dotsOf(accuracy)[0].title.startsWith(`<script>&"'\ufffd &amp;: 3 in training`));
  assert(textsOf(accuracy).includes(`<script>&"'\ufffd &amp;`));
});

Deno.test("figures: many arms go on underneath; the same report makes the same file", () => {
  const report = reportOf(...["a", "b", "c", "d", "e"].map((name) => arm(name)));
  const figure = readSvg(accuracyByFrequency(report));
  assertEquals(panelsOf(figure).length, 10);
  // Three columns above two, and not four above one.
  const rows = elementsOf(figure, "g").filter((group) => group.children[0]?.name === "svg");
  assertEquals(rows.map(({ children }) => children.filter(({ name }) => name === "svg").length), [
    3,
    3,
    2,
    2,
  ]);
  assertEquals(elementsOf(figure, "style"), []);
  assert(!accuracyByFrequency(report).includes("style="));
  const file = svgFile(accuracyByFrequency(report));
  assertEquals(file, svgFile(accuracyByFrequency(structuredClone(report))));
  assertEquals(elementsOf(readSvg(file.trimEnd()), "style").length, 1);
});

Deno.test("figures: one law at a time, and the arms asked for, in that order", () => {
  const text = (chosen = {}) => textsOf(readSvg(accuracyByFrequency(exampleReport, chosen)));
  assert(text()[0].endsWith("(ratio 10)") && text({ law: "ratio:50" })[0].endsWith("(ratio 50)"));
  const arms = ["clip_rich", "sl_full"], titles = ["CLIP, rich captions", "SL, full vocabulary"];
  assertEquals(text({ arms }).filter((line) => titles.includes(line)), titles);
  const dots = elementsOf(readSvg(accuracyByFrequency(exampleReport, { arms })), "circle");
  assertEquals(dots.length, 2 * 2 * 3 * 40);
  assertThrows(() => text({ law: "zipf:1" }), RangeError, "no law zipf:1: it has ratio:10, ratio:50");
  assertThrows(() => text({ arms: ["clip"] }), RangeError, "no arm clip: it has sl_full, ");
});

Deno.test("figures: where names would be most of the file, dots have none", () => {
  const per_class = Array.from({ length: 1001 }, (_, c) => ({ class: "c", freq: c + 1, acc: 0.5, pred: 1 }));
  const [panel] = panelsOf(draw(arm("clip", { per_class })));
  assertEquals([elementsOf(panel, "circle").length, elementsOf(panel, "title").length], [1001, 0]);
});

Deno.test("figures: predictions up to any number stand below the axis' last tick, which is near", () => {
  for (const most of [0, 1, 9, 10, 11, 99, 101, 397, 405, 1000, 87_654_321]) {
    const { ticks, domain } = predictions.axis(most);
    const last = ticks[ticks.length - 1];
    assertEquals(domain, [0, last]);
    assertEquals(ticks[0], 0);
    assert(last >= most && last <= Math.max(10, 2 * most), `${most}: ${ticks}`);
    assert(
      ticks.length >= 4 && ticks.length <= 9 && ticks.every((tick, i) => i === 0 || tick > ticks[i - 1]),
    );
  }
});

Deno.test("figures: frequency axis", () => {
  const ticks = (...of: number[]) => frequencyAxis(of).ticks.map(({ text }) => text);
  assertEquals(ticks(50, 504), ["50", "100", "200", "500"]);
  assertEquals(ticks(1, 100_000), ["1", "10", "100", "1000", "10000", "100000"]);
  assertEquals(ticks(52, 58), ["52", "58"]);
  assertEquals(ticks(70), ["70"]);
  assertEquals(ticks(0, 70), ["0", "70"]);
  assertEquals(ticks(0, 0), ["0"]);
  assert(ticks(1, 1e12).length <= 7);
  for (const frequencies of [[50, 504], [0, 3, 900], [0], [70, 70], [0.001, 0.5]]) {
    const { domain: [from, to], place } = frequencyAxis(frequencies);
    assert(from > 0 && to < Infinity);
    for (const frequency of frequencies) assert(place(frequency) > from && place(frequency) < to);
  }
});

Deno.test("figures: the reader of this test refuses what is not well-formed", () => {
  for (
    const text of [
      "<svg>",
      "<svg></g>",
      "<svg a='1'/>",
      '<svg a="<"/>',
      "<svg>&</svg>",
      "<svg/><svg/>",
      "<svg>\u0001</svg>",
      '<svg a="1" a="1"/>',
    ]
  ) {
    assertThrows(() => readSvg(text), SyntaxError);
  }
});
