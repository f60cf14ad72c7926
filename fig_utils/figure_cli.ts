// `./denow task figure`: a study's report as a picture in a file, for a README or a talk. The same report makes the
// same file.
import { describeFlags, readFlags, runProgram, writeTextAtomically } from "../data_utils/mod.ts";
import { accuracyByFrequency, readReportFile, svgFile } from "./mod.ts";

const flagTable = {
  report: { kind: "text", value: "FILE", help: "report.json of a study" },
  out: { kind: "text", value: "FILE.svg", help: "the picture" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Draws the accuracy and the predictions of each class against its frequency, one column per arm.

Usage: deno task figure --report FILE --out FILE.svg

${describeFlags(flagTable)}

Exit codes: 0 done, 1 failed while running, 2 bad input.

Example: ./denow task figure --report runs/study/report.json --out study.svg`;

if (import.meta.main) {
  await runProgram(async (args) => {
    if (args.includes("--help")) return console.log(help);
    const { report, out } = readFlags(args, flagTable, ["report", "out"]);
    if (!out!.endsWith(".svg")) throw new RangeError(`--out ${out} does not end in .svg: the picture is one`);
    await writeTextAtomically(out!, svgFile(accuracyByFrequency(await readReportFile(report!))));
    console.error(`Drawn: ${out}`);
  });
}
