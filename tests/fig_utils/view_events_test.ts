// A run's events as a browser receives them: all points first, then what is added, again all after a rewrite, and an end.
// The sanitizers of Deno.test see to it that no timer or file outlives a stream.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createView } from "../../fig_utils/mod.ts";
import { openRun, writeJsonAtomically } from "../../data_utils/mod.ts";

interface Event {
  name: string;
  data: { points: Record<string, [number, number][][]>; texts: Record<string, string> };
}

/** Reads a stream of events one by one; comments come as events named ":". */
function eventReader(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<Event | null> => {
    while (!text.includes("\n\n")) {
      const { done, value } = await reader.read();
      if (done) return null;
      text += value;
    }
    const at = text.indexOf("\n\n"), block = text.slice(0, at);
    text = text.slice(at + 2);
    if (block.startsWith(":")) return { name: ":", data: { points: {}, texts: {} } };
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block)!;
    return { name, data: JSON.parse(data) };
  };
  return { next, leave: () => reader.cancel() };
}

async function withRun(
  test: (
    run: Awaited<ReturnType<typeof openRun>>,
    open: () => Promise<ReturnType<typeof eventReader>>,
  ) => Promise<void>,
  options: Parameters<typeof createView>[1] = {},
) {
  const folder = await Deno.makeTempDir({ prefix: "events " });
  const run = await openRun({ dir: `${folder}/a run`, config: { steps: 100, batchSize: 64 } });
  try {
    for (let step = 10; step <= 30; step += 10) run.log({ step, loss: 3 - step / 100, seconds: step });
    const view = createView(folder, { every: 20, ...options });
    await test(run, async () => {
      const response = await view.request("http://localhost/runs/a%20run/events");
      assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
      return eventReader(response.body!);
    });
  } finally {
    await run.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("events: history, then news of both logs, then the end", async () => {
  await withRun(async (run, open) => {
    const events = await open(), history = (await events.next())!;
    assertEquals(history.name, "history");
    assertEquals(history.data.points.loss, [[[10, 2.9], [20, 2.8], [30, 2.7]]]);
    assertEquals(history.data.points.accuracy, [[], [], []]);
    assertEquals([history.data.texts.step, history.data.texts.state], ["30 of 100", "training"]);

    const append = (lines: string) => Deno.writeTextFile(run.path("metrics.jsonl"), lines, { append: true });
    await append('{"step":40,"loss":null}\n{"step":50,"loss":2.5,"seconds":50}\n');
    const news = (await events.next())!;
    assertEquals([news.name, news.data.points.loss, news.data.texts.loss], ["news", [[[50, 2.5]]], "2.500"]);

    const scores = { top1: 0.5, head: 0.75, tail: null, rho_freq_pred: -0.25, rho_freq_acc: 0.125 };
    await Deno.writeTextFile(run.path("evaluations.jsonl"), JSON.stringify({ step: 50, ...scores }) + "\n");
    const scored = (await events.next())!;
    assertEquals(scored.data.points, {
      ...{ loss: [[]], accuracy: [[[50, 50]], [[50, 75]], []] },
      rho: [[[50, -0.25]], [[50, 0.125]]],
    });
    assertEquals([scored.data.texts.top1, scored.data.texts.rhoPredictions], ["50.0", "−0.25"]);

    await append('{"step":100,"loss":1,"seconds":100}\n');
    await writeJsonAtomically(run.path("result.json"), { steps: 100, top1: 0.6, images_per_second: 64 });
    const last: string[] = [], losses: number[] = [];
    for (let event = await events.next(); event; event = await events.next()) {
      last.push(event.name);
      if (event.name === "news") losses.push(...event.data.points.loss[0].map(([step]) => step));
    }
    assertEquals([last.at(-1), losses], ["end", [100]]);
  });
});

Deno.test("events: a rewritten log begins again; a run that breaks ends the stream", async () => {
  await withRun(async (run, open) => {
    const events = await open();
    await events.next();
    await run.truncateAfter(10);
    const again = (await events.next())!;
    assertEquals([again.name, again.data.points.loss], ["history", [[[10, 2.9]]]]);
    await Deno.writeTextFile(run.path("config.json"), "?");
    assertEquals((await events.next())?.name, "end");
    assertEquals(await events.next(), null);
  });
});

Deno.test("events: a silent stream says that it lives; it ends when the reader leaves or the view does", async () => {
  const ending = new AbortController();
  await withRun(async (_run, open) => {
    const [events, other] = [await open(), await open()];
    assertEquals([(await events.next())?.name, (await events.next())?.name], ["history", ":"]);
    assertEquals((await other.next())?.name, "history");
    await other.leave();
    ending.abort();
    const rest = [];
    for (let event = await events.next(); event; event = await events.next()) rest.push(event.name);
    assert(rest.length <= 1, "no more than a sign of life that was under way");
  }, { heartbeat: 50, signal: ending.signal });
});

Deno.test("events: over a socket, a browser that goes leaves nothing running", async () => {
  await withRun(async (run) => {
    const folder = run.dir.slice(0, run.dir.lastIndexOf("/")),
      view = createView(folder, { every: 20, heartbeat: 100 });
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, view.fetch);
    const url = `http://localhost:${server.addr.port}/runs/a%20run/events`;
    const head = await fetch(url, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
    const leaving = new AbortController(), response = await fetch(url, { signal: leaving.signal });
    const reader = response.body!.getReader();
    assertMatch(new TextDecoder().decode((await reader.read()).value), /^event: history\n/);
    leaving.abort();
    await reader.closed.catch(() => {});
    await server.shutdown(); // would wait for a stream that goes on
  });
});
