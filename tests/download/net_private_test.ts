// Addresses that a list of images may not lead to, however it tries. No public address answers in a test: 127.0.0.2
// stands for one, and 127.0.0.1 is the private network.
import { assertEquals } from "@std/assert";
import { openFetcher } from "../../data_utils/download/net/fetcher.ts";
import type { Resolve } from "../../data_utils/download/net/fetch_settings.ts";
import { fetchOnce, rawServer, settings, told, type Visit, whole } from "./net_made.ts";

const never = new AbortController().signal;
const strict = { ...settings, allowPrivate: false };
const isPublic = (address: string) => address === "127.0.0.2";

/** Listens on the address that stands for a public one; null where the system has but one loopback address. */
function publicListener(): Deno.Listener | null {
  try {
    return Deno.listen({ hostname: "127.0.0.2", port: 0 });
  } catch {
    return null;
  }
}
const probe = publicListener(), ignore = probe === null;
probe?.close();
const publicServer = (answer: (visit: Visit) => unknown) => rawServer(answer, publicListener()!);

const image = (visit: Visit) =>
  visit.send(whole(`${visit.path} of ${visit.head.split("Host: ")[1].split("\r\n")[0]}`));
const moved = (location: string) => whole("", `Location: ${location}\r\n`, "302 X");

Deno.test("private addresses: refused as literals and as names, without a connection", async () => {
  using server = rawServer(image);
  const literals = [
    "127.0.0.1",
    "0x7f.1",
    "2130706433",
    "127.1",
    "[::ffff:127.0.0.1]",
    "[::1]",
    "0",
    "10.0.0.1",
  ];
  for (const host of literals) {
    assertEquals([host, told(await fetchOnce(server.url("/", host), strict))], [host, "private_address"]);
  }
  const asked: string[] = [];
  const resolve: Resolve = (name) => (asked.push(name), Promise.resolve(["127.0.0.1", "::1"]));
  for (const host of ["localhost", "localhost.", "LOCALHOST"]) {
    assertEquals([host, told(await fetchOnce(server.url("/", host), strict, resolve))], [
      host,
      "private_address",
    ]);
  }
  assertEquals([asked, server.connections()], [["localhost", "localhost", "localhost"], 0]);
});

Deno.test({
  name: "private addresses: a redirect from outside into the private network is refused",
  ignore,
  fn: async () => {
    using secret = rawServer(image);
    const resolve: Resolve = (name) => Promise.resolve([name === "outside.test" ? "127.0.0.2" : "127.0.0.1"]);
    for (const host of ["127.0.0.1", "inside.test", "0x7f.1", "[::ffff:7f00:1]", "localhost"]) {
      using server = publicServer((visit) =>
        visit.path === "/" ? visit.send(moved(secret.url("/", host))) : image(visit)
      );
      using fetcher = openFetcher(strict, resolve, isPublic);
      const answer = await fetcher.fetch(server.url("/", "outside.test"), never);
      assertEquals([host, told(answer)], [host, "private_address"]);
      assertEquals(
        told(await fetcher.fetch(server.url("/a", "outside.test"), never)),
        `"/a of outside.test:${server.port}"`,
      );
    }
    assertEquals(secret.connections(), 0);
  },
});

Deno.test({
  name: "private addresses: a name that is public first and loopback then is never connected to as loopback",
  ignore,
  fn: async () => {
    using server = publicServer((visit) =>
      visit.path === "/again" ? visit.send(moved(`http://rebind.test:${secret.port}/`)) : image(visit)
    );
    using secret = rawServer(image);
    let asked = 0;
    const rebinding: Resolve = (name) =>
      Promise.resolve([name === "rebind.test" && asked++ > 0 ? "127.0.0.1" : "127.0.0.2"]);
    const url = (path: string) => server.url(path, "rebind.test");
    {
      // asked once: what was checked is what is connected to
      using fetcher = openFetcher({ ...strict, dnsTtl: 60_000 }, rebinding, isPublic);
      assertEquals(told(await fetcher.fetch(url("/a"), never)), `"/a of rebind.test:${server.port}"`);
      // the port of the secret is closed on the public address
      assertEquals(told(await fetcher.fetch(secret.url("/", "rebind.test"), never)), "refused");
      assertEquals(told(await fetcher.fetch(url("/again"), never)), "refused");
      assertEquals(asked, 1);
    }
    asked = 0;
    {
      // asked anew: the new answer is checked too, over a redirect and at once
      using fetcher = openFetcher({ ...strict, dnsTtl: 0 }, rebinding, isPublic);
      assertEquals(told(await fetcher.fetch(url("/again"), never)), "private_address");
      assertEquals(told(await fetcher.fetch(secret.url("/", "rebind.test"), never)), "private_address");
      assertEquals(asked, 3);
    }
    assertEquals(secret.connections(), 0);
  },
});

Deno.test({
  name: "private addresses: of a name with both kinds only the public one is connected to",
  ignore,
  fn: async () => {
    using server = publicServer(image);
    using secret = rawServer(image);
    using fetcher = openFetcher(strict, () => Promise.resolve(["127.0.0.1", "127.0.0.2", "::1"]), isPublic);
    assertEquals(
      told(await fetcher.fetch(server.url("/a", "both.test"), never)),
      `"/a of both.test:${server.port}"`,
    );
    assertEquals(told(await fetcher.fetch(secret.url("/a", "both.test"), never)), "refused");
    assertEquals(secret.connections(), 0);
  },
});

Deno.test({
  name: "private addresses: the address is looked at again once connected, before anything is sent",
  ignore,
  fn: async () => {
    let looks = 0, allowed = 1;
    using server = publicServer((visit) => server.visits.length === 2 ? visit.close() : image(visit));
    const look = () => looks++ < allowed;
    using fetcher = openFetcher(strict, () => Promise.resolve(["127.0.0.2"]), look);
    const ask = () => fetcher.fetch(server.url("/", "a.test"), never).then(told);
    assertEquals(await ask(), "private_address");
    assertEquals([looks, server.visits.length], [2, 0]);
    // again where a kept connection turns out to be closed and a new one takes its place
    [looks, allowed] = [0, 3];
    assertEquals(await ask(), `"/ of a.test:${server.port}"`);
    assertEquals(await ask(), "private_address");
    assertEquals([looks, server.visits.length], [4, 2]);
  },
});
