// The study on real images from end to end: CIFAR-10 under a long tail, quickly.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { withFolder } from "../data_utils/made_files.ts";
import { isFolder } from "../golden/folders.ts";
import { runStudy } from "./study_runs.ts";

const cifar = decodeURIComponent(new URL("../../../shared/data/cifar10", import.meta.url).pathname);
const present = isFolder(cifar);
if (!present) console.warn("skipped: ../shared/data/cifar10 is absent");

const isUntested = (verdict: string) => verdict === "not tested here";

Deno.test({
  name: "study --quick on CIFAR-10",
  ignore: !present,
  fn: () =>
    withFolder(async (folder) => {
      const data = [
        ...["--train", `${cifar}/cifar10-train-*.tar.gz`, "--val", `${cifar}/cifar10-test-*.tar.gz`],
        ...["--classes", `${cifar}/cifar10-classes.txt`, "--test-per-class", "100"],
      ];
      const { code, out, err } = await runStudy(["--quick", "--json", "--out", `${folder}/cifar`, ...data]);
      assertEquals(code, 0, err);
      const report = JSON.parse(out);
      assertEquals([report.classes, report.skipped], [10, { train: [], test: [] }]);
      const arms = report.arms.map((run: { arm: string }) => run.arm);
      assertEquals(arms.filter((arm: string) => arm !== "sl_matched"), ["sl_full", "clip_templates"]);
      assertEquals(
        report.hypotheses.map((each: { verdict: string }) => each.verdict).every(isUntested),
        true,
      );
      for (const { arm, top1, top5, per_class } of report.arms) {
        const freq = per_class.map((row: { freq: number }) => row.freq);
        assertAlmostEquals(Math.max(...freq) / Math.min(...freq), 10, 0.5);
        const predicted = per_class.reduce((sum: number, row: { pred: number }) => sum + row.pred, 0);
        assertEquals(predicted, 1000, arm);
        // Chance is 0.1 and 0.5.
        assert(top1 > 0.2 && top5 > 0.65, `${arm}: ${top1}, ${top5}`);
      }
    }),
});
