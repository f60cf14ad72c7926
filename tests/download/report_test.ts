// What a download tells while it runs, with time as the test lets it pass: totals and rates, the meter's line, events,
// and metrics as Prometheus would read them.
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import type { Progress } from "../../data_utils/program/progress.ts";
import { exitCode } from "../../data_utils/program/outcome.ts";
import type { DownloadEvent } from "../../data_utils/download/download_event.ts";
import { noteOf } from "../../data_utils/download/outcome.ts";
import { byteText, shareText } from "../../data_utils/download/report/amounts.ts";
import { openCounters } from "../../data_utils/download/report/counters.ts";
import { openJsonEvents } from "../../data_utils/download/report/json_events.ts";
import { meterLine, openMeter } from "../../data_utils/download/report/meter.ts";
import { openReport } from "../../data_utils/download/report/open_report.ts";
import { metricsText, serveMetrics } from "../../data_utils/download/report/prometheus.ts";
import { madeStats } from "./stats_made.ts";

/** A clock that goes only when told; what is called again and again is called on the way. */
function madeClock() {
  let now = 5_000;
  const timers = new Set<{ every: number; next: number; work: () => void }>();
  return {
    now: () => now,
    every(milliseconds: number, work: () => void) {
      const timer = { every: milliseconds, next: now + milliseconds, work };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(milliseconds: number) {
      const end = now + milliseconds;
      for (;;) {
        const due = [...timers].filter(({ next }) => next <= end).sort((a, b) => a.next - b.next)[0];
        if (!due) break;
        now = due.next;
        due.next += due.every;
        due.work();
      }
      now = end;
    },
    running: () => timers.size,
  };
}

const start = (rows: number, shards = 1, rowsBefore = 0, shardsBefore = 0): DownloadEvent => (
  { event: "start", rows, shards, rowsBefore, shardsBefore }
);

function row(reason = "success", wireBytes = 20_000, attempts = 1): DownloadEvent {
  const status = reason === "success" ? "success" : noteOf(reason).status;
  return { event: "row", status, reason, host: "a.example", wireBytes, attempts };
}

const shard = (name: string, status: Record<string, number>): DownloadEvent => (
  { event: "shard", name, stats: madeStats({ status_dict: status }) }
);

function madeProgress() {
  const shown: string[] = [], notes: string[] = [];
  const progress: Progress = {
    show: (text) => void shown.push(text),
    note: (text) => void notes.push(text),
    end() {},
  };
  return { progress, shown, notes };
}

Deno.test("download report: rates are those of the last seconds, and sink to nothing at a standstill", () => {
  const clock = madeClock(), counters = openCounters(clock);
  assertEquals(counters.totals().rowsExpected, null);
  clock.pass(60_000); // making the plan takes time too, which is none of downloading
  counters.tell(start(20_000, 20, 1_000, 1));
  assertEquals([counters.totals().rates.rows, counters.totals().secondsLeft], [0, null]);
  for (let second = 0; second < 30; second++) {
    for (let i = 0; i < 100; i++) {
      clock.pass(10);
      // the first 20 seconds give failures, the last 10 images: the rate of images is that of the last 10
      counters.tell(second < 20 ? row("http_404", 100) : row());
    }
  }
  const totals = counters.totals();
  assertEquals([totals.rows, totals.successes, totals.seconds], [3_000, 1_000, 30]);
  assertEquals(totals.wireBytes, 2_000 * 100 + 1_000 * 20_000);
  assert(Math.abs(totals.rates.rows - 100) < 2, `${totals.rates.rows}`);
  assert(Math.abs(totals.rates.images - 100) < 8, `${totals.rates.images}`);
  assert(Math.abs(totals.rates.bytes - 2e6) < 16e4, `${totals.rates.bytes}`);
  assert(Math.abs(totals.secondsLeft! - 160) < 3, `${totals.secondsLeft}`);
  clock.pass(12_000);
  counters.totals();
  clock.pass(12_000);
  assertEquals(counters.totals().rates, { rows: 0, images: 0, bytes: 0 });
  for (let i = 0; i < 120; i++) {
    clock.pass(1_000);
    counters.totals();
  }
  assertEquals(counters.totals().secondsLeft, null);
});

Deno.test("download report: the meter's line", () => {
  const clock = madeClock(), counters = openCounters(clock), { progress, shown } = madeProgress();
  const tell = openMeter(progress, counters, clock);
  const both = (event: DownloadEvent) => [counters.tell, tell].forEach((told) => told(event));
  both(start(20_000, 20, 1_000, 1));
  const reasons = ["http_404", "http_404", "http_404", "timeout", "timeout", "dns", "too_small"];
  for (let i = 0; i < 1000; i++) both(row(i < 7 ? reasons[i] : "success", 20_000));
  for (let i = 0; i < 100; i++) both(row("language", 0, 0));
  assertEquals(shown, []);
  clock.pass(2_000);
  assertEquals(shown.at(-1), meterLine(counters.totals()));
  assertEquals(
    shown[1],
    "2,100 of 20,000 rows, 0:33 left, 497 images/s, 10.0 MB/s, 90 % ok (language 9 %, 404 <1 %, timeout <1 %, ...)",
  );
  clock.pass(3_000);
  assertEquals(shown.length, 5);
  both({ event: "end", done: true });
  clock.pass(3_000);
  assertEquals([shown.length, clock.running()], [5, 0]);
});

Deno.test("download report: shards are told of seldom, and none is forgotten", () => {
  const clock = madeClock(), counters = openCounters(clock), { progress, notes } = madeProgress();
  const tell = openMeter(progress, counters, clock);
  const both = (event: DownloadEvent) => [counters.tell, tell].forEach((told) => told(event));
  both(start(9_000, 90, 1_000, 10));
  const finish = (name: string) => both(shard(name, { success: 90, dns: 10 }));
  clock.pass(29_000);
  finish("00010");
  finish("00011");
  clock.pass(1_500);
  finish("00012");
  finish("00013");
  clock.pass(31_000);
  finish("00014");
  clock.pass(31_000);
  finish("00015");
  assertEquals(notes, [
    "10 shards with 1,000 rows are there already",
    "3 shards are finished, 00012 the last: 90 of its 100 rows are images; 13 of 90 shards are there",
    "2 shards are finished, 00014 the last: 90 of its 100 rows are images; 15 of 90 shards are there",
    "shard 00015 is finished: 90 of its 100 rows are images; 16 of 90 shards are there",
  ]);
});

Deno.test("download report: --json is one object a line, with totals at the end", () => {
  const clock = madeClock(), counters = openCounters(clock), lines: string[] = [];
  const tell = openJsonEvents(counters, (line) => lines.push(line), clock);
  const both = (event: DownloadEvent) => [counters.tell, tell].forEach((told) => told(event));
  both(start(300, 3, 100, 1));
  for (let i = 0; i < 100; i++) both(row(i % 4 === 0 ? "http_503" : "success", 1_000, i % 4 === 0 ? 3 : 1));
  both(shard("00001", { success: 75, http_503: 25 }));
  clock.pass(10_000);
  both({ event: "end", done: false });
  clock.pass(10_000);
  const events = lines.map((line) => JSON.parse(line));
  assertEquals(events.map(({ event }) => event), ["start", "shard", "progress", "progress", "end"]);
  assertEquals(events[0], { event: "start", rows: 300, shards: 3, rows_before: 100, shards_before: 1 });
  const { name, count, successes, hosts } = events[1];
  assertEquals([name, count, successes, hosts], ["00001", 100, 75, undefined]);
  const totals = {
    ...{ rows: 100, rows_before: 100, rows_expected: 300, shards: 1, shards_before: 1, shards_expected: 3 },
    ...{ successes: 75, status_dict: { http_503: 25, success: 75 }, attempts: 150, wire_bytes: 100_000 },
  };
  assertEquals(events[2], {
    ...{ event: "progress", ...totals, seconds: 5 },
    ...{ rows_per_second: 20, images_per_second: 15, bytes_per_second: 20_000, seconds_left: 5 },
  });
  assertEquals(events[4], { event: "end", done: false, ...totals, seconds: 10 });
});

Deno.test("download report: a further round counts from nothing, and shows itself once", () => {
  const clock = madeClock(), counters = openCounters(clock), { progress, shown } = madeProgress();
  const lines: string[] = [];
  const listeners = [counters.tell, openMeter(progress, counters, clock)];
  listeners.push(openJsonEvents(counters, (line) => lines.push(line), clock));
  const all = (event: DownloadEvent) => listeners.forEach((told) => told(event));
  for (const [rows, ended] of [[50, true], [10, false], [8, true]] as const) {
    all(start(rows));
    for (let i = 0; i < 5; i++) all(row());
    clock.pass(1_000);
    const { rowsExpected, rows: done, secondsLeft, seconds } = counters.totals();
    assertEquals([rowsExpected, done, secondsLeft, seconds], [rows, 5, (rows - 5) / 5, 1]);
    if (ended) all({ event: "end", done: true });
  }
  assertEquals([shown.length, clock.running()], [3, 0]);
  assertEquals(lines.map((line) => JSON.parse(line).rows), [50, 5, 10, 8, 5]);
});

/** Reads the text format as its description says: HELP and TYPE before samples, labels with escapes. */
function readMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>(), types = new Map<string, string>();
  assert(text.endsWith("\n"));
  for (const line of text.trimEnd().split("\n")) {
    const type = /^# TYPE (\w+) (counter|gauge)$/.exec(line);
    if (type) {
      assert(!types.has(type[1]), line);
      types.set(type[1], type[2]);
    } else if (!/^# HELP \w+ .+$/.test(line)) {
      const sample = /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\[\\n"])*",?)*\})? (-?[\d.e+-]+)$/.exec(line);
      assert(sample, line);
      assert(types.has(sample[1]), `${line} stands before its TYPE`);
      assertEquals(sample[1].endsWith("_total"), types.get(sample[1]) === "counter", line);
      samples.set(sample[1] + (sample[2] ?? ""), Number(sample[3]));
    }
  }
  return samples;
}

Deno.test("download report: metrics are in Prometheus' text format", () => {
  const clock = madeClock(), counters = openCounters(clock);
  readMetrics(metricsText(counters.totals()));
  counters.tell(start(300, 3, 100, 1));
  for (let i = 0; i < 60; i++) counters.tell(row(i < 20 ? "http_404" : "success", 1_000, 2));
  // other software's reasons hold anything
  counters.tell({
    ...{ event: "row", status: "failed_to_download", reason: 'a "b"\\\nc', host: "" },
    ...{ wireBytes: 0, attempts: 1 },
  });
  clock.pass(6_000);
  const samples = readMetrics(metricsText(counters.totals())),
    at = (name: string) => samples.get(`beyond_tail_download_${name}`);
  assertEquals(at('rows_total{status="failed_to_download",reason="http_404"}'), 20);
  assertEquals(at('rows_total{status="success",reason="success"}'), 40);
  assertEquals(at('rows_total{status="failed_to_download",reason="a \\"b\\"\\\\\\nc"}'), 1);
  assertEquals([at("bytes_total"), at("attempts_total"), at("shards_total")], [60_000, 121, 0]);
  assertEquals([at("rows_expected"), at("rows_before"), at("shards_expected")], [300, 100, 3]);
  assert(Math.abs(at("images_per_second")! - 40 / 6) < 1e-9);
  assert(at("seconds_left")! > 0);
});

Deno.test("download report: metrics are served on loopback alone, and nothing else is", async () => {
  const counters = openCounters();
  await using server = serveMetrics(0, counters);
  const port = Number(new URL(server.url).port);
  assertMatch(server.url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  counters.tell(row());
  const answer = await fetch(server.url);
  assertEquals(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assertStringIncludes(await answer.text(), 'reason="success"} 1\n');
  const asked = async (path: string, host = "127.0.0.1", method = "GET") => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    return (await new Response(connection.readable).text()).split(" ")[1];
  };
  assertEquals(await asked("/metrics"), "200");
  assertEquals(await asked("/metrics", `localhost:${port}`), "200");
  assertEquals(await asked("/metrics", "rebound.example"), "404");
  assertEquals([await asked("/"), await asked("/metrics", "127.0.0.1", "POST")], ["404", "404"]);
  const taken = assertThrows(
    () => serveMetrics(port, counters),
    Error,
    `Port ${port} is taken: choose another`,
  );
  assertEquals(exitCode(taken), 1);
});

Deno.test("download report: what is closed before its end is told to have been stopped", async () => {
  const { progress, notes } = madeProgress(), lines: string[] = [], { log } = console;
  console.log = (line) => lines.push(line);
  try {
    await using report = openReport({ progress, json: true, metricsPort: 0 });
    const url = /^Metrics at (\S+)$/.exec(notes[0])![1];
    report.tell(start(10));
    report.tell(row());
    assertStringIncludes(await (await fetch(url)).text(), "beyond_tail_download_rows_expected 10\n");
    assertEquals(report.counters.totals().rows, 1);
  } finally {
    console.log = log;
  }
  const events = lines.map((line) => JSON.parse(line));
  assertEquals(events.map(({ event, done }) => [event, done]), [["start", undefined], ["end", false]]);
  assertEquals(events[1].rows, 1);
});

Deno.test("download report: amounts", () => {
  assertEquals([0, 999, 1000, 20_480, 999_949, 999_950, 3.2e12].map(byteText), [
    ...["0 B", "999 B", "1.0 kB", "20.5 kB", "999.9 kB", "1.0 MB", "3.2 TB"],
  ]);
  assertEquals(
    [shareText(0, 9), shareText(1, 3), shareText(1, 10_000), shareText(1, 2_000), shareText(0, 0)],
    [
      ...["0.0 %", "33.3 %", "<0.1 %", "0.1 %", "0.0 %"],
    ],
  );
});
