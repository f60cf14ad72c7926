// `./denow task figure` as a user meets it: the file it writes, its exit codes, and one line for bad input, which leaves
// no file behind.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readStudyReport } from "../../data_utils/mod.ts";
import {
  accuracyByFrequency,
  biasFigure,
  hypothesisFigure,
  matchedFigure,
  reportPage,
  svgFile,
} from "../../fig_utils/mod.ts";
import { exampleStudy, makeExampleReport, oneSeedReport } from "./example_study.ts";

const small = makeExampleReport({ arms: ["sl_full", "clip_templates"], seeds: 2 });

async function figure(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "fig_utils/figure_cli.ts", ...args],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr).trim() };
}

Deno.test("figure: writes the picture of a report, any of them, and the page", async () => {
  await using study = await exampleStudy(small);
  const report = `${study.folder}/report.json`, out = `${study.folder}/a picture.svg`;
  assertEquals(await figure("--report", report, "--out", out), { code: 0, out: "", err: `Drawn: ${out}` });
  const read = await readStudyReport(report);
  assertEquals(await Deno.readTextFile(out), svgFile(accuracyByFrequency(read)));

  const asked: [string[], string][] = [
    [
      ["--law", "ratio:50", "--arms", "clip_templates"],
      accuracyByFrequency(read, { law: "ratio:50", arms: ["clip_templates"] }),
    ],
    [["--figure", "bias"], biasFigure(read)],
    [["--figure", "hypotheses"], hypothesisFigure(read)],
    [["--figure", "matched"], matchedFigure(read)],
  ];
  await Promise.all(asked.map(async ([args, drawn], i) => {
    const file = `${study.folder}/${i}.svg`;
    assertEquals((await figure("--report", report, "--out", file, ...args)).code, 0);
    assertEquals(await Deno.readTextFile(file), svgFile(drawn));
  }));
  const page = `${study.folder}/page.html`;
  assertEquals(await figure("--report", report, "--html", page), { code: 0, out: "", err: `Drawn: ${page}` });
  assertEquals(await Deno.readTextFile(page), reportPage(read));
});

Deno.test("figure: --help with an example; bad input is one line, exit code 2 and no file", async () => {
  await using study = await exampleStudy(oneSeedReport);
  const help = await figure("--help");
  assertEquals([help.code, help.err], [0, ""]);
  assertStringIncludes(help.out, "Example: ");

  const report = `${study.folder}/report.json`,
    broken = `${study.folder}/broken.json`,
    empty = `${study.folder}/empty.json`,
    older = `${study.folder}/older.json`;
  await Deno.writeTextFile(broken, '{"arms": [{"arm": "clip"');
  await Deno.writeTextFile(empty, JSON.stringify({ ...oneSeedReport, arms: [] }));
  await Deno.writeTextFile(older, '{"format": "beyond-tail-study/1", "arms": []}');
  const out = `${study.folder}/out.svg`;
  const wrong: [string[], string][] = [
    [["--report", report, "--colour"], "Unknown flag --colour; see --help"],
    [["--report", report], "--out or --html is needed; see --help"],
    [["--report", report, "--html", `${study.folder}/page.svg`], "does not end in .html"],
    [["--report", report, "--out", out, "--figure", "pie"], "--figure pie is none of accuracy, bias"],
    [["--report", report, "--out", out, "--figure", "hypotheses"], "The report has no comparison to draw"],
    [["--report", report, "--out", out, "--law", "zipf:1"], "no law zipf:1: it has ratio:10"],
    [["--report", report, "--out", out, "--arms", "clip"], "no arm clip: it has sl_full, clip_templates"],
    [["--report", report, "--out", out, "--figure", "bias", "--law", "ratio:10"], "--law goes with"],
    [["--report", older, "--out", out], 'this version reads "beyond-tail-study/2"'],
    [["--report", report, "--out", `${study.folder}/out.png`], "does not end in .svg"],
    [
      ["--report", `${study.folder}/none.json`, "--out", out],
      "none.json is not there; a study writes it when it is done",
    ],
    [["--report", broken, "--out", out], "broken.json is not JSON"],
    [["--report", empty, "--out", out], "The report has no run to draw"],
    [["--report", report, "--out", `${study.folder}/none/out.svg`], "none/out.svg"],
  ];
  for (const [args, expected] of wrong) {
    const { code, out: printed, err } = await figure(...args);
    assertEquals([code, printed, err.split("\n").length], [2, "", 1], err);
    assertStringIncludes(err, expected);
  }
  const names = [...Deno.readDirSync(study.folder)].map(({ name }) => name);
  assert(!names.some((name) => /svg|png|html|tmp/.test(name)), names.join(" "));
});
