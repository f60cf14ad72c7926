/** What a count's tables were made of, as JSON: for the file beside them and for `--json`. */
import type { CountOutcome } from "./count_job.ts";

const PROGRAM = "beyond-tail freq";

/** The totals of a count, as `--json` prints them. Times in seconds, rates per second. */
export function summaryOf(outcome: CountOutcome): Record<string, unknown> {
  const { command, captionsName, files, tally, seconds, units, resumed, shard, leftOut } = outcome;
  const bytes = files.reduce((sum, file) => sum + (file.failure === undefined ? file.bytes : 0), 0);
  const fresh = resumed === 0 && !shard;
  return {
    ...{ command, name: captionsName, shard: shard ? `${shard.index}/${shard.of}` : null },
    files: files.length,
    files_left_out: files.filter(({ failure }) => failure !== undefined).length,
    ...{ units, resumed_units: resumed, bytes },
    rows: tally.rows,
    nulls: tally.nulls,
    empty: tally.empty,
    invalid_utf8: tally.invalidUtf8,
    too_long: tally.tooLong,
    malformed: tally.malformed,
    seconds: Number(seconds.toFixed(3)),
    // Of units that another run counted the time is not known.
    rows_per_second: fresh && seconds > 0 ? Math.round(tally.rows / seconds) : null,
    left_out: leftOut,
  };
}

/** All that the counts came from: program, settings, every file with its state, totals. */
export function provenanceOf(outcome: CountOutcome): Record<string, unknown> {
  const { settings, digest, files } = outcome;
  return {
    program: `${PROGRAM} ${outcome.command}`,
    ...{ settings, digest },
    ...summaryOf(outcome),
    inputs: files.map(({ file, path, bytes, modified, hash, tally, failure }) => ({
      ...{ file, path, bytes, modified: modified > 0 ? new Date(modified).toISOString() : null, hash },
      ...{ rows: tally.rows, nulls: tally.nulls, failure: failure ?? null },
    })),
  };
}
