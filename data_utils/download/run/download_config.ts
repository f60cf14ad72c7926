/** Everything that a download is told. It is written beside the shards, and what shapes them must stay the same. */
import type { FetchSettings } from "../net/fetch_settings.ts";
import type { ImageRules } from "../picture/image_rules.ts";
import type { QueueSettings } from "../queue/queue_settings.ts";
import type { RowFileOptions } from "../rows/row_file.ts";
import type { Layout } from "../shards/shard.ts";
import type { SourceChoice, SourceName } from "../sources/source.ts";

/** What is done about rows with the URL or the bytes of an earlier one. */
export type Dedup = "none" | "report" | "drop";

/** One machine's share: shards whose number leaves `index` when divided by `of`. */
export interface Part {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/** A download. */
export interface DownloadConfig {
  readonly source: SourceName;
  readonly choice: SourceChoice;
  readonly rows: RowFileOptions;
  /** Files, globs and folders. */
  readonly inputs: readonly string[];
  readonly out: string;
  readonly layout: Layout;
  readonly rowsPerShard: number;
  readonly part: Part | null;
  readonly images: ImageRules;
  readonly fetch: FetchSettings;
  readonly queue: QueueSettings;
  /** Threads that decode and encode. */
  readonly workers: number;
  readonly dedup: Dedup;
  /** Column with the SHA-256 that the bytes of a row must have. */
  readonly hashColumn: string | null;
}

/** The part of a configuration on which outcomes depend: another speed or patience may be chosen on the way. */
export function shapeOf(
  { source, choice, rows, layout, rowsPerShard, images, dedup, hashColumn }: DownloadConfig,
) {
  return {
    source,
    choice,
    rows,
    layout,
    rowsPerShard,
    images,
    dropsDuplicates: dedup === "drop",
    hashColumn,
  };
}
