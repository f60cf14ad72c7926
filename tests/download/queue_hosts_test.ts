// How the queue treats hosts that ask to wait, fail or are not there; on a time of the tests' own.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Reason } from "../../data_utils/download/outcome.ts";
import { randomStream } from "../../data_utils/random/mod.ts";
import { fault, hostOf, madeQueue, mostAtOnce, type Seen } from "./queue_made.ts";

/** Sets a host that answers beside those of a test: a task every so often for so long. */
async function besides(made: ReturnType<typeof madeQueue>, every: number, duration: number): Promise<void> {
  for (let i = 0; i * every < duration; i++) {
    made.queue.push(`fine/${i}`, "fine");
    await made.clock.advance(every);
  }
}

Deno.test("hosts: who asks to wait rests as a whole, and tasks that wait use up no attempt", async () => {
  for (const [reason, rest] of [["http_429", 5000], ["http_503", 5000]] as const) {
    const serve = (_: string, number: number, now: number) =>
      now < 10 && number === 1 ? fault(reason, { retryAfter: rest }) : {};
    const made = madeQueue(serve, { perHost: 2, retries: 1, backoff: 100 });
    made.pushMany("a", 6);
    made.pushMany("b", 1);
    await made.clock.until(made.queue.below(1));
    assertEquals(made.beginnings("a").filter((began) => began < 10 + rest), [0, 0], reason);
    assertEquals(made.tally("a"), { success: 6 });
    assertEquals([2, 3, 4, 5].map((i) => made.ends.get(`a/${i}`)!.attempts), [1, 1, 1, 1]);
  }
});

Deno.test("hosts: after a rest one attempt at a time is made until one is answered", async () => {
  const serve = (_: string, __: number, now: number) =>
    now < 2500 ? fault("http_429", { retryAfter: 1000 }) : {};
  const made = madeQueue(serve, { perHost: 4, retries: 9, backoff: 100 });
  made.pushMany("a", 9);
  await made.clock.until(made.queue.below(1));
  assertEquals(made.beginnings("a").slice(0, 8), [0, 0, 0, 0, 1010, 2020, 3030, 3040]);
  assertEquals(made.tally("a"), { success: 9 });
});

Deno.test("hosts: one that stands in line when it asks to wait is passed over", async () => {
  const serve = (_: string, __: number, now: number) =>
    now === 0 ? fault("http_429", { retryAfter: 1000 }) : {};
  const made = madeQueue(serve, { concurrency: 1, perHost: 2, retries: 0 });
  made.pushMany("a", 3);
  made.pushMany("b", 2);
  await made.clock.until(made.queue.below(1));
  assertEquals([made.beginnings("a"), made.beginnings("b")], [[0, 1010, 1020], [10, 20]]);
});

Deno.test("hosts: what began before a rest says nothing about it any more", async () => {
  for (const ends of [{}, fault("http_429"), fault("reset")]) {
    const serve = (task: string) => {
      if (task === "a/0") return fault("http_429");
      return task === "a/1" || task === "a/2" ? { ...ends, ms: 300 } : { ms: 100 };
    };
    const made = madeQueue(serve, { perHost: 3, retries: 0, backoff: 1000 });
    made.pushMany("a", 6);
    await made.clock.until(made.queue.below(1));
    assertEquals(made.beginnings("a"), [0, 0, 0, 760, 860, 860]);
  }
  const left = madeQueue(
    (task) => hostOf(task) === "fine" ? {} : { ...fault("reset"), ms: task === "a/0" ? 5000 : 10 },
    { perHost: 2, breakerFailures: 3, retries: 0, breakerRest: 60_000 },
  );
  left.pushMany("a", 9);
  await besides(left, 100, 60_100);
  left.queue.push("a/9", "a");
  await left.clock.until(left.queue.below(1));
  assertEquals(left.ends.get("a/9")!.attempts, 1, "the failure at 5000 did not prolong the rest");
});

Deno.test("hosts: a 429 without Retry-After rests the host for a back-off that doubles", async () => {
  const made = madeQueue(() => fault("http_429"), {
    perHost: 1,
    retries: 0,
    backoff: 1000,
    maxRetryWait: 3000,
  });
  made.pushMany("a", 5);
  await made.clock.until(made.queue.below(1));
  assertEquals(made.beginnings("a"), [0, 760, 2270, 4530, 6790]);
  const bare = madeQueue(() => fault("http_503"), { perHost: 1, retries: 0 });
  bare.pushMany("a", 3);
  await bare.clock.until(bare.queue.below(1));
  assertEquals(bare.beginnings("a"), [0, 10, 20], "a 503 without Retry-After may be that of one page");
});

Deno.test("hosts: a Retry-After beyond the longest wait is the end of its task, and of those behind it", async () => {
  const made = madeQueue(
    (task) => task === "a/0" ? fault("http_429", { retryAfter: 600_000, httpStatus: 429 }) : {},
    {
      perHost: 1,
    },
  );
  made.pushMany("fine", 3);
  await made.clock.advance(15);
  made.pushMany("a", 100);
  await made.clock.until(made.queue.below(1));
  assertEquals(made.tally("a"), { http_429: 1, host_down: 99 });
  const { attempts, at, fault: own } = made.ends.get("a/0")!;
  assertEquals([attempts, at, own!.httpStatus], [1, 25, 429]);
  assertEquals(own!.detail, "made; Retry-After 600 s is more than the 60 s waited for");
  assertMatch(
    made.ends.get("a/99")!.fault!.detail,
    /^a: http_429 asked to wait for 600 s; left alone for 600 s$/,
  );
  await made.clock.advance(599_000);
  made.queue.push("a/100", "a");
  await made.clock.advance(2_000);
  made.queue.push("a/101", "a");
  await made.clock.until(made.queue.below(1));
  assertEquals([made.ends.get("a/100")!.fault?.reason, made.ends.get("a/101")!.fault], [
    "host_down",
    undefined,
  ]);
});

Deno.test("hosts: one that never does anything but ask to wait is left alone in the end", async () => {
  const made = madeQueue((task) => hostOf(task) === "a" ? fault("http_429", { retryAfter: 1000 }) : {}, {
    perHost: 1,
    breakerFailures: 4,
    retries: 0,
  });
  made.pushMany("a", 10);
  await besides(made, 500, 6000);
  assertEquals(made.beginnings("a"), [0, 1010, 2020, 3030]);
  assertEquals(made.tally("a"), { http_429: 4, host_down: 6 });
});

Deno.test("hosts: a dead one is asked a few times, then its tasks are given up at once", async () => {
  const dead: Reason[] = ["refused", "unreachable", "connect_timeout", "first_byte_timeout", "reset", "tls"];
  for (const reason of [...dead, "dns_failed" as const]) {
    const made = madeQueue((task) => hostOf(task) === "a" ? fault(reason) : {}, {
      breakerFailures: 5,
      perHost: 1,
      retries: 0,
    });
    made.pushMany("a", 5000);
    await besides(made, 7, 700);
    assertEquals(made.tally("a"), { [reason]: 5, host_down: 4995 });
    assertEquals(made.beginnings("a"), [0, 10, 20, 30, 40]);
    const { attempts, at, fault: given } = made.ends.get("a/4999")!;
    assertEquals([attempts, at], [0, 50]);
    assertEquals(given!.detail, `a: 5 failures in a row, the last: ${reason}; left alone for 60 s`);
  }
});

Deno.test("hosts: a dead one is tried once after each rest, and all is well when it answers", async () => {
  const serve = (task: string, _: number, now: number) =>
    hostOf(task) === "a" && now < 100_000 ? fault("refused") : {};
  const made = madeQueue(serve, { breakerFailures: 5, perHost: 1, retries: 0, breakerRest: 40_000 });
  let pushed = 0;
  while (made.clock.now() < 140_000) {
    made.queue.push(`a/${pushed}`, "a");
    made.queue.push(`fine/${pushed++}`, "fine");
    await made.clock.advance(1000);
  }
  const began = made.beginnings("a").map((ms) => ms / 1000);
  // left alone until 44.01 and, after the attempt at 45, until 85.01; then 126.01, when the host is there again
  assertEquals(began, [0, 1, 2, 3, 4, 45, 86, ...Array.from({ length: 13 }, (_, i) => 127 + i)]);
});

Deno.test("hosts: a task that was tried keeps its own fault when its host is left alone", async () => {
  const made = madeQueue((task) => hostOf(task) === "a" ? fault("reset", { httpStatus: 200 }) : {}, {
    breakerFailures: 2,
    perHost: 1,
    retries: 5,
    backoff: 100,
  });
  made.pushMany("a", 4);
  await besides(made, 7, 700);
  assertEquals(made.tally("a"), { reset: 2, host_down: 2 });
  const { attempts, at, fault: given } = made.ends.get("a/0")!;
  assertEquals([attempts, at, given!.httpStatus], [1, 85, 200]);
  assertMatch(given!.detail, /^made; not tried again, a: 2 failures in a row, the last: reset; left alone/);
});

Deno.test("hosts: answers of any kind, and failures behind a redirect, are no failures of the host", async () => {
  const made = madeQueue((task) => {
    const i = Number(task.split("/")[1]);
    return [
      fault("http_404"),
      fault("http_500"),
      fault("timeout"),
      fault("truncated"),
      fault("refused", { behindRedirect: true }),
      fault("http_429", { behindRedirect: true }),
      fault("dns", { behindRedirect: true }),
    ][i % 7];
  }, { breakerFailures: 2, retries: 0 });
  made.pushMany("a", 70);
  made.pushMany("fine", 1);
  await made.clock.until(made.queue.below(1));
  assertEquals(made.attempts.length, 71);
  assertEquals(made.tally("a").host_down, undefined);
});

Deno.test("hosts: failures that stand between answers are not in a row", async () => {
  const made = madeQueue((task) => Number(task.split("/")[1]) % 5 === 4 ? {} : fault("refused"), {
    breakerFailures: 5,
    perHost: 1,
  });
  made.pushMany("a", 50);
  made.pushMany("fine", 5);
  await made.clock.until(made.queue.below(1));
  assertEquals(made.tally("a"), { refused: 40, success: 10 });
});

Deno.test("hosts: without a limit of failures none is left alone", async () => {
  const made = madeQueue(
    (task) =>
      task === "a/5" ? fault("http_429", { retryAfter: 1e9 }) : hostOf(task) === "a" ? fault("refused") : {},
    { breakerFailures: 0, maxRetryWait: 1000 },
  );
  made.pushMany("fine", 5);
  made.pushMany("a", 100);
  await made.clock.until(made.queue.below(1));
  assertEquals(made.tally("a"), { refused: 99, http_429: 1 });
});

Deno.test("hosts: tasks of a name that is not there keep that reason, and no interval holds them up", async () => {
  const made = madeQueue(() => ({ ...fault("dns"), ms: 1 }), { perHost: 2, hostInterval: 1000 });
  made.pushMany("a", 200);
  made.pushMany("b", 3);
  await made.clock.until(made.queue.below(1));
  assertEquals([made.tally("a"), made.tally("b")], [{ dns: 200 }, { dns: 3 }]);
  assert(made.clock.now() <= 300, `${made.clock.now()}`);
});

Deno.test("hosts: when nobody answers, the network may be down: many tasks wait, and none is given up", async () => {
  for (const reason of ["connect_timeout", "dns", "dns_failed"] as const) {
    const serve = (_: string, __: number, now: number) => now > 1000 && now < 120_000 ? fault(reason) : {};
    const made = madeQueue(serve, {
      breakerFailures: 5,
      perHost: 2,
      concurrency: 4,
      breakerRest: 30_000,
      retries: 9,
    });
    made.pushMany("a", 3000);
    await made.clock.until(made.queue.below(1));
    const outage = made.beginnings("a").filter((began) => began > 1000 && began < 120_000);
    assert(outage.length <= 5 + 2 + 4, `${outage.length} attempts`);
    const lost = made.tally("a")[reason] ?? 0;
    assertEquals(made.tally("a").host_down, undefined, reason);
    // a name that is not there is not asked for again, so each of these attempts cost its task
    if (reason === "dns") assert(lost <= outage.length && made.tally("a").success === 3000 - lost);
    else assertEquals(lost, 0, reason);
  }
});

Deno.test("hosts: the only host of a long list is waited for, even longer than otherwise", async () => {
  const serve = (task: string) => task === "a/50" ? fault("http_429", { retryAfter: 70_000 }) : {};
  const made = madeQueue(serve, { perHost: 8, maxRetryWait: 60_000, breakerRest: 60_000 });
  made.pushMany("a", 3000);
  await made.clock.until(made.queue.below(1));
  assertEquals(made.tally("a"), { success: 2999, http_429: 1 });
  assert(made.clock.now() > 70_000);
});

Deno.test("hosts: when nobody answers for long, or few tasks are left, they are given up all the same", async () => {
  for (const [tasks, least, most] of [[2000, 4000, 6000], [900, 0, 500]]) {
    const made = madeQueue(() => fault("refused"), { breakerFailures: 5, breakerRest: 1000 });
    made.pushMany("a", tasks);
    await made.clock.until(made.queue.below(1));
    const { refused, host_down } = made.tally("a"), time = made.clock.now();
    assertEquals(refused + host_down, tasks);
    assert(refused < 20 && time >= least && time <= most, `${refused} ${time}`);
  }
});

/** The attempts at a host must keep the limit and the interval. */
function checkHost(attempts: readonly Seen[], perHost: number, interval: number, what: string): void {
  assert(mostAtOnce(attempts) <= perHost, what);
  for (let i = 1; i < attempts.length; i++) {
    assert(attempts[i].began - attempts[i - 1].began >= interval - 1e-6, what);
  }
}

Deno.test("hosts: any mixture: every task is done once, and every limit is kept", async () => {
  const reasons: Reason[] = [
    "http_404",
    "http_429",
    "http_500",
    "http_503",
    "timeout",
    "refused",
    "reset",
    "not_an_image",
  ];
  for (let seed = 0; seed < 60; seed++) {
    const random = randomStream(seed), pick = (most: number) => 1 + random.int(most);
    const settings = {
      ...{ concurrency: pick(12), perHost: pick(5), hostInterval: seed % 3 === 0 ? random.int(50) : 0 },
      ...{ retries: random.int(4), backoff: pick(200), maxRetryWait: 500 },
      ...{ breakerFailures: random.int(6), breakerRest: pick(3000) },
    };
    const good = random.uniform(), hosts = pick(9), tasks = 50 + random.int(200);
    const made = madeQueue(
      () => {
        const ms = random.int(60);
        if (random.uniform() < good) return { ms };
        const retryAfter = random.uniform() < 0.3 ? random.int(700) : undefined;
        return { ms, ...fault(reasons[random.int(reasons.length)], { retryAfter }) };
      },
      settings,
      () => random.uniform(),
    );
    for (let i = 0; i < tasks; i++) {
      const host = `h${Math.floor(hosts * random.uniform() ** 2)}`;
      made.queue.push(`${host}/${i}`, host);
      if (random.uniform() < 0.2) await made.clock.advance(random.int(40));
    }
    await made.clock.until(made.queue.below(1));
    const what = `seed ${seed}: ${JSON.stringify(settings)}`;
    assertEquals([made.ends.size, made.queue.size], [tasks, 0], what); // done() throws for a second time
    assert(mostAtOnce(made.attempts) <= settings.concurrency, what);
    for (let h = 0; h < hosts; h++) {
      checkHost(
        made.attempts.filter(({ task }) => hostOf(task) === `h${h}`),
        settings.perHost,
        settings.hostInterval,
        what,
      );
    }
    for (const [task, { attempts, fault }] of made.ends) {
      assertEquals(made.attempts.filter((seen) => seen.task === task).length, attempts, what);
      assert(attempts <= settings.retries + 1 && (attempts > 0 || fault?.reason === "host_down"), what);
      if (settings.breakerFailures === 0) assert(fault?.reason !== "host_down", what);
    }
  }
});
