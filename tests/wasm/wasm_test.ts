// The committed WebAssembly is what its source says.
import { assertEquals } from "@std/assert";
import { buildModule, committedModule, wasmSources } from "./build.ts";

for (const source of wasmSources) {
  Deno.test(`wasm: ${source} gives the committed module`, async () => {
    assertEquals(await committedModule(source), await buildModule(source), "run `deno task wasm`");
  });
}
