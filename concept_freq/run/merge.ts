/**
 * Shards of one count, made on several machines or one after the other, brought together: they must be of the same
 * files and settings, and every unit must be there once. A unit that could not be read without another shard's is read
 * now, if its file can be reached.
 */
import { fingerprintFile, openCaptionFile, type Progress } from "../../data_utils/mod.ts";
import { isBroken } from "./chain.ts";
import type { CountOutcome } from "./count_job.ts";
import { type FileState, fileState, fits, mendChains } from "./count_units.ts";
import { countedFiles, orderedPartials, totalTally } from "./outcome.ts";
import { type PartialFile, readPartials } from "./partial_file.ts";
import { differences, type Plan, type PlannedFile, readPlan, SPEC_FILE } from "./plan.ts";
import { openPool } from "./pool.ts";
import { readSpec } from "./spec_file.ts";

/** One shard's folder with its plan and partial results. */
interface Part {
  readonly folder: string;
  readonly plan: Plan;
  readonly partials: readonly PartialFile[];
}

/** Shards put together. */
export interface Merged {
  readonly outcome: CountOutcome;
  /** Units that no shard has, a line each; the outcome is without them. */
  readonly missing: readonly string[];
}

/** How shards are put together. */
export interface MergeOptions {
  /** Folders: of a shard's partial results, or the --out of its run. */
  readonly parts: readonly string[];
  /** A folder for units that are read again. */
  readonly scratch: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The folders of partial results that `part` is or holds. Throws RangeError when there are none. */
async function foldersOf(part: string): Promise<string[]> {
  if (await readPlan(part)) return [part];
  const below: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(`${part}/.partial`)) {
      const folder = `${part}/.partial/${name}`;
      if (isDirectory && await readPlan(folder)) below.push(folder);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (below.length > 0) return below.sort();
  throw new RangeError(
    `${part} holds no partial results: give the --out of a run with --shard or --keep-partials`,
  );
}

/** Throws RangeError when a part is not of the same count as the first. */
function checkSame({ plan: a, folder: first }: Part, { plan: b, folder }: Part): void {
  const complain = (what: string) => {
    throw new RangeError(`${folder} and ${first} are not of one count: ${what}`);
  };
  if (a.command !== b.command) {
    complain(`freq ${b.command} and freq ${a.command}; name the folders one by one`);
  }
  if (a.digest !== b.digest) complain(`they differ in ${differences(a.settings, b.settings).join(", ")}`);
  const files = new Map(a.files.map((file) => [file.file, file]));
  const others = new Set(b.files.map(({ file }) => file));
  for (const file of others) if (!files.has(file)) complain(`only ${folder} counts ${file}`);
  for (const file of files.keys()) if (!others.has(file)) complain(`only ${first} counts ${file}`);
  for (const { file, fingerprint, failure } of b.files) {
    const other = files.get(file)!;
    if (failure || other.failure) continue; // it is left out, and said so
    if (other.fingerprint.hash !== fingerprint.hash || other.fingerprint.bytes !== fingerprint.bytes) {
      complain(`${file} differs between them: count that part again`);
    }
  }
}

/** The file as the shards together know it; what one of them could not read is left out. */
function sharedFile(file: string, parts: readonly Part[]): PlannedFile {
  const seen = parts.map(({ plan }) => plan.files.find((one) => one.file === file)!);
  return seen.find(({ failure }) => failure) ?? seen[0];
}

/** Takes each partial result for its unit. Throws RangeError for a unit that two folders hold. */
function takeUnits(files: readonly FileState[], parts: readonly Part[], digest: string): PartialFile[] {
  const byName = new Map(files.map((file) => [file.planned.file, file]));
  const holders = new Map<string, string>(), taken: PartialFile[] = [];
  for (const { partials, folder } of parts) {
    for (const partial of partials) {
      const { file: name, unit, began, ended, tally, seconds, fingerprint } = partial.header;
      const file = byName.get(name);
      // Machines may have other times of the same file.
      const { modified } = file?.planned.fingerprint ?? fingerprint;
      const same = { ...partial, header: { ...partial.header, fingerprint: { ...fingerprint, modified } } };
      if (!file || file.failure || !fits(same, file, digest)) continue;
      const key = `${unit.index} ${name}`, other = holders.get(key);
      if (other !== undefined) {
        throw new RangeError(
          `${other} and ${folder} both hold unit ${unit.index} of ${name}: give each part once`,
        );
      }
      holders.set(key, folder);
      file.ends[unit.index] = { result: { began, ended, tally, seconds } };
      taken.push(partial);
    }
  }
  return taken;
}

/** Marks the units that shards left to the merge as such, unless one has them after all. */
function markUnread(files: readonly FileState[], parts: readonly Part[]): void {
  for (const [name, unit] of parts.flatMap(({ plan }) => plan.unread)) {
    const file = files.find(({ planned }) => planned.file === name);
    if (file) {
      file.ends[unit] ??= { unsure: true };
    }
  }
}

/** Whether one of a file's units did not begin where the one before ended, or could not be read alone. */
const hasBroken = ({ ends, failure }: FileState) =>
  !failure && ends.some((end, i) => i > 0 && isBroken(ends[i - 1], end));

/** Reads again what is broken. Throws RangeError naming a file that cannot be reached or is no longer the same. */
async function mend(
  broken: readonly FileState[],
  { folder, plan }: Part,
  { scratch, signal }: MergeOptions,
): Promise<PartialFile[]> {
  for (const { planned: { path, fingerprint } } of broken) {
    const now = await fingerprintFile(path).catch(() => null);
    if (now?.hash === fingerprint.hash) continue;
    throw new RangeError(
      `A quoted caption of ${path} runs from one part into another, so that it has to be looked at again, ` +
        `and it is not there as it was: merge where it is`,
    );
  }
  const reading = plan.reading;
  const states = await Promise.all(broken.map(async (file): Promise<FileState> => ({
    ...file,
    opened: await openCaptionFile(file.planned.path, reading.captionOptions, reading.blockBytes),
  })));
  const spec = await readSpec(`${folder}/${SPEC_FILE}`);
  const pool = openPool({ workers: 1, kind: plan.kind, spec, scratch, onCaptions: () => {}, signal });
  try {
    await mendChains(states, { pool, digest: plan.digest, folder: scratch, width: 1, onUnit: () => {} });
  } finally {
    await pool.close();
  }
  broken.forEach((file, i) => file.failure = states[i].failure);
  return (await readPartials(scratch)).whole;
}

/**
 * Brings shards together. Throws RangeError for parts that do not go together or hold a unit twice, and for a unit that
 * has to be read again where its file is not at hand.
 */
export async function mergeParts(options: MergeOptions): Promise<Merged> {
  const began = performance.now(), folders: string[] = [];
  for (const part of options.parts) folders.push(...await foldersOf(part.replace(/(?<=.)\/+$/, "")));
  const parts: Part[] = [];
  for (const folder of folders) {
    const { whole, spoilt } = await readPartials(folder);
    if (spoilt > 0) options.progress.note(`${folder}: ${spoilt} spoilt partial results are not used`);
    parts.push({ folder, plan: (await readPlan(folder))!, partials: whole });
  }
  for (const part of parts.slice(1)) checkSame(parts[0], part);

  const [{ plan }] = parts, { command, name, captionsName, digest, settings, about } = plan;
  const files = plan.files.map(({ file }) => fileState(sharedFile(file, parts), null));
  let found = takeUnits(files, parts, digest);
  markUnread(files, parts);
  const broken = files.filter(hasBroken);
  if (broken.length > 0) {
    const again = await mend(broken, parts[0], options);
    const key = ({ header }: PartialFile) => `${header.unit.index} ${header.file}`;
    const replaced = new Set(again.map(key));
    found = [...found.filter((partial) => !replaced.has(key(partial))), ...again];
  }

  const missing = files.flatMap(({ ends, failure, planned }) =>
    failure ? [] : ends.flatMap((end, unit) =>
      end && "result" in end ? [] : [
        `unit ${unit} of ${ends.length} of ${planned.file} ${end ? "needs the one before" : "is in no part"}`,
      ]
    )
  );
  const partials = orderedPartials(found, files);
  const outcome: CountOutcome = {
    ...{
      command,
      name,
      captionsName,
      digest,
      settings,
      about,
      partials,
      resumed: partials.length,
      shard: null,
    },
    folder: parts[0].folder,
    files: countedFiles(files, partials),
    tally: totalTally(partials),
    leftOut: [...files.flatMap(({ failure }) => failure ? [failure.message] : []), ...missing],
    units: partials.length,
    seconds: (performance.now() - began) / 1000,
  };
  return { outcome, missing };
}
