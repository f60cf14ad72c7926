/**
 * What every stream of images from disk is made of: samples in an order that the seed gives are decoded ahead of their use,
 * come back in that order whatever the number of workers, and are gathered into batches.
 */
import { normalise, type Transform } from "../images/mod.ts";
import { type Decoded, type Decoder } from "./decoder.ts";
import { type OrderOptions, type Position } from "./order.ts";
import { type Sample } from "./sample.ts";
import { type SampleIdentity, type SkipTally } from "./skips.ts";

/** How streamed samples are decoded. */
export interface StreamOptions extends OrderOptions {
  transform: Transform;
  /** Counts samples that cannot be decoded; the next ones of the order take their places. */
  skips: SkipTally;
  /** Threads that decode: default 0, this one. */
  workers?: number;
  /** Batches decoded ahead: default 2. */
  ahead?: number;
  signal?: AbortSignal;
}

/** A sample in the order of its epoch. */
export interface Drawn {
  sample: Sample;
  /** Random path of its crop; the first step is the seed. */
  path: readonly number[];
  epoch: number;
  /** How many samples of the epoch come before it. */
  at: number;
  /** Whether the epoch ends with it. */
  last: boolean;
  /** What tells it from all others, in every epoch. */
  which: SampleIdentity;
}

/** What a batch is made of. */
export interface Gathered<T extends Drawn> {
  /** One for each image; in a padded batch the first stands again for those that are missing. */
  drawn: T[];
  /** Normalised images [B, size, size, 3]. */
  data: Float32Array;
  /** How many of them count. */
  valid: number;
  epoch: number;
  next: Position;
}

/** What to do with fewer samples than a batch at the end of an epoch: the batch, or null for none. */
export function finishBatch<T>(own: T[], { batchSize, last = "drop" }: OrderOptions): T[] | null {
  if (own.length === batchSize || (last === "keep" && own.length > 0)) return own;
  if (last === "drop" || own.length === 0) return null;
  return own.concat(new Array(batchSize - own.length).fill(own[0]));
}

/** The first position after sample `at` of an epoch. */
export const positionAfter = ({ epoch, at, last }: Pick<Drawn, "epoch" | "at" | "last">): Position =>
  last ? { epoch: epoch + 1, index: 0 } : { epoch, index: at + 1 };

/** Decodes samples in order, up to `most` of them ahead of the one that is asked for. */
async function* decodeAhead<T extends Drawn>(
  source: AsyncIterator<T> | Iterator<T>,
  decoder: Decoder,
  most: number,
): AsyncGenerator<{ drawn: T; decoded: Decoded }> {
  const pending: { drawn: T; decoding: Promise<Decoded> }[] = [];
  let ended = false;
  async function ask(): Promise<void> {
    const { value: drawn, done } = await source.next();
    if (done) return void (ended = true);
    const decoding = decoder.decode({ image: drawn.sample.image, path: drawn.path });
    decoding.catch(() => {}); // reported where it is awaited
    pending.push({ drawn, decoding });
  }
  try {
    for (;;) {
      while (!ended && pending.length < most) await ask();
      const first = pending.shift();
      if (first === undefined) return;
      yield { drawn: first.drawn, decoded: await first.decoding };
    }
  } finally {
    await source.return?.(); // closes the file it reads
  }
}

/**
 * Batches of what a source draws. A sample that cannot be decoded is counted in `skips` and the next takes its place.
 * Throws RangeError for an epoch seen from its start that makes no batch, and when too many samples are left out; Error
 * for a failing worker.
 */
export async function* gatherBatches<T extends Drawn>(
  source: AsyncIterator<T> | Iterator<T>,
  decoder: Decoder,
  options: StreamOptions,
): AsyncGenerator<Gathered<T>> {
  const { batchSize, transform, skips, ahead = 2, signal } = options, step = transform.size ** 2 * 3;
  let own: T[] = [], squares: Uint8Array[] = [], good = 0, batches = 0, whole = false;
  for await (const { drawn, decoded } of decodeAhead(source, decoder, Math.max(1, batchSize * ahead))) {
    signal?.throwIfAborted();
    const { epoch, at, last, sample, which } = drawn;
    if (at === 0) whole = true;
    if (typeof decoded === "string") skips.add(decoded, sample.key, which);
    else {
      own.push(drawn);
      squares.push(decoded);
      good++;
    }
    const full = own.length === batchSize || last ? finishBatch(own, options) : null;
    if (full) {
      const data = new Float32Array(full.length * step);
      full.forEach((_, i) =>
        normalise(squares[i] ?? squares[0], transform, data.subarray(i * step, (i + 1) * step))
      );
      yield { drawn: full, data, valid: own.length, epoch, next: positionAfter(drawn) };
      batches++;
    }
    if (full || last) [own, squares] = [[], []];
    if (!last) continue;
    if (whole && good === 0) throw new RangeError(`None of the ${at + 1} images can be used`);
    if (whole && batches === 0) {
      throw new RangeError(
        `Only ${good} of the ${at + 1} images can be used: they do not fill one batch of ${batchSize}`,
      );
    }
    [good, batches, whole] = [0, 0, false];
  }
}
