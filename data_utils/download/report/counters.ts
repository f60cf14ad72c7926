/** The running totals of a download, which the meter, the events of `--json` and the metrics port all show. */
import type { DownloadEvent, Tell } from "../download_event.ts";
import type { Status } from "../outcome.ts";
import { type Clock, machineClock } from "./clock.ts";

/** How fast it goes, per second, over some seconds just passed. */
export interface Rates {
  readonly rows: number;
  /** Successes. */
  readonly images: number;
  /** Over the wire. */
  readonly bytes: number;
}

/** Totals of a round at a moment. What earlier processes did is counted apart. */
export interface Totals {
  /** Of the whole download, or of this machine's part; null before it begins. */
  readonly rowsExpected: number | null;
  readonly shardsExpected: number | null;
  readonly rowsBefore: number;
  readonly shardsBefore: number;
  readonly rows: number;
  readonly successes: number;
  readonly shards: number;
  readonly attempts: number;
  readonly wireBytes: number;
  /** By "success" or reason. */
  readonly byReason: ReadonlyMap<string, { readonly status: Status; readonly rows: number }>;
  /** Since the beginning. */
  readonly seconds: number;
  readonly rates: Rates;
  /** At the pace of the last minute; null where there is none. */
  readonly secondsLeft: number | null;
}

export interface Counters {
  /** Told before anyone who looks at the totals. */
  readonly tell: Tell;
  totals(): Totals;
}

interface Moment extends Rates {
  readonly at: number;
}

/** Seconds over which rates and the time left are taken. */
const RATE_SPAN = 10, LEFT_SPAN = 60;

/** Totals that begin at nothing. */
export function openCounters(clock: Clock = machineClock): Counters {
  let byReason = new Map<string, { status: Status; rows: number }>();
  let start: Extract<DownloadEvent, { event: "start" }> | null = null;
  let rows = 0, images = 0, shards = 0, attempts = 0, bytes = 0, began = clock.now();
  let moments: Moment[] = [{ at: began, rows, images, bytes }];

  /** Remembers the totals once a second, as far back as anyone asks. */
  function remember(): void {
    const at = clock.now();
    if (at - moments[moments.length - 1].at < 1000) return;
    moments.push({ at, rows, images, bytes });
    while (moments.length > 2 && moments[1].at <= at - 1000 * LEFT_SPAN) moments.shift();
  }

  function ratesOver(span: number): Rates {
    const at = clock.now();
    const from = moments.findLast((moment) => moment.at <= at - 1000 * span) ?? moments[0];
    const seconds = Math.max(1e-3, (at - from.at) / 1000);
    return {
      rows: (rows - from.rows) / seconds,
      images: (images - from.images) / seconds,
      bytes: (bytes - from.bytes) / seconds,
    };
  }

  function tell(event: DownloadEvent): void {
    if (event.event === "start") {
      // a round over failures begins at nothing again, as a process does
      start = event;
      byReason = new Map();
      rows =
        images =
        shards =
        attempts =
        bytes =
          0;
      began = clock.now();
      moments = [{ at: began, rows, images, bytes }];
    } else if (event.event === "shard") shards++;
    else if (event.event === "row") {
      remember();
      const known = byReason.get(event.reason);
      if (known) known.rows++;
      else byReason.set(event.reason, { status: event.status, rows: 1 });
      rows++;
      if (event.status === "success") images++;
      attempts += event.attempts;
      bytes += event.wireBytes;
    }
  }

  function totals(): Totals {
    remember();
    const rowsExpected = start?.rows ?? null, rowsBefore = start?.rowsBefore ?? 0;
    const left = rowsExpected === null ? null : Math.max(0, rowsExpected - rowsBefore - rows);
    const pace = ratesOver(LEFT_SPAN).rows;
    return {
      rowsExpected,
      shardsExpected: start?.shards ?? null,
      rowsBefore,
      shardsBefore: start?.shardsBefore ?? 0,
      ...{ rows, successes: images, shards, attempts, wireBytes: bytes, byReason },
      seconds: (clock.now() - began) / 1000,
      rates: ratesOver(RATE_SPAN),
      secondsLeft: left === 0 ? 0 : left === null || pace === 0 ? null : left / pace,
    };
  }
  return { tell, totals };
}
