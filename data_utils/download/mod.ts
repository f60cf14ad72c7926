/** Image-text sources into WebDataset shards: the downloader as a library. Its program is `data download`. */
export type { DownloadEvent, Tell } from "./download_event.ts";
export { openFetcher } from "./net/fetcher.ts";
export {
  defaultFetchSettings,
  type FetchAnswer,
  type Fetcher,
  type FetchSettings,
} from "./net/fetch_settings.ts";
export { userAgentOf } from "./net/user_agent.ts";
export { noteOf, type Reason, reasonNotes, type Status } from "./outcome.ts";
export {
  defaultImageRules,
  type ImageRules,
  type Prepared,
  type PreparedAnswer,
  type Preparer,
} from "./picture/image_rules.ts";
export { openPreparer } from "./picture/preparer.ts";
export { type FetchQueue, fetchQueue } from "./queue/fetch_queue.ts";
export { type Attempt, defaultQueueSettings, type QueueSettings } from "./queue/queue_settings.ts";
export { mergeStats } from "./report/merge_stats.ts";
export type { Cell, TableRow, WantedRow } from "./row.ts";
export { openRowFile } from "./rows/open_row_file.ts";
export type { RowFile, RowFileOptions, RowPlace, Survey } from "./rows/row_file.ts";
export type { DownloadConfig } from "./run/download_config.ts";
export { type DownloadFolder, openFolder, planOf } from "./run/folder.ts";
export { type RunContext, runDownload } from "./run/run_download.ts";
export { retryFailed } from "./run/retry_round.ts";
export { shardFiles } from "./shards/names.ts";
export { readShardResults } from "./shards/past_results.ts";
export type { Layout, RowResult, ShardStats, ShardWriter } from "./shards/shard.ts";
export { openShardWriter } from "./shards/shard_writer.ts";
export { verifyFolder } from "./shards/verify_folder.ts";
export type { Source, SourceChoice, SourceName } from "./sources/source.ts";
export { sources } from "./sources/sources.ts";
