// The fetcher over TLS, with certificates that openssl makes for the test: whom it trusts, by which name, and what it
// says when it does not.
import { assertEquals } from "@std/assert";
import tls from "node:tls";
import { openFetcher } from "../../data_utils/download/net/fetcher.ts";
import { fetchOnce, rawServer, settings, told, type Visit, whole } from "./net_made.ts";

const never = new AbortController().signal;
const loopback = () => Promise.resolve(["127.0.0.1"]);
const secure = (url: string) => url.replace("http:", "https:");

async function openssl(folder: string, ...args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command("openssl", { args, cwd: folder, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

/** A certificate of an authority of its own, valid for good.test; null where openssl is missing. */
async function certificates(folder: string) {
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await Deno.writeTextFile(`${folder}/names`, "subjectAltName=DNS:good.test\n");
  const made = await openssl(
    folder,
    "req",
    "-x509",
    ...fresh,
    ..."-keyout ca.key -out ca.pem -days 2 -subj /CN=ca".split(" "),
  ) &&
    await openssl(folder, "req", ...fresh, ..."-keyout key -out csr -subj /CN=good.test".split(" ")) &&
    await openssl(
      folder,
      ..."x509 -req -in csr -CA ca.pem -CAkey ca.key -CAcreateserial -out cert -days 2 -extfile names".split(
        " ",
      ),
    );
  const read = (name: string) => Deno.readTextFile(`${folder}/${name}`);
  return made ? { authority: await read("ca.pem"), cert: await read("cert"), key: await read("key") } : null;
}

const folder = await Deno.makeTempDir();
const made = await certificates(folder);
await Deno.remove(folder, { recursive: true });
if (made === null) console.warn("skipped: openssl is absent");
const ignore = made === null;

const tlsServer = (answer: (visit: Visit) => unknown) =>
  rawServer(answer, Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: made!.cert, key: made!.key }));

/** What Deno has, and its types do not. */
const authorities = tls as unknown as {
  getCACertificates(kind: "default"): string[];
  setDefaultCACertificates(authorities: readonly string[]): void;
};

/** Runs with the test's own authority trusted. */
async function trusting(test: () => Promise<void>): Promise<void> {
  const before = authorities.getCACertificates("default");
  authorities.setDefaultCACertificates([made!.authority]);
  try {
    await test();
  } finally {
    authorities.setDefaultCACertificates(before);
  }
}

Deno.test({
  name: "TLS: a certificate counts if its authority is trusted and it is for the name asked for",
  ignore,
  fn: async () => {
    using server = tlsServer((visit) => visit.send(whole("image")));
    const ask = async (host: string) => told(await fetchOnce(secure(server.url("/", host)), {}, loopback));
    assertEquals(await ask("good.test"), "tls");
    await trusting(async () => {
      assertEquals(await ask("good.test"), '"image"');
      // the root's dot is no part of the name that a certificate has
      assertEquals(await ask("good.test."), '"image"');
      assertEquals(await ask("bad.test"), "tls");
      assertEquals(await ask("127.0.0.1"), "tls");
    });
    assertEquals(server.visits.map(({ head }) => /Host: (.*)/.exec(head)![1]), [
      `good.test:${server.port}`,
      `good.test:${server.port}`,
    ]);
  },
});

Deno.test({
  name: "TLS: connections are kept, redirects lead there and back, broken bodies are noticed",
  ignore,
  fn: () =>
    trusting(async () => {
      using plain = rawServer((visit) => visit.send(whole("plain")));
      using server = tlsServer(async (visit) => {
        if (visit.path === "/down") await visit.send(whole("", `Location: ${plain.url("/")}\r\n`, "301 X"));
        if (visit.path === "/a") await visit.send(whole("image"));
        if (visit.path === "/cut") {
          await visit.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nimage");
          visit.close();
        }
      });
      using fetcher = openFetcher({ ...settings, firstByteTimeout: 150 }, loopback);
      const ask = async (path: string) =>
        told(await fetcher.fetch(secure(server.url(path, "good.test")), never));
      assertEquals([await ask("/a"), await ask("/a"), server.connections()], ['"image"', '"image"', 1]);
      assertEquals(await ask("/down"), '"plain"');
      assertEquals(server.connections(), 1);
      assertEquals(await ask("/silent"), "first_byte_timeout");
      assertEquals(await ask("/cut"), "truncated");
      using up = rawServer((visit) =>
        visit.send(whole("", `Location: ${secure(server.url("/a", "good.test"))}\r\n`, "302 X"))
      );
      assertEquals(told(await fetcher.fetch(up.url("/"), never)), '"image"');
    }),
});

Deno.test("TLS: a server that speaks something else", async () => {
  for (
    const words of [
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      "SSH-2.0-OpenSSH_9.6\r\n",
      "\x15\x03\x03\x00\x02\x02\x28",
    ]
  ) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      const connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(words));
      await connection.read(new Uint8Array(4096)).catch(() => {});
      connection.close();
    })();
    const { port } = listener.addr as Deno.NetAddr;
    const answer = await fetchOnce(`https://127.0.0.1:${port}/`);
    assertEquals([words, told(answer)], [words, "tls"]);
    await serving;
    listener.close();
  }
});
