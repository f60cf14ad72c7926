/**
 * A count from beginning to end: it is planned, what an earlier run left is taken over, the rest is counted by workers,
 * and the partial results are handed on. Killed at any moment, it goes on where it was.
 */
import { Failure, Stopped } from "../../data_utils/mod.ts";
import type { CountJob, CountOutcome } from "./count_job.ts";
import { countProgress } from "./count_progress.ts";
import { countUnits, type FileState, fileState, fits, mendChains } from "./count_units.ts";
import { outcomeOf } from "./outcome.ts";
import { readPartials } from "./partial_file.ts";
import { type FreshPlan, makePlan, readPlan, SPEC_FILE, writePlan } from "./plan.ts";
import { openPool } from "./pool.ts";
import { checkAgainstEarlier } from "./resume.ts";
import { lockPath } from "./run_lock.ts";
import { writeSpec } from "./spec_file.ts";

/** A count whose folder is still held by this process. To be released when its tables are written. */
export interface HeldCount extends CountOutcome {
  /** Lets go of the folder; `keep` leaves the partial results where they are. */
  release(keep: boolean): Promise<void>;
}

/** The folder of a count's partial results. */
export function partialFolder({ out, command, name, shard }: CountJob): string {
  const part = shard ? `.shard-${shard.index}-of-${shard.of}` : "";
  return `${out}/.partial/${command}_${name}${part}`;
}

/**
 * Counts. Throws RangeError for inputs that are not there, or an earlier run with other settings; Failure when no file
 * could be read or the machine fails; Stopped after the signal; Deno.errors.Busy while another process has the folder.
 * A file that cannot be read is left out, and named in the outcome.
 */
export async function runCount<Spec>(job: CountJob<Spec>): Promise<HeldCount> {
  const began = performance.now(), folder = partialFolder(job), lockFile = `${folder}.lock`;
  const outIsNew = await isAbsent(job.out);
  await Deno.mkdir(`${job.out}/.partial`, { recursive: true });
  const lock = await lockPath(lockFile);
  const release = async (keep: boolean) => {
    if (!keep) await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
    else await Deno.remove(`${folder}/scratch`, { recursive: true }).catch(ignoreMissing);
    await Deno.remove(lockFile).catch(ignoreMissing);
    lock[Symbol.dispose]();
    if (!keep) await removeEmpty([`${job.out}/.partial`, ...outIsNew ? [job.out] : []]);
  };
  try {
    if (job.restart) await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
    await Deno.remove(`${folder}/scratch`, { recursive: true }).catch(ignoreMissing);
    await Deno.mkdir(`${folder}/scratch`, { recursive: true });
    const earlier = await readPartials(folder);
    const fresh = await makePlan(job, `${folder}/scratch`);
    const earlierPlan = await readPlan(folder);
    if (earlierPlan && earlier.whole.length > 0) {
      checkAgainstEarlier(earlierPlan, fresh.plan, earlier.whole, job, folder);
    }
    if (earlier.spoilt > 0) job.progress.note(`${earlier.spoilt} spoilt partial results are counted anew`);
    const files = fresh.plan.files.map((planned, i) => fileState(planned, fresh.opened[i]));
    const resumed = await takeOver(files, earlier.whole, fresh.plan.digest);
    await writePlan(folder, fresh.plan);
    await job.aside?.(folder);
    if (job.shard) await writeSpec(`${folder}/${SPEC_FILE}`, job.spec);
    await count(job, files, { folder, fresh, resumed });
    const outcome = await outcomeOf({
      ...{ files, plan: fresh.plan, folder, resumed, began },
      note: (text) => job.progress.note(text),
    });
    return { ...outcome, release };
  } catch (error) {
    await release(await holdsPartials(folder));
    throw error;
  }
}

/** Takes over the partial results that fit, and removes those of a former state of their file. */
async function takeOver(
  files: readonly FileState[],
  partials: Awaited<ReturnType<typeof readPartials>>["whole"],
  digest: string,
): Promise<number> {
  const byName = new Map(files.map((file) => [file.planned.file, file]));
  let taken = 0;
  for (const partial of partials) {
    const { header, path } = partial, file = byName.get(header.file);
    if (file?.planned.failure) continue;
    if (file && fits(partial, file, digest)) {
      const { began, ended, tally, seconds } = header;
      file.ends[header.unit.index] = { result: { began, ended, tally, seconds } };
      taken++;
    } else await Deno.remove(path);
  }
  return taken;
}

/** Whether a unit belongs to a shard. Independent of which files could be opened there. */
function isMine(file: number, unit: number, shard: CountJob["shard"]): boolean {
  return !shard || (file + unit) % shard.of === shard.index - 1;
}

async function count(
  job: CountJob,
  files: readonly FileState[],
  { folder, fresh, resumed }: { folder: string; fresh: FreshPlan; resumed: number },
): Promise<void> {
  const mine = files.flatMap((file, i) =>
    file.ends.flatMap((_, unit) => isMine(i, unit, job.shard) ? [[file, unit] as const] : [])
  );
  const open = mine.filter(([file, unit]) => !file.ends[unit]);
  if (resumed > 0) job.progress.note(`resumed: ${resumed} of ${mine.length} units are done`);
  const bytes = ([file, unit]: readonly [FileState, number]) => unitBytes(file, unit);
  const shown = countProgress(job.progress, {
    totalBytes: open.reduce((sum, unit) => sum + bytes(unit), 0),
    totalUnits: open.length,
  });
  const width = Math.max(1, Math.min(job.workers ?? navigator.hardwareConcurrency, mine.length));
  const pool = openPool({
    ...{ workers: width, kind: job.kind, spec: job.spec, scratch: `${folder}/scratch`, signal: job.signal },
    onCaptions: (captions) => shown.captions(captions),
  });
  let done = resumed;
  const onUnit = (file: FileState, unit: number) => {
    done++;
    shown.unit(bytes([file, unit]));
  };
  const work = { pool, digest: fresh.plan.digest, folder, width, onUnit };
  try {
    await countUnits(open, work);
    await mendChains(files, work);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new Stopped(`Stopped after ${done} of ${mine.length} units; the same command goes on from there`);
  } finally {
    await pool.close();
    shown.end();
  }
  await markChanged(files);
  const failed = files.filter(({ failure }) => failure);
  if (failed.length === files.length) throw noneRead(failed);
}

/** A unit's part of its file's bytes; row groups count alike. */
function unitBytes({ planned: { units, fingerprint } }: FileState, unit: number): number {
  const [start, end] = units[unit], total = units.at(-1)![1] - units[0][0];
  return total > 0 ? fingerprint.bytes * (end - start) / total : 0;
}

/** A file that is written to while it is read gives counts of no state that it ever had. */
async function markChanged(files: readonly FileState[]): Promise<void> {
  for (const file of files) {
    const { path, fingerprint, file: name } = file.planned;
    if (file.failure || name === "-") continue;
    const now = await Deno.stat(path).catch(() => null);
    if (now?.size === fingerprint.bytes && (now.mtime?.getTime() ?? 0) === fingerprint.modified) continue;
    file.failure = { message: `${path} changed while it was read: count it again`, input: false };
  }
}

function noneRead(failed: readonly FileState[]): Failure {
  const reasons = failed.map(({ failure }) => failure!),
    shown = reasons.slice(0, 10).map((one) => one.message);
  const more = reasons.length > shown.length ? `; and ${reasons.length - shown.length} more` : "";
  const text = reasons.length === 1 ? shown[0] : `No file could be read: ${shown.join("; ")}${more}`;
  return new Failure(text, reasons.every(({ input }) => input) ? 2 : 1);
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function holdsPartials(folder: string): Promise<boolean> {
  for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".part")) return true;
  return false;
}

/** Whether there is nothing at a path: a folder that is made there may be taken away again. */
export async function isAbsent(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => false, (error) => error instanceof Deno.errors.NotFound);
}

/** Removes folders that are empty, the innermost first. */
export async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await Deno.remove(folder).catch(() => {});
}
