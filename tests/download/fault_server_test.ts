// The fault server makes the faults that it says it makes: seen with bare connections, so that what the downloader is
// tested against does not rest on a client that hides it.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { Resolver } from "node:dns/promises";
import https from "node:https";
import { brotliDecompressSync, createGunzip, gunzipSync, inflateSync } from "node:zlib";
import { loadSharp } from "../../data_utils/deps.ts";
import { answers, type Kind } from "./fault_answers.ts";
import { startFaultNames } from "./fault_names.ts";
import { type FaultServer, startFaultServer } from "./fault_server.ts";
import { answered } from "./fault_table.ts";
import { brotliBomb, gzipBomb, pngBomb } from "./made_bombs.ts";
import { picture, pictureNames } from "./made_pictures.ts";

const linux = Deno.build.os === "linux";
if (!linux) console.warn("skipped: fault server: only Linux has all of 127.0.0.0/8");

function test(name: string, fn: (server: FaultServer) => Promise<void>): void {
  Deno.test({
    name: `fault server: ${name}`,
    ignore: !linux,
    fn: async () => {
      await using server = await startFaultServer();
      await fn(server);
    },
  });
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** How many answers with an announced length are there whole. */
function wholeAnswers(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; count++) {
    const end = text.indexOf("\r\n\r\n", at),
      length = /content-length: (\d+)/i.exec(text.slice(at, end))?.[1];
    if (end < 0 || length === undefined || text.length < end + 4 + Number(length)) break;
    at = end + 4 + Number(length);
  }
  return count;
}

/**
 * Writes requests on one connection and gives what comes back until it is closed or reset; "open" when neither has come
 * a moment after there was enough: whole answers, or what `enough` says.
 */
async function exchange(
  server: FaultServer,
  paths: readonly string[],
  { hostname = "127.0.0.1", enough = (text: string) => wholeAnswers(text) === paths.length, moment = 0 } = {},
) {
  using conn = await Deno.connect({ hostname, port: server.http });
  for (const path of paths) {
    await conn.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: there:1\r\n\r\n`));
  }
  const block = new Uint8Array(65_536);
  let text = "", end: "open" | "closed" | "reset" = "open";
  const reading = (async () => {
    try {
      for (let n; (n = await conn.read(block)) !== null;) text += latin1(block.subarray(0, n));
      end = "closed";
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) end = "reset";
      else if (!(error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BadResource)) {
        throw error;
      }
    }
  })();
  while (end === "open" && !enough(text)) await delay(5);
  if (end === "open") await delay(moment);
  const seen = { end, text };
  conn.close();
  await reading;
  return seen;
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const head = (text: string) => text.slice(0, text.indexOf("\r\n\r\n"));
const body = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);
const field = (text: string, name: string) => new RegExp(`\r\n${name}: (.*)`, "i").exec(head(text))?.[1];
const jpegText = async (id: string) => latin1(await picture("jpeg", id));

test("what is right is right, also twice on one connection, and is counted", async (server) => {
  const { end, text } = await exchange(server, ["/ok/1", "/png/x"], { hostname: "127.0.7.9" });
  const [jpeg, png] = [await jpegText("1"), latin1(await picture("png", "x"))];
  assertEquals(end, "open");
  assert(text.startsWith("HTTP/1.1 200 OK\r\n"));
  assertEquals(text.length, 2 * (head(text).length + 4) + jpeg.length + png.length);
  assertEquals([body(text).slice(0, jpeg.length), text.slice(-png.length)], [jpeg, png]);
  await exchange(server, ["/ok/1"]);
  assertEquals([...server.requests], [["/ok/1", 2], ["/png/x", 1]]);
  assertEquals(body((await exchange(server, ["/_requests/ok/1"])).text), "2");
  assertEquals(JSON.parse(body((await exchange(server, ["/_requests"])).text)), { "/ok/1": 2, "/png/x": 1 });
});

test("broken answers break as they should", async (server) => {
  const ends: [Kind, string, (text: string, jpeg: string) => boolean][] = [
    [
      "stall",
      "open",
      (text, jpeg) => Number(field(text, "content-length")) === 2 * body(text).length + jpeg.length % 2,
    ],
    ["never-answer", "open", (text) => text === ""],
    ["truncated", "closed", (text, jpeg) => jpeg.startsWith(body(text)) && body(text).length < jpeg.length],
    ["truncated-chunked", "closed", (text) => !text.endsWith("\r\n0\r\n\r\n") && body(text).length > 9000],
    [
      "longer-than-announced",
      "closed",
      (text) => Number(field(text, "content-length")) === body(text).length - 500,
    ],
    ["announced-too-short", "closed", (text) => Number(field(text, "content-length")) < body(text).length],
    [
      "until-close",
      "closed",
      (text, jpeg) => field(text, "content-length") === undefined && body(text) === jpeg,
    ],
    ["close-unsaid", "closed", (text, jpeg) => body(text) === jpeg],
    ["close-before-headers", "closed", (text) => text === ""],
    ["reset-before-headers", "reset", (text) => text === ""],
    ["reset-mid-body", "reset", (text, jpeg) => text === "" || jpeg.startsWith(body(text))],
    ["garbage", "closed", (text) => !text.startsWith("HTTP")],
    ["huge-header", "closed", (text) => head(text).length > 2 ** 20],
    ["chunked", "open", (text) => text.endsWith("\r\n0\r\n\r\n")],
    ["early-hints", "open", (text, jpeg) => text.startsWith("HTTP/1.1 103 ") && text.endsWith(jpeg)],
    ["zero-bytes", "open", (text) => field(text, "content-length") === "0" && body(text) === ""],
    ["too-large", "open", (text) => field(text, "content-length") === String(2 ** 30)],
    ["too-large-chunked", "open", (text) => text.length > 2 ** 20],
  ];
  const jpeg = await jpegText("5");
  for (const [kind, end, holds] of ends) {
    const seen = await exchange(server, [`/${kind}/5`], { enough: (text) => holds(text, jpeg), moment: 200 });
    assertEquals(seen.end, end, kind);
    assert(holds(seen.text, jpeg), `${kind}: ${seen.text.slice(0, 300)}`);
  }
});

test("what is slow arrives whole, a part at a time", async (server) => {
  for (const kind of ["slow-first-byte", "slow-body"]) {
    const parts = new Set<number>();
    const enough = (text: string) => wholeAnswers(parts.add(text.length) && text) === 1;
    const { text } = await exchange(server, [`/${kind}/1`], { enough });
    assertEquals(body(text), await jpegText("1"));
    // nothing for a while, then all at once; or in eight parts
    assert(parts.size > (kind === "slow-body" ? 4 : 1), `${kind} in ${parts.size} parts`);
  }
});

test("states change with the number of requests, and when it is told to heal", async (server) => {
  const statuses = async (path: string, times: number) =>
    (await exchange(server, Array(times).fill(path))).text.match(/HTTP\/1.1 (\d+)/g)!.map((s) => s.slice(-3))
      .join(" ");
  assertEquals(await statuses("/500-then-ok/1", 4), "500 500 200 200");
  assertEquals(await statuses("/500-then-ok/2", 2), "500 500");
  assertEquals(await statuses("/429-then-ok/1", 2), "429 200");
  assertEquals(await statuses("/429-forever/1", 3), "429 429 429");
  assertMatch((await exchange(server, ["/429-then-ok/3"])).text, /\r\nRetry-After: 1\r\n/);
  assertEquals(await statuses("/500-until-healed/1", 2), "500 500");
  await exchange(server, ["/_heal"]);
  assertEquals(await statuses("/500-until-healed/1", 1), "200");
  assertEquals(await statuses("/nothing/1", 1), "404");
});

test("redirects lead where they are said to", async (server) => {
  const to = async (path: string) => field((await exchange(server, [path])).text, "location");
  assertEquals(await to("/redirect/a"), "http://there:1/ok/a");
  assertEquals(await to("/redirect-loop/a"), "/redirect-loop/a");
  assertEquals(await to("/redirect-chain-3/a"), "/redirect-chain-3/2/a");
  assertEquals(await to("/redirect-chain-3/2/a"), "/redirect-chain-3/1/a");
  assertEquals(await to("/redirect-chain-3/1/a"), "/ok/a");
  assertEquals(await to("/redirect-nowhere/a"), undefined);
  assertEquals(await to("/redirect-file/a"), "file:///etc/passwd");
});

test("bodies are packed as their header says, or not", async (server) => {
  const plain = await jpegText("3"), bytes = (text: string) => Buffer.from(text, "latin1");
  const unpack = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync };
  for (const [kind, unpacked] of Object.entries(unpack)) {
    const { text } = await exchange(server, [`/${kind}/3`]);
    assertEquals(field(text, "content-encoding"), kind);
    assertEquals(latin1(unpacked(bytes(body(text)))), plain);
  }
  for (const kind of ["bad-gzip", "cut-gzip"]) {
    const { text } = await exchange(server, [`/${kind}/3`]);
    assertEquals(field(text, "content-encoding"), "gzip");
    let error;
    try {
      gunzipSync(bytes(body(text)));
    } catch (caught) {
      error = caught;
    }
    assert(error, kind);
  }
});

test("certificates: one is trusted by those who know its authority, the others by nobody", async (server) => {
  const get = (port: number, hostname = "127.0.0.1") =>
    new Promise<string>((resolve) => {
      const asked = { hostname, port, path: "/ok/1", ca: server.authority, agent: false };
      const request = https.get(asked, (answer) => {
        answer.resume().on("end", () => resolve(String(answer.statusCode)));
      });
      request.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    });
  assertEquals(await get(server.https), "200");
  assertEquals(await get(server.selfSigned), "DEPTH_ZERO_SELF_SIGNED_CERT");
  for (const [port, host] of [[server.expired], [server.https, "127.0.0.2"], [server.http]] as const) {
    assertMatch(await get(port, host), /^[A-Z_]+$/);
  }
  assertEquals([...server.requests], [["/ok/1", 1]]);
});

Deno.test("fault server: a program of its own, until its input ends", { ignore: !linux }, async () => {
  const program = decodeURIComponent(new URL("fault_server_cli.ts", import.meta.url).pathname);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program],
    ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const reader = child.stdout.getReader();
  const { http, authority } = JSON.parse(new TextDecoder().decode((await reader.read()).value));
  const answer = await fetch(`http://127.0.3.4:${http}/png/7`);
  assertEquals(await answer.bytes(), await picture("png", "7"));
  assertMatch(authority, /^-----BEGIN CERTIFICATE-----/);
  await child.stdin.close();
  assertEquals((await child.status).code, 0);
  await reader.cancel();
});

Deno.test("fault server: names exist, do not, or cannot be told", async () => {
  await using names = await startFaultNames();
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`127.0.0.1:${names.port}`]);
  assertEquals(await resolver.resolve4("a.here.test"), ["127.0.0.1"]);
  await assertRejects(() => resolver.resolve4("b.nowhere.test"));
  await assertRejects(() => resolver.resolve4("c.broken.test"));
  await assertRejects(() => resolver.resolve4("d.silent.test"));
  assertEquals([names.lookups.get("a.here.test"), names.lookups.get("b.nowhere.test")], [1, 1]);
});

Deno.test("fault server: pictures are what they are called, and their marks change no pixel", async () => {
  const sharp = await loadSharp();
  const facts: Record<string, string> = {};
  for (const name of pictureNames) {
    const [one, two] = [await picture(name, "1"), await picture(name, "22")];
    assert(latin1(one) !== latin1(two), name);
    const {
      format,
      width,
      height,
      space,
      depth,
      pages = 1,
      orientation = 1,
      hasAlpha,
      isPalette,
      isProgressive,
    } = await sharp(one, { limitInputPixels: false, animated: true }).metadata();
    const more = [pages > 1 && "animated", orientation > 1 && "turned", hasAlpha && "alpha"];
    const kinds = [isPalette && "palette", isProgressive && "progressive"].concat(more).filter(Boolean);
    facts[name] = [`${format} ${width}x${height / pages} ${space} ${depth}`, ...kinds].join(" ");
    if (name === "lyingHeader" || name === "damagedPng") {
      await assertRejects(() => sharp(one, { failOn: "error" }).raw().toBuffer());
      continue;
    }
    const [a, b] = await Promise.all([one, two].map((bytes) => sharp(bytes).raw().toBuffer()));
    assert(a.equals(b), name);
  }
  assertEquals(facts, {
    jpeg: "jpeg 320x240 srgb uchar",
    progressive: "jpeg 320x240 srgb uchar progressive",
    png: "png 160x120 srgb uchar",
    webp: "webp 200x150 srgb uchar",
    gif: "gif 40x30 srgb uchar palette animated alpha",
    avif: "heif 96x64 srgb uchar",
    palette: "png 64x48 srgb uchar palette",
    grey: "png 64x48 b-w uchar",
    sixteenBit: "png 64x48 rgb16 ushort",
    alpha: "png 64x48 srgb uchar alpha",
    cmyk: "jpeg 64x48 cmyk uchar",
    rotated: "jpeg 64x48 srgb uchar turned",
    trailed: "jpeg 320x240 srgb uchar",
    tiny: "jpeg 8x8 srgb uchar",
    panorama: "jpeg 4000x20 srgb uchar",
    lyingHeader: "jpeg 60000x60000 srgb uchar",
    damagedPng: "png 64x48 srgb uchar",
  });
});

Deno.test("fault server: bombs are small, valid, and unpack to very much", async () => {
  const sharp = await loadSharp();
  const small = await sharp(pngBomb(1001)).raw().toBuffer({ resolveWithObject: true });
  assertEquals([small.info.width, small.info.height], [1001, 1001]);
  assert(small.data.every((value) => value === 0));
  const { width, height } = await sharp(pngBomb(), { limitInputPixels: false }).metadata();
  assertEquals([width, height, pngBomb().length < 200_000], [30_000, 30_000, true]);
  assert(gzipBomb().length < 2 ** 21 && brotliBomb().length < 1000);
  assertEquals(brotliDecompressSync(brotliBomb()).length, 2 ** 26);
  let unpacked = 0;
  const gunzip = createGunzip().on("data", (part: Uint8Array) => void (unpacked += part.length));
  const failed = new Promise((resolve) => gunzip.on("error", resolve));
  gunzip.end(gzipBomb(2 ** 24 + 5));
  await failed; // its check sum is wrong, and comes last
  assert(unpacked >= 2 ** 24);
});

Deno.test("fault server: every kind of answer stands in the table", () => {
  assertEquals(Object.keys(answered).sort(), Object.keys(answers).sort());
});
