/** `data metadata`: the study's class names, phrases, templates and frequency tables in a folder: checked, fetched, listed. */
import { checkMetadata } from "../../metadata/check_folder.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { Failure } from "../../program/outcome.ts";
import { fetchHelp, runFetch } from "./fetch_part.ts";
import { type DrawCurves, freqsHelp, runFreqs } from "./freqs_part.ts";

const flagTable = {
  dir: {
    kind: "text",
    value: "DIR",
    default: "metadata",
    help: "the folder: descriptors/, freqs/, heads/ ...",
  },
  json: { kind: "switch", help: "what was found as a JSON array" },
  help: { kind: "switch", help: "this text" },
} as const;

const help =
  `Checks a folder of metadata in the layout of the reference (CVMI-Lab/clip-beyond-tail, metadata/): classes of the
ten concept sets, ids and phrases of ImageNet in order, ImageNet-100, templates, frequency tables in class order (_ori)
or by count, heads, and which files are the published ones.

Usage: deno task data metadata [--dir DIR] [--json]
       deno task data metadata fetch [--dir DIR] ...     fetches the published files, checked by SHA-256
       deno task data metadata freqs [--dir DIR] ...     lists and draws the frequency tables

${describeFlags(flagTable)}

Exit codes: 0 all is in order, 2 something is missing or wrong.

Example: deno task data metadata --dir metadata`;

const marks = { good: "ok", absent: "-", bad: "BAD" } as const;

async function runCheck(args: readonly string[]): Promise<void> {
  const { dir, json } = readFlags(args, flagTable), findings = await checkMetadata(dir);
  if (json) console.log(JSON.stringify(findings, null, 2));
  else {
    const wide = Math.max(...findings.map(({ what }) => what.length));
    for (const { what, found, state } of findings) {
      console.log(`${marks[state].padEnd(3)}  ${what.padEnd(wide)}  ${found}`);
    }
  }
  const bad = findings.filter(({ state }) => state === "bad");
  if (bad.length > 0) {
    throw new Failure(
      `${dir}: ${bad.length} of ${findings.length} are missing or wrong (${
        bad.map(({ what }) => what).join(", ")
      }); ` +
        "fetch adds what is missing: deno task data metadata fetch",
      2,
    );
  }
}

/** The command, with what draws the curves of `metadata freqs --figure`. */
export function metadataCommand(draw: DrawCurves): Command {
  return {
    name: "metadata",
    summary: "class names, phrases, templates and frequency tables: checked, fetched, listed, drawn",
    help: `${help}\n\n${fetchHelp}\n\n${freqsHelp}`,
    async run(args, signal) {
      const [part, ...rest] = args;
      if (part === "fetch") await runFetch(rest, signal);
      else if (part === "freqs") await runFreqs(rest, draw);
      else if (part === undefined || part.startsWith("-")) await runCheck(args);
      else throw new RangeError(`data metadata has no part ${part}, but fetch and freqs; see --help`);
    },
  };
}
