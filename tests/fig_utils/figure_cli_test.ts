// `./denow task figure` as a user meets it: the file it writes, its exit codes, and one line for bad input, which leaves
// no file behind.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { accuracyByFrequency, readReportFile, svgFile } from "../../fig_utils/mod.ts";
import { exampleStudy } from "./example_study.ts";

async function figure(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "fig_utils/figure_cli.ts", ...args],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr).trim() };
}

Deno.test("figure: writes the picture of a report", async () => {
  await using study = await exampleStudy();
  const report = `${study.folder}/report.json`, out = `${study.folder}/a picture.svg`;
  assertEquals(await figure("--report", report, "--out", out), { code: 0, out: "", err: `Drawn: ${out}` });
  assertEquals(await Deno.readTextFile(out), svgFile(accuracyByFrequency(await readReportFile(report))));
});

Deno.test("figure: --help with an example; bad input is one line, exit code 2 and no file", async () => {
  await using study = await exampleStudy();
  const help = await figure("--help");
  assertEquals([help.code, help.err], [0, ""]);
  assertStringIncludes(help.out, "Example: ");

  const report = `${study.folder}/report.json`,
    broken = `${study.folder}/broken.json`,
    empty = `${study.folder}/empty.json`;
  await Deno.writeTextFile(broken, '{"arms": [{"arm": "clip"');
  await Deno.writeTextFile(empty, '{"arms": []}');
  const out = `${study.folder}/out.svg`;
  const wrong: [string[], string][] = [
    [["--report", report, "--colour"], "Unknown flag --colour; see --help"],
    [["--report", report], "--out is needed; see --help"],
    [["--report", report, "--out", `${study.folder}/out.png`], "does not end in .svg"],
    [
      ["--report", `${study.folder}/none.json`, "--out", out],
      "none.json is not there; a study writes it when it is done",
    ],
    [["--report", broken, "--out", out], "broken.json is not JSON"],
    [["--report", empty, "--out", out], "The report has no arm with classes to draw"],
    [["--report", report, "--out", `${study.folder}/none/out.svg`], "none/out.svg"],
  ];
  for (const [args, expected] of wrong) {
    const { code, out: printed, err } = await figure(...args);
    assertEquals([code, printed, err.split("\n").length], [2, "", 1], err);
    assertStringIncludes(err, expected);
  }
  const names = [...Deno.readDirSync(study.folder)].map(({ name }) => name);
  assert(!names.some((name) => /svg|png|tmp/.test(name)), names.join(" "));
});
