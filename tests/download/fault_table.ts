// What has to become of everything that the fault server answers, and of rows that never get there: the one table that the
// tests of the fetcher and of the whole program share. The reasons are those of a run with small time-outs, two retries,
// images of at least 16 pixels and at most 10 times as long as wide, and bytes kept where they can be.
import type { Reason } from "../../data_utils/download/outcome.ts";
import type { Kind } from "./fault_answers.ts";
import type { FaultServer } from "./fault_server.ts";
import { picture, type PictureName } from "./made_pictures.ts";

interface Expected {
  /** Null for a success. */
  readonly reason: Reason | null;
  /** Of a success: what is served. */
  readonly picture?: PictureName;
  /** Whether the stored bytes are those served; else they are encoded anew. */
  readonly kept?: boolean;
  /** Requests for the row's own path in a run without a break; null where that is left to chance. */
  readonly requests?: number | null;
}

const good = (picture: PictureName = "jpeg", more: Partial<Expected> = {}): Expected => ({
  ...{ reason: null, picture, kept: true, requests: 1 },
  ...more,
});
const bad = (reason: Reason): Expected => ({ reason, requests: 1 });
/** Worth another try: asked for three times. */
const tried = (reason: Reason): Expected => ({ reason, requests: 3 });

/** By kind of answer. */
export const answered: Readonly<Record<Kind, Expected>> = {
  ok: good(),
  png: good("png"),
  webp: good("webp"),
  "progressive-jpeg": good("progressive"),
  "gif-animated": good("gif", { kept: false }),
  avif: good("avif", { kept: false }),
  "palette-png": good("palette"),
  "grey-png": good("grey"),
  "16bit-png": good("sixteenBit"),
  "alpha-png": good("alpha"),
  "cmyk-jpeg": good("cmyk"),
  "exif-rotated": good("rotated"),
  svg: bad("unsupported_format"),
  tiny: bad("too_small"),
  panorama: bad("bad_aspect"),

  "slow-first-byte": good(),
  "slow-body": good(),
  chunked: good(),
  "until-close": good(),
  "early-hints": good(),
  "close-unsaid": good("jpeg", { requests: null }),
  stall: tried("timeout"),
  "never-answer": tried("first_byte_timeout"),
  truncated: tried("truncated"),
  "truncated-chunked": tried("truncated"),
  "longer-than-announced": good(),
  "announced-too-short": bad("damaged_image"),
  "wrong-type": good(),
  "no-type": good(),
  "html-as-jpeg": bad("not_an_image"),
  text: bad("not_an_image"),
  "zero-bytes": bad("empty"),

  redirect: good(),
  "redirect-303": good(),
  "redirect-307": good(),
  "redirect-308": good(),
  "redirect-chain-3": good(),
  "redirect-loop": { reason: "too_many_redirects", requests: null },
  "redirect-long": bad("too_many_redirects"),
  "redirect-nowhere": bad("bad_redirect"),
  "redirect-file": bad("bad_redirect"),
  "redirect-private": bad("private_address"),
  "redirect-removed": good(),
  400: bad("http_400"),
  403: bad("http_403"),
  404: bad("http_404"),
  410: bad("http_410"),
  500: tried("http_500"),
  "429-then-ok": good("jpeg", { requests: 2 }),
  "429-bare-then-ok": good("jpeg", { requests: 2 }),
  "429-forever": tried("http_429"),
  "429-tomorrow": bad("http_429"),
  "503-then-ok": good("jpeg", { requests: 2 }),
  "500-then-ok": good("jpeg", { requests: 3 }),
  "500-until-healed": tried("http_500"),
  "404-until-healed": bad("http_404"),

  "reset-before-headers": tried("reset"),
  "reset-mid-body": tried("reset"),
  "close-before-headers": tried("reset"),
  garbage: bad("protocol"),
  "huge-header": bad("protocol"),

  gzip: good(),
  deflate: good(),
  br: good(),
  "gzip-bomb": bad("too_large"),
  "br-bomb": bad("too_large"),
  "bad-gzip": bad("bad_encoding"),
  "cut-gzip": bad("bad_encoding"),
  "unknown-encoding": bad("bad_encoding"),
  "too-large": bad("too_large"),
  "too-large-chunked": bad("too_large"),
  "png-bomb-30000": bad("too_many_pixels"),
  "lying-header": bad("too_many_pixels"),
  "damaged-png": bad("damaged_image"),
  "truncated-jpeg": bad("damaged_image"),
  "jpeg-and-more": good("trailed"),

  "optout-noai": bad("opt_out"),
  "optout-noimageai": bad("opt_out"),
  "optout-list": bad("opt_out"),
  "optout-otherbot": good(),
  "robots-harmless": good(),
};

interface Elsewhere {
  readonly reason: Reason | null;
  readonly url: (server: FaultServer, id: string) => string;
  readonly caption?: string;
}

const local = "127.0.0.1";

/** Rows that reach the server by TLS or a name of fault_names.ts, or not at all. */
export const elsewhere = {
  "https-ok": { reason: null, url: ({ https }, id) => `https://${local}:${https}/ok/${id}` },
  "https-self-signed": {
    reason: "tls",
    url: (server, id) => `https://${local}:${server.selfSigned}/ok/${id}`,
  },
  "https-expired": { reason: "tls", url: ({ expired }, id) => `https://${local}:${expired}/ok/${id}` },
  "https-other-name": { reason: "tls", url: ({ https }, id) => `https://127.0.0.2:${https}/ok/${id}` },
  "https-on-http": { reason: "tls", url: ({ http }, id) => `https://${local}:${http}/ok/${id}` },
  refused: { reason: "refused", url: (_, id) => `http://127.255.0.1:9/${id}` },
  "no-url": { reason: "no_url", url: () => "" },
  "ftp-url": { reason: "bad_url", url: (_, id) => `ftp://${local}/${id}.jpg` },
  "relative-url": { reason: "bad_url", url: (_, id) => `/images/${id}.jpg` },
  "impossible-host": { reason: "bad_url", url: (_, id) => `http://a b/${id}.jpg` },
  "no-caption": {
    reason: "no_caption",
    url: ({ http }, id) => `http://${local}:${http}/ok/${id}`,
    caption: "",
  },
  named: { reason: null, url: ({ http }, id) => `http://images.here.test:${http}/ok/${id}` },
  "name-unknown": { reason: "dns", url: (_, id) => `http://images.nowhere.test/${id}.jpg` },
  "name-fails": { reason: "dns_failed", url: (_, id) => `http://n${id}.broken.test/${id}.jpg` },
} as const satisfies Readonly<Record<string, Elsewhere>>;

export type RowKind = Kind | keyof typeof elsewhere;

/** Every kind of row but the redirect to 10.0.0.1, which a run with --allow-private would follow out of the machine. */
export const rowKinds = [...Object.keys(answered), ...Object.keys(elsewhere)]
  .filter((kind) => kind !== "redirect-private") as RowKind[];

/** A row of an input and what has to become of it. */
export interface FaultRow {
  readonly kind: RowKind;
  readonly url: string;
  readonly caption: string;
  readonly expected: Expected;
  /** The bytes of its image as served, of a success; of a failure those served where it is made good. */
  served(): Promise<Uint8Array<ArrayBuffer>>;
}

/** The host of a kind: good ones share a few; failures have theirs, lest one kind closes the breaker for others. */
function hostOf(kind: Kind, id: number): string {
  if (answered[kind].reason === null) return `127.0.0.${1 + id % 8}`;
  return `127.1.${1 + Object.keys(answered).indexOf(kind)}.${1 + id % 250}`;
}

/** The row of a kind with the number of its row as id. */
export function faultRow(server: FaultServer, kind: RowKind, number: number): FaultRow {
  const id = String(number), caption = `the ${kind} of number ${id}, Straße`;
  const made = kind in answered ? answered[kind as Kind] : null;
  if (made) {
    const pictureId = kind === "redirect-removed" ? "removed.png" : id;
    const url = `http://${hostOf(kind as Kind, number)}:${server.http}/${kind}/${id}`;
    return { kind, url, caption, expected: made, served: () => picture(made.picture ?? "jpeg", pictureId) };
  }
  const { url, reason, caption: own = caption }: Elsewhere = elsewhere[kind as keyof typeof elsewhere];
  const expected: Expected = reason === null ? good() : { reason };
  return { kind, url: url(server, id), caption: own, expected, served: () => picture("jpeg", id) };
}
