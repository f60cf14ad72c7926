/**
 * A uniform shuffle of more records than memory holds (Rao 1961, Sandelius 1962): each record is thrown into one of
 * some buckets on disk, then each bucket is shuffled in memory; one that is too large is thrown again. How many buckets
 * there are does not depend on the records, so the same records and seed give the same order everywhere.
 */
import { writeError } from "../../runs/atomic.ts";
import { type RandomStream, randomStream } from "../../random/philox.ts";

/** Sizes that a test makes small. */
export interface ShuffleSizes {
  readonly buckets: number;
  /** Bytes of a bucket that is shuffled in memory. */
  readonly bucketBytes: number;
  /** Bytes that wait to be written, for each bucket. */
  readonly pageBytes: number;
}

/** 128 buckets take 8 GiB, several times RedCaps, before one has to be thrown again. */
const defaultSizes: ShuffleSizes = { buckets: 128, bucketBytes: 2 ** 26, pageBytes: 2 ** 16 };

/** Records that are being thrown. */
export interface ExternalShuffle extends Disposable {
  /** Takes a copy of a record. */
  add(record: Uint8Array): void;
  /** All records in their new order, once; each is a view. Files are removed as they are used up. */
  shuffled(): Generator<Uint8Array>;
}

const LENGTH = 4;

/** A bucket on disk: records behind their lengths. Opened when its first page is full. */
function openBucket(path: string, pageBytes: number) {
  let file: Deno.FsFile | null = null, page = new Uint8Array(pageBytes), used = 0, bytes = 0, records = 0;

  function write(part: Uint8Array) {
    try {
      file ??= Deno.openSync(path, { write: true, create: true, truncate: true });
      for (let done = 0; done < part.length;) done += file.writeSync(part.subarray(done));
    } catch (error) {
      throw writeError(path, error);
    }
  }
  function flush() {
    write(page.subarray(0, used));
    used = 0;
  }
  function add(record: Uint8Array) {
    const size = LENGTH + record.length;
    if (used + size > page.length) flush();
    if (size > page.length) page = new Uint8Array(size);
    new DataView(page.buffer).setUint32(used, record.length);
    page.set(record, used + LENGTH);
    used += size;
    bytes += size;
    records++;
  }
  function close() {
    file?.close();
    file = null;
  }
  return {
    path,
    add,
    close,
    /** Writes what is left and lets go of the page. */
    end() {
      if (used > 0) flush();
      page = new Uint8Array(0);
      close();
    },
    bytes: () => bytes,
    records: () => records,
  };
}

/** The records of a bucket in the order of its file, which is read as a whole. */
function recordsIn(bytes: Uint8Array, count: number): { at(i: number): Uint8Array } {
  const starts = new Uint32Array(count), view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let i = 0, at = 0; i < count; i++) {
    starts[i] = at;
    at += LENGTH + view.getUint32(at);
  }
  return {
    at: (i) => bytes.subarray(starts[i] + LENGTH, starts[i] + LENGTH + view.getUint32(starts[i])),
  };
}

/** The records of a bucket that is too large for memory, one after the other. */
function* recordsOf(path: string, count: number, pageBytes: number): Generator<Uint8Array> {
  using file = Deno.openSync(path);
  let page = new Uint8Array(pageBytes), from = 0, to = 0;
  function fill(wanted: number) {
    if (to - from >= wanted) return;
    const wider = wanted > page.length ? new Uint8Array(wanted) : page;
    wider.set(page.subarray(from, to));
    [page, from, to] = [wider, 0, to - from];
    while (to < wanted) {
      const got = file.readSync(page.subarray(to));
      if (got === null) throw new Error(`${path} was cut short while it was in use`);
      to += got;
    }
  }
  for (let i = 0; i < count; i++) {
    fill(LENGTH);
    const size = LENGTH + new DataView(page.buffer).getUint32(from);
    fill(size);
    yield page.subarray(from + LENGTH, from + size);
    from += size;
  }
}

/**
 * Begins a shuffle in a folder that is there; files of it are named bucket-N. `path` tells this throw's draws from those
 * of others with the same seed.
 */
export function externalShuffle(
  folder: string,
  seed: number,
  sizes: ShuffleSizes = defaultSizes,
  path: readonly number[] = [],
): ExternalShuffle {
  const throws: RandomStream = randomStream(seed, ...path, 0);
  const buckets = Array.from(
    { length: sizes.buckets },
    (_, i) => openBucket(`${folder}/bucket-${[...path, i].join("-")}`, sizes.pageBytes),
  );

  function* shuffled(): Generator<Uint8Array> {
    for (const bucket of buckets) bucket.end();
    for (const [i, bucket] of buckets.entries()) {
      const records = bucket.records();
      if (records === 0) continue;
      if (bucket.bytes() > sizes.bucketBytes && records > 1) {
        using again = externalShuffle(folder, seed, sizes, [...path, i + 2]);
        for (const record of recordsOf(bucket.path, records, sizes.pageBytes)) again.add(record);
        Deno.removeSync(bucket.path);
        yield* again.shuffled();
      } else {
        const content = recordsIn(Deno.readFileSync(bucket.path), records);
        Deno.removeSync(bucket.path);
        const order = Uint32Array.from({ length: records }, (_, i) => i);
        for (const at of randomStream(seed, ...path, 1, i).shuffle(order)) yield content.at(at);
      }
    }
  }

  return {
    add: (record) => buckets[throws.int(buckets.length)].add(record),
    shuffled,
    [Symbol.dispose]() {
      for (const bucket of buckets) bucket.close();
    },
  };
}
