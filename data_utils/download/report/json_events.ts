/** `--json`: what happens in a download as one JSON object a line, for programs that watch over it. */
import type { Tell } from "../download_event.ts";
import { type Clock, machineClock } from "./clock.ts";
import type { Counters, Totals } from "./counters.ts";

/** Milliseconds from one "progress" to the next. */
const PROGRESS_EVERY = 5_000;

const rounded = (value: number, digits: number) => Number(value.toFixed(digits));

/** The fields that "progress" and "end" share. Rows, bytes and so on are those of this process and round. */
function totalFields(totals: Totals) {
  const { byReason } = totals;
  return {
    rows: totals.rows,
    rows_before: totals.rowsBefore,
    rows_expected: totals.rowsExpected,
    shards: totals.shards,
    shards_before: totals.shardsBefore,
    shards_expected: totals.shardsExpected,
    successes: totals.successes,
    status_dict: Object.fromEntries(Array.from(byReason, ([reason, { rows }]) => [reason, rows])),
    attempts: totals.attempts,
    wire_bytes: totals.wireBytes,
    seconds: rounded(totals.seconds, 3),
  };
}

function progressFields(totals: Totals) {
  const { rates, secondsLeft } = totals;
  return {
    ...totalFields(totals),
    rows_per_second: rounded(rates.rows, 1),
    images_per_second: rounded(rates.images, 1),
    bytes_per_second: Math.round(rates.bytes),
    seconds_left: secondsLeft === null ? null : rounded(secondsLeft, 1),
  };
}

/** Writes events: "start", "progress" every five seconds, "shard" with its statistics, "end". */
export function openJsonEvents(
  counters: Counters,
  writeLine: (line: string) => void = console.log,
  clock: Clock = machineClock,
): Tell {
  const write = (event: string, fields: Record<string, unknown>) =>
    writeLine(JSON.stringify({ event, ...fields }));
  let stop = () => {};
  return (event) => {
    if (event.event === "start") {
      const { rows, shards, rowsBefore, shardsBefore } = event;
      write("start", { rows, shards, rows_before: rowsBefore, shards_before: shardsBefore });
      stop();
      stop = clock.every(PROGRESS_EVERY, () => write("progress", progressFields(counters.totals())));
    } else if (event.event === "shard") {
      const { hosts: _, ...stats } = event.stats;
      write("shard", { name: event.name, ...stats });
    } else if (event.event === "end") {
      stop();
      write("end", { done: event.done, ...totalFields(counters.totals()) });
    }
  };
}
