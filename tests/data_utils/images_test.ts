// Decoding and the evaluation transform against Pillow and open_clip, random crops by their properties, bad files.
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  clipVal,
  cutPicture,
  decodeImage,
  namedTransform,
  normalise,
  openaiColours,
  type Picture,
  randomBox,
  smallImage,
  supVal,
  toRgb,
  trainCrop,
  type TransformName,
  transformNames,
} from "../../data_utils/images/mod.ts";
import { randomStream } from "../../data_utils/random/philox.ts";
import { goldenCase, goldenRoot, present } from "./golden_files.ts";

const ignore = !present(goldenRoot);
const goldenFile = (name: string) => Deno.readFileSync(new URL(`h_images/files/${name}`, goldenRoot));

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();
}

/** A picture whose red channel is x and whose green channel is y. */
function ramp(width: number, height: number): Picture {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels.set([x, y, 7], (y * width + x) * 3);
  return { pixels, width, height, channels: 3, mode: "RGB", indexed: false };
}

/** Largest difference between a CHW crop of the fixture and the HWC square `got` of side `size`. */
function cropError(want: Float32Array, got: Float32Array, size: number, [top, left]: number[]): number {
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const c = Math.floor(i / 1024), y = Math.floor(i / 32) % 32, x = i % 32;
    worst = Math.max(worst, Math.abs(want[i] - got[((top + y) * size + left + x) * 3 + c]));
  }
  return worst;
}

Deno.test("files of every mode decode and transform as in Pillow and open_clip", { ignore }, async () => {
  const { sidecar, tensors } = goldenCase("h_images", "val_transform");
  const images = sidecar.images.filter((image: { source: string }) => image.source === "files");
  assert(images.length >= 16);
  for (const image of images) {
    const picture = await decodeImage(goldenFile(image.file)), rgb = toRgb(picture);
    assertEquals([picture.width, picture.height], image.size_wh, image.file);
    assertEquals(await sha256(rgb.pixels), image.decoded_rgb.sha256, image.file);
    const key = image.file.replace(/\.\w+$/, image.file.endsWith(".png") ? "_png" : "");
    for (const size of [64, 224]) {
      const transform = clipVal(size), square = normalise(cutPicture(picture, transform), transform);
      const want = tensors[`out/s${size}.${key}`].data as Float32Array;
      const error = cropError(want, square, size, image[`s${size}`].crop_origin_yx);
      assert(error <= 1e-5, `${image.file} at ${size}: ${error}`);
    }
  }
});

Deno.test("the transform of pixel arrays matches", { ignore }, () => {
  for (const name of ["pixels_0", "pixels_1", "pixels_2"]) {
    const { attrs, tensors } = goldenCase("h_images", name);
    const { shape: [height, width], data } = tensors["in/pixels_hwc"];
    const picture = { ...ramp(1, 1), pixels: Uint8Array.from(data), width, height };
    const got = normalise(cutPicture(picture, clipVal(attrs.size)), attrs as typeof openaiColours);
    const want = tensors["out/y"].data, plane = attrs.size ** 2;
    want.forEach((value, i) =>
      assert(Math.abs(value - got[(i % plane) * 3 + Math.floor(i / plane)]) <= 1e-5)
    );
  }
});

Deno.test("small images of the right size pass untouched and are scaled by (v / 255 - 0.5) / 0.27", () => {
  const picture = ramp(32, 32), transform = smallImage(32);
  assertEquals(cutPicture(picture, transform), picture.pixels);
  const values = normalise(Uint8Array.of(0, 128, 255), transform);
  assertEquals(
    Array.from(values),
    [-0.5 / 0.27, (Math.fround(128 / 255) - 0.5) / 0.27, 0.5 / 0.27].map(Math.fround),
  );
  assertThrows(() => normalise(new Uint8Array(6), transform, new Float32Array(3)), TypeError, "6 bytes");
});

Deno.test("supervised evaluation cuts the centre of the larger image", () => {
  assertEquals(supVal(224).cut, { kind: "centre", resize: 256 });
  const square = cutPicture(ramp(60, 40), { ...supVal(30, 40), filter: "bicubic" });
  assertEquals(Array.from(square.subarray(0, 3)), [15, 5, 7]);
  assertThrows(() => cutPicture(ramp(60, 40), supVal(30, 20)), RangeError, "30x30");
});

Deno.test("a random crop depends on its place only, stays within scale and ratio, and varies", () => {
  const picture = ramp(200, 120), transform = trainCrop(16, [0.25, 0.5], [0.5, 2]);
  const at = (...path: number[]) => cutPicture(picture, transform, randomStream(5, ...path));
  assertEquals(at(2, 9), at(2, 9));
  assertNotEquals(at(2, 9), at(2, 10));
  for (let i = 0; i < 200; i++) {
    const square = at(0, i), last = square.length - 3;
    // first and last pixel centres of the square lie 15/16 of the box apart; filtering at the edges costs a little
    const width = (square[last] - square[0]) * 16 / 15, height = (square[last + 1] - square[1]) * 16 / 15;
    const area = width * height / (200 * 120), ratio = width / height;
    assert(area > 0.2 && area < 0.56 && ratio > 0.42 && ratio < 2.4, `${area} ${ratio}`);
  }
  assertThrows(() => cutPicture(picture, transform), TypeError, "random stream");
});

/** Draws that are given: uniform numbers in turn, whole numbers as shares of their range. */
function given(uniform: number[], shares: number[]) {
  const [u, s] = [uniform.values(), shares.values()];
  return { uniform: () => u.next().value!, int: (n: number) => Math.floor(s.next().value! * n) };
}

Deno.test("boxes of random crops are torchvision's for the same draws", () => {
  const near = { scale: [0.9, 1], ratio: [3 / 4, 4 / 3] } as const;
  const box = (
    width: number,
    height: number,
    law: typeof near | object,
    uniform: number[],
    shares: number[],
  ) => {
    const found = randomBox({ width, height }, { ...near, ...law }, given(uniform, shares));
    return [found.left, found.top, found.width, found.height];
  };
  // get_params of torchvision in float32 with Python's round; the draws are multiples of 2^-24 as torch's are
  const draws = [0.25, 0.5, 0.75, 0.125, 0.875, 0.375, 0.0625, 0.625, 0.5, 0.9375];
  const often = [...draws, ...draws];
  assertEquals(box(500, 375, {}, often, [0.25, 0.75]), [16, 1, 479, 372]);
  assertEquals(box(375, 500, {}, often, [0.5, 0.5]), [0, 0, 375, 500]);
  assertEquals(box(500, 375, { scale: [0.08, 1] }, often.slice(2), [0.9, 0.1]), [33, 198, 166, 155]);
  assertEquals(box(640, 480, { scale: [0.05, 0.14], ratio: [0.5, 2] }, often.slice(3), [0.3, 0.6]), [
    277,
    112,
    178,
    106,
  ]);
  // ten misses: the largest centred box; 2 / 0.8 = 2.5 rounds to the even 2
  assertEquals(box(31, 7, {}, often, []), [11, 0, 9, 7]);
  assertEquals(box(2, 9, { ratio: [0.8, 1.25] }, often, []), [0, 3, 2, 2]);
  assertEquals(box(1, 1, {}, often, [0.5, 0.5]), [0, 0, 1, 1]);
});

Deno.test("the named transforms are the spec's, and differ where it says so", async () => {
  assertEquals([...transformNames], ["sup_train", "sup_val", "clip_train", "clip_val"]);
  const cut = (name: TransformName) => namedTransform(name).cut;
  const train = { kind: "random", scale: [0.9, 1], ratio: [3 / 4, 4 / 3] } as const;
  assertEquals([cut("sup_train"), cut("clip_train")], [train, train]);
  assertEquals([cut("sup_val"), cut("clip_val")], [
    { kind: "centre", resize: 256 },
    { kind: "centre", resize: 224 },
  ]);
  for (const name of transformNames) {
    const { size, filter, mean, std, rgbFirst = false } = namedTransform(name);
    assertEquals([size, filter, mean, std], [224, "bicubic", openaiColours.mean, openaiColours.std]);
    assertEquals(rgbFirst, name.startsWith("sup"));
    assertEquals(structuredClone(namedTransform(name)), namedTransform(name)); // goes to workers as it is
  }
  assertThrows(
    () => namedTransform("sup_test" as TransformName),
    RangeError,
    "There is no transform sup_test",
  );
  assertThrows(() => namedTransform("sup_val", 0), RangeError, "The size of sup_val");
  await Promise.resolve();
});

Deno.test("supervised transforms convert to RGB first, contrastive ones last", { ignore }, async () => {
  for (const file of ["palette.png", "rgba.png", "cmyk.jpg", "grey_alpha.png", "bilevel.png"]) {
    const picture = await decodeImage(goldenFile(file));
    const rgb: Picture = { ...toRgb(picture), indexed: false };
    const cut = (p: Picture, name: TransformName) =>
      cutPicture(p, namedTransform(name, 32), randomStream(1, 2));
    for (const part of ["train", "val"] as const) {
      assertEquals(cut(picture, `sup_${part}`), cut(rgb, `sup_${part}`), file);
      assertNotEquals(cut(picture, `clip_${part}`), cut(rgb, `clip_${part}`), file);
    }
  }
  const grey = await decodeImage(goldenFile("grey8.png")); // a grey may be repeated before or after
  assertEquals(
    cutPicture(grey, namedTransform("clip_train", 32), randomStream(1)),
    cutPicture(grey, namedTransform("sup_train", 32), randomStream(1)),
  );
});

Deno.test("a random crop that never fits falls back to the centre", () => {
  const square = cutPicture(ramp(200, 4), trainCrop(4, [0.9, 1], [1, 1]), randomStream(0));
  assertEquals(square, cutPicture(ramp(200, 4), clipVal(4)));
});

Deno.test(
  "truncated, damaged and foreign files are refused, oversized ones before decoding",
  { ignore },
  async () => {
    const jpeg = goldenFile("rgb_420.jpg"), png = goldenFile("rgb.png");
    for (
      const bytes of [
        jpeg.subarray(0, 2000),
        png.subarray(0, 3000),
        jpeg.subarray(0, 3),
        new Uint8Array(0),
        new TextEncoder().encode("no image at all"),
      ]
    ) await assertRejects(() => decodeImage(bytes), SyntaxError, "Cannot decode the image");
    await assertRejects(() => decodeImage(jpeg, { maxPixels: 1000 }), RangeError, "131x97 pixels");
    const bomb = png.slice();
    new DataView(bomb.buffer).setUint32(16, 60000);
    new DataView(bomb.buffer).setUint32(20, 60000);
    await assertRejects(() => decodeImage(bomb), RangeError, "60000x60000");
  },
);
