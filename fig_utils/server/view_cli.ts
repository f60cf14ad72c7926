// `./denow task view`: a page on loopback with a study's arms, classes and run folders, read from its folder
// as the files stand, while the study runs as well as after it.
import { parseArgs } from "@std/cli";
import { parsePort, serveLocally } from "./loopback.ts";
import { createView } from "./view.ts";

const help = `Shows a study's results on a page of this machine.

Usage: deno task view [FOLDER] [--port 8800]

  FOLDER     the study's folder (default runs/study)
  --port N   port to listen on (0: any free one)
  --help     this text

Example: ./denow task view runs/study`;

if (import.meta.main) {
  const unknown: string[] = [];
  const flags = parseArgs(Deno.args, {
    string: ["port"],
    boolean: ["help"],
    default: { port: "8800" },
    unknown: (arg, key) => key === undefined || void unknown.push(arg),
  });
  if (flags.help) {
    console.log(help);
  } else {
    try {
      if (unknown.length > 0) throw new RangeError(`Unknown flag ${unknown[0]}; see --help`);
      if (flags._.length > 1) throw new RangeError(`One folder at a time; ${flags._[1]} is one too many`);
      const folder = String(flags._[0] ?? "runs/study");
      if (!await isFolder(folder)) {
        throw new RangeError(`${folder} is not a folder; run a study first, or name its folder`);
      }
      await serveLocally(`Results of ${folder}`, parsePort(flags.port), createView(folder).fetch);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      console.error(error.message);
      Deno.exit(2);
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
