// Names: the cache before the resolver, and questions to a name server of the test's own.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import dgram from "node:dgram";
import { defaultDnsCacheSettings, openDnsCache } from "../../data_utils/download/net/dns_cache.ts";
import { nameServerOf } from "../../data_utils/download/net/dns_exchange.ts";
import { dnsAnswer, dnsQuestion } from "../../data_utils/download/net/dns_message.ts";
import type { Resolve } from "../../data_utils/download/net/fetch_settings.ts";
import { NoSuchName } from "../../data_utils/download/net/no_such_name.ts";
import { serverResolve, systemResolve } from "../../data_utils/download/net/resolve.ts";
import { fetchOnce } from "./net_made.ts";

const times = { ...defaultDnsCacheSettings, dnsTtl: 1000, negativeDnsTtl: 300, failedDnsTtl: 50 };

/** A cache on a clock of its own before a resolver that notes what it is asked. */
function cacheOf(resolve: Resolve, changes: Partial<typeof times> = {}) {
  const asked: string[] = [], clock = { time: 0 };
  const noted: Resolve = (name, signal) => {
    asked.push(name);
    return resolve(name, signal);
  };
  return { asked, clock, cache: openDnsCache(noted, { ...times, ...changes }, () => clock.time) };
}

Deno.test("DNS cache: a question under way is shared, an answer kept for its time", async () => {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const { asked, clock, cache } = cacheOf(() => promise);
  using _ = cache;
  const both = [cache.addresses("a"), cache.addresses("a")];
  resolve(["1.1.1.1"]);
  assertEquals(await Promise.all(both), [["1.1.1.1"], ["1.1.1.1"]]);
  for (const [time, count] of [[999, 1], [1000, 2], [1999, 2], [2000, 3]]) {
    clock.time = time;
    await cache.addresses("a");
    assertEquals([time, asked.length], [time, count]);
  }
});

Deno.test("DNS cache: a dead name costs one question, a failed question is forgotten soon", async () => {
  const { asked, clock, cache } = cacheOf((name) =>
    name === "dead"
      ? Promise.reject(new NoSuchName(name))
      : name === "none"
      ? Promise.resolve([])
      : Promise.reject(new Error("SERVFAIL"))
  );
  using _ = cache;
  for (let i = 0; i < 100; i++) {
    await assertRejects(() => cache.addresses("dead"), NoSuchName);
    await assertRejects(() => cache.addresses("none"), NoSuchName);
    await assertRejects(() => cache.addresses("failed"), Error, "SERVFAIL");
  }
  assertEquals(asked, ["dead", "none", "failed"]);
  const next = async (time: number) => {
    clock.time = time;
    for (const name of ["dead", "none", "failed"]) await assertRejects(() => cache.addresses(name));
    return asked.length;
  };
  assertEquals([await next(49), await next(50), await next(299), await next(300)], [3, 4, 5, 7]);
});

Deno.test("DNS cache: it holds so many names, and asks so many questions at once", async () => {
  let open = 0, most = 0;
  const { asked, cache } = cacheOf(async () => {
    most = Math.max(most, ++open);
    await new Promise((done) => setTimeout(done, 1));
    open--;
    return ["1.1.1.1"];
  }, { names: 10, questions: 3 });
  using _ = cache;
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  await Promise.all(names.map((name) => cache.addresses(name)));
  assertEquals([most, asked], [3, names]);
  await cache.addresses("n19");
  await cache.addresses("n10");
  assertEquals(asked.length, 20);
  await cache.addresses("n9");
  assertEquals(asked.at(-1), "n9");
});

Deno.test("DNS cache: a question without an answer ends, and closing the cache ends it", async () => {
  const signals: AbortSignal[] = [];
  const silent: Resolve = (_name, signal) => {
    signals.push(signal!);
    return new Promise(() => {});
  };
  {
    const { cache } = cacheOf(silent, { questionTimeout: 30, questions: 1 });
    using _ = cache;
    // the second one's turn comes when the first has failed
    const both = [cache.addresses("a"), cache.addresses("b")];
    for (const one of both) await assertRejects(() => one, Error, "No answer about");
  }
  const { cache } = cacheOf(silent);
  const waiting = cache.addresses("a");
  await Promise.resolve();
  cache[Symbol.dispose]();
  await assertRejects(() => waiting, Error, "closed");
  assertEquals(signals.map(({ aborted }) => aborted), [true, true, true]);
});

/** An answer to `question` with records that each name the question's own name. */
function answerTo(question: Uint8Array, code: number, records: [type: number, data: number[]][], flags = 0) {
  const head = [question[0], question[1], 0x81 | flags, 0x80 | code, 0, 1, 0, records.length, 0, 0, 0, 0];
  const tail = records.flatMap(([type, data]) => [
    ...[0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, data.length >> 8, data.length & 255],
    ...data,
  ]);
  return new Uint8Array([...head, ...question.subarray(12), ...tail]);
}
const typeOf = (question: Uint8Array) => question[question.length - 3];
const v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

Deno.test("DNS messages: questions, answers through aliases, and what is no answer", () => {
  const question = dnsQuestion("img.example.org", "A", 0x1234)!;
  assertEquals(question.length, 12 + 17 + 4);
  assertEquals(new TextDecoder().decode(question.subarray(12, -4)), "\x03img\x07example\x03org\0");
  const alias: [number, number[]] = [5, [3, 99, 100, 110, 0xc0, 16]];
  const records: [number, number[]][] = [alias, [1, [1, 2, 3, 4]], [28, v6], [1, [5, 6, 7, 8]], [1, [1, 2]]];
  const answer = answerTo(question, 0, records);
  assertEquals(dnsAnswer(answer, question), {
    kind: "addresses",
    addresses: ["1.2.3.4", "5.6.7.8"],
    code: 0,
  });
  const six = dnsQuestion("IMG.example.org", "AAAA", 1)!;
  assertEquals(dnsAnswer(answerTo(six, 0, records), six)?.addresses, ["2001:db8:0:0:0:0:0:1"]);
  assertEquals(dnsAnswer(answerTo(question, 3, []), question)?.kind, "no_such_name");
  assertEquals(dnsAnswer(answerTo(question, 2, []), question)?.kind, "failed");
  assertEquals(dnsAnswer(answerTo(question, 0, [], 2), question)?.kind, "cut_short");
  assertEquals(dnsAnswer(answer.subarray(0, answer.length - 30), question)?.kind, "failed");
  // another number, another name, the question itself
  assertEquals(dnsAnswer(answer.with(0, 0), question), null);
  assertEquals(dnsAnswer(answer.with(13, 120), question), null);
  assertEquals(dnsAnswer(question, question), null);
  for (const name of ["", "a..b", `${"x".repeat(64)}.org`, "a.".repeat(127) + "a"]) {
    assertEquals(dnsQuestion(name, "A", 1), null);
  }
});

Deno.test("DNS messages: no bytes make the reader hang or throw", () => {
  const question = dnsQuestion("a.org", "A", 7)!;
  const good = answerTo(question, 0, [[1, [1, 2, 3, 4]], [5, [1, 97, 0xc0, 12]], [1, [1, 2, 3, 4]]]);
  let seed = 1;
  const random = (n: number) => (seed = seed * 48271 % 2147483647) % n;
  for (let i = 0; i < 5000; i++) {
    const bytes = good.slice(
      0,
      random(3) ? good.length : question.length + random(good.length - question.length),
    );
    for (let k = random(4); k >= 0; k--) bytes[question.length + random(good.length)] = random(256);
    dnsAnswer(bytes, question);
  }
});

/** A name server that answers by the first label of the name; counts what it was asked. */
async function nameServer() {
  const asked: string[] = [];
  const reply = (question: Uint8Array, tcp: boolean): Uint8Array | null => {
    const label = new TextDecoder().decode(question.subarray(13, 13 + question[12])), type = typeOf(question);
    asked.push(`${label} ${type}${tcp ? " tcp" : ""}`);
    const address: [number, number[]][] = type === 1 ? [[1, [127, 0, 0, 1]]] : [];
    switch (label) {
      case "both":
        return answerTo(question, 0, [type === 1 ? [1, [1, 1, 1, 1]] : [28, v6]]);
      case "four":
        return answerTo(question, 0, address);
      case "long":
        return answerTo(question, 0, tcp ? address : [], tcp ? 0 : 2);
      case "gone":
        return answerTo(question, 3, []);
      case "half":
        return answerTo(question, type === 1 ? 3 : 2, []);
      case "none":
        return answerTo(question, 0, []);
      case "failing":
        return answerTo(question, 2, []);
      default:
        return null;
    }
  };
  const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 }), { port } = tcp.addr as Deno.NetAddr;
  (async () => {
    for await (const connection of tcp) {
      const buffer = new Uint8Array(1000);
      const read = await connection.read(buffer) ?? 0;
      const answer = reply(buffer.subarray(2, read), true)!;
      await connection.write(new Uint8Array([answer.length >> 8, answer.length & 255, ...answer]));
      connection.close();
    }
  })().catch(() => {});
  const udp = dgram.createSocket("udp4");
  udp.on("message", (question, from) => {
    const answer = reply(question, false);
    // a forged answer comes first: it has another number
    if (answer) udp.send(answer.with(0, answer[0] ^ 1), from.port, from.address);
    if (answer) udp.send(answer, from.port, from.address);
  });
  await new Promise<void>((done) => udp.bind(port, "127.0.0.1", () => done()));
  return {
    address: `127.0.0.1:${port}`,
    asked,
    [Symbol.dispose]() {
      udp.close();
      tcp.close();
    },
  };
}

Deno.test("name servers: addresses, no such name and failure are told apart", async () => {
  using server = await nameServer();
  const resolve = serverResolve([server.address]);
  assertEquals(await resolve("both.test"), ["1.1.1.1", "2001:db8:0:0:0:0:0:1"]);
  assertEquals(await resolve("four.test"), ["127.0.0.1"]);
  assertEquals(await resolve("long.test"), ["127.0.0.1"]);
  assertEquals(server.asked.toSorted(), [
    "both 1",
    "both 28",
    "four 1",
    "four 28",
    "long 1",
    "long 1 tcp",
    "long 28",
    "long 28 tcp",
  ]);
  await assertRejects(() => resolve("gone.test"), NoSuchName);
  await assertRejects(() => resolve("none.test"), NoSuchName);
  // that there is no such name holds for all kinds of addresses
  await assertRejects(() => resolve("half.test"), NoSuchName);
  await assertRejects(() => resolve("a..test"), NoSuchName);
  const failed = await assertRejects(() => resolve("failing.test"), Error, "code 2");
  assertEquals(failed instanceof NoSuchName, false);
  const stop = new AbortController(), waiting = resolve("silent.test", stop.signal);
  stop.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
});

Deno.test("name servers: the next one is asked where one fails; the fetcher asks them", async () => {
  using server = await nameServer();
  const dead = dgram.createSocket("udp4");
  await new Promise<void>((done) => dead.bind(0, "127.0.0.1", () => done()));
  dead.on("message", (question, from) => dead.send(answerTo(question, 5, []), from.port, from.address));
  const nameServers = [`127.0.0.1:${dead.address().port}`, server.address];
  assertEquals(await serverResolve(nameServers)("four.test"), ["127.0.0.1"]);
  dead.close();
  const answer = await fetchOnce("http://gone.test/", { nameServers: [server.address] });
  assertEquals("fault" in answer && answer.fault.reason, "dns");
});

Deno.test("name servers: how they are written", () => {
  assertEquals(nameServerOf("1.1.1.1"), { address: "1.1.1.1", port: 53 });
  assertEquals(nameServerOf("127.0.0.1:5353"), { address: "127.0.0.1", port: 5353 });
  assertEquals(nameServerOf("2606:4700::1111"), { address: "2606:4700::1111", port: 53 });
  assertEquals(nameServerOf("[2606:4700::1111]:5353"), { address: "2606:4700::1111", port: 5353 });
  for (
    const text of [
      "",
      "dns.google",
      "1.1.1",
      "1.1.1.1:x",
      "1.1.1.1:99999",
      "1.1.1.1/a",
      "a@1.1.1.1",
      "1.1.1.1:",
    ]
  ) {
    assertThrows(() => nameServerOf(text), RangeError, "name server", text);
  }
});

Deno.test("system names: loopback is found, and a name that cannot be is none", async () => {
  assertEquals(
    (await systemResolve("localhost")).some((address) => ["127.0.0.1", "::1"].includes(address)),
    true,
  );
  await assertRejects(() => systemResolve("a..b"), NoSuchName);
});
