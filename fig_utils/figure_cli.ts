// `./denow task figure`: a study's report as a picture in a file, for a README or a talk, or as a page. The same report
// makes the same file.
import {
  describeFlags,
  readFlags,
  readStudyReport,
  runProgram,
  type StudyReport,
  writeTextAtomically,
} from "../data_utils/mod.ts";
import {
  accuracyByFrequency,
  biasFigure,
  type Chosen,
  hypothesisFigure,
  matchedFigure,
  reportPage,
  svgFile,
} from "./mod.ts";

/** A figure of a report; only the first can be drawn of a part of it. */
const figures: Readonly<Record<string, (report: StudyReport, chosen: Chosen) => string>> = {
  accuracy: accuracyByFrequency,
  bias: biasFigure,
  hypotheses: hypothesisFigure,
  matched: matchedFigure,
};

const flagTable = {
  report: { kind: "text", value: "FILE", help: "report.json of a study" },
  out: { kind: "text", value: "FILE.svg", help: "the picture" },
  figure: { kind: "text", choices: Object.keys(figures), default: "accuracy", help: "which picture" },
  law: {
    kind: "text",
    help: "with --figure accuracy: the runs under this law (default: the report's first)",
  },
  arms: { kind: "text", help: "with --figure accuracy: these arms, separated by commas (default: all)" },
  html: { kind: "text", value: "FILE.html", help: "the whole report as a page, with every figure" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Draws a study's report, or writes it as a page that opens without a server.

  accuracy    accuracy and predictions of each class against its frequency, one column per arm
  bias        how closely predictions and accuracy follow frequency, one row per arm, a dot per seed
  hypotheses  the comparisons that the hypotheses rest on, with their intervals
  matched     bias against accuracy along training

Usage: deno task figure --report FILE --out FILE.svg [--figure NAME] [--law LAW] [--arms ARM,ARM] [--html FILE.html]

${describeFlags(flagTable)}

Exit codes: 0 done, 1 failed while running, 2 bad input.

Example: ./denow task figure --report runs/study/report.json --figure bias --out bias.svg`;

if (import.meta.main) {
  await runProgram(async (args) => {
    if (args.includes("--help")) return console.log(help);
    const { report: file, out, html, figure, law, arms } = readFlags(args, flagTable, ["report"]);
    if (out === undefined && html === undefined) {
      throw new RangeError("--out or --html is needed; see --help");
    }
    expectEnding("out", out, ".svg", "the picture is one");
    expectEnding("html", html, ".html", "the page is one");
    const partly = law !== undefined ? "law" : arms !== undefined ? "arms" : null;
    if (partly && (figure !== "accuracy" || out === undefined)) {
      throw new RangeError(`--${partly} goes with --figure accuracy and --out`);
    }
    const report = await readStudyReport(file!), files = new Map<string, string>();
    const names = arms?.split(",").map((name) => name.trim());
    if (out !== undefined) files.set(out, svgFile(figures[figure](report, { law, arms: names })));
    if (html !== undefined) files.set(html, reportPage(report));
    for (const [path, text] of files) {
      await writeTextAtomically(path, text);
      console.error(`Drawn: ${path}`);
    }
  });
}

function expectEnding(flag: string, path: string | undefined, ending: string, why: string): void {
  if (path === undefined || path.endsWith(ending)) return;
  throw new RangeError(`--${flag} ${path} does not end in ${ending}: ${why}`);
}
