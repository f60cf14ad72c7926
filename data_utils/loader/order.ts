/**
 * In which order samples are seen. Everything is a function of (seed, epoch), and a position is (epoch, index into
 * that epoch's order), so a run stopped anywhere goes on with the very batches it would have seen.
 */
import { randomStream } from "../random/philox.ts";

/** Where a run stands: `index` samples of `epoch` have been used. */
export interface Position {
  epoch: number;
  index: number;
}

/** How a set of samples becomes batches. */
export interface OrderOptions {
  batchSize: number;
  /** Seed of the run; only the order depends on it. */
  seed: number;
  /** A new order each epoch (default), or the order of the set. */
  shuffle?: boolean;
  /** Where to begin: default the very start. */
  from?: Position;
  /** Epoch at which to stop, not included: default one epoch after where it begins. May be Infinity. */
  untilEpoch?: number;
  /** The incomplete last batch of an epoch: left out (default), kept as it is, or filled up with its first sample. */
  last?: "drop" | "keep" | "pad";
}

const orderDraws = 0x6f726472;

/** The order of `count` samples in an epoch: a permutation that depends on (seed, epoch). */
export function epochOrder(count: number, seed: number, epoch: number): Int32Array {
  return randomStream(seed, orderDraws, epoch).shuffle(Int32Array.from({ length: count }, (_, i) => i));
}

/** Checks what every way of batching needs. Throws RangeError. */
export function checkOrder(count: number, { batchSize, last = "drop", from }: OrderOptions): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`The batch size must be at least 1, got ${batchSize}`);
  }
  if (count < (last === "drop" ? batchSize : 1)) {
    throw new RangeError(`${count} samples do not fill one batch of ${batchSize}: use a smaller batch`);
  }
  if (from && !(from.index >= 0 && from.index <= count)) {
    throw new RangeError(
      `Position ${from.index} lies outside the ${count} samples: the data changed since the run began`,
    );
  }
}

/** The epochs to run through with their orders; `index` is where to begin in each. */
export function* epochs(
  count: number,
  { seed, shuffle = true, from = { epoch: 0, index: 0 }, untilEpoch = from.epoch + 1 }: OrderOptions,
): Generator<{ epoch: number; index: number; order: Int32Array }> {
  const straight = Int32Array.from({ length: shuffle ? 0 : count }, (_, i) => i);
  for (let epoch = from.epoch; epoch < untilEpoch; epoch++) {
    yield {
      epoch,
      index: epoch === from.epoch ? from.index : 0,
      order: shuffle ? epochOrder(count, seed, epoch) : straight,
    };
  }
}

/** Splits `length` samples among `processes` as evenly as can be: [start, end) of each. RangeError when some get none. */
export function splitBatch(length: number, processes: number): [number, number][] {
  if (!Number.isInteger(processes) || processes < 1 || processes > length) {
    throw new RangeError(`Cannot split a batch of ${length} among ${processes} processes`);
  }
  const edge = (p: number) => Math.floor(p * length / processes);
  return Array.from({ length: processes }, (_, p) => [edge(p), edge(p + 1)]);
}
