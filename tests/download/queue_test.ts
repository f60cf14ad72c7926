// The queue of requests: its limits, its order, its retries, and how it stops; on a time of the tests' own.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openAlarms } from "../../data_utils/download/queue/alarms.ts";
import { fetchQueue } from "../../data_utils/download/queue/fetch_queue.ts";
import { openHosts } from "../../data_utils/download/queue/hosts.ts";
import { defaultQueueSettings } from "../../data_utils/download/queue/queue_settings.ts";
import { randomStream } from "../../data_utils/random/mod.ts";
import { fakeClock, settle } from "./fake_clock.ts";
import { fault, hostOf, madeQueue, mostAtOnce, type Task } from "./queue_made.ts";

Deno.test("queue: so many at once, so many of one host, and the slots are all used", async () => {
  const made = madeQueue(() => ({}), { concurrency: 5, perHost: 2 });
  for (const host of ["a", "b", "c"]) made.pushMany(host, 20);
  assertEquals(made.queue.size, 60);
  await made.clock.until(made.queue.below(1));
  assertEquals([made.ends.size, made.queue.size], [60, 0]);
  assertEquals(mostAtOnce(made.attempts), 5);
  for (const host of ["a", "b", "c"]) {
    assertEquals(mostAtOnce(made.attempts.filter(({ task }) => hostOf(task) === host)), 2, host);
  }
  assertEquals(made.clock.now(), 60 / 5 * 10);
});

Deno.test("queue: hosts take turns, however many tasks one of them has", async () => {
  const made = madeQueue(() => ({}), { concurrency: 2, perHost: 2 });
  made.pushMany("long", 1000);
  for (const host of ["b", "c", "d"]) made.pushMany(host, 3);
  await made.clock.until(made.queue.below(1));
  for (const host of ["b", "c", "d"]) assert(made.ends.get(`${host}/2`)!.at <= 100, host);
  const own = made.attempts.filter(({ task }) => hostOf(task) === "long").map(({ task }) => task);
  assertEquals(own, Array.from({ length: 1000 }, (_, i) => `long/${i}`));
});

Deno.test("queue: an interval is kept between beginnings at a host, and holds up no other", async () => {
  const made = madeQueue(() => ({}), { concurrency: 8, perHost: 4, hostInterval: 100 });
  for (const host of ["a", "b"]) made.pushMany(host, 5);
  await made.clock.until(made.queue.below(1));
  for (const host of ["a", "b"]) assertEquals(made.beginnings(host), [0, 100, 200, 300, 400], host);
});

Deno.test("queue: what may pass is tried again after a doubling back-off that holds no slot", async () => {
  const serve = (task: Task) => task === "a/0" ? fault("http_500") : {};
  const made = madeQueue(serve, { concurrency: 1, retries: 3, backoff: 1000, maxRetryWait: 3000 });
  made.pushMany("a", 2);
  await made.clock.until(made.queue.below(1));
  // three quarters of 1000, of 2000, and of 3000 in place of 4000
  assertEquals(made.attempts.filter(({ task }) => task === "a/0").map(({ began }) => began), [
    0,
    760,
    2270,
    4530,
  ]);
  assertEquals(made.ends.get("a/0"), { attempts: 4, at: 4540, ...fault("http_500") });
  assertEquals(made.ends.get("a/1"), { attempts: 1, at: 20, fault: undefined });
});

Deno.test("queue: a back-off is drawn from the upper half of the whole", async () => {
  for (const [drawn, wait] of [[0, 500], [0.999, 999.5]]) {
    const made = madeQueue((_, number) => number === 1 ? fault("timeout") : {}, {}, () => drawn);
    made.queue.push("a/0", "a");
    await made.clock.until(made.queue.below(1));
    assertEquals(made.beginnings("a"), [0, 10 + wait]);
  }
});

Deno.test("queue: a Retry-After counts where it is longer than the back-off, and a task tried again goes first", async () => {
  const serve = (task: Task, number: number) =>
    task === "a/0" && number === 1 ? fault("http_500", { retryAfter: 5000 }) : { ms: 1000 };
  const made = madeQueue(serve, { concurrency: 1, perHost: 1, backoff: 100 });
  made.pushMany("a", 20);
  await made.clock.until(made.queue.below(1));
  assertEquals(made.attempts.slice(0, 8).map(({ task }) => task.slice(2)), [
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "0",
    "6",
  ]);
  assertEquals(made.beginnings("a")[6], 5010);
  assertEquals(made.queue.hosts, 0);
});

Deno.test("queue: what will not pass is not tried again", async () => {
  const made = madeQueue((task) => fault(task === "a/0" ? "http_404" : "opt_out"));
  made.pushMany("a", 2);
  await made.clock.until(made.queue.below(1));
  assertEquals([...made.ends.values()].map(({ attempts }) => attempts), [1, 1]);
});

Deno.test("queue: a result that is dealt with holds its slot, but not its place at the host", async () => {
  const clock = fakeClock(), began: [string, number][] = [];
  const made = (concurrency: number) =>
    fetchQueue<string, string>({ ...defaultQueueSettings, concurrency, perHost: 1 }, {
      async attempt(task) {
        began.push([task, clock.now()]);
        await clock.sleep(10);
        return { result: task };
      },
      done: () => clock.sleep(100),
      signal: new AbortController().signal,
      clock,
    });
  const wide = made(2), narrow = made(1);
  for (const task of ["w0", "w1", "w2"]) wide.push(task, "host");
  for (const task of ["n0", "n1"]) narrow.push(task, "host");
  await clock.until(Promise.all([wide.below(1), narrow.below(1)]));
  assertEquals(began.sort(), [["n0", 0], ["n1", 110], ["w0", 0], ["w1", 10], ["w2", 110]]);
});

Deno.test("queue: below() waits for as few as it was asked for", async () => {
  const made = madeQueue(() => ({}), { concurrency: 1 });
  made.pushMany("a", 10);
  await made.clock.until(made.queue.below(4));
  assertEquals([made.queue.size, made.clock.now()], [3, 70]);
  await made.queue.below(4);
  await made.clock.until(made.queue.below(1));
});

Deno.test("queue: stopped, it tells the attempts, starts nothing more and is done with nobody", async () => {
  const made = madeQueue((task) => task === "a/0" ? fault("timeout") : { ms: 1000 }, { concurrency: 3 });
  made.pushMany("a", 10);
  await made.clock.advance(50);
  const reason = new Error("enough"), drained = assertRejects(() => made.queue.below(1), Error, "enough");
  made.abort.abort(reason);
  await drained;
  assert(made.signals.every(({ aborted, reason: given }) => aborted && given === reason));
  made.queue.push("a/10", "a");
  const still = made.queue.still();
  await made.clock.advance(10_000);
  await still;
  assertEquals([made.attempts.length, made.ends.size], [4, 0]);
  await assertRejects(() => made.queue.below(100), Error, "enough");
});

Deno.test("queue: what an attempt or the telling throws stops it, and below() throws it on", async () => {
  for (const where of ["attempt", "done"]) {
    let calls = 0;
    const thrower = () => {
      calls++;
      throw new Error(`broken ${where}`);
    };
    const queue = fetchQueue<number, number>({ ...defaultQueueSettings, concurrency: 1 }, {
      attempt: where === "attempt" ? thrower : (task) => Promise.resolve({ result: task }),
      done: thrower,
      signal: new AbortController().signal,
    });
    queue.push(1, "a");
    queue.push(2, "a");
    await assertRejects(() => queue.below(1), Error, `broken ${where}`);
    await queue.still();
    assertEquals(calls, 1);
  }
});

Deno.test("queue: one that was stopped before it began does nothing", async () => {
  const queue = fetchQueue<number, number>(defaultQueueSettings, {
    attempt: () => Promise.reject(new Error("called")),
    done: () => {},
    signal: AbortSignal.abort(new Error("early")),
  });
  queue.push(1, "a");
  await assertRejects(() => queue.below(1), Error, "early");
});

Deno.test("queue: settings under which nothing would run are refused", () => {
  for (const wrong of [{ concurrency: 0 }, { perHost: 0 }, { perHost: NaN }]) {
    const settings = { ...defaultQueueSettings, ...wrong };
    assertThrows(
      () =>
        fetchQueue(settings, {
          attempt: () => Promise.resolve({ result: 0 }),
          done: () => {},
          signal: new AbortController().signal,
        }),
      RangeError,
      "must be at least 1",
    );
  }
});

Deno.test("queue: hosts without work and without a past are forgotten, of the others the oldest", async () => {
  const made = madeQueue((task) => hostOf(task) === "bad" ? fault("refused") : {});
  for (let i = 0; i < 500; i++) made.queue.push(`${i}/x`, `${i}`);
  made.queue.push("bad/x", "bad");
  await made.clock.until(made.queue.below(1));
  assertEquals(made.queue.hosts, 1);

  const hosts = openHosts<number>(2);
  for (const name of ["a", "b", "c"]) {
    const host = hosts.at(name);
    host.health.failures = 1;
    hosts.release(host, 0);
    if (name === "b") hosts.release(hosts.at("a"), 0);
  }
  assertEquals([hosts.size, hosts.at("a").health.failures, hosts.at("b").health.failures], [2, 1, 0]);
});

Deno.test("queue: alarms ring in their order on one timer at a time", async () => {
  const clock = fakeClock(), random = randomStream(3), rung: number[] = [], asked: number[] = [];
  let timers = 0, most = 0;
  const counting = {
    now: clock.now,
    after(ms: number, call: () => void) {
      most = Math.max(most, ++timers);
      let open = true;
      const close = () => {
        if (open) timers--;
        open = false;
      };
      const callOff = clock.after(ms, () => {
        close();
        call();
      });
      return () => {
        close();
        callOff();
      };
    },
  };
  const alarms = openAlarms<number>(counting, (at) => {
    assertEquals(clock.now(), at);
    rung.push(at);
    if (random.uniform() < 0.3) ask();
  }, () => {});
  function ask() {
    const at = clock.now() + 1 + random.int(500);
    asked.push(at);
    alarms.set(at, at);
  }
  for (let i = 0; i < 200; i++) ask();
  await clock.advance(10_000);
  assertEquals(rung, asked.sort((a, b) => a - b));
  assertEquals([most, timers], [1, 0]);
  alarms.set(clock.now() + 5, 0);
  alarms.clear();
  await settle();
  assertEquals(timers, 0);
});
