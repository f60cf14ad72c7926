/**
 * What a count is going to read: every file with its state and its units, and the settings. Kept beside the partial
 * results, so that a later run, or a merge, can tell what they are part of.
 */
import {
  type CaptionFile,
  type CaptionOptions,
  errorLine,
  exitCode,
  type Fingerprint,
  fingerprintFile,
  listCaptionFiles,
  openCaptionFile,
  spoolStdin,
  writeJsonAtomically,
} from "../../data_utils/mod.ts";
import type { CountJob, Shard } from "./count_job.ts";
import type { UnitFailure } from "./unit_task.ts";

const FORMAT = "beyond-tail freq plan 1";
export const PLAN_FILE = "plan.json", SPEC_FILE = "spec.bin";

/** A file of a plan. */
export interface PlannedFile {
  /** Relative to the inputs' common folder, with "/"; "-" is standard input. */
  readonly file: string;
  readonly path: string;
  readonly fingerprint: Fingerprint;
  /** First byte or row group of each unit, and the one behind its last. */
  readonly units: readonly (readonly [start: number, end: number])[];
  /** Why it could not be opened. */
  readonly failure?: UnitFailure;
}

/** A plan as it is kept. */
export interface Plan {
  readonly format: typeof FORMAT;
  readonly command: string;
  readonly name: string;
  readonly captionsName: string;
  readonly kind: string;
  readonly digest: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly about: unknown;
  /** How the files are opened. */
  readonly reading: { readonly captionOptions: CaptionOptions; readonly blockBytes?: number };
  readonly shard: Shard | null;
  readonly files: readonly PlannedFile[];
  /** Files and units that a finished shard had to leave to the merge, as file and unit number. */
  readonly unread: readonly (readonly [file: string, unit: number])[];
}

/** A plan that was just made, with what its files look like inside; null for those that cannot be opened. */
export interface FreshPlan {
  readonly plan: Plan;
  readonly opened: readonly (CaptionFile | null)[];
}

/** Settings of the job and of reading, which together determine the counts of a given input. */
export function allSettings(
  { kind, settings, captionOptions, blockBytes }: CountJob,
): Record<string, string> {
  const { column, quoting, header, format } = captionOptions;
  const reading = { "caption column": column, quoting, header, format, "block size": blockBytes };
  const said = Object.entries(reading).filter(([, value]) => value !== undefined);
  return { ...settings, ...Object.fromEntries(said.map(([key, value]) => [key, String(value)])), kind };
}

/** SHA-256 (hex) of settings, whatever their order. */
export async function digestOf(settings: Readonly<Record<string, string>>): Promise<string> {
  const sorted = Object.entries(settings).sort(([a], [b]) => a < b ? -1 : 1);
  const bytes = new TextEncoder().encode(JSON.stringify(sorted));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Names of the settings in which two counts differ. */
export function differences(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]).sort();
}

function absolute(path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${Deno.cwd()}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** The paths relative to the folder that holds them all. */
export function relativePaths(paths: readonly string[]): string[] {
  const split = paths.map((path) => absolute(path).split("/"));
  const first = split[0] ?? [];
  let common = Math.min(...split.map((parts) => parts.length)) - 1;
  for (const parts of split) {
    let same = 0;
    while (same < common && parts[same] === first[same]) same++;
    common = same;
  }
  return split.map((parts) => parts.slice(common).join("/"));
}

async function planFile(
  path: string,
  file: string,
  job: CountJob,
): Promise<{ planned: PlannedFile; opened: CaptionFile | null }> {
  let fingerprint: Fingerprint = { bytes: 0, modified: 0, hash: "" };
  try {
    const { bytes, modified, hash } = await fingerprintFile(path);
    fingerprint = { bytes, modified: file === "-" ? 0 : modified, hash };
    const opened = await openCaptionFile(path, job.captionOptions, job.blockBytes);
    const units = opened.units.map(({ start, end }) => [start, end] as const);
    return { planned: { file, path: absolute(path), fingerprint, units }, opened };
  } catch (error) {
    const failure = { message: errorLine(error), input: exitCode(error) === 2 };
    return { planned: { file, path: absolute(path), fingerprint, units: [], failure }, opened: null };
  }
}

/** Looks at all inputs. Throws RangeError for an input that names nothing. */
export async function makePlan(job: CountJob, scratch: string): Promise<FreshPlan> {
  const { inputs, extension, signal } = job;
  const named = inputs.filter((input) => input !== "-");
  const paths = named.length > 0 ? await listCaptionFiles(named, { extension }) : [];
  if (named.length > 0 && paths.length === 0) {
    throw new RangeError(`There are no captions in ${named.join(" ")}`);
  }
  const places = relativePaths(paths).map((file, i) => ({ file, path: paths[i] }));
  if (inputs.includes("-")) places.push({ file: "-", path: await spoolStdin(scratch, signal) });

  const files: PlannedFile[] = [], opened: (CaptionFile | null)[] = [], queue = places.entries();
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (const [i, { file, path }] of queue) {
      signal.throwIfAborted();
      const found = await planFile(path, file, job);
      files[i] = found.planned;
      opened[i] = found.opened;
    }
  }));
  const settings = allSettings(job), digest = await digestOf(settings);
  const { command, name, captionsName, kind, about, shard = null } = job;
  const plan: Plan = {
    format: FORMAT,
    ...{ command, name, captionsName, kind, digest, settings, about, shard, files },
    reading: { captionOptions: job.captionOptions, blockBytes: job.blockBytes },
    unread: [],
  };
  return { plan, opened };
}

/** Keeps a plan in a count's folder. */
export function writePlan(folder: string, plan: Plan): Promise<void> {
  return writeJsonAtomically(`${folder}/${PLAN_FILE}`, plan);
}

/**
 * The plan kept in a folder; null when there is none. Throws RangeError for one of another version of the program, and
 * SyntaxError for a damaged one.
 */
export async function readPlan(folder: string): Promise<Plan | null> {
  const path = `${folder}/${PLAN_FILE}`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  let plan: Plan;
  try {
    plan = JSON.parse(text);
  } catch {
    throw new SyntaxError(`${path} is damaged: forget that count with --restart`);
  }
  if (plan?.format === FORMAT) return plan;
  throw new RangeError(
    `${path} has format ${JSON.stringify(plan?.format)}, this version has "${FORMAT}": ` +
      `go on with the version that began, or forget that count with --restart`,
  );
}
