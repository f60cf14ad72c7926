/** What a person who waits for a download sees on standard error. */
import { clockTime, type Progress } from "../../program/progress.ts";
import type { DownloadEvent, Tell } from "../download_event.ts";
import { byCount, byteText, grouped, several, shareText } from "./amounts.ts";
import { type Clock, machineClock } from "./clock.ts";
import type { Counters, Totals } from "./counters.ts";

/** Reasons that the line names; and least milliseconds between two lines about shards. */
const MOST_REASONS = 3, NOTE_EVERY = 30_000;

/** "http_404" is 404 to whoever reads this. */
const shortReason = (reason: string) => reason.replace(/^http_/, "");

/** "1,234 of 20,000 rows, 0:38 left, 512 images/s, 10.2 MB/s, 91 % ok (404 3 %, timeout 2 %)": narrow ends lose least. */
export function meterLine(totals: Totals): string {
  const { rowsExpected, rowsBefore, rows, successes, byReason, rates, secondsLeft } = totals;
  const of = rowsExpected === null ? "" : ` of ${grouped(rowsExpected)}`;
  const failures = byCount(
    Array.from(byReason).filter(([, { status }]) => status !== "success")
      .map(([reason, { rows }]) => [shortReason(reason), rows]),
  );
  const named = failures.slice(0, MOST_REASONS).map(([name, n]) => `${name} ${shareText(n, rows, 0)}`);
  if (failures.length > named.length) named.push("...");
  return [
    `${grouped(rowsBefore + rows)}${of} rows`,
    ...secondsLeft === null ? [] : [`${clockTime(secondsLeft)} left`],
    `${grouped(rates.images)} images/s`,
    `${byteText(rates.bytes)}/s`,
    ...rows === 0
      ? []
      : [`${shareText(successes, rows, 0)} ok${named.length > 0 ? ` (${named.join(", ")})` : ""}`],
  ].join(", ");
}

/** Shows the totals every second, and says now and then which shard was finished. */
export function openMeter(progress: Progress, counters: Counters, clock: Clock = machineClock): Tell {
  let stop = () => {}, noted = clock.now(), unsaid = 0;

  function shardNote({ name, stats }: Extract<DownloadEvent, { event: "shard" }>): void {
    unsaid++;
    if (clock.now() - noted < NOTE_EVERY) return;
    const { shards, shardsBefore, shardsExpected } = counters.totals(), done = shardsBefore + shards;
    const what = unsaid === 1
      ? `shard ${name} is finished`
      : `${unsaid} shards are finished, ${name} the last`;
    progress.note(
      `${what}: ${grouped(stats.successes)} of its ${grouped(stats.count)} rows are images; ` +
        `${grouped(done)} of ${grouped(shardsExpected ?? done)} shards are there`,
    );
    noted = clock.now();
    unsaid = 0;
  }

  return (event) => {
    if (event.event === "start") {
      const { rowsBefore, shardsBefore } = event;
      if (shardsBefore > 0) {
        progress.note(
          `${several(shardsBefore, "shard")} with ${several(rowsBefore, "row")} ${
            shardsBefore === 1 ? "is" : "are"
          } there already`,
        );
      }
      noted = clock.now();
      stop();
      stop = clock.every(1000, () => progress.show(meterLine(counters.totals())));
    } else if (event.event === "shard") shardNote(event);
    else if (event.event === "end") {
      stop();
      progress.end();
    }
  };
}
