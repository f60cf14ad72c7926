// Streaming from shards: every sample once an epoch whatever the shards' sizes, the buffer, the batch and the workers; the
// same batches from any place on; bad samples named, and too many of them an end.
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  expandFiles,
  openSamples,
  type ShardBatch,
  type ShardStreamOptions,
  skipTally,
  streamBatches,
  streamShards,
  usualSkipLimit,
} from "../../data_utils/loader/mod.ts";
import { smallImage, trainCrop } from "../../data_utils/images/mod.ts";
import { shuffled } from "../../data_utils/loader/shuffle_buffer.ts";
import { randomStream } from "../../data_utils/random/philox.ts";
import { bytesOf, gzip, png, tar, withFolder } from "./made_files.ts";

/** Sizes that no batch divides, one shard empty; every third is gzipped. */
const sizes = [1, 7, 0, 13, 2, 11, 5], total = 39;

/** Shards whose sample i (counted through) is of grey level i, with label i % 5 and a caption. */
function writeShards(folder: string, bad: readonly number[] = []): string[] {
  let i = 0;
  return sizes.map((size, shard) => {
    const members: Record<string, string | Uint8Array> = {};
    for (let n = 0; n < size; n++, i++) {
      const key = String(n).padStart(3, "0"); // keys repeat from shard to shard, as those of img2dataset may
      members[`${key}.png`] = bad.includes(i) ? bytesOf("damaged") : png(7, 5, [i, i, i]);
      members[`${key}.cls`] = String(i % 5);
      members[`${key}.txt`] = `grey ${i}`;
    }
    const path = `${folder}/part-${String(shard).padStart(5, "0")}.tar`, bytes = tar(members);
    Deno.writeFileSync(path, shard % 3 === 2 ? gzip(bytes) : bytes);
    return path;
  });
}

const base = { batchSize: 4, seed: 3, last: "keep" as const, transform: smallImage(2) };

const run = (paths: readonly string[], more: Partial<ShardStreamOptions> = {}) =>
  Array.fromAsync(streamShards(paths, { ...base, skips: skipTally(), ...more }));

/** Grey levels of a batch's images that count. */
const greys = ({ images, valid }: ShardBatch) =>
  Array.from({ length: valid }, (_, i) => Math.round((images.data[i * 12] * 0.27 + 0.5) * 255));

const ascending = (values: number[]) => values.toSorted((a, b) => a - b);
const everyone = Array.from({ length: total }, (_, i) => i);

Deno.test("shards: each epoch has every sample once, for any buffer, batch, order and shards", () =>
  withFolder(async (folder) => {
    const paths = writeShards(folder);
    for (const buffer of [1, 2, 7, 38, 39, 5000]) {
      for (
        const [batchSize, shuffle] of [[1, true], [4, true], [5, false], [39, true], [64, true]] as const
      ) {
        const batches = await run(paths, { buffer, batchSize, shuffle, untilEpoch: 2 });
        for (const epoch of [0, 1]) {
          const own = batches.filter((batch) => batch.epoch === epoch), seen = own.flatMap(greys);
          assertEquals(ascending(seen), everyone, `buffer ${buffer}, batch ${batchSize}, epoch ${epoch}`);
          if (!shuffle) assertEquals(seen, everyone);
        }
        if (shuffle && buffer > 1) {
          const [a, b] = [0, 1].map((e) => batches.filter(({ epoch }) => epoch === e).flatMap(greys));
          assertNotEquals(a, b);
        }
        assertEquals(batches.at(-1)!.next, { epoch: 2, index: 0 });
      }
    }
  }));

Deno.test("shards: any number of workers gives the same batches, crops included", () =>
  withFolder(async (folder) => {
    const paths = writeShards(folder, [9, 30]), transform = trainCrop(4, [0.2, 0.9]);
    const here = await run(paths, { transform, buffer: 6, untilEpoch: 2 });
    assertEquals(here.flatMap(({ valid }) => valid).reduce((a, b) => a + b), 2 * (total - 2));
    for (const [workers, ahead] of [[0, 5], [1, 0], [1, 2], [2, 1], [3, 2], [5, 3]]) {
      const there = await run(paths, { transform, buffer: 6, untilEpoch: 2, workers, ahead });
      assertEquals(there, here, `${workers} workers, ${ahead} ahead`);
    }
  }));

Deno.test("shards: a stream goes on from any batch as if it had never stopped", () =>
  withFolder(async (folder) => {
    const paths = writeShards(folder, [0, 17]);
    for (const last of ["keep", "drop", "pad"] as const) {
      const options = { last, buffer: 9, untilEpoch: 3, transform: trainCrop(3, [0.3, 0.9]) };
      const all = await run(paths, options);
      assertEquals(all.length, last === "drop" ? 27 : 30);
      for (const [i, { next }] of all.entries()) {
        if (i % 3 === 2 || i > 26) {
          assertEquals(await run(paths, { ...options, from: next }), all.slice(i + 1), `${last} ${i}`);
        }
      }
    }
    const outside = run(paths, { from: { epoch: 0, index: total + 1 } });
    await assertRejects(() => outside, RangeError, "Position 40 lies outside the 39 samples");
    assertEquals(await run(paths, { from: { epoch: 0, index: total } }), []);
  }));

Deno.test("shards: what a batch says of its samples is true", () =>
  withFolder(async (folder) => {
    const paths = writeShards(folder),
      starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
    for (const batch of await run(paths, { buffer: 10, last: "pad" })) {
      const { images, labels, captions, keys, shards, valid } = batch;
      assertEquals([images.shape, labels.shape, captions.length], [[4, 2, 2, 3], [4], 4]);
      greys(batch).forEach((grey, i) => {
        assertEquals(starts[shards[i]] + Number(keys[i]), grey);
        assertEquals([labels.data[i], captions[i]], [grey % 5, `grey ${grey}`]);
      });
      for (let i = valid; i < 4; i++) assertEquals(keys[i], keys[0]);
    }
    assertEquals((await run(paths, { last: "drop" })).length, 9);
    const named = await run(paths, { classNames: ["a", "b", "c"], last: "keep" });
    assertEquals(ascending(named.flatMap(greys)), everyone.filter((i) => i % 5 < 3));
  }));

Deno.test("shards: bad samples are counted once over epochs and named with their shard; too many stop the run", () =>
  withFolder(async (folder) => {
    const bad = [3, 9, 10, 20, 25],
      paths = writeShards(folder, bad),
      skips = skipTally({ most: 5, share: 0 });
    const batches = await run(paths, { skips, untilEpoch: 3 });
    assertEquals(ascending(batches.slice(0, 9).flatMap(greys)), everyone.filter((i) => !bad.includes(i)));
    assertEquals(skips.list().map(({ reason, count }) => [reason, count]), [["undecodable image", 5]]);
    assertEquals(skips.named().map(({ file, key }) => [file!.at(-5), key]).toSorted(), [
      ...[["1", "002"], ["3", "001"], ["3", "002"], ["3", "012"], ["5", "002"]],
    ]);
    const listed = skipTally(),
      found = await Array.fromAsync(openSamples(paths, { skips: listed, placesOnly: true }));
    await Array.fromAsync(streamBatches(found, { ...base, skips: listed })); // gzipped or not, the list names the shard
    assertEquals(listed.named().map(({ file, key }) => `${file!.at(-5)} ${key}`).toSorted(), [
      ...["1 002", "3 001", "3 002", "3 012", "5 002"],
    ]);
    for (const workers of [0, 2]) {
      await assertRejects(
        () => run(paths, { skips: skipTally({ most: 3, share: 0.05 }), workers }),
        RangeError,
        "4 samples cannot be used where 3 may be left out: 4 undecodable image (first: ",
      );
    }
    await assertRejects(
      () => run(paths, { skips: skipTally({ most: 0, share: 0.01 }) }),
      RangeError,
      "1 sample cannot be used where 0 may be left out: 1 undecodable image (first: ",
    );
    await run(paths, { skips: skipTally({ most: 0, share: 0.5 }) });
    await run(paths, { skips: skipTally(usualSkipLimit) });
  }));

Deno.test("shards: damage, nothing usable and bad options are one line each", () =>
  withFolder(async (folder) => {
    const paths = writeShards(folder), cut = `${folder}/cut.tar`, none = `${folder}/none.tar`;
    Deno.writeFileSync(cut, Deno.readFileSync(paths[3]).subarray(0, 6000));
    Deno.writeFileSync(none, tar({ "a.png": bytesOf("no"), "b.png": bytesOf("image") }));
    await assertRejects(() => run([...paths, cut]), SyntaxError, `${cut} is cut short`);
    await assertRejects(() => run([none]), RangeError, "None of the 2 images can be used");
    await assertRejects(() => run([paths[2]]), RangeError, `No usable sample in ${paths[2]}`);
    await assertRejects(() => run([]), RangeError, "There is no shard to read");
    await assertRejects(
      () => run(paths, { batchSize: 0 }),
      RangeError,
      "The batch size must be at least 1, got 0",
    );
    await assertRejects(
      () => run(paths, { buffer: 1.5 }),
      RangeError,
      "The shuffle buffer must be at least 1",
    );
    const few = run([paths[1], none], { batchSize: 8, last: "drop", untilEpoch: Infinity });
    await assertRejects(
      () => few,
      RangeError,
      "Only 7 of the 9 images can be used: they do not fill one batch of 8",
    );
    const stop = new AbortController(),
      stream = streamShards(paths, { ...base, skips: skipTally(), signal: stop.signal });
    await stream.next();
    stop.abort();
    await assertRejects(() => stream.next(), DOMException);
    const left = streamShards(paths, { ...base, skips: skipTally(), workers: 1 });
    await left.next();
    await left.return(undefined); // closes the shard that is being read, as the test's sanitizer sees
  }));

Deno.test("shards: ranges and globs name them, and a missing one of a range is noticed", () =>
  withFolder(async (folder) => {
    const paths = writeShards(folder);
    assertEquals(expandFiles(`${folder}/part-{00000..00006}.tar`), paths);
    assertEquals(expandFiles(`${folder}/part-*.tar`), paths);
    assertEquals(expandFiles([`${folder}/part-{00003..00001}.tar`, paths[0], paths[2]]), [
      ...[paths[3], paths[2], paths[1], paths[0]],
    ]);
    Deno.removeSync(paths[4]);
    assertThrows(
      () => expandFiles(`${folder}/part-{00000..00006}.tar`),
      RangeError,
      `No file matches ${paths[4]}, which ${folder}/part-{00000..00006}.tar names: check the path`,
    );
    assertEquals(expandFiles(`${folder}/part-*.tar`).length, 6);
    await Promise.resolve();
  }));

Deno.test("a shuffle buffer holds so many at most, loses nothing, and is a fair shuffle when it holds all", async () => {
  let read = 0;
  async function* source(count: number) {
    for (let i = 0; i < count; i++) {
      read++;
      yield i;
      await Promise.resolve();
    }
  }
  let out = 0;
  for await (const item of shuffled(source(200), 16, randomStream(1))) {
    assert(read - out <= 16 && item - out <= 15, `${item} as number ${out}`);
    out++;
  }
  assertEquals(out, 200);
  const first = new Int32Array(6);
  for (let seed = 0; seed < 3000; seed++) {
    const items = await Array.fromAsync(shuffled(source(6), 100, randomStream(seed)));
    first[items.indexOf(0)]++;
  }
  const chi = first.reduce((sum, n) => sum + (n - 500) ** 2 / 500, 0);
  assert(chi < 20.5, `chi-squared ${chi} of 5 degrees`); // p = 0.001, and the seeds are fixed
});
