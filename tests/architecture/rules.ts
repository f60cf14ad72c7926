// The architecture's rules, each a function from the files of the project to the places that break it. They
// are stated here once and in the README of gpu/ in words; a rule that must change is changed here first.
import type { Import, SourceFile } from "./module_graph.ts";

/** What stands at the top level; names that begin with a dot are free. */
const topLevel = new Set([
  ...["deno.json", "deno.lock", "denow", "mod.ts", "README.md", "LICENSE", "CHANGELOG.md"],
  ...["concept_freq", "data_utils", "exps_sup", "exps_clip", "exps_dino", "fig_utils", "gpu", "tests"],
]);

/** Whose mod.ts a folder's modules may import; programs may import any folder's. */
const siblings: Record<string, string[]> = {
  gpu: [],
  data_utils: [],
  concept_freq: ["data_utils"],
  fig_utils: ["data_utils"],
  exps_sup: ["gpu", "data_utils"],
  exps_clip: ["gpu", "data_utils"],
  exps_dino: ["gpu", "data_utils"],
};

/** Which layers of gpu/ a layer may import. */
const layers: Record<string, string[]> = {
  base: [],
  kernels: ["base"],
  device: ["base"],
  graph: ["base"],
  ops: ["base", "graph", "kernels"],
  run: ["base", "kernels", "device", "graph", "ops"],
  nn: ["base", "graph", "ops"],
  optim: ["base", "graph", "ops"],
  train: ["base", "graph", "ops", "run", "optim"],
  testing: ["base", "kernels", "device", "graph", "ops", "run", "nn", "optim", "train"],
};

const longestFile = 450;

const folderOf = (path: string) => path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
const isProgram = (path: string) => path.endsWith("_cli.ts");
const isTest = (path: string) => path.startsWith("tests/");
const isCode = (path: string) => /\.(ts|tsx|js|wgsl)$/.test(path);
const isStdName = (path: string) => path.startsWith("data_utils/std/");
const isOwn = (target: string) => !/^[a-z]+:/.test(target);

export function checkTopLevel(files: SourceFile[]): string[] {
  const names = new Set(files.map(({ path }) => path.split("/")[0]));
  return [...names].filter((name) => !name.startsWith(".") && !topLevel.has(name))
    .map((name) => `${name} is no name of the top level`);
}

/** Folders meet at their mod.ts only, in the agreed directions; nobody imports tests or programs. */
export function checkFolders(files: SourceFile[]): string[] {
  return eachImport(files, ({ path }, { written, target }) => {
    if (!isOwn(target)) return null;
    const [from, to] = [folderOf(path), folderOf(target)];
    if (isProgram(target)) return "a program is imported by nobody";
    if (to === "tests" && from !== "tests") return "nobody imports tests";
    if (isTest(path) || from === to) return null;
    if (isStdName(target)) return checkName(path, written);
    if (target !== `${to}/mod.ts`) return `another folder is imported by its mod.ts`;
    if (path === "mod.ts" || isProgram(path) || siblings[from]?.includes(to)) return null;
    return `${from} may not import ${to}`;
  });
}

/** Packages stand in one deps.ts per folder; the names of deno.json are for tests and programs alone. */
export function checkPackages(files: SourceFile[]): string[] {
  const versions = new Map<string, string>();
  return eachImport(files, ({ path }, { written, target }) => {
    if (isOwn(target)) return checkName(path, written);
    if (target.startsWith("node:")) return null;
    const npm = /^npm:\/?((?:@[^/]+\/)?[^/@]+)@(\d+\.\d+\.\d+[^/]*)/.exec(target);
    if (!npm) return "only npm: with an exact version reaches out of the project";
    const [, name, version] = npm;
    const known = versions.get(name) ?? version;
    versions.set(name, known);
    if (known !== version) return `${name} stands at ${known} elsewhere`;
    if (folderOf(path) === "gpu") return "gpu pulls no package";
    if (isTest(path) || isProgram(path) || isStdName(path)) return null;
    if (path.endsWith(".tsx") && written.endsWith("/jsx-runtime")) return null;
    if (path !== `${folderOf(path)}/deps.ts`) return `a package is imported by ${folderOf(path)}/deps.ts`;
    return written.startsWith("npm:") ? null : checkName(path, written);
  });
}

function checkName(path: string, written: string): string | null {
  const relative = /^(\.{1,2}\/|npm:|node:)/.test(written);
  if (relative || isTest(path) || isProgram(path)) return null;
  return `${written} is a name of deno.json, which an importer by URL does not see`;
}

/** What gpu/mod.ts reaches stays within gpu/. */
export function checkEngineReach(files: SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>(byPath.has("gpu/mod.ts") ? ["gpu/mod.ts"] : []);
  for (const path of reached) {
    for (const { target } of byPath.get(path)?.imports ?? []) reached.add(target);
  }
  return [...reached].filter((path) => !path.startsWith("gpu/") && !path.startsWith("node:"))
    .map((path) => `gpu/mod.ts reaches ${path}`);
}

/** The layers of gpu/: a layer imports only what is to its left or below. */
export function checkLayers(files: SourceFile[]): string[] {
  const layerOf = (path: string) => path.split("/").length > 2 ? path.split("/")[1] : "";
  const strays = files.map(({ path }) => path).filter((path) => folderOf(path) === "gpu" && isCode(path))
    .filter((path) =>
      layerOf(path) === "" ? path !== "gpu/mod.ts" && !isProgram(path) : !layers[layerOf(path)]
    )
    .map((path) => `${path} stands in no layer`);
  const crossings = eachImport(files, ({ path }, { target }) => {
    if (folderOf(path) !== "gpu" || folderOf(target) !== "gpu" || layerOf(path) === "") return null;
    const [from, to] = [layerOf(path), layerOf(target)];
    return from === to || layers[from]?.includes(to) ? null : `${from} may not import ${to || target}`;
  });
  return [...strays, ...crossings];
}

/** Import cycles, types included, each as the path around. */
export function checkCycles(files: SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const visit = (path: string, trail: string[]) => {
    if (state.get(path) === "open") cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    if (state.has(path)) return;
    state.set(path, "open");
    for (const { target } of byPath.get(path)?.imports ?? []) visit(target, [...trail, path]);
    state.set(path, "done");
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

/** WebGPU itself is touched in gpu/device only; types may be named anywhere. */
export function checkWebgpu(files: SourceFile[]): string[] {
  const touches =
    /\bnavigator\s*\??\.\s*gpu\b|\b(new|instanceof)\s+GPU[A-Z]\w*|\bGPU(BufferUsage|TextureUsage|ShaderStage|MapMode)\b/;
  return files.filter(({ path }) => /\.tsx?$/.test(path) && !isTest(path) && !path.startsWith("gpu/device/"))
    .flatMap(({ path, text }) => {
      const found = touches.exec(withoutComments(text));
      return found ? [`${path}: ${found[0]} belongs in gpu/device`] : [];
    });
}

/** Names in snake_case, a comment first that says why the file exists, and not too long. */
export function checkFiles(files: SourceFile[]): string[] {
  return files.filter(({ path }) => isCode(path)).flatMap(({ path, text }) => {
    const lines = text.split("\n").length - 1;
    const name = path.slice(path.lastIndexOf("/") + 1);
    return [
      ...(lines > longestFile ? [`${path} has ${lines} lines, above ${longestFile}`] : []),
      ...(/^[a-z0-9_]+(\.d|\.as)?\.[a-z]+$/.test(name) ? [] : [`${path} is not snake_case`]),
      ...(/^\s*(\/\/|\/\*)/.test(text) ? [] : [`${path} does not open with a comment`]),
    ];
  });
}

/** Every program named in deno.json's tasks is there. */
export function checkTasks(files: SourceFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const tasks: Record<string, string> =
    JSON.parse(files.find(({ path }) => path === "deno.json")?.text ?? "{}").tasks;
  return Object.entries(tasks ?? {}).flatMap(([task, command]) =>
    (command.match(/\b[a-z][\w/]*_cli\.ts/g) ?? [])
      .filter((program) => !paths.has(program)).map((program) => `task ${task}: ${program} is not there`)
  );
}

function eachImport(
  files: SourceFile[],
  judge: (file: SourceFile, entry: Import) => string | null,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((entry) => {
      const wrong = judge(file, entry);
      return wrong === null ? [] : [`${file.path} imports ${entry.written}: ${wrong}`];
    })
  );
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\/|(^|\s)\/\/.*/gm, "$1");
}
