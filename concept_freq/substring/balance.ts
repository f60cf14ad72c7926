/**
 * MetaCLIP's balancing: of each entry about t matches are let through. An entry's matches count with probability
 * p = t / max(count, t); a caption is kept iff one of its matches is drawn. Draws are NumPy's RandomState(seed)
 * .random_sample, one per match, file by file in sorted order, within a file by entry and then caption, so the outcome
 * depends neither on the number of workers nor on the size of the units.
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import {
  captionArena,
  type CaptionOptions,
  openCaptionFile,
  type Progress,
  randomState,
} from "../../data_utils/mod.ts";
import type { CountOutcome, Partial } from "../run/count_job.ts";
import type { CompiledEntries } from "./compile_entries.ts";
import { outputName } from "./kept_outputs.ts";
import { type KeptRows, writeKeptRows } from "./kept_rows.ts";

/** By entry: the chance of one match. `t` may be Infinity. */
export function entryProbabilities(counts: ArrayLike<number>, t: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(counts, (count) => count <= t ? 1 : t / count);
}

/** A file of captions and where its kept rows are. */
export interface BalancedFile extends KeptRows {
  readonly file: string;
  readonly output: string;
}

/** What is balanced. */
export interface BalanceJob {
  /** Of the counter "matches", with the folder of its partial results still there. */
  readonly outcome: CountOutcome;
  readonly captionOptions: CaptionOptions;
  readonly blockBytes?: number;
  readonly compiled: Pick<CompiledEntries, "patternOf" | "patterns">;
  readonly probability: Float64Array<ArrayBuffer>;
  readonly seed: number;
  readonly out: string;
  /** A folder for temporary files. */
  readonly scratch: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Entries by pattern, where an entry occurs twice. */
function entriesByPattern(
  { patternOf, patterns }: BalanceJob["compiled"],
): ((pattern: number) => Uint32Array) | null {
  if (!patternOf) return null;
  const starts = new Uint32Array(patterns + 1), entries = new Uint32Array(patternOf.length);
  for (const pattern of patternOf) starts[pattern + 1]++;
  for (let p = 0; p < patterns; p++) starts[p + 1] += starts[p];
  const next = starts.slice();
  patternOf.forEach((pattern, entry) => entries[next[pattern]++] = entry);
  return (pattern) => entries.subarray(starts[pattern], starts[pattern + 1]);
}

/** The files that earlier runs finished, by what determined them; kept beside the partial results. */
interface Finished extends BalancedFile {
  readonly digest: string;
  readonly bytes: number;
}

async function finishedBefore(path: string): Promise<Map<string, Finished>> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  // The last line may have been cut short when the run was killed.
  const lines = text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Finished);
  if (!text.endsWith("\n") && text !== "") {
    await Deno.writeTextFile(path, lines.map((line) => JSON.stringify(line) + "\n").join(""));
  }
  return new Map(lines.map((line) => [line.digest, line]));
}

const sha256 = (...parts: (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");

/**
 * Writes the kept rows of every file of the outcome; files that an earlier run finished under the same settings are
 * left as they are. Throws RangeError when an output would be an input, or two inputs have the same output.
 */
export async function balance(job: BalanceJob): Promise<BalancedFile[]> {
  const { outcome, captionOptions, blockBytes, probability, seed, out, scratch, progress, signal } = job;
  const partialsOf = Map.groupBy(outcome.partials, ({ file }) => file);
  const opened = [];
  for (const [f, counted] of outcome.files.entries()) {
    if (counted.failure !== undefined) continue;
    const file = await openCaptionFile(counted.path, captionOptions, blockBytes);
    const output = `${out}/${outputName(counted.file, file.format)}`;
    opened.push({ counted, file, output, partials: partialsOf.get(f) ?? [] });
  }
  await checkOutputs(opened.map(({ counted, output }) => ({ path: counted.path, output })));

  const log = `${outcome.folder}/balanced.jsonl`, before = await finishedBefore(log);
  const settings = sha256(outcome.digest, `\n${seed}\n`, new Uint8Array(probability.buffer));
  const stream = randomState(seed), arena = captionArena(), entriesOf = entriesByPattern(job.compiled);
  const done: BalancedFile[] = [];
  let draws = 0;
  for (const [i, { counted, file, output, partials }] of opened.entries()) {
    signal.throwIfAborted();
    const shown = `file ${i + 1} of ${opened.length}`;
    const digest = sha256(
      JSON.stringify([settings, draws, counted.file, counted.hash, counted.modified, output]),
    );
    const earlier = before.get(digest);
    if (earlier && await bytesOf(output) === earlier.bytes) {
      progress.show(`${shown} was balanced before`);
      for (let n = 0; n < earlier.draws; n++) stream.sample();
      done.push(balanced(counted.file, output, earlier));
    } else {
      progress.show(`balancing ${shown}`);
      const kept = await writeKeptRows(file, inOrder(partials), output, {
        ...{ probability, entriesOf, stream, arena, scratch, signal },
      });
      done.push(balanced(counted.file, output, kept));
      const line: Finished = { ...done.at(-1)!, digest, bytes: await bytesOf(output) };
      await Deno.writeTextFile(log, JSON.stringify(line) + "\n", { append: true });
    }
    draws += done.at(-1)!.draws;
  }
  progress.end();
  return done;
}

const inOrder = (partials: readonly Partial[]) => partials.toSorted((a, b) => a.unit - b.unit);

const balanced = (file: string, output: string, { rows, kept, expected, draws }: KeptRows): BalancedFile => ({
  ...{ file, output, rows, kept, expected, draws },
});

/** Bytes of a file; -1 where there is none. */
async function bytesOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => -1);
}

const real = (path: string) => Deno.realPath(path).catch(() => path);

/** Where a folder is, or will be: the real path of what there is of it already. */
async function realFolder(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    const name = basename(path), above = dirname(path);
    if (!(error instanceof Deno.errors.NotFound) || above === path) throw error;
    return join(await realFolder(above), name);
  }
}

/**
 * Throws RangeError when the output folder lies in one of the folders that are read: its files would be read as
 * captions by the next run.
 */
export async function checkOutputFolder(out: string, inputs: readonly string[]): Promise<void> {
  const folder = `${await realFolder(out)}/`;
  for (const input of inputs) {
    if (input === "-" || !folder.startsWith(`${await real(input)}/`)) continue;
    throw new RangeError(`${out} lies within the captions in ${input}: give another folder with --out`);
  }
}

async function checkOutputs(files: readonly { path: string; output: string }[]): Promise<void> {
  const inputs = new Set(await Promise.all(files.map(({ path }) => real(path)))),
    by = new Map<string, string>();
  for (const { path, output } of files) {
    if (inputs.has(await real(output))) {
      throw new RangeError(`${output} is one of the captions: give another folder with --out`);
    }
    if (by.has(output)) {
      throw new RangeError(`${by.get(output)} and ${path} would both become ${output}: balance them apart`);
    }
    by.set(output, path);
  }
}
