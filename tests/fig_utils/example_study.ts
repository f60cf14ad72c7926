// A study's folder as the view's tests need it: two arms, one run folder whose metrics end in a line that is
// still being written. It removes itself.
import { openRun } from "../../data_utils/mod.ts";
import type { StudyReport } from "../../fig_utils/mod.ts";

export const exampleReport: StudyReport = {
  seconds: 90,
  arms: [
    {
      ...{ arm: "sl_full", seed: 0, top1: 0.4131, top5: 0.82, rho_freq_acc: 0.71, rho_freq_pred: 0.93 },
      ...{ head: 0.71, middle: 0.4, tail: 0.13 },
      per_class: [
        { class: "comb", freq: 12, acc: 0.2, pred: 4 },
        { class: "teapot", freq: 120, acc: 0.9, pred: 77 },
        { class: "anchor", freq: 40, acc: 0.5, pred: 31 },
      ],
    },
    {
      ...{ arm: "clip", seed: 1, top1: 0.392, top5: 0.8, rho_freq_acc: -0.12, rho_freq_pred: null },
      ...{ head: 0.41, middle: 0.4, tail: 0.37 },
      per_class: [{ class: "comb", freq: 12, acc: 0.4, pred: 30 }],
    },
  ],
};

/** Writes the folder; with null there is no report yet. */
export async function exampleStudy(
  report: StudyReport | null = exampleReport,
): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "study " });
  await Deno.mkdir(`${folder}/not_a_run`);
  const run = await openRun({ dir: `${folder}/sl_full_seed0`, config: { arm: "sl_full" } });
  for (let step = 1; step <= 20; step++) run.log({ step, loss: 2.5 });
  await run.close();
  await Deno.writeTextFile(run.path("metrics.jsonl"), '{"step":30,"lo', { append: true });
  if (report) await Deno.writeTextFile(`${folder}/report.json`, JSON.stringify(report));
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}
