/**
 * What every counting command does once it knows what to count: count, write the tables with the description of what
 * they came from, say how it went, and let go of the partial results.
 */
import { Failure, type Progress, writeJsonAtomically } from "../../data_utils/mod.ts";
import type { CountJob, CountOutcome } from "../run/count_job.ts";
import { grouped } from "../run/count_progress.ts";
import { provenanceOf, summaryOf } from "../run/provenance.ts";
import { partialFolder, runCount } from "../run/run.ts";
import type { WriteTables } from "../run/tables.ts";

/** How a count ends. */
export interface CountEnd {
  readonly writeTables: WriteTables;
  readonly keepPartials: boolean;
  /** Summary and paths on standard output as JSON. */
  readonly json: boolean;
}

/** The line at the end of a count, and a line for each thing left out. */
export function noteSummary(outcome: CountOutcome, progress: Progress): void {
  const { files, tally, seconds, leftOut, resumed } = outcome;
  for (const reason of leftOut) progress.note(`left out: ${reason}`);
  const counts: [number, string][] = [
    [tally.nulls, "null"],
    [tally.empty, "empty"],
    [tally.invalidUtf8, "not valid UTF-8"],
    [tally.tooLong, "too long"],
    [tally.malformed, "malformed"],
  ];
  const whole = files.filter(({ failure }) => failure === undefined).length;
  const met = counts.filter(([count]) => count > 0).map(([count, what]) => `${grouped(count)} ${what}`);
  progress.note([
    `${grouped(tally.rows)} rows of ${grouped(whole)} ${whole === 1 ? "file" : "files"}`,
    ...met,
    `${seconds.toFixed(1)} s`,
    ...resumed > 0 ? [] : [`${grouped(tally.rows / seconds)} rows/s`], // others counted too
  ].join(", "));
}

/** Writes the tables of an outcome with their description, and prints where they are. */
export async function writeOutcome(
  outcome: CountOutcome,
  { writeTables, json }: Pick<CountEnd, "writeTables" | "json">,
  context: { out: string; scratch: string; progress: Progress; signal: AbortSignal },
): Promise<void> {
  const { tables, provenance } = await writeTables(outcome, { ...context, name: outcome.captionsName });
  await writeJsonAtomically(provenance, { ...provenanceOf(outcome), tables });
  if (json) console.log(JSON.stringify({ ...summaryOf(outcome), tables, provenance }, null, 2));
  else console.log(tables.join(" "));
}

/** The failure that ends a count from which something is left out; none when all is in it. */
export function failIfIncomplete({ leftOut }: CountOutcome): void {
  if (leftOut.length === 0) return;
  const shown = leftOut.slice(0, 5).join("; "), more = leftOut.length - 5;
  throw new Failure(`Not in the counts: ${shown}${more > 0 ? `; and ${more} more` : ""}`, 1);
}

/**
 * Runs a count and writes its tables; a shard's are left to `freq merge`. Throws what runCount does, and Failure with
 * code 1 at the end when files had to be left out; their partial results then stay, so that only they are counted when
 * the same command runs again.
 */
export async function countAndWrite<Spec>(job: CountJob<Spec>, end: CountEnd): Promise<void> {
  const outcome = await runCount(job), folder = partialFolder(job), { out, progress, signal } = job;
  let keep = true;
  try {
    noteSummary(outcome, progress);
    if (job.shard) {
      const { index, of } = job.shard;
      progress.note(`Part ${index} of ${of} is counted; when all are: freq merge --out ${out} ${folder} ...`);
      if (end.json) console.log(JSON.stringify({ ...summaryOf(outcome), partials: folder }, null, 2));
      else console.log(folder);
    } else {
      await writeOutcome(outcome, end, { out, scratch: `${folder}/scratch`, progress, signal });
      keep = end.keepPartials || outcome.leftOut.length > 0;
    }
  } finally {
    await outcome.release(keep);
  }
  failIfIncomplete(outcome);
}
