/**
 * Has units counted that have no partial result yet, and mends the chain of each file. Used by a run for its own units
 * and by a merge for those that no shard could read alone.
 */
import type { CaptionFile } from "../../data_utils/mod.ts";
import { mendChain } from "./chain.ts";
import { type PartialFile, partialName } from "./partial_file.ts";
import type { PlannedFile } from "./plan.ts";
import type { UnitPool } from "./pool.ts";
import type { UnitEnd, UnitFailure, UnitTask } from "./unit_task.ts";

/** A file as far as it is counted. */
export interface FileState {
  readonly planned: PlannedFile;
  readonly opened: CaptionFile | null;
  /** By unit: how it ended; null where it is not (or not yet) counted here. */
  readonly ends: (UnitEnd | null)[];
  failure: UnitFailure | null;
}

/** A file of which nothing is counted yet. */
export function fileState(planned: PlannedFile, opened: CaptionFile | null): FileState {
  return { planned, opened, ends: planned.units.map(() => null), failure: planned.failure ?? null };
}

/** Whether a partial result is of this unit in its present state. */
export function fits({ header }: PartialFile, { planned }: FileState, digest: string): boolean {
  const { fingerprint: is, unit } = header,
    { fingerprint: wanted, units } = planned,
    place = units[unit.index];
  return header.digest === digest && header.file === planned.file &&
    is.bytes === wanted.bytes && is.modified === wanted.modified && is.hash === wanted.hash &&
    place?.[0] === unit.start && place[1] === unit.end;
}

/** What counting goes on with. */
export interface UnitWork {
  readonly pool: UnitPool;
  readonly digest: string;
  /** Where partial results go. */
  readonly folder: string;
  /** Files worked on at a time. */
  readonly width: number;
  readonly onUnit: (file: FileState, unit: number) => void;
}

/** Does `work` for each item, `width` at a time. */
export async function inLanes<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  await Promise.all(Array.from({ length: width }, async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  }));
}

async function taskOf(
  { planned, opened }: FileState,
  index: number,
  from: number | undefined,
  { digest, folder }: UnitWork,
): Promise<UnitTask> {
  if (!opened) throw new TypeError(`${planned.path} is not open`);
  const unit = opened.units[index], { file, fingerprint } = planned;
  return {
    file: { ...opened, units: [unit] },
    unit,
    from,
    identity: { digest, file, fingerprint, unit },
    path: `${folder}/${await partialName(file, index)}`,
  };
}

/** Counts the given units; a failure ends the counting of its file. */
export async function countUnits(
  units: Iterable<readonly [file: FileState, unit: number]>,
  work: UnitWork,
): Promise<void> {
  await inLanes(units, work.width, async ([file, unit]) => {
    if (file.failure) return;
    const end = await work.pool.run(await taskOf(file, unit, undefined, work));
    file.ends[unit] = end;
    if ("failure" in end) file.failure ??= end.failure;
    work.onUnit(file, unit);
  });
}

/**
 * Mends the chains of files, where the units are at hand. A unit that cannot be read from where the one before ended
 * is its file's failure.
 */
export async function mendChains(files: readonly FileState[], work: UnitWork): Promise<void> {
  await inLanes(files, work.width, async (file) => {
    if (file.failure) return;
    const again = await mendChain(
      file.ends,
      async (unit, from) => await work.pool.run(await taskOf(file, unit, from, work)),
    );
    for (const unit of again) {
      const end = file.ends[unit]!;
      if ("failure" in end) file.failure ??= end.failure;
    }
  });
}
