// `./denow task serve`: lends this checkout's modules on loopback, so that another program can import them by
// URL, as from any host of files.
import { parseArgs } from "@std/cli";
import { parsePort, serveLocally } from "./loopback.ts";
import { serveModules } from "./modules.ts";

const help = `Lends the checkout's modules on loopback, for imports by URL.

Usage: deno task serve [--port 8000]

  --port N   port to listen on (0: any free one)
  --help     this text

Example: ./denow task serve & then, in any folder,
  deno eval 'import { gpu } from "http://localhost:8000/mod.ts"; console.log(Object.keys(gpu))'`;

if (import.meta.main) {
  const unknown: string[] = [];
  const flags = parseArgs(Deno.args, {
    string: ["port"],
    boolean: ["help"],
    default: { port: "8000" },
    unknown: (arg) => void unknown.push(arg),
  });
  if (flags.help) {
    console.log(help);
  } else {
    try {
      if (unknown.length > 0) throw new RangeError(`Unknown argument ${unknown[0]}; see --help`);
      const port = parsePort(flags.port);
      await serveLocally("Modules", port, serveModules(new URL("../../", import.meta.url)));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      console.error(error.message);
      Deno.exit(2);
    }
  }
}
