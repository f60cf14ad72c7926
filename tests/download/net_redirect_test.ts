// Redirects: how many, where to, and what they cost.
import { assertEquals } from "@std/assert";
import { fetchOnce, rawServer, told, type Visit, whole } from "./net_made.ts";

const moved = (location: string, status = 302) =>
  `HTTP/1.1 ${status} X\r\nLocation: ${location}\r\nContent-Length: 2\r\n\r\nno`;

/** Answers /301/n, /302/n, ... by a redirect to n - 1 and /0 by an image. */
function chain(visit: Visit) {
  const [, status, left] = visit.path.split("/").map(Number);
  return visit.send(left > 0 ? moved(`/${status}/${left - 1}`, status) : whole("image"));
}

Deno.test("redirects: all five kinds are followed, up to the limit", async () => {
  using server = rawServer(chain);
  for (const status of [301, 302, 303, 307, 308]) {
    const answer = await fetchOnce(server.url(`/${status}/3`), { maxRedirects: 3 });
    assertEquals("fetched" in answer && answer.fetched.finalUrl, server.url(`/${status}/0`));
    const fault = await fetchOnce(server.url(`/${status}/4`), { maxRedirects: 3 });
    assertEquals(told(fault), "too_many_redirects");
  }
  assertEquals(told(await fetchOnce(server.url("/301/1"), { maxRedirects: 0 })), "too_many_redirects");
  assertEquals(told(await fetchOnce(server.url("/301/0"), { maxRedirects: 0 })), '"image"');
});

Deno.test("redirects: a circle is left at once, without another round", async () => {
  const next: Record<string, string> = { "/a": "/b", "/b": "/c?x", "/c?x": "/a#again", "/self": "/self" };
  using server = rawServer((visit) => visit.send(moved(next[visit.path])));
  assertEquals(told(await fetchOnce(server.url("/a"), { maxRedirects: 50 })), "too_many_redirects");
  assertEquals(server.visits.map(({ path }) => path), ["/a", "/b", "/c?x"]);
  assertEquals(told(await fetchOnce(server.url("/self"))), "too_many_redirects");
});

Deno.test("redirects: where they may lead, and where not", async () => {
  const places: [string, string][] = [
    ["file:///etc/passwd", "bad_redirect"],
    ["data:image/png;base64,aaaa", "bad_redirect"],
    ["ftp://example.org/a", "bad_redirect"],
    ["javascript:0", "bad_redirect"],
    ["http://", "bad_redirect"],
    ["http://a b/", "bad_redirect"],
    ["image", '"/image"'],
    ["?q", '"/from?q"'],
    ["//127.0.0.1:PORT/other", '"/other"'],
    ["http://user:pass@127.0.0.1:PORT/other", '"/other"'],
    ["/a b", '"/a%20b"'],
    // written in UTF-8, as browsers read it
    ["/ü", '"/%C3%BC"'],
  ];
  for (const [place, expected] of places) {
    using server = rawServer((visit) => {
      const location = place.replace("PORT", String(server.port));
      return visit.send(visit.path === "/from" ? moved(location) : whole(visit.path));
    });
    assertEquals([place, told(await fetchOnce(server.url("/from")))], [place, expected]);
  }
  using missing = rawServer((visit) => visit.send(whole("", "", "302 X")));
  const answer = await fetchOnce(missing.url("/"));
  assertEquals("fault" in answer && [answer.fault.reason, answer.fault.httpStatus], ["bad_redirect", 302]);
});

Deno.test("redirects: a fault of another host is told from one of the host that was asked", async () => {
  const lead: Record<string, string> = { "/home": "/bad" };
  using server = rawServer(({ path, send }) => send(lead[path] ? moved(lead[path]) : whole("", "", "503 X")));
  const behind = async (path: string) => {
    const answer = await fetchOnce(server.url(path));
    return "fault" in answer && [answer.fault.reason, answer.fault.behindRedirect ?? false];
  };
  assertEquals(await behind("/home"), ["http_503", false]);
  assertEquals(await behind("/bad"), ["http_503", false]);
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  lead["/out"] = `http://127.0.0.1:${(closed.addr as Deno.NetAddr).port}/`;
  closed.close();
  assertEquals(await behind("/out"), ["refused", true]);
});

Deno.test("redirects: their bodies cost no connection, unless they are large", async () => {
  using server = rawServer((visit) => {
    const large = whole("a".repeat(100_000), "Location: /302/1\r\n", "302 X");
    return visit.path === "/large" ? visit.send(large) : chain(visit);
  });
  await fetchOnce(server.url("/302/3"));
  assertEquals(server.connections(), 1);
  assertEquals(told(await fetchOnce(server.url("/large"))), '"image"');
  assertEquals(server.connections(), 3);
});

Deno.test("redirects: the total time-out counts all hops together", async () => {
  const pauses: ReturnType<typeof setTimeout>[] = [];
  {
    using server = rawServer(async (visit) => {
      await new Promise((done) => pauses.push(setTimeout(done, 60)));
      await visit.send(moved(`${visit.path}1`));
    });
    const answer = await fetchOnce(server.url("/"), { totalTimeout: 400, maxRedirects: 1000 });
    assertEquals(told(answer), "timeout");
  }
  pauses.forEach(clearTimeout);
});
