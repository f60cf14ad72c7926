// `./denow task view`: pages on loopback with the runs and studies of a folder, read as the files stand, while they
// train as well as afterwards.
import { describeFlags, parseFlags, runProgram } from "../../data_utils/mod.ts";
import { parsePort, serveLocally } from "./loopback.ts";
import { createView } from "./view.ts";

const flagTable = {
  runs: { kind: "text", value: "DIR", help: "the same as FOLDER" },
  port: { kind: "text", value: "N", default: "8800", help: "port to listen on; 0: any free one" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Shows runs and studies on pages of this machine, also while they train.

Usage: deno task view [FOLDER] [--port N]

  FOLDER        where the runs are (default: runs/study where there is one, else runs)
${describeFlags(flagTable)}

Exit codes: 0 ended with Ctrl-C, 1 failed (the port is taken), 2 bad input.

Example: ./denow task view runs/study`;

if (import.meta.main) {
  await runProgram(async (args, signal) => {
    const { values, positional } = parseFlags(args, flagTable);
    if (values.help) return console.log(help);
    const named = [...positional, ...values.runs === undefined ? [] : [values.runs]];
    if (named.length > 1) throw new RangeError(`One folder at a time; ${named[1]} is one too many`);
    const port = parsePort(values.port);
    const folder = named[0] ?? (await isFolder("runs/study") ? "runs/study" : "runs");
    if (!await isFolder(folder)) {
      throw new RangeError(`${folder} is not a folder; run a study first, or name its folder`);
    }
    await serveLocally(`Results of ${folder}`, port, createView(folder, { signal }).fetch, signal);
  });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
