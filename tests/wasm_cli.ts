// `deno task wasm`: compiles the byte-level code (*.as.ts) to the modules that carry it (*_wasm.ts).
import { buildAll } from "./wasm/build.ts";

if (Deno.args.length > 0) {
  const asked = Deno.args[0] === "--help";
  const help = "Compiles every *.as.ts to the *_wasm.ts beside it.\n\nUsage: deno task wasm\n\n" +
    "Example: ./denow task wasm";
  if (asked) console.log(help);
  else console.error(`Unexpected ${Deno.args[0]}; see --help`);
  Deno.exit(asked ? 0 : 2);
}
const changed = await buildAll();
console.log(changed.length > 0 ? `written: ${changed.join(", ")}` : "nothing changed");
