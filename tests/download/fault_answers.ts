// What the fault server answers, by kind: each a line or two that write to the connection, good or bad. What has to become
// of each in a download stands in fault_table.ts.
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { bytesOf, join } from "../data_utils/made_files.ts";
import { brotliBomb, gzipBomb, pngBomb } from "./made_bombs.ts";
import type { Wire } from "./fault_wire.ts";
import { picture, type PictureName } from "./made_pictures.ts";

/** What becomes of the connection: the next request, an end, a reset, or an end that is left to the client. */
export type After = "keep" | "close" | "reset" | "hold";

/** A request as answers see it. */
export interface Asked {
  readonly kind: string;
  readonly id: string;
  /** How often its path has been asked for, this time included. */
  readonly asked: number;
  /** As the client wrote it, with the port. */
  readonly host: string;
  /** Whether the server was told to make good what fails until then. */
  readonly healed: boolean;
}

type Answer = (wire: Wire, request: Asked) => Promise<After>;
type Headers = Readonly<Record<string, string | number>>;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function write(wire: Wire, ...parts: (string | Uint8Array)[]): Promise<void> {
  await wire.write(join(...parts.map(bytesOf)));
}

const head = (status: number, headers: Headers) =>
  `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Other"}\r\n` +
  Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("") + "\r\n";

async function whole(wire: Wire, status: number, headers: Headers, body: Uint8Array): Promise<"keep"> {
  await write(wire, head(status, { ...headers, "Content-Length": body.length }), body);
  return "keep";
}

/** A short text with status 200. */
export const text = (wire: Wire, content: string) =>
  whole(wire, 200, { "Content-Type": "text/plain" }, bytesOf(content));

/** Says that this is no request. */
export async function refuse(wire: Wire): Promise<After> {
  await write(wire, head(400, { Connection: "close", "Content-Length": 0 }));
  return "close";
}

const page = bytesOf(
  "<!DOCTYPE html><html><head><title>Gone</title></head><body>No such image.</body></html>",
);
const svg = bytesOf('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle r="9"/></svg>');

/** An image as it should be, under headers that may be worse. */
const image = (name: PictureName, headers: Headers = { "Content-Type": "image/jpeg" }): Answer =>
async (
  wire,
  { id },
) => whole(wire, 200, headers, await picture(name, id));

const ok = image("jpeg");

const bytes = (headers: Headers, body: () => Uint8Array): Answer => {
  let made: Uint8Array | undefined;
  return (wire) => whole(wire, 200, headers, made ??= body());
};

const status = (code: number, headers: Headers = {}): Answer => (wire) =>
  whole(wire, code, { "Content-Type": "text/html", ...headers }, page);

/** The first `times` requests fail. */
const after = (times: number, first: Answer): Answer => (wire, request) =>
  (request.asked <= times ? first : ok)(wire, request);

const redirect = (code: number, to: (request: Asked) => string): Answer => (wire, request) =>
  status(code, { Location: to(request) })(wire, request);

/** From `name/N/ID` to `name/(N-1)/ID`, and in the end to the image. */
const chain = (links: number): Answer =>
  redirect(302, ({ kind, id }) => {
    const [, left, rest] = /^(?:(\d+)\/)?(.*)$/.exec(id)!, more = Number(left ?? links) - 1;
    return more > 0 ? `/${kind}/${more}/${rest}` : `/ok/${rest}`;
  });

const optOut = (directives: string): Answer =>
  image("jpeg", { "Content-Type": "image/jpeg", "X-Robots-Tag": directives });

/** The image under an encoding. */
const packed = (name: string, pack: (body: Uint8Array) => Uint8Array): Answer => async (wire, { id }) =>
  whole(
    wire,
    200,
    { "Content-Type": "image/jpeg", "Content-Encoding": name },
    pack(await picture("jpeg", id)),
  );

/** The head of the image's answer and the first part of its bytes. */
async function begun(wire: Wire, { id }: Asked): Promise<void> {
  const body = await picture("jpeg", id);
  await write(wire, head(200, { "Content-Length": body.length }), body.subarray(0, body.length >> 1));
}

const chunked = head(200, { "Content-Type": "image/jpeg", "Transfer-Encoding": "chunked" });
const chunk = (content: Uint8Array) =>
  join(bytesOf(`${content.length.toString(16)}\r\n`), content, bytesOf("\r\n"));

/** The answers by kind. */
export const answers = {
  ok,
  png: image("png"),
  webp: image("webp"),
  "progressive-jpeg": image("progressive"),
  "gif-animated": image("gif"),
  avif: image("avif"),
  "palette-png": image("palette"),
  "grey-png": image("grey"),
  "16bit-png": image("sixteenBit"),
  "alpha-png": image("alpha"),
  "cmyk-jpeg": image("cmyk"),
  "exif-rotated": image("rotated"),
  svg: bytes({ "Content-Type": "image/svg+xml" }, () => svg),
  tiny: image("tiny"),
  panorama: image("panorama"),

  "slow-first-byte": async (wire, request) => {
    await pause(300);
    return ok(wire, request);
  },
  "slow-body": async (wire, { id }) => {
    const body = await picture("jpeg", id), part = Math.ceil(body.length / 8);
    await write(wire, head(200, { "Content-Length": body.length }));
    for (let at = 0; at < body.length; at += part) {
      await write(wire, body.subarray(at, at + part));
      await pause(50);
    }
    return "keep";
  },
  chunked: async (wire, { id }) => {
    const body = await picture("jpeg", id), middle = body.length >> 1;
    await write(wire, chunked, chunk(body.subarray(0, middle)), chunk(body.subarray(middle)), "0\r\n\r\n");
    return "keep";
  },
  "until-close": async (wire, { id }) => {
    await write(wire, head(200, { Connection: "close" }), await picture("jpeg", id));
    return "close";
  },
  "early-hints": async (wire, request) => {
    await write(wire, head(103, { Link: "</style.css>; rel=preload" }));
    return ok(wire, request);
  },
  "close-unsaid": async (wire, request) => {
    await ok(wire, request);
    return "close";
  },
  stall: async (wire, request) => {
    await begun(wire, request);
    return "hold";
  },
  "never-answer": () => Promise.resolve("hold"),
  truncated: async (wire, request) => {
    await begun(wire, request);
    return "close";
  },
  "truncated-chunked": async (wire, { id }) => {
    await write(wire, chunked, chunk((await picture("jpeg", id)).subarray(0, 9000)));
    return "close";
  },
  "longer-than-announced": async (wire, { id }) => {
    const body = await picture("jpeg", id);
    await write(wire, head(200, { "Content-Length": body.length }), body, new Uint8Array(500));
    return "close";
  },
  "announced-too-short": async (wire, { id }) => {
    const body = await picture("jpeg", id);
    await write(wire, head(200, { "Content-Length": body.length >> 1 }), body);
    return "close";
  },
  "wrong-type": image("jpeg", { "Content-Type": "text/html; charset=utf-8" }),
  "no-type": image("jpeg", {}),
  "html-as-jpeg": bytes({ "Content-Type": "image/jpeg" }, () => page),
  text: bytes({ "Content-Type": "text/plain" }, () => bytesOf("no image at all")),
  "zero-bytes": bytes({ "Content-Type": "image/jpeg" }, () => new Uint8Array(0)),

  redirect: redirect(301, ({ host, id }) => `http://${host}/ok/${id}`),
  "redirect-303": redirect(303, ({ id }) => `/ok/${id}`),
  "redirect-307": redirect(307, ({ id }) => `../ok/${id}`),
  "redirect-308": redirect(308, ({ host, id }) => `//${host}/ok/${id}`),
  "redirect-chain-3": chain(3),
  "redirect-loop": redirect(301, ({ kind, id }) => `/${kind}/${id}`),
  "redirect-long": chain(20),
  "redirect-nowhere": status(301),
  "redirect-file": redirect(302, () => "file:///etc/passwd"),
  "redirect-private": redirect(302, () => "http://10.0.0.1/secret.jpg"),
  "redirect-removed": redirect(302, () => "/ok/removed.png"),
  400: refuse,
  403: status(403),
  404: status(404),
  410: status(410),
  500: status(500),
  "429-then-ok": after(1, status(429, { "Retry-After": 1 })),
  "429-bare-then-ok": after(1, status(429)),
  "429-forever": status(429),
  "429-tomorrow": status(429, { "Retry-After": 86_400 }),
  "503-then-ok": after(1, status(503)),
  "500-then-ok": after(2, status(500)),
  "500-until-healed": (wire, request) => (request.healed ? ok : status(500))(wire, request),
  "404-until-healed": (wire, request) => (request.healed ? ok : status(404))(wire, request),

  "reset-before-headers": () => Promise.resolve("reset"),
  "reset-mid-body": async (wire, request) => {
    await begun(wire, request);
    // else the reset overtakes what was written
    await pause(50);
    return "reset";
  },
  "close-before-headers": () => Promise.resolve("close"),
  garbage: async (wire) => {
    await write(wire, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n");
    return "close";
  },
  "huge-header": async (wire) => {
    await write(wire, head(200, { "X-Padding": "x".repeat(2 ** 20), "Content-Length": 0 }));
    return "close";
  },

  gzip: packed("gzip", gzipSync),
  deflate: packed("deflate", deflateSync),
  br: packed("br", brotliCompressSync),
  "gzip-bomb": bytes({ "Content-Encoding": "gzip" }, () => gzipBomb()),
  "br-bomb": bytes({ "Content-Encoding": "br" }, brotliBomb),
  "bad-gzip": packed("gzip", (body) => body),
  "cut-gzip": packed("gzip", (body) => gzipSync(body).subarray(0, -3000)),
  "unknown-encoding": packed("x-vendor", (body) => body),
  "too-large": async (wire) => {
    await write(wire, head(200, { "Content-Length": 2 ** 30 }), new Uint8Array(2 ** 16));
    return "hold";
  },
  "too-large-chunked": async (wire) => {
    await write(wire, chunked);
    const part = chunk(new Uint8Array(2 ** 16));
    // the client goes away; if it does not, it has had a gigabyte
    for (let sent = 0; sent < 2 ** 14; sent++) await write(wire, part);
    return "close";
  },
  "png-bomb-30000": bytes({ "Content-Type": "image/png" }, () => pngBomb()),
  "lying-header": image("lyingHeader"),
  "damaged-png": image("damagedPng"),
  "truncated-jpeg": async (wire, { id }) => {
    const body = await picture("jpeg", id);
    return whole(wire, 200, { "Content-Type": "image/jpeg" }, body.subarray(0, body.length * 0.6));
  },
  "jpeg-and-more": image("trailed"),

  "optout-noai": optOut("noai"),
  "optout-noimageai": optOut("noimageai"),
  "optout-list": optOut("nofollow, NoIndex"),
  "optout-otherbot": optOut("otherbot: noai, noindex"),
  "robots-harmless": optOut("max-image-preview: large, nofollow"),
} as const satisfies Record<string, Answer>;

export type Kind = `${keyof typeof answers}`;

/** Answers a request; a kind that is none is not found. */
export function answerTo(wire: Wire, request: Asked): Promise<After> {
  const answer: Answer = Object.hasOwn(answers, request.kind) ? answers[request.kind as Kind] : status(404);
  return answer(wire, request);
}
