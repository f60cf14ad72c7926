/**
 * The running totals for Prometheus, in its text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), on loopback only.
 */
import { Failure } from "../../program/outcome.ts";
import type { Counters, Totals } from "./counters.ts";

type Labels = Readonly<Record<string, string>>;

/** A metric with its samples. */
interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly (readonly [Labels, number])[];
}

const escaped = (text: string) =>
  text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

function metricLines({ name, type, help, samples }: Metric): string[] {
  const full = `beyond_tail_download_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...samples.map(([labels, value]) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      return `${full}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
    }),
  ];
}

/** What `/metrics` answers. A number that is not known, such as the time left at a standstill, is left out. */
export function metricsText(totals: Totals): string {
  const { rates } = totals;
  const counter = (name: string, help: string, value: number): Metric => (
    { name, type: "counter", help, samples: [[{}, value]] }
  );
  const gauge = (name: string, help: string, value: number | null): Metric => (
    { name, type: "gauge", help, samples: value === null ? [] : [[{}, value]] }
  );
  const metrics: Metric[] = [
    {
      name: "rows_total",
      type: "counter",
      help: "Rows that ended in this process, by status and reason.",
      samples: Array.from(totals.byReason, ([reason, { status, rows }]) => [{ status, reason }, rows]),
    },
    counter("bytes_total", "Bytes received over the wire.", totals.wireBytes),
    counter("attempts_total", "Requests, repeated ones too.", totals.attempts),
    counter("shards_total", "Shards finished in this process.", totals.shards),
    gauge("rows_expected", "Rows of the whole download.", totals.rowsExpected),
    gauge("rows_before", "Rows of shards that earlier processes finished.", totals.rowsBefore),
    gauge("shards_expected", "Shards of the whole download.", totals.shardsExpected),
    gauge("shards_before", "Shards that earlier processes finished.", totals.shardsBefore),
    gauge("images_per_second", "Images fetched, over the last ten seconds.", rates.images),
    gauge("bytes_per_second", "Bytes over the wire, over the last ten seconds.", rates.bytes),
    gauge("seconds_left", "Seconds to the end, at the pace of the last minute.", totals.secondsLeft),
  ];
  return metrics.filter(({ samples }) => samples.length > 0).flatMap(metricLines).join("\n") + "\n";
}

/** Names by which this machine may be asked: a page of another site cannot reach it through a name of its own. */
const loopbackNames = new Set(["localhost", "127.0.0.1"]);

/** Metrics that are being served. */
export interface MetricsServer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Serves http://127.0.0.1:PORT/metrics; port 0 is any free one. Throws Failure, with what to do, where the port is taken
 * or not allowed.
 */
export function serveMetrics(port: number, counters: Counters): MetricsServer {
  const stop = new AbortController();
  const handler = ({ method, url }: Request): Response => {
    const { hostname, pathname } = new URL(url);
    if (method !== "GET" || pathname !== "/metrics" || !loopbackNames.has(hostname)) {
      return new Response("Only GET /metrics is served\n", { status: 404 });
    }
    const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
    return new Response(metricsText(counters.totals()), { headers });
  };
  try {
    const server = Deno.serve({
      ...{ hostname: "127.0.0.1", port, signal: stop.signal, handler },
      onListen() {},
    });
    return {
      url: `http://127.0.0.1:${server.addr.port}/metrics`,
      async [Symbol.asyncDispose]() {
        stop.abort();
        await server.finished;
      },
    };
  } catch (error) {
    const why = error instanceof Deno.errors.AddrInUse
      ? "is taken"
      : error instanceof Deno.errors.PermissionDenied
      ? "is not for ordinary users"
      : null;
    if (why === null) throw error;
    throw new Failure(`Port ${port} ${why}: choose another with --metrics-port, or 0 for any free one`, 1);
  }
}
