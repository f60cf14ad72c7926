// What a running download tells programs: metrics on a port, events as JSON, and statistics that add up over machines.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "../exps/processes.ts";
import { mixedRows } from "./download_kills.ts";
import { download, downloadArgs, downloadTest, startDownload, writeRows } from "./download_runs.ts";
import type { Kind } from "./fault_answers.ts";
import { faultRow } from "./fault_table.ts";
import { killIfAlive } from "../startup/kill.ts";

/** Reads a stream to its end; `seen` is told what there is so far. */
async function readText(stream: ReadableStream<Uint8Array>, seen: (text: string) => void = () => {}) {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) seen(text += part);
  return text;
}

/** Samples of Prometheus' text format by name and labels; every line has to be of its grammar. */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>(), typed = new Set<string>();
  assert(text.endsWith("\n"));
  for (const line of text.trimEnd().split("\n")) {
    const [, about] = /^# (?:HELP (?:\w+) .+|TYPE (\w+) (?:counter|gauge))$/.exec(line) ?? [];
    if (line.startsWith("#")) {
      assertMatch(line, /^# (HELP|TYPE) \w+ /);
      if (about !== undefined) typed.add(about);
      continue;
    }
    const [, name, labels, value] =
      /^([a-z_]+)((?:\{\w+="[^"\n]*"(?:,\w+="[^"\n]*")*\})?) (-?[\d.]+(?:e[+-]?\d+)?)$/.exec(line) ?? [];
    assert(typed.has(name), line);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

downloadTest("--metrics-port and --json tell of it while it runs", async (faults) => {
  const rows = mixedRows(faults, 300).map(({ kind }, i) => {
    const waits = ["stall", "never-answer", "name-fails", "429-then-ok", "too-large-chunked"].includes(kind);
    return faultRow(faults.server, i === 250 ? "never-answer" : waits ? "404" : kind, i);
  });
  const input = await writeRows(faults, rows), flags = ["--metrics-port", "0", "--json", "--retries", "0"];
  const args = downloadArgs(faults, input, `${faults.folder}/out`, [...flags, "--breaker-failures", "0"]);
  const child = startDownload(faults, args), url = Promise.withResolvers<string>();
  const out = readText(child.stdout);
  const err = readText(child.stderr, (text) => {
    const found = /^Metrics at (http\S+)$/m.exec(text);
    if (found) url.resolve(found[1]);
  });
  err.then((text) => url.reject(new Error(`no metrics: ${text}`)));
  try {
    // the row that is never answered keeps it alive for 2 s
    const address = await url.promise, done = "beyond_tail_download_shards_total";
    let samples = new Map<string, number>();
    while ((samples.get(done) ?? 0) < 2) {
      const answer = await fetch(address);
      assertMatch(answer.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
      samples = samplesOf(await answer.text());
    }
    const get = (name: string) => samples.get(`beyond_tail_download_${name}`);
    assertEquals([get("rows_expected"), get("shards_expected"), get("rows_before")], [300, 3, 0]);
    assert(get('rows_total{status="success",reason="success"}')! >= 100);
    assert(get('rows_total{status="failed_to_download",reason="http_404"}')! > 0);
    assert(get("bytes_total")! > 100 * 10_000 && get("attempts_total")! >= 200);
    const other = await fetch(new URL("/", address));
    await other.body?.cancel();
    assertEquals(other.status, 404);
  } catch (error) {
    killIfAlive(child);
    throw error;
  }
  assertEquals((await child.status).code, 0, await err);
  const events = (await out).trimEnd().split("\n").map((line) => JSON.parse(line)), end = events.at(-1);
  assertEquals(events.map(({ event }) => event).filter((event) => event !== "progress"), [
    ...["start", "shard", "shard", "shard", "end"],
  ]);
  assertEquals([end.done, end.rows, end.shards, end.rows_expected], [true, 300, 3, 300]);
  assertEquals(events.filter(({ event }) => event === "shard").map(({ name }) => name).sort(), [
    ...["00000", "00001", "00002"],
  ]);
  const sums: Record<string, number> = {};
  for (const { status_dict = {}, event } of events) {
    if (event !== "shard") continue;
    for (const [reason, n] of Object.entries<number>(status_dict)) sums[reason] = (sums[reason] ?? 0) + n;
  }
  assertEquals(end.status_dict, sums);

  const again = await download(faults, args);
  assertEquals(again.code, 0, again.err);
  const nothing = again.out.split("\n").map((line) => JSON.parse(line));
  assertEquals(nothing.map(({ event }) => event), ["start", "end"]);
  assertEquals([nothing[1].done, nothing[1].rows, nothing[1].rows_before], [true, 0, 300]);
});

downloadTest("statistics of two machines' folders add up to those of one", async (faults) => {
  const kinds: Kind[] = ["ok", "404", "png", "zero-bytes", "ok", "svg", "redirect", "tiny"];
  const rows = Array.from({ length: 450 }, (_, i) => faultRow(faults.server, kinds[i % 8], i));
  const input = await writeRows(faults, rows);
  const folders = ["one", "first", "second"].map((name) => `${faults.folder}/${name}`);
  const parts = [[], ["--shard", "1/2"], ["--shard", "2/2"]];
  const ends = await Promise.all(
    parts.map((flags, i) =>
      download(faults, downloadArgs(faults, input, folders[i], ["--breaker-failures", "0", ...flags]))
    ),
  );
  assertEquals(ends.map(({ code }) => code), [0, 0, 0], ends.map(({ err }) => err).join("\n"));
  const stats = async (...of: string[]) => {
    const { code, out, err } = await run("data_utils/data_cli.ts", ["download-stats", ...of, "--json"]);
    assertEquals(code, 0, err);
    const { duration: _, start_time: _from, end_time: _to, ...sums } = JSON.parse(out);
    return sums;
  };
  const [one, two] = await Promise.all([stats(folders[0]), stats(folders[1], folders[2])]);
  assertEquals([one.count, one.shards, one.successes], [
    450,
    5,
    rows.filter(({ expected }) => expected.reason === null).length,
  ]);
  assertEquals(two, one);
});
