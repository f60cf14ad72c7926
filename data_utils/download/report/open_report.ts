/** All that is told of a download while it runs, put together as the flags ask. */
import type { Progress } from "../../program/progress.ts";
import type { Tell } from "../download_event.ts";
import { type Counters, openCounters } from "./counters.ts";
import { openJsonEvents } from "./json_events.ts";
import { openMeter } from "./meter.ts";
import { serveMetrics } from "./prometheus.ts";

/** How a download is reported on. */
export interface ReportOptions {
  readonly progress: Progress;
  /** Whether events go to standard output. */
  readonly json: boolean;
  /** Where metrics are served; 0 for any free port, undefined for none. */
  readonly metricsPort?: number;
}

export interface Report extends AsyncDisposable {
  readonly tell: Tell;
  readonly counters: Counters;
}

/**
 * Begins to report. What was begun and not ended is ended, as stopped, when the report is closed. Throws Failure where
 * the port of the metrics is not to be had.
 */
export function openReport({ progress, json, metricsPort }: ReportOptions): Report {
  const counters = openCounters();
  const metrics = metricsPort === undefined ? null : serveMetrics(metricsPort, counters);
  if (metrics) progress.note(`Metrics at ${metrics.url}`);
  const listeners = [
    counters.tell,
    openMeter(progress, counters),
    ...json ? [openJsonEvents(counters)] : [],
  ];
  let running = false;
  const tell: Tell = (event) => {
    if (event.event === "start") running = true;
    if (event.event === "end") running = false;
    for (const listener of listeners) listener(event);
  };
  return {
    counters,
    tell,
    async [Symbol.asyncDispose]() {
      if (running) tell({ event: "end", done: false });
      await metrics?.[Symbol.asyncDispose]();
    },
  };
}
