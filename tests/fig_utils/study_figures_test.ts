// The figures of arms, hypotheses and training: each number of the report at its place on the axis, what is undefined
// left out and said, marks that differ by more than colour, and colours that stand out on white and on near-black.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { ReportedHypothesis, StudyReport } from "../../data_utils/mod.ts";
import { biasFigure, figuresOf, hypothesisFigure, matchedFigure, svgFile } from "../../fig_utils/mod.ts";
import { linearScale } from "../../fig_utils/figures/linear_scale.ts";
import { marker } from "../../fig_utils/figures/marker.ts";
import { allColours } from "../../fig_utils/figures/palette.ts";
import { intervalText, lawFileName, lawTitle, meanText, wrapped } from "../../fig_utils/figures/words.ts";
import {
  exampleReport,
  makeExampleReport,
  oneSeedReport,
  twoClassReport,
  withNullRho,
} from "./example_study.ts";
import { elementsOf, readSvg, type XmlElement } from "./svg_reading.ts";

const small = makeExampleReport({
  ...{ laws: ["ratio:10"], arms: ["sl_full", "sl_sub", "sl_matched", "clip_templates"], seeds: 2 },
});
const textsOf = (of: XmlElement) => elementsOf(of, "text").map(({ text }) => text);
const number = (element: XmlElement, name: string) => Number(element.attributes[name]);

/** From values to places: a line through two ticks of the figure, by their texts. */
function axis(figure: XmlElement, low: string, high: string, from = 0): (value: number) => number {
  const ticks = elementsOf(figure, "text").slice(from).filter((text) =>
    text.attributes["text-anchor"] === "middle"
  );
  const place = (text: string) => number(ticks.find((tick) => tick.text === text)!, "x");
  const value = (text: string) => Number(text.replace("−", "-"));
  const perUnit = (place(high) - place(low)) / (value(high) - value(low));
  return (of) => place(low) + perUnit * (of - value(low));
}

Deno.test("bias figure: a dot per seed where its correlation says, the mean in numbers and as a bar", () => {
  const figure = readSvg(biasFigure(small)), at = axis(figure, "0.00", "1.00");
  const dots = elementsOf(figure, "circle");
  assertEquals(dots.length, small.arms.length * 2);
  // Arm by arm: both seeds' predictions, then both seeds' accuracies.
  small.legend.forEach(({ arm, title }, i) => {
    const runs = small.arms.filter((run) => run.arm === arm);
    runs.forEach((run, seed) => {
      const dot = dots[4 * i + seed];
      assertAlmostEquals(number(dot, "cx"), at(run.rho_freq_pred!), 0.02);
      assert(dot.children[0].text.startsWith(`${title}, seed ${run.seed}: `));
    });
    assert(textsOf(figure).includes(meanText(runs.map((run) => run.rho_freq_pred))));
    const mean = (runs[0].rho_freq_pred! + runs[1].rho_freq_pred!) / 2;
    const bars = elementsOf(figure, "rect").filter((rect) => number(rect, "width") === 3);
    assertAlmostEquals(number(bars[2 * i], "x") + 1.5, at(mean), 0.02);
  });
  const [chance] = elementsOf(figure, "rect").filter((rect) => rect.attributes.class === "chance");
  assertAlmostEquals(number(chance, "x"), at(-2 * small.null_spread), 0.02);
  assertAlmostEquals(number(chance, "width"), at(2 * small.null_spread) - at(-2 * small.null_spread), 0.05);
});

Deno.test("bias figure: every law, and an undefined correlation has no dot but a word", () => {
  const figure = readSvg(biasFigure(withNullRho(exampleReport)));
  assert(["ratio 10", "ratio 50"].every((law) => textsOf(figure).includes(law)));
  const missing = 2 * 3;
  assertEquals(elementsOf(figure, "circle").length, exampleReport.arms.length * 2 - missing);
  assertEquals(textsOf(figure).filter((text) => text === "undefined").length, 2);
  assertThrows(() => biasFigure({ ...small, arms: [] }), RangeError, "no run to draw");
});

Deno.test("hypothesis figure: estimates, intervals and verdicts of every comparison and law", () => {
  const figure = readSvg(hypothesisFigure(exampleReport)), at = axis(figure, "0", "0.5");
  const rows = elementsOf(figure, "g").filter((group) => group.attributes.class === "contrast");
  // Hypothesis by hypothesis, comparison by comparison, and of each the laws.
  const contrasts = [...new Set(exampleReport.hypotheses.map(({ id }) => id))].flatMap((id) => {
    const [mild, strong] = exampleReport.hypotheses.filter((hypothesis) => hypothesis.id === id);
    return mild.contrasts.flatMap((contrast, i) => [contrast, strong.contrasts[i]]);
  });
  assertEquals(rows.length, contrasts.length);
  const filled = new Map([["holds", true], ["does not hold", false]]);
  for (const [i, { estimate, interval, verdict }] of contrasts.entries()) {
    const row = rows[i], text = intervalText(estimate, interval);
    assertEquals(textsOf(row)[0], i % 2 === 0 ? "ratio 10" : "ratio 50");
    assertEquals(textsOf(row).slice(1), [text, verdict]);
    const [dot] = elementsOf(row, "circle"), lines = elementsOf(row, "line");
    assertAlmostEquals(number(dot, "cx"), at(estimate!), 0.02);
    assertAlmostEquals(number(lines[0], "x1"), at(interval![0]), 0.02);
    assertAlmostEquals(number(lines[1], "x2"), at(interval![1]), 0.02);
    assertEquals(dot.attributes.fill !== "none", filled.get(verdict));
  }
  for (const { statement } of exampleReport.hypotheses) {
    assertEquals(textsOf(figure).filter((text) => statement.startsWith(text)).length, 1, "once for all laws");
  }
});

Deno.test("hypothesis figure: without verdict, without estimate, without anything", () => {
  const few = readSvg(
    hypothesisFigure(makeExampleReport({ classes: 12, arms: ["sl_full", "clip_templates"] })),
  );
  const rows = elementsOf(few, "g").filter((group) => group.attributes.class === "contrast");
  assert(rows.every((row) => textsOf(row).includes("not tested")));
  // One of the example's comparisons has both of its arms; the others have a dash.
  assertEquals(rows.filter((row) => elementsOf(row, "circle").length === 1).length, 2);
  assertEquals(rows.filter((row) => textsOf(row).includes("–")).length, rows.length - 2);
  assertThrows(() => hypothesisFigure(oneSeedReport), RangeError, "no comparison to draw");
  const [first] = small.hypotheses, [contrast] = first.contrasts;
  const bare: ReportedHypothesis = { ...first, contrasts: [{ ...contrast, interval: null }] };
  const figure = readSvg(hypothesisFigure({ ...small, hypotheses: [bare] }));
  assertEquals(elementsOf(figure, "circle").length, 1);
});

Deno.test("matched figure: the mean curve of each arm, thin ones of its seeds, and the matched arm as a ring", () => {
  const figure = readSvg(matchedFigure(small));
  const lines = elementsOf(figure, "g").filter((group) => group.attributes.class?.startsWith("line "));
  const named = (arm: string) => lines.filter((line) => line.attributes.class === `line ${arm}`);
  assertEquals(["sl_full", "sl_sub", "sl_matched", "clip_templates"].map((arm) => named(arm).length), [
    2,
    1,
    1,
    1,
  ]);
  const paths = elementsOf(named("clip_templates")[0], "path");
  const points = paths.map(({ attributes: { d } }) =>
    d.slice(1).split("L").map((p) => p.split(" ").map(Number))
  );
  assertEquals(points.map(({ length }) => length), [6, 6, 6]);
  const [first, second, mean] = points;
  for (let i = 0; i < 6; i++) {
    for (const axis of [0, 1]) {
      assertAlmostEquals(mean[i][axis], (first[i][axis] + second[i][axis]) / 2, 0.02);
    }
  }
  // To the right as accuracy grows, and at the height that the tick of 0.5 and the curve's value give.
  assert(mean.every(([x], i) => i === 0 || x > mean[i - 1][0]));
  const heights = elementsOf(figure, "text").filter(({ attributes }) => attributes["text-anchor"] === "end");
  const height = (text: string) => number(heights.find((tick) => tick.text === text)!, "y") - 4;
  const runs = small.arms.filter(({ arm }) => arm === "clip_templates");
  const end = (runs[0].rho_freq_pred! + runs[1].rho_freq_pred!) / 2;
  assertAlmostEquals(mean[5][1], height("0.00") + end * (height("1.00") - height("0.00")), 0.05);
  assertEquals(elementsOf(named("sl_matched")[0], "circle").map((ring) => ring.attributes.fill), ["none"]);
  const legend = ["SL, full vocabulary", "SL at the accuracy of CLIP with templates"];
  assertEquals(legend.map((title) => textsOf(figure).filter((text) => text === title).length), [2, 1]);
});

Deno.test("matched figure: no two arms of a panel share their marker and colour, shapes differ for eight", () => {
  const marks = Array.from({ length: 8 }, (_, n) => marker(n, 0, 0, "#000000").toString());
  assertEquals(new Set(marks).size, 8);
  const clip = Array.from(
    { length: 7 },
    (_, i) => ({ ...small.legend[3], arm: `clip ${i}`, title: `clip ${i}` }),
  );
  const legend = [small.legend[0], ...clip];
  const arms = legend.map(({ arm }, i) => ({ ...small.arms[i === 0 ? 0 : 6], arm }));
  const figure = readSvg(matchedFigure({ ...small, legend, arms }));
  const drawn = elementsOf(figure, "g").filter((group) => group.attributes.class?.startsWith("line clip"));
  const looks = drawn.map((line) => {
    const [mark] = elementsOf(line, "g").slice(-1)[0].children;
    return JSON.stringify([mark.name, mark.attributes]);
  });
  assertEquals([looks.length, new Set(looks).size], [7, 7]);
});

Deno.test("matched figure: undefined evaluations are left out; no curve, no figure", () => {
  const gap = small.arms.map((run) => ({
    ...run,
    curve: run.curve.map((point, i) => i === 2 && run.seed === 0 ? { ...point, rho_freq_pred: null } : point),
  }));
  const figure = readSvg(matchedFigure({ ...small, arms: gap }));
  const [line] = elementsOf(figure, "g").filter((group) => group.attributes.class === "line clip_templates");
  const lengths = elementsOf(line, "path").map(({ attributes: { d } }) => d.split("L").length);
  assertEquals(lengths, [5, 6, 5]);
  const bare = { ...small, arms: small.arms.map((run) => ({ ...run, curve: [] })) };
  assertThrows(() => matchedFigure(bare), RangeError, "no training curve");
  assert(matchedFigure(makeExampleReport({ arms: ["clip_rich"], seeds: 1 })).includes("CLIP, rich captions"));
  assert(matchedFigure(makeExampleReport({ arms: ["sl_sub"], seeds: 1 })).includes("sub-vocabulary"));
});

Deno.test("figures of a report: those that it has numbers for, well-formed, the same each time", () => {
  const names = (report: StudyReport) => figuresOf(report).map(({ name }) => name);
  assertEquals(names(exampleReport), [
    ...["bias", "hypotheses", "matched_accuracy"],
    ...["accuracy_by_frequency-ratio10", "accuracy_by_frequency-ratio50"],
  ]);
  assertEquals(names(oneSeedReport), ["bias", "matched_accuracy", "accuracy_by_frequency-ratio10"]);
  assertEquals(names({ ...small, arms: [] }), []);
  const files = makeExampleReport({ laws: ["/a/tail.tsv", "/b/tail.tsv"], arms: ["sl_full"], seeds: 1 });
  assertEquals(names(files).slice(-2), [
    "accuracy_by_frequency-tail.tsv",
    "accuracy_by_frequency-tail.tsv-2",
  ]);
  for (const report of [exampleReport, oneSeedReport, twoClassReport, withNullRho(small)]) {
    const again = figuresOf(structuredClone(report));
    for (const [i, { svg }] of figuresOf(report).entries()) {
      readSvg(svg);
      readSvg(svgFile(svg).trimEnd());
      assert(!/NaN|Infinity|style=/.test(svg));
      assertEquals(svg, again[i].svg);
    }
  }
});

Deno.test("figures: colours stand out from white and from near-black", () => {
  const channel = (value: number) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = (colour: string) =>
    [0.2126, 0.7152, 0.0722].reduce(
      (sum, weight, i) => sum + weight * channel(parseInt(colour.slice(1 + 2 * i, 3 + 2 * i), 16) / 255),
      0,
    );
  for (const ground of ["#ffffff", "#0d1117"]) {
    for (const colour of allColours) {
      const [dark, light] = [luminance(ground), luminance(colour)].sort((a, b) => a - b);
      assert((light + 0.05) / (dark + 0.05) >= 3, `${colour} on ${ground}`);
    }
  }
});

Deno.test("figures: scales, laws and lines of words", () => {
  const ticks = (...values: number[]) => linearScale(values, [0, 100]).ticks;
  assertEquals(ticks(-0.32, 0.97), [-0.5, 0, 0.5, 1]);
  assertEquals(ticks(12, 78), [0, 20, 40, 60, 80]);
  assertEquals(ticks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  for (const values of [[0], [5, 5], [-1e-12, 1e-12], [1e6, 3e6]]) {
    const { ticks, domain: [from, to], at } = linearScale(values, [10, 90]);
    assert(ticks.length >= 2 && ticks.length < 9 && from < to);
    for (const value of values) assert(value >= from && value <= to && at(value) >= 10 && at(value) <= 90);
  }
  assertEquals(["ratio:10", "uniform", "runs/my tail.tsv"].map(lawTitle), [
    "ratio 10",
    "uniform",
    "my tail.tsv",
  ]);
  assertEquals(["ratio:10", "zipf:1.0", "../x/my tail.tsv"].map(lawFileName), [
    "ratio10",
    "zipf1.0",
    "mytail.tsv",
  ]);
  assertEquals(wrapped("one two three", 60, 12), ["one two", "three"]);
  assertEquals(wrapped("unbreakable words", 20, 12), ["unbreakable", "words"]);
  assertEquals([meanText([]), meanText([0.5, null]), meanText([-0.001])], ["undefined", "undefined", "0.00"]);
});
