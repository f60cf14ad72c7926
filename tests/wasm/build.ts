// Compiles the project's AssemblyScript sources (*.as.ts) to the modules *_wasm.ts beside them, which hold the code in
// base64. The same source gives the same bytes, which a test holds against what is committed.
import asc from "assemblyscript/asc";

const root = new URL("../../", import.meta.url);

/** The sources, by path below the root. A source may import others by "./name.as.ts". */
export const wasmSources: readonly string[] = [
  "concept_freq/count/concepts.as.ts",
  "concept_freq/substring/match.as.ts",
  "concept_freq/words/word_table.as.ts",
  "data_utils/captions/scan.as.ts",
  "data_utils/curate/caption_cls/lemmas.as.ts",
  "data_utils/images/resample.as.ts",
];

/** The path of the module made from a source. */
export const modulePath = (source: string): string => source.replace(/\.as\.ts$/, "_wasm.ts");

/**
 * The text of the module made from a source. Memory is the arena's, imported; functions that the source declares with
 * `@external("env", name)` come from whoever makes an instance. Throws Error with the compiler's words.
 */
export async function buildModule(source: string): Promise<string> {
  const folder = new URL("./", new URL(source, root)), name = source.slice(source.lastIndexOf("/") + 1);
  let binary = new Uint8Array();
  const flags = ["-O3", "--runtime", "stub", "--importMemory", "--noExportMemory", "--noAssert"];
  const { error, stderr } = await asc.main([name, "--outFile", "a.wasm", ...flags, "--enable", "simd"], {
    readFile: (path: string) => {
      try {
        return Deno.readTextFileSync(new URL(path, folder));
      } catch {
        return null;
      }
    },
    writeFile: (_: string, bytes: string | Uint8Array) => {
      if (typeof bytes !== "string") binary = new Uint8Array(bytes);
    },
    listFiles: () => [],
  });
  if (error || binary.length === 0) throw new Error(`${source}: ${stderr.toString() || error}`);
  const constant = `${
    name.slice(0, -".as.ts".length).replace(/_(.)/g, (_, letter) => letter.toUpperCase())
  }Wasm`;
  return [
    `// Made by \`deno task wasm\` from ${name}; not written by hand.`,
    `/** The module's code in base64. */`,
    `export const ${constant} =`,
    `  "${btoa(Array.from(binary, (byte) => String.fromCharCode(byte)).join(""))}";`,
    "",
  ].join("\n");
}

/** The committed text of a source's module; empty when there is none. */
export async function committedModule(source: string): Promise<string> {
  try {
    return await Deno.readTextFile(new URL(modulePath(source), root));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Builds every module and writes those that changed. Returns their paths. */
export async function buildAll(): Promise<string[]> {
  const changed: string[] = [];
  for (const source of wasmSources) {
    const text = await buildModule(source);
    if (text === await committedModule(source)) continue;
    await Deno.writeTextFile(new URL(modulePath(source), root), text);
    changed.push(modulePath(source));
  }
  return changed;
}
