// Many large bodies at once: memory is shared out, nobody waits for ever, and the clock of who waits stands still.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { ask } from "../../data_utils/download/net/ask.ts";
import { type BodyBudget, openBodyBudget, type Share } from "../../data_utils/download/net/body_budget.ts";
import { openConnections } from "../../data_utils/download/net/connections.ts";
import { openDeadlines } from "../../data_utils/download/net/deadlines.ts";
import { FetchFailure } from "../../data_utils/download/net/fetch_failure.ts";
import { gatherBytes, smallBody } from "../../data_utils/download/net/gathered_bytes.ts";
import { openPatience } from "../../data_utils/download/net/patience.ts";
import { type Body, receive } from "../../data_utils/download/net/receive.ts";
import { rawServer, whole } from "./net_made.ts";

const never = new AbortController().signal;

/** Asks, and notes the name when it is granted. */
const asking = (log: string[]) => (share: Share, bytes: number, name: string) =>
  share.ask(bytes, () => log.push(name));

Deno.test("body budget: granted while it lasts, then in the order of asking", () => {
  const log: string[] = [], ask = asking(log);
  const budget = openBodyBudget(100), [a, b, c, d, e] = Array.from({ length: 5 }, () => budget.share());
  ask(a, 60, "a");
  ask(b, 40, "b");
  assertEquals(log, ["a", "b"]);
  // the first in line goes beyond the total, the others wait behind it
  ask(c, 50, "c");
  ask(d, 30, "d");
  ask(e, 10, "e");
  assertEquals(log, ["a", "b", "c"]);
  // who is beyond gets all it asks for
  ask(c, 20, "c again");
  assertEquals(log, ["a", "b", "c", "c again"]);
  a[Symbol.dispose]();
  assertEquals(log.length, 4);
  // 100 - 40 - 70 is less than d asks for, but c has ended and so d may be the one beyond
  c[Symbol.dispose]();
  assertEquals(log.slice(4), ["d", "e"]);
  for (const share of [b, d, e]) share[Symbol.dispose]();
  const all = budget.share();
  ask(all, 100, "all");
  assertEquals(log.at(-1), "all");
});

Deno.test("body budget: one that leaves the line makes way", () => {
  const log: string[] = [], ask = asking(log);
  const budget = openBodyBudget(10), [a, b, c, d] = Array.from({ length: 4 }, () => budget.share());
  ask(a, 10, "a");
  ask(b, 10, "b beyond");
  ask(c, 10, "c");
  ask(d, 5, "d");
  c[Symbol.dispose]();
  b[Symbol.dispose]();
  assertEquals(log, ["a", "b beyond", "d"]);
});

Deno.test("body budget: bodies that grow in turn all come to their end", () => {
  // each asks for 4 more when it was granted the last 4, until it has 20: all of them together take the total before one
  // has ended, so that without going beyond it none would
  const budget = openBodyBudget(50), turns: (() => void)[] = [];
  let ended = 0, held = 0, most = 0;
  const begin = () => {
    const share = budget.share();
    let mine = 0;
    const grow = () =>
      share.ask(4, () => {
        mine += 4;
        most = Math.max(most, held += 4);
        turns.push(mine < 20 ? grow : end);
      });
    const end = () => {
      ended++;
      held -= mine;
      share[Symbol.dispose]();
    };
    turns.push(grow);
  };
  for (let i = 0; i < 40; i++) begin();
  for (let turn = turns.shift(); turn; turn = turns.shift()) turn();
  assertEquals([ended, held], [40, 0]);
  assert(most > 50 && most <= 50 + 20, `${most} were held`);
});

Deno.test("gathered bytes: the same bytes in every step, and no more than allowed", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000)), large = 900_000;
  for (const step of [1, 777, 60_000, large]) {
    const wanted = step < 60_000 ? 60_000 : large;
    using gathered = gatherBytes(openBodyBudget(2 ** 22), large);
    for (let at = 0; at < wanted; at += step) {
      const chunk = new Uint8Array(Math.min(step, wanted - at)).map((_, i) => bytes[(at + i) % bytes.length]);
      assert(gathered.reserve(gathered.size + chunk.length, () => {}));
      gathered.add(chunk);
    }
    const expected = new Uint8Array(wanted).map((_, i) => bytes[i % bytes.length]);
    assertEquals(gathered.take(), expected);
  }
});

Deno.test("gathered bytes: beyond a small body there is no room before it is granted", () => {
  const budget = openBodyBudget(1), first = budget.share();
  first.ask(2, () => {});
  using gathered = gatherBytes(budget, 10 * smallBody);
  let ready = 0;
  assert(gathered.reserve(smallBody, () => ready++));
  gathered.add(new Uint8Array(smallBody));
  assertEquals(gathered.reserve(smallBody + 1, () => ready++), false);
  assertThrows(() => gathered.add(new Uint8Array(1)), RangeError);
  first[Symbol.dispose]();
  assertEquals(ready, 1);
  gathered.add(new Uint8Array(1));
  assertEquals(gathered.take().length, smallBody + 1);
});

Deno.test("patience: time stands still while it is held", async () => {
  using deadlines = openDeadlines(5);
  using held = openPatience(deadlines, 60, never);
  using running = openPatience(deadlines, 60, never);
  held.hold();
  let over = false;
  const waiting = held.wait<void>(() => () => {}).catch(() => void (over = true));
  await running.wait<void>(() => () => {}).catch(() => {});
  await new Promise((done) => setTimeout(done, 40));
  assertEquals(over, false);
  held.resume();
  await waiting;
  assertEquals(over, true);
});

Deno.test("patience: nothing of it stays with the signal that many fetches share", () => {
  using deadlines = openDeadlines(1000);
  const { signal } = new AbortController(), listeners = new Set<unknown>();
  signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_type: string, listener: unknown) => void listeners.delete(listener);
  const patience = openPatience(deadlines, 1000, signal);
  assertEquals(listeners.size, 1);
  patience[Symbol.dispose]();
  assertEquals(listeners.size, 0);
});

Deno.test("patience: what is broken off is undone, once", async () => {
  using deadlines = openDeadlines(5);
  const stop = new AbortController();
  using patience = openPatience(deadlines, 10_000, stop.signal);
  let undone = 0;
  const waiting = patience.wait<void>(() => () => void undone++);
  stop.abort(new Error("stop"));
  assertEquals(await waiting.catch((error) => error.message), "stop");
  patience.end(new Error("again"));
  assertEquals(undone, 1);
  let begun = false;
  const late = patience.wait<void>(() => {
    begun = true;
    return () => {};
  });
  assertEquals([await late.catch((error) => error.message), begun], ["stop", false]);
});

/** A budget that notes the most that was held of it at a time. */
function noted(budget: BodyBudget) {
  const record = { held: 0, most: 0, waited: 0 };
  const share = () => {
    const inner = budget.share();
    let held = 0;
    return {
      ask(bytes: number, granted: () => void) {
        let there = false;
        inner.ask(bytes, () => {
          there = true;
          held += bytes;
          record.held += bytes;
          record.most = Math.max(record.most, record.held);
          granted();
        });
        if (!there) record.waited++;
      },
      [Symbol.dispose]() {
        record.held -= held;
        inner[Symbol.dispose]();
      },
    };
  };
  return { record, budget: { share } };
}

/** Asks for `url` and receives the body with that budget, in `total` ms of its own. */
async function receiveFrom(url: string, budget: BodyBudget, total: number, maxBytes: number): Promise<Body> {
  using connections = openConnections();
  using deadlines = openDeadlines(5);
  using patience = openPatience(deadlines, total, never);
  const wish = { url: new URL(url), addresses: ["127.0.0.1"], headers: {}, connectTimeout: 5_000 };
  const answer = await ask(wish, connections, patience, { firstByteTimeout: 5_000, isAllowed: () => true });
  return await receive(answer, patience, budget, maxBytes);
}

const large = 700_000;

Deno.test("receive: large bodies share the budget, whether they say how long they are or not", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(large / 100));
  const body = new Uint8Array(large).map((_, i) => bytes[i % bytes.length]);
  const packed = gzipSync(body);
  using server = rawServer(async (visit) => {
    const forms: Record<string, Uint8Array> = {
      "/0": whole(body),
      "/1": new Uint8Array([...new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"), ...body]),
      "/2": whole(packed, "Content-Encoding: gzip\r\n"),
    };
    await visit.send(forms[visit.path]);
    visit.close();
  });
  const total = 1_500_000, { record, budget } = noted(openBodyBudget(total));
  const bodies = await Promise.all(
    Array.from({ length: 24 }, (_, i) => receiveFrom(server.url(`/${i % 3}`), budget, 30_000, large + 1)),
  );
  for (const received of bodies) assertEquals(received.bytes, body);
  assertEquals(bodies[2].wireBytes, packed.length);
  assert(record.waited > 0, "no body had to wait");
  assert(record.most > total && record.most <= total + large + 1, `${record.most} were held`);
  assertEquals(record.held, 0);
});

Deno.test("receive: who waits for the budget is not timed out, who holds it is", async () => {
  using server = rawServer(async (visit) => {
    const length = visit.path === "/unknown" ? "" : `Content-Length: ${large}\r\n`;
    await visit.send(`HTTP/1.1 200 OK\r\n${length}\r\n`);
    if (visit.path === "/stalls") return;
    await visit.send(new Uint8Array(large));
    visit.close();
  });
  for (const path of ["/known", "/unknown"]) {
    const { record, budget } = noted(openBodyBudget(100));
    // the first one goes beyond the budget and stalls
    const stalled = receiveFrom(server.url("/stalls"), budget, 900, large);
    while (record.held === 0) await new Promise((done) => setTimeout(done, 1));
    const waiting = receiveFrom(server.url(path), budget, 400, large);
    const error = await assertRejects(() => stalled, FetchFailure);
    assertEquals(error.fault.reason, "timeout");
    assertEquals((await waiting).bytes.length, large);
    assert(record.waited > 0);
    assertEquals(record.held, 0);
  }
});

Deno.test("receive: a body that breaks off while it waits for the budget gives its place back", async () => {
  using server = rawServer(async (visit) => {
    await visit.send(`HTTP/1.1 200 OK\r\nContent-Length: ${large}\r\n\r\n`);
    if (visit.path === "/breaks") visit.close();
    if (visit.path === "/whole") await visit.send(new Uint8Array(large));
  });
  const { record, budget } = noted(openBodyBudget(100));
  const stalled = receiveFrom(server.url("/stalls"), budget, 500, large);
  while (record.held === 0) await new Promise((done) => setTimeout(done, 1));
  const error = await assertRejects(
    () => receiveFrom(server.url("/breaks"), budget, 200, large),
    FetchFailure,
  );
  assertEquals(error.fault.reason, "truncated");
  await assertRejects(() => stalled, FetchFailure);
  assertEquals((await receiveFrom(server.url("/whole"), budget, 5_000, large)).bytes.length, large);
  assertEquals(record.held, 0);
});
