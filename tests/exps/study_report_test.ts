// The study's report: means over seeds, the order of its parts, and the text and the tables that come of it.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  type ArmAbout,
  imbalanceScores,
  readStudyReport,
  type ReportedRun,
  type StudyReport,
} from "../../data_utils/mod.ts";
import {
  armTable,
  armTableMarkdown,
  makeReport,
  meanAndSpread,
  reportText,
  summarise,
} from "../../exps_clip/study/mod.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { madeRun, madeRuns } from "./made_studies.ts";

const about = (arm: string): ArmAbout => ({
  ...{ arm, title: `the arm ${arm}`, balanced: false },
  family: arm.startsWith("sl") ? "sl" : "clip",
});
const legend = ["sl_full", "sl_matched", "sl_sub", "sl_sub_uniform", "clip_templates", "clip_rich"].map(
  about,
);
const skipped = { train: [], test: [] };

function reportOf(runs: readonly ReportedRun[], notes: string[] = []): StudyReport {
  return makeReport({ settings: { images: 20_000 }, legend, runs, skipped, notes });
}

const arms = { clip_templates: 0.3, sl_full: 1.5, sl_sub: 0.5 };
const two = [
  ...madeRuns({ arms, classes: 64, seeds: 2 }).reverse(),
  ...madeRuns({ arms, classes: 64, seeds: 2, draw: 1 }, "ratio:50"),
];

Deno.test("summary: means and spreads over seeds, law by law; a missing value leaves none", () => {
  assertEquals(meanAndSpread([1]), { mean: 1, sd: null });
  const { mean, sd } = meanAndSpread([1, 2, 6]);
  assertEquals(mean, 3);
  assertAlmostEquals(sd!, Math.sqrt(7));
  assertEquals(meanAndSpread([1, null]), { mean: null, sd: null });
  const summaries = summarise(two.map((run) => run.law === "ratio:50" ? { ...run, top5: 0.8 } : run));
  assertEquals(summaries.length, 6);
  const clip = summaries.filter(({ arm }) => arm === "clip_templates");
  assertEquals(clip.map(({ law, seeds, means }) => [law, seeds, means.top5]), [
    ["ratio:10", 2, { mean: 0.9, sd: 0 }],
    ["ratio:50", 2, { mean: 0.8, sd: 0 }],
  ]);
  assertAlmostEquals(clip[0].means.top1.mean!, 0.55);
  assertAlmostEquals(clip[0].means.top1.sd!, 0.1 / Math.SQRT2);
});

Deno.test("report: law by law, arms as in the legend, seeds in order; each model's training counts once", () => {
  const matched = two.filter(({ arm }) => arm === "sl_full")
    .map((run): ReportedRun => ({ ...run, arm: "sl_matched", steps: 5, images_seen: 320, seconds: 5 }));
  const report = reportOf([...two, ...matched]);
  const [mild, strong] = ["ratio:10", "ratio:50"].map((law) => report.arms.filter((run) => run.law === law));
  assertEquals(report.arms, [...mild, ...strong]);
  for (const own of [mild, strong]) {
    assertEquals(own.map(({ arm, seed }) => `${arm}:${seed}`), [
      ...["sl_full:0", "sl_full:1", "sl_matched:0", "sl_matched:1", "sl_sub:0", "sl_sub:1"],
      ...["clip_templates:0", "clip_templates:1"],
    ]);
  }
  assertEquals(report.legend.map(({ arm }) => arm), ["sl_full", "sl_matched", "sl_sub", "clip_templates"]);
  assertEquals([report.seconds, report.images_per_second, report.classes], [120, 64, 64]);
  assertAlmostEquals(report.null_spread, 1 / Math.sqrt(63));
  assertEquals(report.settings, { images: 20_000 });
});

Deno.test("report: runs that do not go together are refused", () => {
  const [run] = two, stranger = { ...run, arm: "dino" }, small = madeRuns({ arms, classes: 10, seeds: 1 })[0];
  assertThrows(() => reportOf([run, stranger]), TypeError, "The legend has no arm dino");
  assertThrows(() => reportOf([]), TypeError, "at least one run");
  assertThrows(() => reportOf([run, small]), TypeError, "-seed0 has 10 classes, ");
});

Deno.test("report: what reads reports can read it", async () => {
  await withFolder(async (dir) => {
    const report = reportOf(two, ["Rich captions were left out."]);
    await Deno.writeTextFile(`${dir}/report.json`, JSON.stringify(report));
    assertEquals(await readStudyReport(`${dir}/report.json`), report);
  });
});

const lines = (text: string) => text.split("\n");
const fits = (text: string) =>
  lines(text).forEach((line) => assert(line.length <= 80, `${line.length}: ${line}`));

Deno.test("table: a row per arm of the law, with spreads, dashes for what is not defined, in 80 columns", () => {
  const constant = madeRun("sl_sub", 2, { frequencies: [3, 2, 1], values: [4, 4, 4] });
  const report = reportOf(two), rows = lines(armTable(report, "ratio:50"));
  const cells = rows.map((line) => line.trim().split(/\s{1,}(?=\S)/));
  assertEquals(rows[0].trim().split(/\s{2,}/), [
    ...["arm", "top-1 %", "rho acc", "rho pred", "head %", "mid %", "tail %"],
  ]);
  assertEquals(cells.slice(1).map(([arm]) => arm), ["sl_full", "sl_sub", "clip_templates"]);
  assertEquals(cells[1][1], "55.0±7.1");
  assert(armTable(reportOf([constant]), "ratio:10").includes(" - "));
  // The widest numbers that there can be.
  const wide = { ...two[0], arm: "sl_sub_uniform", top1: 1, head: 1, middle: 1, tail: 1 };
  const runs = [0, 1].map((seed) => ({ ...wide, seed, top1: seed, head: seed, middle: seed, tail: seed }))
    .map((run) => ({ ...run, rho_freq_acc: -run.seed / 2, rho_freq_pred: -run.seed }));
  fits(armTable(reportOf(runs), "ratio:10"));
  assert(armTable(reportOf(runs), "ratio:10").includes("-0.50±0.71 50.0±70.7"));
});

Deno.test("table: as Markdown it has top-5 too and is what deno fmt would make of it", async () => {
  const table = armTableMarkdown(reportOf(two), "ratio:10");
  const [head, rule, ...rows] = lines(table).map((line) => line.split("|").map((cell) => cell.trim()));
  assertEquals(head.slice(1, 5), ["arm", "top-1 %", "top-5 %", "rho acc"]);
  assertEquals(rule.slice(1, 3), ["-".repeat("`clip_templates`".length), "-------:"]);
  assertEquals(rows.map(([, arm, top1, top5]) => [arm, top1, top5]), [
    ["`sl_full`", "55.0±7.1", "90.0±0.0"],
    ["`sl_sub`", "55.0±7.1", "90.0±0.0"],
    ["`clip_templates`", "55.0±7.1", "90.0±0.0"],
  ]);
  await withFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/table.md`, table + "\n");
    const { code } = await new Deno.Command(Deno.execPath(), { args: ["fmt", "--check", `${dir}/table.md`] })
      .output();
    assertEquals(code, 0);
  });
});

Deno.test("text: arms, laws with tables and answers, notes, and how long it took; 80 columns, no colours", () => {
  const report = reportOf(two, [
    "No captions of their own: clip_rich and clip_mix are left out, and so is more than fits a line.",
  ]);
  const text = reportText(report);
  fits(text);
  assert(!text.includes("\x1b"));
  for (
    const part of [
      "sl_full: the arm sl_full\n",
      `ratio:10: 64 classes, ${
        two[0].per_class.reduce((sum, { freq }) => sum + freq, 0)
      } training images, 640 seen`,
      "ratio:50: 64 classes",
      armTable(report, "ratio:50"),
      "one spreads by 0.126.",
      "HOLDS: Premise: ",
      "NOT TESTED HERE: CLIP's predictions follow",
      "  sl_full - clip_templates: 0.",
      "]  holds\n",
      "  sl_sub_uniform has no run.\n",
      "left out, and so is more",
      "12 models, 120 s of training, 64 images/s",
    ]
  ) {
    assert(text.includes(part), part);
  }
  assert(!text.includes("sl_sub_uniform - "), "a sum without a number is not shown");
});

Deno.test("text: with one seed, few classes or no correlation it says so", () => {
  const one = reportText(reportOf(madeRuns({ arms, classes: 64, seeds: 1 })));
  assert(
    one.includes("640 seen, 1 seed\n") && one.includes("interval over\nclasses]") && !one.includes("±"),
    one,
  );
  assert(one.includes("With one seed the intervals are over classes only.") && !one.includes("HOLD:"));
  const few = reportText(reportOf(madeRuns({ arms, classes: 10, seeds: 2 })));
  assert(few.includes("10 classes are too few for a verdict"));
  const constant = madeRun("sl_full", 0, { frequencies: [3, 2, 1], values: [4, 4, 4] });
  const none = reportText(reportOf([constant]));
  assert(none.includes("No rho pred for sl_full, seed 0: all classes have the same value."), none);
  for (const text of [one, few, none]) fits(text);
});

Deno.test("scores: a correlation that is not defined has its reason beside it", () => {
  const result = (predictions: number[], accuracy: number[]) => ({
    ...{ samples: 6, topK: { 1: 0.5, 5: 1 }, confusion: new Int32Array(9) },
    predictionCounts: Int32Array.from(predictions),
    perClassAccuracy: Float64Array.from(accuracy),
  });
  const names = ["a", "b", "c"];
  const same = imbalanceScores(result([2, 2, 2], [0.1, 0.2, 0.3]), [3, 2, 1], names);
  assertEquals([same.rho_freq_acc, same.rho_freq_pred], [-1, null]);
  assertEquals(same.undefined_because, { rho_freq_pred: "all classes have the same value" });
  const uniform = imbalanceScores(result([1, 2, 3], [0.1, 0.2, 0.3]), [5, 5, 5], names);
  assertEquals(uniform.undefined_because, {
    rho_freq_acc: "all classes are equally frequent",
    rho_freq_pred: "all classes are equally frequent",
  });
  const unknown = imbalanceScores(result([1, 2, 3], [0.1, 0.2, 0.3]), null, names);
  assertEquals(unknown.undefined_because?.rho_freq_acc, "class frequencies are not known");
  assertEquals(
    "undefined_because" in imbalanceScores(result([3, 2, 1], [0.1, 0.2, 0.3]), [3, 2, 1], names),
    false,
  );
});
