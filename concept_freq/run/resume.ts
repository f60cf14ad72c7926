/** What a count may take over from an earlier run of the same name, and what it says when it may not. */
import type { CountJob } from "./count_job.ts";
import type { PartialFile } from "./partial_file.ts";
import { differences, type Plan, type PlannedFile } from "./plan.ts";

const sameState = ({ fingerprint: a }: PlannedFile, { fingerprint: b }: PlannedFile) =>
  a.bytes === b.bytes && a.modified === b.modified && a.hash === b.hash;

/**
 * Compares the plan of the earlier run with the present one; what has changed and is counted anew is noted. Throws
 * RangeError, with the remedy, for other settings and for a file that is no longer there.
 */
export function checkAgainstEarlier(
  earlier: Plan,
  plan: Plan,
  partials: readonly PartialFile[],
  { progress }: CountJob,
  folder: string,
): void {
  if (earlier.digest !== plan.digest) {
    const names = differences(earlier.settings, plan.settings).join(", ");
    throw new RangeError(
      `${folder} holds an unfinished count with another setting of ${names}: ` +
        `go on with the same flags, choose another --name or --out, or forget it with --restart`,
    );
  }
  const now = new Map(plan.files.map((file) => [file.file, file]));
  const counted = new Set(partials.map(({ header }) => header.file));
  for (const file of earlier.files) {
    const same = now.get(file.file);
    if (!same) {
      throw new RangeError(
        `${file.path} was part of the unfinished count in ${folder} and is no longer among the captions: ` +
          `restore it, or forget that count with --restart`,
      );
    }
    if (counted.has(file.file) && !same.failure && !sameState(file, same)) {
      progress.note(`${same.path} has changed since: it is counted anew`);
    }
  }
}
