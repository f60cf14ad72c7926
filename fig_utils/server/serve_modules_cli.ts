// `./denow task serve`: lends this checkout's modules on loopback, so that another program can import them by
// URL, as from any host of files.
import { describeFlags, readFlags, runProgram } from "../../data_utils/mod.ts";
import { parsePort, serveLocally } from "./loopback.ts";
import { serveModules } from "./modules.ts";

const flagTable = {
  port: { kind: "text", value: "N", default: "8000", help: "port to listen on; 0: any free one" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Lends the checkout's modules on loopback, for imports by URL.

Usage: deno task serve [--port N]

${describeFlags(flagTable)}

Exit codes: 0 ended with Ctrl-C, 1 failed (the port is taken), 2 bad input.

Example: ./denow task serve & then, in any folder,
  deno eval 'import { gpu } from "http://localhost:8000/mod.ts"; console.log(Object.keys(gpu))'`;

if (import.meta.main) {
  await runProgram(async (args, signal) => {
    const flags = readFlags(args, flagTable);
    if (flags.help) return console.log(help);
    await serveLocally(
      "Modules",
      parsePort(flags.port),
      serveModules(new URL("../../", import.meta.url)),
      signal,
    );
  });
}
