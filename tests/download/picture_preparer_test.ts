// The preparer as a run uses it: bytes kept to the last one, hashes, faults of lying and damaged files, and the same
// answers from threads as without them; and threads that die.
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import type { ImageRules, PreparedAnswer } from "../../data_utils/download/picture/image_rules.ts";
import { prepareImage } from "../../data_utils/download/picture/prepare_image.ts";
import { openPreparer } from "../../data_utils/download/picture/preparer.ts";
import { openPool } from "../../data_utils/download/picture/worker_pool.ts";
import {
  type Bytes,
  imageOf,
  joined,
  jpegOfSize,
  jpegWithExif,
  madeExif,
  madeFile,
  madeJpeg,
  madePng,
  pngChunk,
  pngOfSize,
  reasonOf,
  rulesWith,
  text,
} from "./picture_made.ts";

/** Prepares copies, as the bytes are taken over: on threads, or without any on this one. */
async function prepared(
  files: readonly Bytes[],
  changes: Partial<ImageRules>,
  workers = 0,
): Promise<PreparedAnswer[]> {
  const rules = rulesWith(changes), copies = files.map((bytes) => bytes.slice());
  if (workers === 0) return await Promise.all(copies.map((bytes) => prepareImage(bytes, rules)));
  await using preparer = openPreparer(rules, { workers });
  return await Promise.all(copies.map((bytes) => preparer.prepare(bytes)));
}

const sha256 = async (bytes: Bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();

Deno.test("bytes of JPEG, PNG and WebP are kept to the last one, whatever colours they hold", async () => {
  const files: [string, Bytes][] = [
    ["jpg", jpegWithExif(await madeJpeg(50, 40), madeExif([[0x0112, 3, [6]], [0x010f, 2, "M"]]))],
    ["jpg", await madeFile([50, 40], (image) => image.toColourspace("cmyk").jpeg())],
    ["png", await madeFile([50, 40], (image) => image.toColourspace("rgb16").png(), 4)],
    ["png", await madeFile([50, 40], (image) => image.png({ palette: true }))],
    ["webp", await madeFile([50, 40], (image) => image.webp(), 4)],
    ["jpg", joined(await madeJpeg(50, 40), text("what a camera appends"))],
  ];
  for (const decode of [false, true]) {
    const answers = await prepared(files.map(([, bytes]) => bytes), { decode, exif: true, autoOrient: true });
    for (const [i, [ending, bytes]] of files.entries()) {
      const image = imageOf(answers[i]), hash = await sha256(bytes);
      assertEquals(image.bytes, bytes);
      assertEquals([image.ending, image.sha256, image.storedSha256], [ending, hash, hash]);
      assertEquals([image.width, image.height, image.originalWidth, image.originalHeight], [50, 40, 50, 40]);
      assertEquals(image.exif, i === 0 ? '{"Image Orientation":"6","Image Make":"M"}' : "{}");
    }
  }
  assertEquals(imageOf((await prepared([files[0][1]], {}))[0]).exif, null);
});

Deno.test("of images encoded anew both hashes are given, and the EXIF of the file that came", async () => {
  const bytes = jpegWithExif(await madeJpeg(80, 60), madeExif([[0x010f, 2, "M"]]));
  const image = imageOf(
    (await prepared([bytes], { resizeMode: "keep_ratio", imageSize: 30, exif: true }))[0],
  );
  assertEquals([image.sha256, image.storedSha256], [await sha256(bytes), await sha256(image.bytes)]);
  assertNotEquals(image.sha256, image.storedSha256);
  assertEquals([image.exif, image.width, image.height], ['{"Image Make":"M"}', 40, 30]);
});

Deno.test("headers may lie: nothing is decoded that is too large, and what does not fit is damaged", async () => {
  const png = await madePng(60, 40), jpeg = await madeJpeg(60, 40);
  const gif = await madeFile([60, 40], (image) => image.gif()), wide = gif.slice();
  const frame = wide.indexOf(0x2c, 13 + 3 * (2 << (wide[10] & 7))); // behind the palette
  new DataView(wide.buffer).setUint16(frame + 5, 65_535, true);
  new DataView(wide.buffer).setUint16(frame + 7, 65_535, true);
  const files = [pngOfSize(png, 30_000, 30_000), jpegOfSize(jpeg, 65_000, 65_000), wide];
  for (const rules of [{}, { reencode: "always" }, { resizeMode: "border" }] as const) {
    for (const answer of await prepared(files, rules)) assertEquals(reasonOf(answer), "too_many_pixels");
  }
  // more rows than there is data for: libjpeg fills the rest with grey, for Pillow as for us
  const tall = [pngOfSize(png, 60, 4000), jpegOfSize(jpeg, 60, 4000)];
  for (const rules of [{ decode: true }, { reencode: "always" }] as const) {
    for (const resampler of ["pillow", "fast"] as const) {
      const answers = await prepared(tall, { ...rules, resampler });
      assertEquals(answers.map(reasonOf), ["damaged_image", "image"]);
    }
  }
});

Deno.test("what is cut off or broken is damaged, in every mode alike", async () => {
  const jpeg = await madeJpeg(200, 150),
    png = await madePng(200, 150),
    avif = await madeFile(
      [64, 48],
      (image) => image.avif({ effort: 0 }),
    );
  const gif = await madeFile([200, 150], (image) => image.gif()), broken = png.slice();
  broken.fill(0x5a, broken.length >> 1, (broken.length >> 1) + 20);
  const files: Bytes[] = [jpeg, png, gif, avif].flatMap((bytes) =>
    [0.05, 0.5, 0.95].map((share) => bytes.slice(0, Math.round(bytes.length * share)))
  );
  files.push(jpeg.slice(0, -1), broken);
  for (const rules of [{}, { decode: true }, { reencode: "always" }, { resizeMode: "keep_ratio" }] as const) {
    for (const resampler of ["pillow", "fast"] as const) {
      const reasons = (await prepared(files, { ...rules, resampler })).map(reasonOf);
      assertEquals(reasons, files.map(() => "damaged_image"), JSON.stringify(rules));
    }
  }
});

Deno.test("decode finds a PNG whose sums hold, but whose pixels are no zlib stream", async () => {
  const png = await madePng(40, 30), start = text("IDAT"), broken: number[] = [];
  const at = png.findIndex((_, i) => start.every((byte, j) => png[i + j] === byte));
  const length = new DataView(png.buffer).getUint32(at - 4);
  for (let i = 0; i < length; i++) broken.push(i < 2 ? png[at + 4 + i] : 0x5a);
  const file = joined(
    png.subarray(0, at - 4),
    pngChunk("IDAT", Uint8Array.from(broken)),
    png.subarray(at + 8 + length),
  );
  assertEquals((await prepared([file], {})).map(reasonOf), ["image"]);
  assertEquals((await prepared([file], { decode: true })).map(reasonOf), ["damaged_image"]);
});

Deno.test("threads give the answers that this thread gives, in any order, from bytes of any buffer", async () => {
  const files = [
    ...await Promise.all(Array.from({ length: 12 }, (_, i) => madeJpeg(80 + 9 * i, 60 + 5 * i))),
    await madePng(70, 50),
    await madeFile([64, 48], (image) => image.gif()),
    await madeFile([64, 48], (image) => image.avif({ effort: 0 })),
    await madeFile([64, 48], (image) => image.tiff()),
    (await madeJpeg(90, 70)).slice(0, 900),
    text("<html>"),
    new Uint8Array(0),
  ];
  for (const resampler of ["pillow", "fast"] as const) {
    const rules = { resizeMode: "center_crop", imageSize: 40, resampler, exif: true, decode: true } as const;
    const expected = await prepared(files, rules);
    assertEquals(expected.map(reasonOf).filter((reason) => reason !== "image").sort(), [
      "damaged_image",
      "empty",
      "not_an_image",
    ]);
    assertEquals(await prepared(files, rules, 3), expected);
    await using preparer = openPreparer(rulesWith(rules), { workers: 1 });
    const larger = joined(files[0], text("of another image")), part = larger.subarray(0, files[0].length);
    assertEquals(await preparer.prepare(part), expected[0]);
    assertEquals(larger.length, files[0].length + 16); // the rest was not taken along
  }
});

Deno.test("no thread is started for images that only need a look", async () => {
  const { Worker } = globalThis;
  let started = 0;
  globalThis.Worker = class extends Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      started++;
    }
  };
  try {
    const files = [await madeJpeg(60, 50), text("{}"), pngOfSize(await madePng(9, 9), 60_000, 60_000)];
    assertEquals((await prepared(files, {}, 2)).map(reasonOf), ["image", "not_an_image", "too_many_pixels"]);
    assertEquals(started, 0);
    await prepared([files[0]], { decode: true }, 2);
    assertEquals(started, 2);
  } finally {
    globalThis.Worker = Worker;
  }
});

Deno.test("rules and numbers of threads that cannot be are refused at once", () => {
  assertThrows(() => openPreparer(rulesWith({ imageSize: 0 }), { workers: 1 }), RangeError, "image size");
  for (const workers of [0, 1.5]) {
    assertThrows(() => openPreparer(rulesWith({}), { workers }), RangeError, "threads");
  }
});

/** A worker's module that answers with the length of what it gets, as the code given does. */
const script = (answer: string) =>
  `data:text/javascript,${
    encodeURIComponent(`onmessage = async ({ data }) => { if (!("id" in data)) return; ${answer} };`)
  }`;

const pool = (answer: string, mostWeight = 100) =>
  openPool<null, number[]>({ script: script(answer), settings: null, workers: 2, jobsEach: 2, mostWeight });

Deno.test("a thread that dies fails what it was asked, what waits, and all that is asked later", async () => {
  const die = "if (data.bytes[0] === 1) setTimeout(() => { throw new Error('out of luck'); });";
  await using threads = pool(die);
  const asked = [0, 1, 0, 0, 0, 0, 0].map((byte) => threads.ask(Uint8Array.of(byte), 1));
  for (const answer of asked) await assertRejects(() => answer, Error, "thread that prepares images died");
  await assertRejects(() => threads.ask(Uint8Array.of(0), 1), Error, "out of luck");
});

Deno.test("weights under way stay below their sum; one that is heavier runs alone", async () => {
  // each answers with the moment it began and ended
  const work = `const began = performance.timeOrigin + performance.now();
    await new Promise((done) => setTimeout(done, 20));
    postMessage({ id: data.id, answer: [data.bytes[0], began, performance.timeOrigin + performance.now()] });`;
  await using threads = pool(work, 10);
  const weights = [4, 4, 4, 200, 1, 9, 9, 10, 3];
  const answers = await Promise.all(weights.map((weight) => threads.ask(Uint8Array.of(weight), weight)));
  assertEquals(answers.map(([weight]) => weight), weights);
  for (const [, began] of answers) {
    const together = answers.filter(([, from, to]) => from <= began && began < to);
    const sum = together.reduce((total, [weight]) => total + weight, 0);
    assert(sum <= 10 || together.length === 1, `${together.map(([weight]) => weight)} together`);
  }
});

Deno.test("closing waits for what is under way, rejects what waits, and what comes afterwards", async () => {
  const work = "setTimeout(() => postMessage({ id: data.id, answer: [data.bytes[0]] }), 30);";
  const threads = pool(work, 2);
  const asked = [1, 2, 3, 4].map((byte) => threads.ask(Uint8Array.of(byte), 1));
  const ends = Promise.allSettled(asked);
  await threads[Symbol.asyncDispose]();
  assertEquals((await ends).map(({ status }) => status), ["fulfilled", "fulfilled", "rejected", "rejected"]);
  await assertRejects(() => threads.ask(Uint8Array.of(1), 1), Error, "closed");
});
