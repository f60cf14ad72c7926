// A run as it goes on, as server-sent events: first all points of its curves, then what its logs gain, until it has a
// result. The files are asked now and then, which works on every file system; nothing is read while nobody listens.
import {
  type LogPlace,
  readJsonlFrom,
  readRunSummary,
  RUN_FILES,
  sampleJsonl,
} from "../../data_utils/mod.ts";
import { type ChartPoints, chartPoints } from "./curves.ts";
import { CURVE_POINTS } from "./run_details.ts";
import { liveTexts, runFacts } from "./run_facts.ts";

export interface EventOptions {
  /** Milliseconds between looks at the files; default 1000. */
  readonly every?: number;
  /** Milliseconds after which a silent stream says that it lives; default 15000. */
  readonly heartbeat?: number;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** What an event carries: points of all charts, and texts by the name of their place on the page. */
export interface RunNews {
  readonly points: ChartPoints;
  readonly texts: Readonly<Record<string, string>>;
}

/**
 * The stream of a run: `history` with all of its points (again where its logs were rewritten), `news` with those that
 * were added, and `end` when the run is done or cannot be read.
 */
export function runEvents(root: string, dir: string, options: EventOptions): Response {
  const { every = 1000, heartbeat = 15_000 } = options;
  const gone = new AbortController(), signal = AbortSignal.any([options.signal, gone.signal]);
  const watch = watchRun(root, dir);
  let started = false, over = false, spoke = performance.now();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (!over) {
        if (started) await pause(every, signal);
        if (signal.aborted) break;
        started = true;
        const look = await watch();
        over = look.over;
        let text = look.text + (over ? event("end", {}) : "");
        if (text === "" && performance.now() - spoke >= heartbeat) text = ": nothing new\n\n";
        if (text === "") continue;
        spoke = performance.now();
        return controller.enqueue(new TextEncoder().encode(text));
      }
      controller.close();
    },
    cancel: () => gone.abort(),
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
}

/** A function that looks at a run's files and returns what has changed since it last did, as text of the stream. */
function watchRun(root: string, dir: string): () => Promise<{ text: string; over: boolean }> {
  const path = (log: "metrics" | "evaluations") => `${root}/${dir}/${RUN_FILES[log]}`;
  let places: Record<"metrics" | "evaluations", LogPlace> | null = null, shown = "";
  return async () => {
    // The state comes first: lines that a finished run has written are then all there to be read.
    const summary = await readRunSummary(root, dir);
    if (summary.state === "broken") return { text: "", over: true };
    const texts = liveTexts(runFacts(summary)), over = summary.state === "done";
    const added = places && {
      metrics: await readJsonlFrom(path("metrics"), places.metrics),
      evaluations: await readJsonlFrom(path("evaluations"), places.evaluations),
    };
    const name = added?.metrics && added.evaluations ? "news" : "history";
    const parts = {
      metrics: (name === "news" ? added?.metrics : null) ?? await sampleJsonl(path("metrics"), CURVE_POINTS),
      evaluations: (name === "news" ? added?.evaluations : null) ??
        await sampleJsonl(path("evaluations"), CURVE_POINTS),
    };
    places = { metrics: parts.metrics.place, evaluations: parts.evaluations.place };
    const records = { metrics: parts.metrics.records, evaluations: parts.evaluations.records };
    const grown = records.metrics.length + records.evaluations.length > 0;
    const changed = JSON.stringify(texts) !== shown;
    shown = JSON.stringify(texts);
    const news: RunNews = { points: chartPoints(records), texts };
    return {
      text: name === "history" || grown || changed ? event(name, news) : "",
      over: over && (name === "history" || !grown),
    };
  };
}

function event(name: string, data: RunNews | Record<string, never>): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Waits, or less where the signal ends it. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resume) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resume();
    };
    const timer = setTimeout(end, milliseconds);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
