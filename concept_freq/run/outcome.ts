/** From counted files to the outcome that tables are made of. */
import { addTally, type CaptionTally, emptyTally } from "../../data_utils/mod.ts";
import type { CountedFile, CountOutcome, Partial } from "./count_job.ts";
import type { FileState } from "./count_units.ts";
import { type PartialFile, readPartials } from "./partial_file.ts";
import { type Plan, writePlan } from "./plan.ts";

/** The partial results of files that are whole, by file and unit. */
export function orderedPartials(
  found: readonly PartialFile[],
  files: readonly Pick<FileState, "planned" | "failure">[],
): Partial[] {
  const places = new Map(files.map(({ planned }, i) => [planned.file, i]));
  return found.map(({ path, header, bodyAt }) => ({
    ...{ path, bodyAt, bodyBytes: header.bodyBytes, tally: header.tally },
    file: places.get(header.file) ?? -1,
    unit: header.unit.index,
  })).filter(({ file }) => file >= 0 && !files[file].failure)
    .sort((a, b) => a.file - b.file || a.unit - b.unit);
}

/** The files with what was met in each. */
export function countedFiles(files: readonly FileState[], partials: readonly Partial[]): CountedFile[] {
  const tallies: CaptionTally[] = files.map(() => emptyTally());
  for (const { file, tally } of partials) addTally(tallies[file], tally);
  return files.map(({ planned: { file, path, fingerprint }, failure }, i) => ({
    ...{ file, path, ...fingerprint, tally: tallies[i] },
    ...failure ? { failure: failure.message } : {},
  }));
}

/** The tally of all partial results. */
export function totalTally(partials: readonly Partial[]): CaptionTally {
  const sum = emptyTally();
  for (const { tally } of partials) addTally(sum, tally);
  return sum;
}

/** The outcome of a run whose units are all counted, as far as they can be; what a shard leaves is kept in its plan. */
export async function outcomeOf(
  { files, plan, folder, resumed, began, note }: {
    files: readonly FileState[];
    plan: Plan;
    folder: string;
    resumed: number;
    /** By performance.now(). */
    began: number;
    note: (text: string) => void;
  },
): Promise<CountOutcome> {
  const { command, name, captionsName, digest, settings, about, shard } = plan;
  const unread = files.flatMap(({ planned, ends, failure }) =>
    ends.flatMap((end, unit) => !failure && end && "unsure" in end ? [[planned.file, unit] as const] : [])
  );
  for (const [file, unit] of unread) {
    note(`unit ${unit} of ${file} depends on the one before, in another part: freq merge will read it`);
  }
  if (shard) await writePlan(folder, { ...plan, files: withFailures(files), unread });
  const known = new Set(
    files.flatMap(({ planned, ends }) =>
      ends.flatMap((end, i) => end && "result" in end ? [`${i} ${planned.file}`] : [])
    ),
  );
  const { whole } = await readPartials(folder);
  const mine = whole.filter(({ header }) => known.has(`${header.unit.index} ${header.file}`));
  const partials = orderedPartials(mine, files);
  return {
    ...{ command, name, captionsName, digest, settings, about, folder, shard, partials, resumed },
    files: countedFiles(files, partials),
    tally: totalTally(partials),
    leftOut: files.flatMap(({ failure }) => failure ? [failure.message] : []),
    units: files.reduce((sum, { ends }) => sum + ends.filter((end) => end).length, 0),
    seconds: (performance.now() - began) / 1000,
  };
}

const withFailures = (files: readonly FileState[]) =>
  files.map(({ planned, failure }) => failure ? { ...planned, failure } : planned);
