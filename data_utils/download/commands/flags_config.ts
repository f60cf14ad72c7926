/** The configuration that the flags of `data download` make. */
import { VERSION } from "../../program/version.ts";
import { nameServerOf } from "../net/dns_exchange.ts";
import { defaultFetchSettings } from "../net/fetch_settings.ts";
import { checkedUserAgent, userAgentOf } from "../net/user_agent.ts";
import { checkImageRules } from "../picture/check_rules.ts";
import { defaultImageRules, type ImageRules, type ResizeMode } from "../picture/image_rules.ts";
import { defaultQueueSettings } from "../queue/queue_settings.ts";
import type { RowFileOptions } from "../rows/row_file.ts";
import type { Dedup, DownloadConfig, Part } from "../run/download_config.ts";
import { qnqImageRules } from "../sources/qnq_images.ts";
import type { SourceChoice, SourceName } from "../sources/source.ts";
import { sourceNamed } from "../sources/sources.ts";
import type { DownloadFlags } from "./download_flags.ts";

/** "2/8" as a part. Throws RangeError for anything else. */
function readPart(text: string): Part {
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!(index >= 1 && of >= index && of <= 100_000)) {
    throw new RangeError(`--shard ${text} is not I/N, a part I from 1 to N, such as 2/8`);
  }
  return { index: index - 1, of };
}

/** Leaves out what is undefined, so that it does not hide a default. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

const milliseconds = (value: number | undefined) => value === undefined ? undefined : value * 1000;

function imageRules(values: DownloadFlags, source: ReturnType<typeof sourceNamed>): ImageRules {
  const qnq = values.layout === "qnq" ? { ...qnqImageRules, ...source.presets.qnqImages } : {};
  const format = (values["encode-format"] ?? "jpg") as ImageRules["encodeFormat"];
  const rules = {
    ...defaultImageRules,
    ...(format === "png" ? { encodeQuality: 6 } : {}),
    ...qnq,
    ...given({
      resizeMode: values["resize-mode"] as ResizeMode | undefined,
      imageSize: values["image-size"],
      encodeFormat: values["encode-format"] as ImageRules["encodeFormat"] | undefined,
      encodeQuality: values["encode-quality"],
      resampler: values.resampler as ImageRules["resampler"] | undefined,
      maxImageArea: values["max-image-area"],
      maxAspectRatio: values["max-aspect-ratio"],
    }),
    ...(values["resize-only-if-bigger"] ? { onlyIfBigger: true } : {}),
    ...(values.reencode ? { reencode: "always" as const } : {}),
    ...(values["auto-orient"] ? { autoOrient: true } : {}),
    minImageSize: values["min-image-size"],
    maxPixels: values["max-pixels"],
    decode: values.decode,
    exif: values["extract-exif"],
  };
  if (values.layout === "qnq" && (rules.encodeFormat !== "jpg" || rules.reencode !== "always")) {
    throw new RangeError("--layout qnq holds JPEGs: leave out --encode-format");
  }
  checkImageRules(rules);
  return rules;
}

/** The configuration that flags make. Throws RangeError naming the flag for values that do not go together. */
export function configOf(values: DownloadFlags): DownloadConfig {
  const source = sourceNamed(values.source!),
    { presets } = source,
    layout = values.layout as DownloadConfig["layout"];
  for (const server of values.dns) nameServerOf(server);
  const rows: RowFileOptions = {
    ...source.rows,
    quoting: values.quoting as RowFileOptions["quoting"],
    ...given({
      format: values.format as RowFileOptions["format"],
      header: values.header === undefined ? undefined : values.header === "yes",
    }),
  };
  return {
    source: values.source as SourceName,
    choice: given({
      urlColumn: values["url-col"],
      captionColumn: values["caption-col"],
      language: values.language,
      nsfw: values.nsfw as SourceChoice["nsfw"],
    }),
    rows,
    inputs: values.input,
    out: values.out!,
    layout,
    rowsPerShard: values["number-sample-per-shard"] ?? (layout === "qnq" ? 1000 : 10_000),
    part: values.shard === undefined ? null : readPart(values.shard),
    images: imageRules(values, source),
    fetch: {
      ...defaultFetchSettings,
      userAgent: values["user-agent"] === undefined
        ? userAgentOf(VERSION, values.contact)
        : checkedUserAgent(values["user-agent"]),
      allowPrivate: values["allow-private"],
      nameServers: values.dns,
      ...presets.fetch,
      ...given({
        connectTimeout: milliseconds(values["connect-timeout"]),
        firstByteTimeout: milliseconds(values["first-byte-timeout"]),
        totalTimeout: milliseconds(values.timeout),
        maxRedirects: values["max-redirects"],
        maxBytes: values["max-bytes"],
      }),
      ...(values["ignore-opt-out"] ? { disallowedDirectives: [] } : {}),
    },
    queue: {
      ...defaultQueueSettings,
      ...presets.queue,
      ...given({
        concurrency: values.concurrency,
        perHost: values["per-host"],
        hostInterval: milliseconds(values["host-interval"]),
        retries: values.retries,
        backoff: milliseconds(values.backoff),
        maxRetryWait: milliseconds(values["max-retry-wait"]),
        breakerFailures: values["breaker-failures"],
      }),
    },
    workers: values.workers ?? navigator.hardwareConcurrency,
    dedup: values.dedup as Dedup,
    hashColumn: values["verify-hash"] ?? null,
  };
}
