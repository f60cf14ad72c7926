/**
 * `freq bench`: what counting reaches on this machine, over captions made for it, held against the targets it was built
 * to.
 */
import {
  type Command,
  describeFlags,
  Failure,
  type FlagValues,
  progressOn,
  readFlags,
} from "../../data_utils/mod.ts";
import { cases, PYTHON_RATE } from "../bench/cases.ts";
import { figureJson, heading, lastLine, line, type Report } from "../bench/figures.ts";
import { prepare, type Setting } from "../bench/setting.ts";

const flagTable = {
  captions: {
    kind: "whole",
    default: 5_000_000,
    least: 1000,
    most: 1_000_000_000,
    help: "how many are made",
  },
  metadata: {
    kind: "text",
    value: "DIR",
    help: "the reference's folder of that name, for ImageNet's classes",
  },
  only: { kind: "text", value: "NAME,...", help: `only these: ${Object.keys(cases).join(", ")}` },
  keep: {
    kind: "text",
    value: "DIR",
    help: "make the captions there, leave them, and use what an earlier run left",
  },
  workers: { kind: "whole", least: 1, most: 1024, help: "threads (default: one per core)" },
  "plain-seconds": {
    kind: "number",
    default: 10,
    least: 0.01,
    most: 3600,
    help: "how long to count plainly",
  },
  wordnet: { kind: "text", value: "DIR", help: "folder with WordNet 3.0's index.noun and noun.exc" },
  json: { kind: "switch", help: "one JSON object on standard output instead of the table" },
  help: { kind: "switch", help: "this text" },
} as const;

const help =
  `Measures counting over captions made for it: captions per second and most memory, each in its own process.

Usage: deno task freq bench [--captions N] [--metadata DIR] [--only NAME,...] [--keep DIR] [--json]

${describeFlags(flagTable)}

  class      classes over TSV, from the start of the command to its tables, WordNet and the phrases included
  parquet    the same over snappy parquet
  substring  500,000 entries
  scaling    100 to 100,000 phrases
  word       document frequencies of all words
  plain      how many times faster than plain TypeScript on one core, at 1,971 and at 100,000 phrases; the counts of
             both have to be equal

Targets are for two quiet cores and the default number of captions: of few, the start takes most of the time. The
captions take 165 bytes each as TSV and 71 as parquet, in the folder for temporary files unless --keep names another.

Exit codes: 0 all was measured (whatever the figures), 1 something could not be, 2 bad input, 130 stopped.

Example: deno task freq bench --captions 1000000 --metadata metadata --only class,plain`;

/** The cases asked for. Throws RangeError for one that does not exist. */
function namesOf(only: string | undefined): string[] {
  const known = Object.keys(cases);
  const asked = only?.split(",").map((name) => name.trim()).filter((name) => name !== "") ?? known;
  const strange = asked.find((name) => !Object.hasOwn(cases, name));
  if (strange !== undefined || asked.length === 0) {
    throw new RangeError(`--only ${strange ?? "nothing"} is none of ${known.join(", ")}`);
  }
  return asked;
}

/** A folder for the bench's files, and how it is left. */
async function openFolder(keep: string | undefined) {
  if (keep === undefined) {
    const path = await Deno.makeTempDir({ prefix: "freq_bench_" });
    return { path, close: () => Deno.remove(path, { recursive: true }) };
  }
  await Deno.mkdir(keep, { recursive: true });
  return { path: keep, close: () => Promise.resolve() };
}

const machine = () => ({
  deno: Deno.version.deno,
  system: `${Deno.build.os} ${Deno.build.arch}`,
  cores: navigator.hardwareConcurrency,
  /** Load before the run: anything much above 0 disturbs it. */
  load: Deno.loadavg()[0],
});

async function run(values: FlagValues<typeof flagTable>, signal: AbortSignal): Promise<void> {
  const names = namesOf(values.only), progress = progressOn(), before = machine();
  const print = values.json ? () => {} : (text: string) => {
    progress.end();
    console.log(text);
  };
  const report: Report = { figures: [], missing: [] }, folder = await openFolder(values.keep);
  let setting: Setting;
  try {
    const options = { ...values, plainFor: 1000 * values["plain-seconds"] };
    progress.show("words and phrases");
    setting = await prepare(options, folder.path, progress, signal);
    print(
      `Deno ${before.deno}, ${before.system}, ${before.cores} cores; load before: ${before.load.toFixed(2)}`,
    );
    print(`${values.captions.toLocaleString("en-US")} captions; class: ${setting.concepts}\n\n${heading()}`);
    for (const name of names) {
      progress.show(`${name} ...`);
      try {
        await cases[name](setting, (figure) => {
          report.figures.push(figure);
          print(line(figure));
        });
      } catch (error) {
        if (signal.aborted) throw error;
        const reason = (error instanceof Error ? error.message : `${error}`).split("\n")[0];
        report.missing.push({ name, reason });
        print(`${name} could not be measured: ${reason}`);
      }
    }
  } finally {
    progress.end();
    await folder.close();
  }
  print(`\n${lastLine(report.figures)}`);
  print(`The reference's program in Python counts ${PYTHON_RATE} captions/s (quoted, not measured here).`);
  if (values.json) {
    const corpus = { captions: values.captions, concepts: setting.concepts };
    const figures = report.figures.map(figureJson), quoted = { python_captions_per_second: PYTHON_RATE };
    console.log(
      JSON.stringify({ machine: before, corpus, figures, missing: report.missing, quoted }, null, 2),
    );
  }
  if (report.missing.length > 0) {
    throw new Failure(`Could not be measured: ${report.missing.map(({ name }) => name).join(", ")}`, 1);
  }
}

/** Prints figures of this machine on standard output. Throws RangeError for bad flags, Failure where a case fails. */
export const benchCommand: Command = {
  name: "bench",
  summary: "captions per second and memory of all counts on this machine, beside the targets",
  help,
  async run(args, signal) {
    const values = readFlags(args, flagTable);
    if (values.help) return console.log(help);
    await run(values, signal);
  },
};
