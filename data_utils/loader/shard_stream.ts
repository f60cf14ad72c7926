/**
 * Training from shards without a list of their samples, for sets whose list does not fit into memory or whose archives
 * are gzipped: in each epoch the shards come in a new order, are read one after the other, and their samples pass through
 * a buffer out of which they are drawn at random. All draws come from (seed, epoch), none from time or threads.
 */
import { type Batch } from "../images/mod.ts";
import { randomStream } from "../random/philox.ts";
import { openDecoder } from "./decoder.ts";
import { epochOrder, type Position } from "./order.ts";
import { type Sample } from "./sample.ts";
import { type SampleOptions, shardSamples } from "./shards.ts";
import { shuffled } from "./shuffle_buffer.ts";
import { type Drawn, gatherBatches, type StreamOptions } from "./stream.ts";

/** How shards are streamed; see {@link StreamOptions} for what they share with lists. */
export interface ShardStreamOptions extends StreamOptions {
  /** Names of the classes; a sample with another label is left out. Absent: labels are optional and unchecked. */
  classNames?: readonly string[];
  /**
   * Samples among which the next one is drawn: default 5000. Of plain archives the buffer holds places only, of gzipped
   * ones the images' bytes.
   */
  buffer?: number;
}

/** One batch out of shards. */
export interface ShardBatch {
  /** Normalised images [B, size, size, 3]. */
  images: Batch<Float32Array>;
  /** Labels [B], -1 where there is none. */
  labels: Batch<Int32Array>;
  /** Captions, "" where there is none. */
  captions: string[];
  /** Keys of the samples within their shards. */
  keys: string[];
  /** The shard of each sample: its place in the list of shards. */
  shards: Int32Array;
  /** How many of the images count: less than B only in a batch that was padded. */
  valid: number;
  epoch: number;
  /** Where to go on after this batch. */
  next: Position;
}

type ShardSample = Pick<Drawn, "sample" | "path" | "which"> & { shard: number };

/** The samples of all shards in an epoch's order of shards, each shard in its own order. */
async function* readShards(
  paths: readonly string[],
  epoch: number,
  options: ShardStreamOptions,
): AsyncGenerator<ShardSample> {
  const { seed, shuffle = true, classNames, skips, signal } = options;
  const order = shuffle ? epochOrder(paths.length, seed, epoch) : paths.keys();
  const reading: SampleOptions = { classNames, skips, placesOnly: true, signal };
  let read = 0;
  for (const shard of order) {
    let number = 0;
    for await (const sample of shardSamples([paths[shard]], reading)) {
      skips.outOf(++read);
      yield {
        ...{ sample, shard, path: [seed, epoch, shard, number] },
        which: { file: paths[shard], number: number++ },
      };
    }
  }
}

const bufferDraws = 0x62756666;

/** The samples of the epochs that are asked for, from where the run stands. Throws RangeError for an epoch without any. */
async function* drawShards(
  paths: readonly string[],
  options: ShardStreamOptions,
): AsyncGenerator<Drawn & { shard: number }> {
  const { seed, shuffle = true, buffer = 5000, from = { epoch: 0, index: 0 } } = options;
  const { untilEpoch = from.epoch + 1 } = options;
  for (let epoch = from.epoch; epoch < untilEpoch; epoch++) {
    const begin = epoch === from.epoch ? from.index : 0, read = readShards(paths, epoch, options);
    const source = shuffle ? shuffled(read, buffer, randomStream(seed, bufferDraws, epoch)) : read;
    let held: ShardSample | null = null, at = 0;
    for await (const drawn of source) {
      if (held && at++ >= begin) yield { ...held, epoch, at: at - 1, last: false };
      held = drawn;
    }
    if (held === null) throw new RangeError(`No usable sample in ${paths.join(" ")}`);
    if (begin > at + 1) {
      throw new RangeError(
        `Position ${begin} lies outside the ${at + 1} samples: the data changed since the run began`,
      );
    }
    if (at >= begin) yield { ...held, epoch, at, last: true };
  }
}

/**
 * Batches of the shards at `paths` (see expandFiles), decoded and transformed some batches ahead. Each epoch gives every
 * usable sample once (with `last: "drop"` all but those that do not fill a batch). The batches depend on the shards, the
 * seed, `buffer` and the batch size only: workers and resuming at `next` change nothing. Resuming reads the epoch's
 * headers again up to its position, and decodes nothing of it.
 * Throws RangeError for no shards, a bad batch size or buffer, a position outside the data, an epoch without a batch, and
 * when too many samples are left out (where the tally has a limit); SyntaxError naming a damaged shard; Error for a
 * failing worker.
 */
export async function* streamShards(
  paths: readonly string[],
  options: ShardStreamOptions,
): AsyncGenerator<ShardBatch> {
  const { transform: { size }, batchSize, buffer = 5000 } = options;
  if (paths.length === 0) throw new RangeError("There is no shard to read: name one at least");
  for (const [what, value] of Object.entries({ "batch size": batchSize, "shuffle buffer": buffer })) {
    if (!(Number.isInteger(value) && value > 0)) {
      throw new RangeError(`The ${what} must be at least 1, got ${value}`);
    }
  }
  const decoder = openDecoder(options.transform, options.workers);
  try {
    for await (const gathered of gatherBatches(drawShards(paths, options), decoder, options)) {
      const { drawn, data, ...place } = gathered, samples = drawn.map(({ sample }): Sample => sample);
      yield {
        images: { data, shape: [drawn.length, size, size, 3], dtype: "f32" },
        labels: { data: Int32Array.from(samples, ({ label }) => label), shape: [drawn.length], dtype: "i32" },
        captions: samples.map(({ caption }) => caption ?? ""),
        keys: samples.map(({ key }) => key),
        shards: Int32Array.from(drawn, ({ shard }) => shard),
        ...place,
      };
    }
  } finally {
    decoder.close();
  }
}
