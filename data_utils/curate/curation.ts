/**
 * What all programs that make variants of data sets do at their end: say what would be written (`--dry-run`), or write
 * all outputs at once and, beside the first, where they came from. A provenance file names neither a time nor a
 * machine, so that a variant made again has the same one.
 */
import { dirname } from "node:path";
import { writeAllAtomically, writeFully } from "../runs/atomic.ts";
import { checkedOutCommit, VERSION } from "../program/version.ts";
import { type ClassHistogram, histogramLines, histogramOf } from "./class_histogram.ts";
import { factsOf, type FileFacts, hashOpenFile } from "./file_hash.ts";

/** A file to be: `write` fills it, and leaves it open. */
export interface CuratedOutput {
  readonly path: string;
  write(file: Deno.FsFile): Promise<void>;
}

/** A variant that is ready to be written. */
export interface Curation {
  /** The command's name: `incaps-subset`. */
  readonly command: string;
  /** Values of the flags that shape the result, as the user wrote them; none that says only how it is made. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Null where nothing is drawn. */
  readonly seed: number | null;
  /** Files and folders that were read. */
  readonly inputs: readonly string[];
  /** The first gives the provenance file its name. */
  readonly outputs: readonly CuratedOutput[];
  /** Rows per class, or null where rows have none. */
  readonly classes: { readonly names: readonly string[]; readonly counts: ArrayLike<number> } | null;
  /** Rows of the first output. */
  readonly rows: number;
  /** What a user should know: choices where the reference was undefined, other names of the same file. */
  readonly notes?: readonly string[];
  /** More for the provenance file and `--json`. */
  readonly also?: Readonly<Record<string, unknown>>;
}

/** How a curation ends. */
export interface FinishOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly signal?: AbortSignal;
}

/** The flags that every program of this kind has. */
export const curationFlags = {
  seed: { kind: "whole", default: 42, least: 0, most: 2 ** 32 - 1, help: "seed of what is drawn" },
  "dry-run": { kind: "switch", help: "print what would be written and the rows per class, write nothing" },
  json: { kind: "switch", help: "print that as JSON" },
  help: { kind: "switch", help: "this text" },
} as const;

/** Where the provenance of an output stands. */
export const provenancePath = (output: string): string => `${output}.provenance.json`;

/**
 * Ends a curation: with `dryRun` it prints paths, rows and classes; else it writes the outputs and the provenance file,
 * all or none, and prints their paths. Missing folders of outputs are made. Throws RangeError for an output that is an
 * input, that stands twice, or is a folder.
 */
export async function finishCuration(curation: Curation, options: FinishOptions): Promise<void> {
  const { inputs, outputs } = curation, { dryRun, json, signal } = options;
  await refuseClashes(inputs, outputs);
  const histogram = curation.classes && histogramOf(curation.classes.names, curation.classes.counts);
  const written = dryRun ? null : await writeOutputs(curation, histogram, signal);
  if (json) console.log(jsonText(asJson(curation, histogram, written)));
  else console.log(asText(curation, histogram, written).join("\n"));
}

/** What a path leads to, whether or not it is there yet. */
async function realPath(path: string): Promise<string> {
  const folder = dirname(path), base = path.slice(path.lastIndexOf("/") + 1);
  return await Deno.realPath(path).catch(async () =>
    `${folder === path ? folder : await realPath(folder)}/${base}`
  );
}

async function refuseClashes(inputs: readonly string[], outputs: readonly CuratedOutput[]): Promise<void> {
  const taken = new Map<string, string>();
  for (const input of inputs) taken.set(await realPath(input), `is an input: it would be overwritten`);
  for (const path of [...outputs.map((output) => output.path), provenancePath(outputs[0].path)]) {
    const real = await realPath(path), clash = taken.get(real);
    if (clash) throw new RangeError(`${path} ${clash}; choose another output or rename the input`);
    if ((await Deno.stat(path).catch(() => null))?.isDirectory) {
      throw new RangeError(`${path} is a folder where a file is to be written: remove or rename it`);
    }
    taken.set(real, "is written twice");
  }
}

/** Writes outputs and provenance; returns the outputs' facts. */
async function writeOutputs(
  curation: Curation,
  histogram: ClassHistogram | null,
  signal?: AbortSignal,
): Promise<FileFacts[]> {
  const { inputs, outputs } = curation, written: FileFacts[] = [], read: FileFacts[] = [];
  for (const input of inputs) read.push(await factsOf(input, signal));
  for (const { path } of outputs) await Deno.mkdir(dirname(path), { recursive: true });
  const files = outputs.map(({ path, write }) => ({
    path,
    async write(file: Deno.FsFile) {
      signal?.throwIfAborted();
      await write(file);
      written.push({ path, ...await hashOpenFile(file, signal) });
    },
  }));
  const provenance = async (file: Deno.FsFile) => {
    const facts = {
      program: `beyond-tail data ${curation.command}`,
      version: VERSION,
      commit: await checkedOutCommit(),
      deno: Deno.version.deno,
      ...asJson(curation, histogram, written),
      inputs: read,
    };
    await writeFully(file, new TextEncoder().encode(jsonText(facts) + "\n"));
  };
  await writeAllAtomically([...files, { path: provenancePath(outputs[0].path), write: provenance }]);
  return written;
}

/** Indented JSON, in which a class and its count share a line. */
const jsonText = (value: unknown) =>
  JSON.stringify(value, null, 2).replace(/\[\n\s*("(?:[^"\\]|\\.)*"),\n\s*(\d+)\n\s*\]/g, "[$1, $2]");

function asJson(curation: Curation, histogram: ClassHistogram | null, written: FileFacts[] | null) {
  const { command, flags, seed, inputs, outputs, rows, notes = [], also = {} } = curation;
  return {
    ...{ command, flags, seed, rows, notes, ...also },
    classes: histogram,
    written: written !== null,
    inputs: inputs as readonly unknown[],
    outputs: written ?? outputs.map(({ path }) => ({ path })),
  };
}

function asText(curation: Curation, histogram: ClassHistogram | null, written: FileFacts[] | null): string[] {
  const { outputs, rows, notes = [] } = curation, done = written !== null;
  const paths = outputs.map(({ path }) => `  ${path}`);
  return [
    `${done ? "Written" : "Would be written"}, ${rows.toLocaleString("en-US")} rows:`,
    ...paths,
    `  ${provenancePath(outputs[0].path)}`,
    ...(histogram === null ? [] : histogramLines(histogram, done)),
    ...notes.map((note) => `Note: ${note}`),
  ];
}
