/**
 * The account of samples that cannot be used. A single bad sample never stops a run: it is left out, counted with its
 * reason and named. Too many stop it: a set that is a tenth damaged is another set than the one that was meant.
 */
import type { Sample } from "./sample.ts";

/** How many samples were left out for a reason, and the key of the first. */
export interface Skipped {
  reason: string;
  count: number;
  example: string;
}

/** One sample that was left out; `file` is the shard or table it stands in, where that is known. */
export interface SkippedSample {
  key: string;
  reason: string;
  file: string | null;
}

/** Samples that may be left out: so many, or this share of all where that is more. */
export interface SkipLimit {
  most: number;
  share: number;
}

/** What training allows unless told otherwise: a hundred samples, or one in a hundred. */
export const usualSkipLimit: SkipLimit = { most: 100, share: 0.01 };

/** The limit that a flag gives: so many samples, or the usual limit without it. */
export const skipLimitOf = (most: number | undefined): SkipLimit =>
  most === undefined ? usualSkipLimit : { most, share: 0 };

/** Which sample it is: the object, where it stays the same, or its number in a file. */
export type SampleIdentity = Sample | { file: string; number: number };

/** Counts samples that are left out. */
export interface SkipTally {
  /**
   * Counts a sample under its key; one that comes back (each epoch) is counted once where `which` says which it is.
   * Throws RangeError when that is one too many.
   */
  add(reason: string, key: string, which?: SampleIdentity): void;
  /**
   * Says of how many samples the skipped ones are; from then on the limit holds. Throws RangeError when it is passed
   * already.
   */
  outOf(samples: number): void;
  /** By reason, in order of their first. */
  list(): Skipped[];
  /** One by one, in order, the first 1000. */
  named(): SkippedSample[];
}

const mostNamed = 1000;

/** "12 samples skipped: 9 undecodable image (first: 000123), 3 no label (first: 000007)", or "" when there are none. */
export function describeSkipped(skipped: readonly Skipped[]): string {
  const total = skipped.reduce((sum, entry) => sum + entry.count, 0);
  return total === 0 ? "" : `${total} ${total === 1 ? "sample" : "samples"} skipped: ${reasonsOf(skipped)}`;
}

const reasonsOf = (skipped: readonly Skipped[]) =>
  skipped.map(({ reason, count, example }) => `${count} ${reason} (first: ${example})`).join(", ");

/** The file a sample stands in or whose image it is. */
function fileOf(which: SampleIdentity): string | null {
  if ("file" in which) return which.file;
  return which.image instanceof Uint8Array ? which.from ?? null : which.image.file;
}

/** An empty account. Without a limit any number may be left out. Throws RangeError for a limit that is none. */
export function skipTally(limit: SkipLimit | null = null): SkipTally {
  if (limit && !(limit.most >= 0 && limit.share >= 0 && limit.share <= 1)) {
    throw new RangeError(
      `Samples left out: at most ${limit.most} or a share of ${limit.share} is no limit; a share lies in 0 .. 1`,
    );
  }
  const byReason = new Map<string, Skipped>(), samples: SkippedSample[] = [];
  const objects = new WeakSet<Sample>(), places = new Set<string>();
  let count = 0, total: number | null = null;

  /** Whether a sample is new to the account. */
  function isNew(reason: string, which: SampleIdentity): boolean {
    if (!("file" in which)) {
      if (objects.has(which)) return false;
      objects.add(which);
      return true;
    }
    const place = `${which.file}\n${which.number}\n${reason}`, known = places.size;
    return places.add(place).size > known;
  }
  function check(): void {
    if (limit === null || total === null) return;
    const allowed = Math.max(limit.most, Math.floor(limit.share * total));
    if (count <= allowed) return;
    throw new RangeError(
      `${count} ${count === 1 ? "sample" : "samples"} cannot be used where ${allowed} may be left out: ${
        reasonsOf([...byReason.values()])
      }; mend the data, or allow more (--max-skipped)`,
    );
  }
  return {
    add(reason, key, which) {
      if (which && !isNew(reason, which)) return;
      const entry = byReason.get(reason), file = which ? fileOf(which) : null;
      if (entry) entry.count++;
      else byReason.set(reason, { reason, count: 1, example: key });
      if (samples.length < mostNamed) samples.push({ key, reason, file });
      count++;
      check();
    },
    outOf(of) {
      total = Math.max(total ?? 0, of);
      check();
    },
    list: () => [...byReason.values()].map((entry) => ({ ...entry })),
    named: () => samples.map((sample) => ({ ...sample })),
  };
}
