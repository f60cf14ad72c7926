// `study --quick` killed twice, at any moment of its training, and started again with the same folder: its report is that
// of a study without a break.

import { assert, assertEquals } from "@std/assert";
import { withFolder } from "../data_utils/made_files.ts";
import { progress } from "./progress.ts";
import { runStudy } from "./study_runs.ts";

/** Run folders with a checkpoint, and how many of them are finished. */
function runsIn(folder: string): { begun: number; finished: number } {
  let begun = 0, finished = 0;
  try {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const files = isDirectory ? [...Deno.readDirSync(`${folder}/${name}`)].map((file) => file.name) : [];
      if (files.includes("model.safetensors")) begun++;
      if (files.includes("result.json")) finished++;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { begun, finished };
}

/** Steps that a run has reported, every ten. */
function stepsOf(run: string): number {
  try {
    return 10 * Deno.readTextFileSync(`${run}/metrics.jsonl`).trim().split("\n").length;
  } catch {
    return 0;
  }
}

/** The report without what depends on the clock. */
const timeless = (report: string) =>
  JSON.parse(report, (key, value) => ["seconds", "images_per_second"].includes(key) ? undefined : value);

Deno.test("study --quick: killed twice and started again, it ends with the report of one without a break", async () => {
  await withFolder(async (folder) => {
    const args = (name: string) => [
      ...["--quick", "--save-every", "3", "--out", `${folder}/${name}`],
      ...["--arms", "sl_full,sl_sub,sl_frozen,clip_templates"],
    ];
    const report = (name: string) => Deno.readTextFile(`${folder}/${name}/report.json`);

    const broken = `${folder}/broken`;
    const first = await runStudy(
      args("broken"),
      () => stepsOf(`${broken}/clip_templates-ratio10-seed0`) >= 60,
    );
    assertEquals([first.code, runsIn(broken).finished], [137, 0], first.err);
    progress("killed before any run was finished");
    const second = await runStudy(args("broken"), () => {
      const { begun, finished } = runsIn(broken);
      return finished > 0 && begun > finished;
    });
    assertEquals(second.code, 137, second.err);
    progress(`killed after ${runsIn(broken).finished} runs`);
    const last = await runStudy(args("broken"));
    assertEquals(last.code, 0, last.err);
    assert(last.out.includes("rho pred"));

    const straight = await runStudy(args("straight"));
    assertEquals(straight.code, 0, straight.err);
    assertEquals(timeless(await report("broken")), timeless(await report("straight")));
  });
});
