/**
 * Data sources (shards, tables, folders), imbalance laws, orders, and batches in memory or streamed.
 */
export { batchesOf, type ImageBatch, streamBatches } from "./batches.ts";
export { expandBraces } from "./braces.ts";
export { type ByteSource, openBytes } from "./bytes.ts";
export { classNamesFor, readClassNames, readFrequencies } from "./classes.ts";
export { type Decoded, type Decoder, type DecodeTask, openDecoder } from "./decoder.ts";
export { readImageSet, writeImageSet } from "./image_set_file.ts";
export {
  classCounts,
  type ImageSource,
  largestInMemory,
  memorySource,
  openImageSource,
  type Selection,
  selectSamples,
  type SourceOptions,
  suitableSize,
} from "./image_source.ts";
export { type ImageSet, loadImages, loadImageShards, type LoadOptions, subset } from "./image_set.ts";
export {
  applyLaw,
  drawRanks,
  largestRemainder,
  type Law,
  type LawSelection,
  parseClassCounts,
  parseLaw,
  selectPerClass,
} from "./law.ts";
export { epochOrder, type OrderOptions, type Position, splitBatch } from "./order.ts";
export { type ImageRef, readImage, type Sample } from "./sample.ts";
export { expandFiles, type SampleOptions, shardSamples } from "./shards.ts";
export {
  describeSkipped,
  type SampleIdentity,
  type SkipLimit,
  skipLimitOf,
  type Skipped,
  type SkippedSample,
  type SkipTally,
  skipTally,
  usualSkipLimit,
} from "./skips.ts";
export { openSamples } from "./sources.ts";
export { type StreamOptions } from "./stream.ts";
export { folderClasses, folderSamples, tableSamples } from "./tables.ts";
export { type TarMember, tarMembers } from "./tar.ts";
export { type ShardBatch, type ShardStreamOptions, streamShards } from "./shard_stream.ts";
export { TAR_END, tarEntry } from "./write_tar.ts";
