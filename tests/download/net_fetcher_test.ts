// The fetcher against a server that answers rightly and wrongly: what becomes of each answer.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { openFetcher } from "../../data_utils/download/net/fetcher.ts";
import { NoSuchName } from "../../data_utils/download/net/no_such_name.ts";
import zlib from "node:zlib";
import { fetchOnce, rawServer, settings, told, type Visit, whole } from "./net_made.ts";

const ok = "HTTP/1.1 200 OK\r\n";
const never = new AbortController().signal;

/** Answers by path; a path that is not there closes the connection. */
const byPath = (answers: Record<string, (visit: Visit) => unknown>) => (visit: Visit) =>
  Object.hasOwn(answers, visit.path) ? answers[visit.path](visit) : visit.close();

const sendAndClose = (text: string | Uint8Array) => async (visit: Visit) => {
  await visit.send(text);
  visit.close();
};

/** What the fetcher makes of the whole text of an answer, after which the connection is closed. */
async function madeOf(text: string | Uint8Array, changes = {}) {
  using server = rawServer(sendAndClose(text));
  return await fetchOnce(server.url("/"), changes);
}

Deno.test("fetcher: whole answers of every form", async () => {
  const forms = [
    `${ok}Content-Length: 5\r\n\r\nimage`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nim\r\n3;a=b\r\nage\r\n0\r\nTrailer: x\r\n\r\n`,
    `${ok}\r\nimage`,
    "HTTP/1.0 200 OK\r\n\r\nimage",
    "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nimage",
    "HTTP/1.1 200 OK\nContent-Length: 5\n\nimage",
    `HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${ok}Content-Length: 5\r\n\r\nimage`,
    `${ok}Content-Type: text/html\r\nContent-Length: 5\r\n\r\nimage`,
    // what is beyond the announced length is no part of the body
    `${ok}Content-Length: 5\r\n\r\nimages and more`,
    `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nimage\r\n0\r\n\r\n`,
    `${ok}Content-Encoding: identity\r\nContent-Length: 5\r\n\r\nimage`,
    `${ok}X-Long: ${"a".repeat(40_000)}\r\nContent-Length: 5\r\n\r\nimage`,
  ];
  for (const form of forms) assertEquals([form, told(await madeOf(form))], [form, '"image"']);
  assertEquals(told(await madeOf(`${ok}Content-Length: 0\r\n\r\n`)), '""');
});

Deno.test("fetcher: answers that are wrong or broken, by reason", async () => {
  const wrong: [string, string][] = [
    ["", "reset"],
    ["HTTP/1.1 200 O", "reset"],
    [`${ok}Content-Length: 6\r\n\r\nimage`, "truncated"],
    [`${ok}Content-Length: 6\r\n\r\n`, "truncated"],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nimage\r\n`, "truncated"],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nimage\r\n0\r\n`, "truncated"],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nimage\r\nzz\r\n`, "protocol"],
    ["garbage\r\n\r\n", "protocol"],
    ["\x00\x01\x02\r\n\r\n", "protocol"],
    ["SSH-2.0-OpenSSH_9.6\r\n", "protocol"],
    [`${ok}Content-Length: -5\r\n\r\nimage`, "protocol"],
    [`${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nimages`, "protocol"],
    [`${ok}X-Long: ${"a".repeat(200_000)}\r\n\r\n`, "protocol"],
    ["HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "protocol"],
  ];
  for (const [text, reason] of wrong) assertEquals([text, told(await madeOf(text))], [text, reason]);
});

Deno.test("fetcher: what a status that is not 200 comes to", async () => {
  for (const status of [201, 203, 204, 206, 300, 304, 305, 400, 403, 404, 410, 418, 500, 503, 599]) {
    const answer = await madeOf(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`);
    assertEquals("fault" in answer && [answer.fault.reason, answer.fault.httpStatus], [
      `http_${status}`,
      status,
    ]);
  }
  const waits: [string, number | undefined][] = [["Retry-After: 7\r\n", 7_000], [
    "Retry-After: x\r\n",
    undefined,
  ]];
  for (const [header, wait] of waits) {
    const answer = await madeOf(whole("later", header, "429 Too Many Requests"));
    assert("fault" in answer);
    assertEquals([answer.fault.reason, answer.fault.retryAfter], ["http_429", wait]);
  }
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  const answer = await madeOf(whole("", `Retry-After: ${date}\r\n`, "503 X"));
  assert("fault" in answer && answer.fault.retryAfter! > 3_000_000 && answer.fault.retryAfter! <= 3_600_000);
});

Deno.test("fetcher: a connection torn down is told from one that is closed", async () => {
  const { createServer } = await import("node:net");
  for (const [text, reason] of [["", "reset"], [`${ok}Content-Length: 100\r\n\r\nimage`, "reset"]]) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        if (text) socket.write(text);
        setTimeout(() => socket.resetAndDestroy(), 30);
      });
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", resolve);
    await promise;
    const { port } = server.address() as { port: number };
    const answer = await fetchOnce(`http://127.0.0.1:${port}/`);
    await new Promise((done) => server.close(done));
    assertEquals([text, told(answer)], [text, reason]);
  }
});

Deno.test("fetcher: bytes are counted as sent and as unpacked", async () => {
  const body = new TextEncoder().encode("image ".repeat(1000));
  const packed = {
    gzip: zlib.gzipSync(body),
    "x-gzip": zlib.gzipSync(body),
    GZIP: zlib.gzipSync(body),
    deflate: zlib.deflateSync(body),
    br: zlib.brotliCompressSync(body),
    zstd: zlib.zstdCompressSync(body),
  };
  const bare = zlib.deflateRawSync(body);
  for (const [encoding, bytes] of [...Object.entries(packed), ["deflate", bare] as const]) {
    const answer = await madeOf(whole(bytes, `Content-Encoding: ${encoding}\r\n`));
    assert("fetched" in answer, `${encoding}: ${JSON.stringify(answer)}`);
    assertEquals([answer.fetched.bytes, answer.fetched.wireBytes], [body, bytes.length]);
  }
  const none = await madeOf(whole("", "Content-Encoding: gzip\r\n"));
  assertEquals(told(none), '""');
});

Deno.test("fetcher: damaged, cut off, unknown and twofold encodings", async () => {
  const gzip = zlib.gzipSync(crypto.getRandomValues(new Uint8Array(5000)));
  const damaged = gzip.slice();
  damaged.fill(0, 2000, 2100);
  const cases: [string, Uint8Array | string, string][] = [
    ["gzip", damaged, "bad_encoding"],
    ["gzip", gzip.subarray(0, 4000), "bad_encoding"],
    ["gzip", "\xff\xd8 an image all the same", "bad_encoding"],
    ["br", gzip, "bad_encoding"],
    ["zstd", gzip, "bad_encoding"],
    ["deflate", gzip, "bad_encoding"],
    ["compress", gzip, "bad_encoding"],
    ["gzip, br", gzip, "bad_encoding"],
  ];
  for (const [encoding, bytes, reason] of cases) {
    const answer = await madeOf(whole(bytes, `Content-Encoding: ${encoding}\r\n`));
    assertEquals([encoding, told(answer)], [encoding, reason]);
  }
  // fewer bytes than announced is what is wrong here, not the packing
  const head = `${ok}Content-Encoding: gzip\r\nContent-Length: ${gzip.length}\r\n\r\n`;
  const cut = new Uint8Array([...new TextEncoder().encode(head), ...gzip.subarray(0, 3000)]);
  assertEquals(told(await madeOf(cut)), "truncated");
});

Deno.test("fetcher: more bytes than allowed are refused, however they come", async () => {
  const body = "a".repeat(1001), limits = { maxBytes: 1000 };
  const packedHead = new TextEncoder().encode(`${ok}Content-Encoding: gzip\r\n\r\n`);
  let sent = 0;
  using server = rawServer(byPath({
    "/announced": async (visit) => {
      // nothing but the head: the refusal does not wait for the body
      await visit.send(`${ok}Content-Length: 1001\r\n\r\n`);
    },
    "/packed": sendAndClose(new Uint8Array([...packedHead, ...zlib.gzipSync(body.slice(6), { level: 0 })])),
    "/sent": sendAndClose(`${ok}\r\n${body}`),
    "/allowed": sendAndClose(whole(body.slice(1))),
    "/bomb": sendAndClose(
      whole(zlib.gzipSync(new Uint8Array(2 ** 24)).subarray(0, 900), "Content-Encoding: gzip\r\n"),
    ),
    "/endless": async (visit) => {
      await visit.send(`${ok}\r\n`);
      for (; sent < 2 ** 30; sent += 65_536) await visit.send(new Uint8Array(65_536));
    },
  }));
  for (const path of ["/announced", "/sent", "/packed", "/bomb", "/endless"]) {
    const answer = await fetchOnce(server.url(path), limits);
    assertEquals([path, told(answer)], [path, "too_large"]);
  }
  assert(sent < 2 ** 28, `${sent} bytes were sent before the connection was closed`);
  assertEquals(told(await fetchOnce(server.url("/allowed"), limits)).length, 1002);
});

Deno.test("fetcher: each time-out by its name", async () => {
  using server = rawServer(byPath({
    "/silent": () => {},
    "/half a head": () => {},
    "/head": (visit) => visit.send("HTTP/1.1 200 OK\r\nContent-Le"),
    "/stall": (visit) => visit.send(`${ok}Content-Length: 100\r\n\r\nimage`),
    "/drip": async (visit) => {
      await visit.send(`${ok}Content-Length: 10000\r\n\r\n`);
      for (let i = 0; i < 10_000; i++) {
        await visit.send("a");
        await new Promise((done) => setTimeout(done, 10));
      }
    },
  }));
  const times = { firstByteTimeout: 60, totalTimeout: 400 };
  assertEquals(told(await fetchOnce(server.url("/silent"), times)), "first_byte_timeout");
  assertEquals(told(await fetchOnce(server.url("/head"), times)), "first_byte_timeout");
  assertEquals(told(await fetchOnce(server.url("/stall"), times)), "timeout");
  assertEquals(told(await fetchOnce(server.url("/drip"), times)), "timeout");
  assertEquals(told(await fetchOnce(server.url("/silent"), { totalTimeout: 60 })), "timeout");
});

Deno.test("fetcher: connections and names that come to nothing", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closed = (silent.addr as Deno.NetAddr).port;
  silent.close();
  assertEquals(told(await fetchOnce(`http://127.0.0.1:${closed}/`)), "refused");
  const resolve = (name: string) =>
    name === "gone.test"
      ? Promise.reject(new NoSuchName(name))
      : name === "empty.test"
      ? Promise.resolve([])
      : name === "broken.test"
      ? Promise.reject(new Error("SERVFAIL"))
      : new Promise<never>(() => {});
  const reasons: Record<string, string> = {
    "gone.test": "dns",
    "empty.test": "dns",
    "broken.test": "dns_failed",
    "slow.test": "dns_failed",
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const answer = await fetchOnce(`http://${name}:${closed}/`, { connectTimeout: 80 }, resolve);
    assertEquals([name, told(answer)], [name, reason]);
  }
  // an accepted connection on which TLS never begins
  using mute = rawServer(() => {});
  const tls = await fetchOnce(mute.url("/").replace("http:", "https:"), { connectTimeout: 80 });
  assertEquals(told(tls), "connect_timeout");
});

Deno.test("fetcher: the next address is tried where one refuses", async () => {
  using server = rawServer((visit) => visit.send(whole("image")));
  const answer = await fetchOnce(
    server.url("/", "two.test"),
    {},
    () => Promise.resolve(["127.0.0.2", "127.0.0.1"]),
  );
  assertEquals(told(answer), '"image"');
});

Deno.test("fetcher: what is no address of the web", async () => {
  for (
    const url of [
      "",
      "image.jpg",
      "ftp://a.test/",
      "file:///etc/passwd",
      "data:,a",
      "http://",
      "http://./",
      "http://a b/",
    ]
  ) {
    assertEquals([url, told(await fetchOnce(url))], [url, "bad_url"]);
  }
});

Deno.test("fetcher: the request says who asks, and no more", async () => {
  using server = rawServer((visit) => visit.send(whole("image")));
  const url = server.url("/a b/ü?q=ä|{}#part").replace("127.", "user:pass@127.");
  const answer = await fetchOnce(url);
  assertEquals("fetched" in answer && answer.fetched.finalUrl, server.url("/a%20b/%C3%BC?q=%C3%A4|{}"));
  const [line, ...lines] = server.visits[0].head.split("\r\n");
  assertEquals(line, "GET /a%20b/%C3%BC?q=%C3%A4|{} HTTP/1.1");
  assertEquals(lines.toSorted(), [
    "Accept-Encoding: identity",
    "Accept: image/*,*/*;q=0.5",
    "Connection: keep-alive",
    `Host: 127.0.0.1:${server.port}`,
    "User-Agent: beyond-tail/0",
  ]);
  assertThrows(() => openFetcher({ ...settings, userAgent: "a\nb" }), RangeError, "user agent");
});

Deno.test("fetcher: connections are kept for the next image and after a refusal", async () => {
  using server = rawServer(byPath({
    "/a": (visit) => visit.send(whole("image")),
    "/404": (visit) => visit.send(whole("none", "", "404 X")),
    "/large404": (visit) => visit.send(whole("a".repeat(100_000), "", "404 X")),
    "/stalled404": (visit) => visit.send(`HTTP/1.1 404 X\r\nContent-Length: 10\r\n\r\n`),
  }));
  using fetcher = openFetcher(settings);
  for (const path of ["/a", "/404", "/a", "/a"]) await fetcher.fetch(server.url(path), never);
  assertEquals(server.connections(), 1);
  assertEquals(told(await fetcher.fetch(server.url("/large404"), never)), "http_404");
  assertEquals(told(await fetcher.fetch(server.url("/a"), never)), '"image"');
  assertEquals(server.connections(), 2);
  // a refusal without its body holds nobody up for long
  assertEquals(told(await fetcher.fetch(server.url("/stalled404"), never)), "http_404");
});

Deno.test("fetcher: kept connections that the server closed meanwhile are no failure", async () => {
  const answered: number[] = [];
  using server = rawServer(async (visit) => {
    // the second request on a connection finds it closed
    if (answered.includes(visit.connection)) return visit.close();
    answered.push(visit.connection);
    while (answered.length < 3) await new Promise((done) => setTimeout(done, 1));
    await visit.send(whole("image"));
  });
  using fetcher = openFetcher(settings);
  const ask = () => fetcher.fetch(server.url("/"), never).then(told);
  assertEquals(await Promise.all([ask(), ask(), ask()]), Array(3).fill('"image"'));
  // three are kept, and all of them are closed
  assertEquals(await ask(), '"image"');
  assertEquals(server.connections(), 4);
  assertEquals(await ask(), '"image"');
});

Deno.test("fetcher: of the connections that idle only the last ones used are kept", async () => {
  using server = rawServer((visit) => visit.send(whole("image")));
  using fetcher = openFetcher(settings, () => Promise.resolve(["127.0.0.1"]));
  const ask = (host: number) => fetcher.fetch(server.url("/", `h${host}.test`), never).then(told);
  for (let host = 0; host < 280; host += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => ask(host + i)));
  }
  assertEquals(server.connections(), 280);
  // sooner than idle connections end by themselves
  for (let i = 0; i < 5_000 && server.open() > 256; i++) await new Promise((done) => setTimeout(done, 1));
  assertEquals(server.open(), 256);
  await ask(279);
  assertEquals(server.connections(), 280);
  await ask(0);
  assertEquals(server.connections(), 281);
});

Deno.test("fetcher: opting out is honoured, for us and not for others", async () => {
  const out = await madeOf(whole("image", "X-Robots-Tag: googlebot: nofollow\r\nx-robots-tag: noai\r\n"));
  assertEquals("fault" in out && [out.fault.reason, out.fault.httpStatus], ["opt_out", 200]);
  assertEquals(told(await madeOf(whole("image", "X-Robots-Tag: beyond-tail: noindex\r\n"))), "opt_out");
  assertEquals(told(await madeOf(whole("image", "X-Robots-Tag: googlebot: noindex\r\n"))), '"image"');
  const tagged = whole("image", "X-Robots-Tag: noai\r\n");
  assertEquals(told(await madeOf(tagged, { disallowedDirectives: [] })), '"image"');
  assertEquals(told(await madeOf(tagged, { disallowedDirectives: ["NoAI"] })), "opt_out");
});

Deno.test("fetcher: an aborted signal rejects with its reason, wherever the fetch is", async () => {
  using server = rawServer(byPath({
    "/silent": () => {},
    "/stall": (visit) => visit.send(`${ok}Content-Length: 100\r\n\r\nimage`),
    "/stalled404": (visit) => visit.send(`HTTP/1.1 404 X\r\nContent-Length: 10\r\n\r\n`),
  }));
  using fetcher = openFetcher(settings, () => new Promise<never>(() => {}));
  for (const path of ["/silent", "/stall", "/stalled404", "dns"]) {
    const stop = new AbortController(), reason = new Error(`stopped ${path}`);
    const url = path === "dns" ? server.url("/", "slow.test") : server.url(path);
    const waiting = fetcher.fetch(url, stop.signal);
    setTimeout(() => stop.abort(reason), 40);
    assertEquals(await assertRejects(() => waiting), reason);
    assertEquals(await assertRejects(() => fetcher.fetch(url, stop.signal)), reason);
  }
});

Deno.test("fetcher: closing it ends what is under way", async () => {
  using server = rawServer(() => {});
  const fetcher = openFetcher(settings);
  const waiting = Promise.all([1, 2, 3].map(() => fetcher.fetch(server.url("/"), never)));
  while (server.visits.length < 3) await new Promise((done) => setTimeout(done, 5));
  fetcher[Symbol.dispose]();
  for (const answer of await waiting) {
    assert("fault" in answer);
    assertMatch(answer.fault.detail, /closed/);
  }
  assertEquals(told(await fetcher.fetch(server.url("/"), never)), "reset");
  assertEquals(server.visits.length, 3);
});
