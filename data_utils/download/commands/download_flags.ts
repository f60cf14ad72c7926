/** The flags of `data download`. Names are img2dataset's where it has the same thing. */
import type { FlagTable, FlagValues } from "../../program/flags.ts";
import { defaultFetchSettings } from "../net/fetch_settings.ts";
import { defaultImageRules } from "../picture/image_rules.ts";
import { defaultQueueSettings } from "../queue/queue_settings.ts";
import { sources } from "../sources/sources.ts";

const { fetch, queue, images } = {
  fetch: defaultFetchSettings,
  queue: defaultQueueSettings,
  images: defaultImageRules,
};
const seconds = (ms: number) => ms / 1000;

export const downloadFlags = {
  source: {
    kind: "text",
    value: "NAME",
    choices: Object.keys(sources),
    help: "whose columns and rules the input has",
  },
  input: {
    kind: "texts",
    value: "FILE|GLOB|DIR",
    help: "tables of images (TSV, CSV, parquet, JSON, JSONL, list of URLs; gzipped or not); may be repeated",
  },
  out: { kind: "text", value: "DIR", help: "folder of the shards" },
  "url-col": {
    kind: "text",
    value: "COL",
    help: "column of the URL, by name or number from 0 (default: the source's)",
  },
  "caption-col": { kind: "text", value: "COL", help: "column of the caption (default: the source's)" },
  language: { kind: "text", value: "LANG", help: "wit: captions of this language, or all (default en)" },
  nsfw: {
    kind: "text",
    choices: ["unlikely", "unsure", "all"],
    help: "laion: what may be marked how (default unlikely)",
  },
  format: {
    kind: "text",
    choices: ["parquet", "tsv", "csv", "jsonl", "json", "text"],
    help: "what the inputs are, if they do not show it",
  },
  quoting: {
    kind: "text",
    choices: ["minimal", "none", "auto"],
    default: "auto",
    help: "quotes in TSV and CSV, as pandas calls it",
  },
  header: {
    kind: "text",
    choices: ["yes", "no"],
    help: "whether tables name their columns (default: as they look)",
  },

  layout: {
    kind: "text",
    choices: ["webdataset", "qnq"],
    default: "webdataset",
    help: "webdataset: as img2dataset writes it; qnq: as the downloaders of Quality Not Quantity do",
  },
  "number-sample-per-shard": {
    kind: "whole",
    value: "N",
    least: 1,
    most: 1_000_000,
    help: "rows per shard (default 10000; qnq 1000)",
  },
  shard: { kind: "text", value: "I/N", help: "only part I of N, for several machines" },
  dedup: {
    kind: "text",
    choices: ["none", "report", "drop"],
    default: "none",
    help: "rows with the URL or the bytes of an earlier one: listed in duplicates.tsv, or dropped",
  },
  "verify-hash": { kind: "text", value: "COL", help: "column with the SHA-256 that the bytes must have" },

  "resize-mode": {
    kind: "text",
    choices: ["no", "border", "keep_ratio", "keep_ratio_largest", "center_crop"],
    help: "as img2dataset (default no)",
  },
  "image-size": {
    kind: "whole",
    value: "PIXELS",
    least: 1,
    most: 65_535,
    help: `the side that the mode speaks of (default ${images.imageSize})`,
  },
  "resize-only-if-bigger": { kind: "switch", help: "images that are smaller stay as they are" },
  reencode: {
    kind: "switch",
    help: "encode every image anew; else bytes of JPEG, PNG and WebP that are not resized are kept",
  },
  "encode-format": {
    kind: "text",
    choices: ["jpg", "png", "webp"],
    help: "what is encoded becomes (default jpg)",
  },
  "encode-quality": {
    kind: "whole",
    value: "Q",
    least: 0,
    most: 100,
    help: "1 to 100 (default 95; qnq 75); of png the compression, 0 to 9 (default 6)",
  },
  resampler: {
    kind: "text",
    choices: ["pillow", "fast"],
    help: "pillow (default): the pixels that Pillow gives; fast: libvips, several times as fast",
  },
  "auto-orient": { kind: "switch", help: "turn what is encoded as its EXIF says" },
  "min-image-size": { kind: "whole", value: "PIXELS", default: 0, least: 0, help: "shorter side at least" },
  "max-image-area": { kind: "number", value: "PIXELS", least: 1, help: "width times height at most" },
  "max-aspect-ratio": { kind: "number", value: "R", least: 1, help: "longer side over shorter at most" },
  "max-pixels": {
    kind: "whole",
    value: "N",
    default: images.maxPixels,
    least: 1,
    help: "an image of more pixels is not decoded",
  },
  decode: { kind: "switch", help: "decode kept images too, to find all that are damaged" },
  "extract-exif": { kind: "switch", help: "EXIF into KEY.json and the parquet" },
  workers: {
    kind: "whole",
    value: "N",
    least: 1,
    most: 256,
    help: "threads that decode and encode (default: one per core)",
  },

  concurrency: {
    kind: "whole",
    value: "N",
    least: 1,
    most: 10_000,
    help: `requests at once (default ${queue.concurrency})`,
  },
  "per-host": {
    kind: "whole",
    value: "N",
    least: 1,
    most: 10_000,
    help: `of one host (default ${queue.perHost}, or what the source's hosts ask for)`,
  },
  "host-interval": {
    kind: "number",
    value: "S",
    least: 0,
    most: 3600,
    help: "seconds between the beginnings of two requests to one host",
  },
  "connect-timeout": {
    kind: "number",
    value: "S",
    least: 0.01,
    most: 3600,
    help: `seconds for name, connection and TLS (default ${seconds(fetch.connectTimeout)})`,
  },
  "first-byte-timeout": {
    kind: "number",
    value: "S",
    least: 0.01,
    most: 3600,
    help: `seconds for the answer to begin (default ${seconds(fetch.firstByteTimeout)})`,
  },
  timeout: {
    kind: "number",
    value: "S",
    least: 0.01,
    most: 86_400,
    help: `seconds for one attempt in all (default ${seconds(fetch.totalTimeout)})`,
  },
  retries: {
    kind: "whole",
    value: "N",
    least: 0,
    most: 100,
    help: `attempts after the first, where another may help (default ${queue.retries})`,
  },
  backoff: {
    kind: "number",
    value: "S",
    least: 0.001,
    most: 3600,
    help: `seconds before the second attempt; doubled with each (default ${seconds(queue.backoff)})`,
  },
  "max-retry-wait": {
    kind: "number",
    value: "S",
    least: 0,
    most: 86_400,
    help: `longest Retry-After that is waited for (default ${seconds(queue.maxRetryWait)})`,
  },
  "breaker-failures": {
    kind: "whole",
    value: "N",
    least: 0,
    help:
      `failures in a row after which a host is left alone for a minute; 0 never (default ${queue.breakerFailures})`,
  },
  "max-redirects": {
    kind: "whole",
    value: "N",
    least: 0,
    most: 50,
    help: `redirects that are followed (default ${fetch.maxRedirects})`,
  },
  "max-bytes": {
    kind: "whole",
    value: "N",
    least: 1,
    most: 2 ** 30,
    help: `bytes of an image at most (default ${fetch.maxBytes})`,
  },
  "user-agent": {
    kind: "text",
    value: "TEXT",
    help: "what to call oneself instead of this program's name and version",
  },
  contact: {
    kind: "text",
    value: "TEXT",
    help: "URL or e-mail address that is added to the user agent",
  },
  "ignore-opt-out": {
    kind: "switch",
    help: "fetch what X-Robots-Tag (noai, noimageai, noindex, noimageindex) asks not to use",
  },
  "allow-private": { kind: "switch", help: "fetch from private, loopback and reserved addresses too" },
  dns: {
    kind: "texts",
    value: "IP[:PORT]",
    help: "name server to ask instead of the system; may be repeated",
  },

  "retry-failed": { kind: "switch", help: "go again over failures that may pass, into supplementary shards" },
  reasons: { kind: "text", value: "A,B", help: "with --retry-failed: these failures, such as http_404,dns" },
  verify: { kind: "switch", help: "read a finished download again and check every hash; nothing is fetched" },
  "metrics-port": {
    kind: "whole",
    value: "PORT",
    least: 0,
    most: 65_535,
    help: "serve Prometheus metrics on this port of the loopback interface",
  },
  "dry-run": { kind: "switch", help: "print what would be fetched, fetch and write nothing" },
  json: { kind: "switch", help: "events as JSON lines on standard output" },
  help: { kind: "switch", help: "this text" },
} as const satisfies FlagTable;

/** Values of the flags. */
export type DownloadFlags = FlagValues<typeof downloadFlags>;
