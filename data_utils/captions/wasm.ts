/**
 * WebAssembly modules that travel as text within a module of TypeScript, so that an importer by URL needs no second
 * file. They are compiled from the *.as.ts sources beside them (AssemblyScript) by `deno task wasm`.
 */
import type { CaptionArena } from "./arena.ts";

const modules = new Map<string, WebAssembly.Module>();

/** An instance of a module (in base64) over a memory, such as an arena's; its exports are functions of numbers and addresses. */
export function wasmOver<Exports>(
  base64: string,
  arena: Pick<CaptionArena, "memory">,
  imports: Record<string, CallableFunction> = {},
): Exports {
  let module = modules.get(base64);
  if (!module) {
    module = new WebAssembly.Module(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
    modules.set(base64, module);
  }
  const env = { memory: arena.memory, ...imports } as WebAssembly.ModuleImports;
  return new WebAssembly.Instance(module, { env }).exports as Exports;
}
