// The real module graph of the checkout as plain data: every file that belongs to the project, and for every
// module what it imports, as written and as Deno resolves it (types included). The rules in rules.ts are
// functions of this record, so they can be shown graphs that break them.

/** One import of a module. */
export interface Import {
  /** The specifier as it stands in the source. */
  written: string;
  /** A path below the root for the project's own modules, else the full specifier (npm:..., node:..., ...). */
  target: string;
}

/** A file of the project by its path below the root; `imports` is empty for what is no module. */
export interface SourceFile {
  path: string;
  text: string;
  imports: Import[];
}

interface InfoModule {
  specifier: string;
  dependencies?: { specifier: string; code?: Resolved; type?: Resolved }[];
}
interface Resolved {
  specifier?: string;
}

const textual = /\.(ts|tsx|js|wgsl|json|md|sh)$|(^|\/)(denow|run|LICENSE)$/;

/** Reads the files that git tracks or would track, and resolves the imports of all modules in one go.
 * An import of a file that is not there is left as it is: the type check names it. */
export async function readModuleGraph(root: URL): Promise<SourceFile[]> {
  const listed = await output("git", ["-C", filePath(root), "ls-files", "-z", "-co", "--exclude-standard"]);
  const paths = listed.split("\0").filter((path) => path !== "" && exists(new URL(encodeURI(path), root)));
  const imports = await resolveImports(root, paths.filter((path) => /\.tsx?$/.test(path)));
  return paths.sort().map((path) => ({
    path,
    text: textual.test(path) ? Deno.readTextFileSync(new URL(encodeURI(path), root)) : "",
    imports: imports.get(path) ?? [],
  }));
}

async function resolveImports(root: URL, modules: string[]): Promise<Map<string, Import[]>> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const lines = modules.map((path) => `import ${JSON.stringify(new URL(encodeURI(path), root).href)};\n`);
    await Deno.writeTextFile(entry, lines.join(""));
    const config = filePath(new URL("deno.json", root));
    const info: { modules: InfoModule[] } = JSON.parse(
      await output(Deno.execPath(), ["info", "--json", "--no-lock", "--config", config, entry]),
    );
    const graph = new Map<string, Import[]>();
    for (const { specifier, dependencies = [] } of info.modules) {
      if (!specifier.startsWith(root.href)) continue;
      graph.set(shorten(root, specifier), dependencies.flatMap((entry) => listTargets(root, entry)));
    }
    return graph;
  } finally {
    await Deno.remove(entry);
  }
}

function listTargets(root: URL, entry: NonNullable<InfoModule["dependencies"]>[number]): Import[] {
  const resolved = [entry.code, entry.type].filter((one) => one !== undefined);
  const targets = new Set(resolved.map((one) => shorten(root, one.specifier ?? entry.specifier)));
  return [...targets].map((target) => ({ written: entry.specifier, target }));
}

function shorten(root: URL, specifier: string): string {
  return specifier.startsWith(root.href) ? decodeURI(specifier.slice(root.href.length)) : specifier;
}

async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program} ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function filePath(url: URL): string {
  return decodeURIComponent(url.pathname);
}

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}
