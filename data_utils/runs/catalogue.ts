/** The runs found under a folder, for lists and comparisons; a broken run is listed with what is wrong with it. */
import { type JsonRecord, readLastJsonl } from "./jsonl.ts";
import { readRunConfig, RUN_FILES, type RunConfig } from "./run_dir.ts";

/** One run: its folder relative to the root, its configuration and its last logged record. */
export interface RunSummary {
  dir: string;
  config: RunConfig | null;
  last: JsonRecord | null;
  problem?: string;
}

/** Files of a run as `path of folder relative to root`, down to `depth` folders, in order of their names. */
async function* runFolders(root: string, relative: string, depth: number): AsyncGenerator<string> {
  const folders: string[] = [];
  for await (const entry of Deno.readDir(`${root}/${relative}`)) {
    if (entry.isFile && entry.name === RUN_FILES.config) yield relative || ".";
    if (entry.isDirectory && !entry.name.startsWith(".")) folders.push(entry.name);
  }
  if (depth === 0) return;
  for (const name of folders.sort()) {
    yield* runFolders(root, relative ? `${relative}/${name}` : name, depth - 1);
  }
}

async function summarise(root: string, dir: string): Promise<RunSummary> {
  const summary: RunSummary = { dir, config: null, last: null };
  try {
    summary.config = await readRunConfig(`${root}/${dir}`);
    summary.last = await readLastJsonl(`${root}/${dir}/${RUN_FILES.metrics}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) summary.problem = (error as Error).message;
  }
  return summary;
}

/** All runs in `root` and up to `depth` folders below it. Throws Deno.errors.NotFound when `root` does not exist. */
export async function listRuns(root: string, depth = 3): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  for await (const dir of runFolders(root, "", depth)) runs.push(await summarise(root, dir));
  return runs;
}
