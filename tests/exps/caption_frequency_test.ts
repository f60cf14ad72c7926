// Frequency by captions in the study: what is made of counts, where they come from, and where a reader sees them.
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { ReportedRun } from "../../data_utils/mod.ts";
import {
  captionFrequency,
  captionTable,
  makeReport,
  readCaptionCounts,
  reportText,
} from "../../exps_clip/study/mod.ts";
import { reportPage } from "../../fig_utils/mod.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { madeRun } from "./made_studies.ts";

const frequencies = [100, 50, 30, 20], values = [10, 30, 20, 40];
const clip: ReportedRun = madeRun("clip_rich", 0, { frequencies, values });

Deno.test("frequency by captions: its correlations are those of its own order, not of the labels'", () => {
  const asLabels = captionFrequency(frequencies, clip);
  assertEquals(asLabels.captions, 200);
  assertEquals(asLabels.rho_labels, 1);
  assertEquals(asLabels.rho_pred, clip.rho_freq_pred);
  assertEquals(asLabels.rho_acc, clip.rho_freq_acc);
  // Ranks 4 1 3 2 against 4 3 2 1, and against the predictions' 1 3 2 4: 1 - 6 sum(d^2) / (4 (16 - 1)).
  const other = captionFrequency([90, 5, 60, 40], clip);
  assertAlmostEquals(other.rho_labels!, 1 - 6 * (0 + 4 + 1 + 1) / 60);
  assertAlmostEquals(other.rho_pred!, 1 - 6 * (9 + 4 + 1 + 4) / 60);
  const nothing = captionFrequency([0, 0, 0, 0], clip);
  assertEquals([nothing.rho_labels, nothing.rho_acc, nothing.rho_pred], [null, null, null]);
});

Deno.test("frequency by captions: counts are read from the study's table, in the order of the classes", async () => {
  await withFolder(async (folder) => {
    assertEquals(await readCaptionCounts(folder, "a", ["x", "y"]), null);
    await Deno.mkdir(`${folder}/freqs`);
    await Deno.writeTextFile(captionTable(folder, "a"), "y\t3\nx\t12\n");
    assertEquals(await readCaptionCounts(folder, "a", ["x", "y"]), [12, 3]);
    await assertRejects(() => readCaptionCounts(folder, "a", ["x", "z"]), SyntaxError, "line 1: y is none");
  });
});

Deno.test("frequency by captions: report, page and text show it where it was counted, and only there", () => {
  const legend = ["sl_full", "clip_rich"].map((arm) => ({
    ...{ arm, title: `the arm ${arm}`, balanced: false },
    family: arm === "sl_full" ? "sl" as const : "clip" as const,
  }));
  const of = (runs: ReportedRun[]) =>
    makeReport({ settings: {}, legend, runs, skipped: { train: [], test: [] }, notes: [] });
  const sl = madeRun("sl_full", 0, { frequencies, values });
  const counted = of([sl, { ...clip, caption_frequency: captionFrequency([90, 5, 60, 40], clip) }]);
  assertMatch(reportText(counted), /counted in the captions.*:\n {2}clip_rich: with labels 0\.40; rho acc/);
  const page = reportPage(counted);
  assertMatch(page, /<section id="captions">[^]*the arm clip_rich[^]*<td>0\.97<\/td><td>0\.40<\/td>/);
  assert(page.includes('<a href="#captions">'));
  for (const none of [of([sl, clip]), of([sl, { ...clip, caption_frequency: null }])]) {
    assert(!reportText(none).includes("counted in the captions"));
    assert(!reportPage(none).includes('id="captions"'));
  }
});
