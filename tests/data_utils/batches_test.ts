// Orders and batches: every sample once an epoch, resuming anywhere, and streaming equal to memory.
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  batchesOf,
  epochOrder,
  type ImageBatch,
  type ImageSet,
  openDecoder,
  type Sample,
  skipTally,
  splitBatch,
  streamBatches,
  subset,
} from "../../data_utils/loader/mod.ts";
import { smallImage, trainCrop } from "../../data_utils/images/mod.ts";
import { bytesOf, png } from "./made_files.ts";

/** `count` images of 2x2 pixels; image i is grey level i, label i % 3. */
function greys(count: number): ImageSet {
  return {
    images: Uint8Array.from({ length: count * 12 }, (_, i) => Math.floor(i / 12)),
    shape: [count, 2, 2, 3],
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
    captions: Array.from({ length: count }, (_, i) => `grey ${i}`),
    keys: Array.from({ length: count }, (_, i) => `${i}`),
    classNames: ["a", "b", "c"],
    skipped: [],
  };
}

const places = (batches: Iterable<ImageBatch>) => [...batches].map(({ indices }) => [...indices]);

Deno.test("an epoch's order is a permutation of (seed, epoch)", () => {
  assertEquals([...epochOrder(100, 1, 0)].sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i));
  assertEquals(epochOrder(100, 1, 2), epochOrder(100, 1, 2));
  assertNotEquals(epochOrder(100, 1, 2), epochOrder(100, 1, 3));
  assertNotEquals(epochOrder(100, 1, 2), epochOrder(100, 2, 2));
});

Deno.test("batches carry normalised images, labels, captions and shapes", () => {
  const [batch] = batchesOf(greys(7), { batchSize: 3, seed: 5 }), [first] = batch.indices;
  assertEquals([batch.images.shape, batch.images.dtype, batch.labels.shape], [[3, 2, 2, 3], "f32", [3]]);
  assert(Math.abs(batch.images.data[0] - (first / 255 - 0.5) / 0.27) < 1e-6);
  assertEquals([batch.labels.data[0], batch.captions![0]], [first % 3, `grey ${first}`]);
});

Deno.test("the last batch is dropped, kept or padded", () => {
  const sizes = (last?: "drop" | "keep" | "pad") =>
    [...batchesOf(greys(7), { batchSize: 3, seed: 5, last, shuffle: false })].map((
      { indices, valid },
    ) => [[...indices], valid]);
  assertEquals(sizes(), [[[0, 1, 2], 3], [[3, 4, 5], 3]]);
  assertEquals(sizes("keep").at(-1), [[6], 1]);
  assertEquals(sizes("pad").at(-1), [[6, 6, 6], 1]);
  assertThrows(
    () => [...batchesOf(greys(7), { batchSize: 8, seed: 0 })],
    RangeError,
    "7 samples do not fill",
  );
  assertThrows(() => [...batchesOf(greys(7), { batchSize: 0, seed: 0 })], RangeError, "at least 1");
});

Deno.test("a resumed run sees the batches it would have seen", () => {
  for (const last of ["drop", "keep", "pad"] as const) {
    const options = { batchSize: 3, seed: 8, last, untilEpoch: 3 }, all = [...batchesOf(greys(10), options)];
    assertEquals(all.length, last === "drop" ? 9 : 12);
    all.forEach(({ next }, i) => {
      assertEquals(places(batchesOf(greys(10), { ...options, from: next })), places(all.slice(i + 1)));
    });
  }
  const from = { epoch: 0, index: 11 };
  assertThrows(
    () => [...batchesOf(greys(10), { batchSize: 3, seed: 8, from })],
    RangeError,
    "the data changed",
  );
});

Deno.test("a subset keeps its samples together", () => {
  const set = subset(greys(9), [7, 2]);
  assertEquals([set.shape[0], [...set.labels], set.captions, set.images[0], set.images[12]], [
    2,
    [1, 2],
    ["grey 7", "grey 2"],
    7,
    2,
  ]);
  assertThrows(() => subset(greys(3), [3]), RangeError, "no image 3");
});

Deno.test("a batch splits among virtual processes", () => {
  assertEquals(splitBatch(64, 4), [[0, 16], [16, 32], [32, 48], [48, 64]]);
  assertEquals(splitBatch(5, 2), [[0, 2], [2, 5]]);
  assertThrows(() => splitBatch(3, 4), RangeError, "among 4");
});

const streamed: Sample[] = Array.from({ length: 11 }, (_, i) => ({
  key: `${i}`,
  label: i % 3,
  caption: `grey ${i}`,
  image: i === 4 ? bytesOf("damaged") : png(6, 5, [i, i, i]),
}));

Deno.test("streaming gives what memory gives, with bad images replaced by the next", async () => {
  const skips = skipTally(),
    transform = smallImage(2),
    options = { batchSize: 3, seed: 2, last: "pad" as const };
  const stream = await Array.fromAsync(streamBatches(streamed, { ...options, transform, skips }));
  assertEquals(skips.list(), [{ reason: "undecodable image", count: 1, example: "4" }]);
  const good = [...epochOrder(11, 2, 0)].filter((i) => i !== 4);
  assertEquals(stream.flatMap(({ indices, valid }) => [...indices].slice(0, valid)), good);
  for (const { images, indices, labels, captions } of stream) {
    assertEquals(images.shape, [3, 2, 2, 3]);
    indices.forEach((i, at) => {
      assert(Math.abs(images.data[at * 12] - (i / 255 - 0.5) / 0.27) < 1e-6);
      assertEquals([labels.data[at], captions![at]], [i % 3, `grey ${i}`]);
    });
  }
});

Deno.test("a bad image that comes back each epoch is one sample left out, two under one key are two", async () => {
  const skips = skipTally(), more = { batchSize: 2, seed: 2, transform: smallImage(2), skips };
  await Array.fromAsync(streamBatches(streamed, { ...more, untilEpoch: 3 }));
  await Array.fromAsync(streamBatches(streamed, { ...more, untilEpoch: 1 })); // as for a second evaluation
  assertEquals(skips.list(), [{ reason: "undecodable image", count: 1, example: "4" }]);
  const twins = [...streamed, { ...streamed[4] }]; // keys repeat from shard to shard
  await Array.fromAsync(streamBatches(twins, { ...more, untilEpoch: 2 }));
  assertEquals(skips.list(), [{ reason: "undecodable image", count: 2, example: "4" }]);
});

Deno.test("bad images up to the limit are left out, one more ends the stream with a line", async () => {
  const bad = streamed.map((sample, i) => i < 3 ? { ...sample, image: bytesOf("damaged") } : sample); // and number 4
  const read = (most: number, share: number, workers = 0) => {
    const skips = skipTally({ most, share }),
      more = { batchSize: 1, seed: 1, transform: smallImage(2), workers };
    return Array.fromAsync(streamBatches(bad, { ...more, skips, untilEpoch: 2 }));
  };
  assertEquals((await read(4, 0)).length, 14);
  assertEquals((await read(0, 0.4)).length, 14); // four of eleven
  for (const workers of [0, 1]) {
    await assertRejects(
      () => read(3, 0.3, workers),
      RangeError,
      "4 samples cannot be used where 3 may be left out: 4 undecodable image (first: ",
    );
  }
  assertThrows(() => skipTally({ most: 1, share: 2 }), RangeError, "a share of 2 is no limit");
});

Deno.test("streams resume exactly, crops included, and workers change nothing", async () => {
  const transform = trainCrop(4, [0.2, 0.9]), base = { batchSize: 2, seed: 6, transform, untilEpoch: 2 };
  const run = (more: object) =>
    Array.fromAsync(streamBatches(streamed, { ...base, skips: skipTally(), ...more }));
  const all = await run({});
  assertEquals(all.length, 10);
  assertEquals(await run({ workers: 2, ahead: 3 }), all);
  assertEquals(await run({ from: all[6].next }), all.slice(7));
});

Deno.test("a stream without a single usable image ends with an error, even when endless", async () => {
  const bad: Sample[] = [0, 1, 2].map((i) => ({
    key: `${i}`,
    label: 0,
    caption: null,
    image: bytesOf("damaged"),
  }));
  const options = {
    batchSize: 2,
    seed: 0,
    transform: smallImage(2),
    skips: skipTally(),
    untilEpoch: Infinity,
  };
  await assertRejects(() => streamBatches(bad, options).next(), RangeError, "None of the 3 images");
});

Deno.test("a stopped stream stops, and a closed decoder rejects", async () => {
  const stop = new AbortController(), transform = smallImage(2);
  const stream = streamBatches(streamed, {
    batchSize: 2,
    seed: 1,
    transform,
    skips: skipTally(),
    signal: stop.signal,
  });
  await stream.next();
  stop.abort();
  await assertRejects(() => stream.next(), DOMException);
  const decoder = openDecoder(transform, 1),
    pending = decoder.decode({ image: png(2, 2, [1, 1, 1]), path: [] });
  decoder.close();
  await assertRejects(() => pending, Error, "closed");
});
