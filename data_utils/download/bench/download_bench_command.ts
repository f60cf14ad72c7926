/** `data download-bench`: what `data download` reaches on this machine, beside what it was built to reach. */
import type { Command } from "../../program/command.ts";
import { describeFlags, type FlagValues, readFlags } from "../../program/flags.ts";
import { Failure } from "../../program/outcome.ts";
import { progressOn } from "../../program/progress.ts";
import {
  BARE_RATE,
  benchCases,
  casesNamed,
  CONCURRENCY,
  type PictureKind,
  pictureNames,
  sharedFlags,
} from "./cases.ts";
import { type Figure, figureJson, heading, lastLine, line } from "./figures.ts";
import { measureBare, type Measured, measureDownload, startServer, writeList } from "./measure.ts";

const flagTable = {
  seconds: {
    kind: "number",
    value: "N",
    default: 10,
    least: 0.01,
    most: 3600,
    help: "how long each case takes at its target; it fetches that many images",
  },
  only: { kind: "text", value: "A,B", help: `only these: ${benchCases.map(({ name }) => name).join(", ")}` },
  json: { kind: "switch", help: "one JSON object on standard output instead of the table" },
  help: { kind: "switch", help: "this text" },
} as const;

const help =
  `Measures downloading on loopback: a server in a process of its own, and the program as users call it, with
${CONCURRENCY} requests at once and shards of 1,000. Beside it stands a bare client, which asks for the same images and does
nothing with them. Server and client share the cores, so CPU seconds per 1,000 images are given for each.

Usage: deno task data download-bench [--seconds N] [--only A,B] [--json]

${describeFlags(flagTable)}

  kept      JPEGs of 20 KB, stored as they come
  fast      JPEGs of 640x480 and 60 KB, shorter side to 256, encoded anew; resampled by libvips
  pillow    the same, with the pixels that Pillow gives

Targets are for two quiet cores. Shards are written into the folder for temporary files and removed.

Exit codes: 0 all was measured (whatever the figures), 1 something could not be, 2 bad input, 130 stopped.

Example: deno task data download-bench --only kept,fast`;

const machine = () => ({
  deno: Deno.version.deno,
  system: `${Deno.build.os} ${Deno.build.arch}`,
  cores: navigator.hardwareConcurrency,
  /** Load before the run: anything much above 0 disturbs it. */
  load: Deno.loadavg()[0],
});

async function run(values: FlagValues<typeof flagTable>, signal: AbortSignal): Promise<void> {
  const cases = casesNamed(values.only), progress = progressOn(), before = machine();
  const figures: Figure[] = [], missing: { name: string; reason: string }[] = [];
  const print = (text: string) => {
    progress.end();
    if (!values.json) console.log(text);
  };
  async function measured(
    { name, title, target }: Pick<Figure, "name" | "title" | "target">,
    work: () => Promise<Measured>,
  ): Promise<void> {
    signal.throwIfAborted();
    progress.show(`${title} ...`);
    try {
      const figure = { name, title, target, ...await work() };
      figures.push(figure);
      print(line(figure));
    } catch (error) {
      if (signal.aborted) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      missing.push({ name, reason });
      print(`${title} could not be measured: ${reason}`);
    }
  }
  print(
    `Deno ${before.deno}, ${before.system}, ${before.cores} cores; load before: ${
      before.load.toFixed(2)
    }\n\n` +
      heading(),
  );
  const folder = await Deno.makeTempDir({ prefix: "download_bench_" });
  try {
    progress.show("the server's pictures ...");
    await using server = await startServer();
    const listOf = async (name: string, kind: PictureKind, rate: number) => {
      const list = `${folder}/${name}.tsv`;
      await writeList(list, server.origin, kind, Math.max(1, Math.round(values.seconds * rate)));
      return list;
    };
    for (const kind of new Set(cases.map(({ kind }) => kind))) {
      const list = await listOf(`bare_${kind}`, kind, BARE_RATE);
      await measured(
        { name: `bare_${kind}`, title: `${pictureNames[kind]}, bare client`, target: null },
        () => measureBare(list, CONCURRENCY, server, signal),
      );
      for (const one of cases.filter((one) => one.kind === kind)) {
        const list = await listOf(one.name, kind, one.target);
        await measured(one, () => measureDownload(list, [...sharedFlags, ...one.flags], server, signal));
      }
    }
  } finally {
    progress.end();
    await Deno.remove(folder, { recursive: true });
  }
  print(`\n${lastLine(figures)}`);
  if (values.json) {
    const rows = figures.map(figureJson);
    console.log(
      JSON.stringify({ machine: before, concurrency: CONCURRENCY, figures: rows, missing }, null, 2),
    );
  }
  if (missing.length > 0) {
    throw new Failure(`Could not be measured: ${missing.map(({ name }) => name).join(", ")}`, 1);
  }
}

/** Prints figures of this machine on standard output. Throws RangeError for bad flags, Failure where a case fails. */
export const downloadBenchCommand: Command = {
  name: "download-bench",
  summary: "images per second, CPU and memory of download on this machine, beside the targets",
  help,
  async run(args, signal) {
    const values = readFlags(args, flagTable);
    if (values.help) return console.log(help);
    await run(values, signal);
  },
};
