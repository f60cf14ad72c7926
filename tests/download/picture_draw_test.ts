// Images that are encoded anew: Pillow's pixels against decoding and resampling done step by step, the fast ones near
// them, and every odd kind of colour.
import { assert, assertEquals } from "@std/assert";
import { decodeImage } from "../../data_utils/images/decode.ts";
import { encodeJpeg } from "../../data_utils/images/encode_jpeg.ts";
import { type Picture, toRgb } from "../../data_utils/images/picture.ts";
import { resample } from "../../data_utils/images/resample.ts";
import type { ImageRules } from "../../data_utils/download/picture/image_rules.ts";
import { prepareImage } from "../../data_utils/download/picture/prepare_image.ts";
import {
  type Bytes,
  imageOf,
  joined,
  jpegWithExif,
  madeExif,
  madeFile,
  madeJpeg,
  madePixels,
  madePng,
  meanDifference,
  pixelsOf,
  pngChunk,
  rulesWith,
  sharp,
} from "./picture_made.ts";

const lossless = { encodeFormat: "png", encodeQuality: 1, reencode: "always" } as const;

/** The image prepared by the rules, as PNG unless they say otherwise. */
const drawn = async (bytes: Bytes, rules: Partial<ImageRules> = {}) =>
  imageOf(await prepareImage(bytes, rulesWith({ ...lossless, ...rules })));

const drawnPixels = async (bytes: Bytes, rules: Partial<ImageRules> = {}) =>
  (await pixelsOf((await drawn(bytes, rules)).bytes)).pixels;

const rgbOf = async (bytes: Bytes): Promise<Picture> => ({
  ...toRgb(await decodeImage(bytes)),
  indexed: false,
});

async function resized(bytes: Bytes, width: number, height: number): Promise<Picture> {
  return {
    ...resample(await rgbOf(bytes), { width, height, filter: "bicubic" }),
    mode: "RGB",
    indexed: false,
  };
}

const kinds: [string, () => Promise<Bytes>][] = [
  ["jpeg", () => madeJpeg(90, 60)],
  ["progressive jpeg", () => madeFile([90, 60], (image) => image.jpeg({ progressive: true }))],
  ["grey jpeg", () => madeFile([90, 60], (image) => image.toColourspace("b-w").jpeg(), 1)],
  ["CMYK jpeg", () => madeFile([90, 60], (image) => image.toColourspace("cmyk").jpeg())],
  ["png", () => madePng(90, 60)],
  ["palette", () => madeFile([90, 60], (image) => image.png({ palette: true, colours: 16 }))],
  ["16-bit png", () => madeFile([90, 60], (image) => image.toColourspace("rgb16").png())],
  ["webp", () => madeFile([90, 60], (image) => image.webp())],
  ["tiff", () => madeFile([90, 60], (image) => image.tiff())],
  ["avif", () => madeFile([90, 60], (image) => image.avif({ effort: 0 }))],
];

Deno.test("pillow: every kind is decoded whole, made RGB, then resampled bicubic; larger and smaller", async () => {
  for (const [name, make] of kinds) {
    const bytes = await make();
    for (const [imageSize, width, height] of [[30, 45, 30], [100, 150, 100]]) {
      const image = await drawn(bytes, { resizeMode: "keep_ratio", imageSize });
      assertEquals([image.width, image.height, image.originalWidth, image.originalHeight], [
        width,
        height,
        90,
        60,
      ]);
      assertEquals((await pixelsOf(image.bytes)).pixels, (await resized(bytes, width, height)).pixels, name);
    }
    assertEquals(await drawnPixels(bytes), (await rgbOf(bytes)).pixels, `${name}, not resized`);
  }
});

Deno.test("pillow: the JPEG is the one that images/encode_jpeg.ts makes of those pixels", async () => {
  const bytes = await madeJpeg(90, 60);
  for (const encodeQuality of [1, 75, 95, 100]) {
    const image = await drawn(bytes, {
      resizeMode: "keep_ratio",
      imageSize: 30,
      encodeFormat: "jpg",
      encodeQuality,
    });
    assertEquals(image.bytes, new Uint8Array(await encodeJpeg(await resized(bytes, 45, 30), encodeQuality)));
    assertEquals(image.ending, "jpg");
  }
});

Deno.test("pillow: center_crop is the middle of keep_ratio, border that of a white square", async () => {
  const bytes = await madeJpeg(90, 61), whole = await resized(bytes, 44, 30);
  const crop = await drawnPixels(bytes, { resizeMode: "center_crop", imageSize: 30 });
  const left = 7, row = (y: number) => whole.pixels.subarray((y * 44 + left) * 3, (y * 44 + left + 30) * 3);
  assertEquals(crop, joined(...Array.from({ length: 30 }, (_, y) => row(y))));

  const small = await resized(bytes, 30, 20),
    square = await drawn(bytes, { resizeMode: "border", imageSize: 30 });
  assertEquals([square.width, square.height], [30, 30]);
  const band = new Uint8Array(30 * 5 * 3).fill(255);
  assertEquals((await pixelsOf(square.bytes)).pixels, joined(band, small.pixels, band));
  assertEquals(
    await drawnPixels(bytes, { resizeMode: "keep_ratio_largest", imageSize: 30 }),
    new Uint8Array(small.pixels),
  );
});

Deno.test("pillow: a photograph that is resampled in bands has the same pixels", async () => {
  const large = sharp(await madeJpeg(90, 60)).resize(3600, 2500, { fit: "fill" }); // 27 MB of pixels
  const bytes = new Uint8Array(await large.jpeg().toBuffer());
  const pixels = await drawnPixels(bytes, { resizeMode: "center_crop", imageSize: 97 });
  const scaled = await resized(bytes, 140, 97), left = Math.floor((140 - 97) / 2);
  const rows = Array.from(
    { length: 97 },
    (_, y) => scaled.pixels.subarray((y * 140 + left) * 3, (y * 140 + left + 97) * 3),
  );
  assertEquals(pixels, joined(...rows));
});

Deno.test("fast: the same sizes in every mode, and pixels near those of Pillow", async () => {
  for (const [name, make] of kinds) {
    const bytes = await make();
    for (const resizeMode of ["no", "keep_ratio", "keep_ratio_largest", "center_crop", "border"] as const) {
      for (const imageSize of [20, 120]) {
        const [exact, fast] = await Promise.all(
          (["pillow", "fast"] as const).map((resampler) =>
            drawn(bytes, { resizeMode, imageSize, resampler })
          ),
        );
        const about = `${name}, ${resizeMode}, ${imageSize}`;
        assertEquals([fast.width, fast.height], [exact.width, exact.height], about);
        const [a, b] = await Promise.all(
          [exact, fast].map(async (image) => (await pixelsOf(image.bytes)).pixels),
        );
        assert(
          meanDifference(a, b) < (name === "palette" ? 9 : 6), // it is dithered
          `${about}: ${meanDifference(a, b)}`,
        );
      }
    }
  }
});

Deno.test("what is encoded anew is 8-bit RGB without metadata, in the format asked for", async () => {
  for (const resampler of ["pillow", "fast"] as const) {
    for (const [name, make] of kinds) {
      const bytes = new Uint8Array(
        await sharp(await make()).keepMetadata().withExif({ IFD0: { Make: "M" } })
          .toBuffer(),
      );
      for (const encodeFormat of ["jpg", "png", "webp"] as const) {
        const image = await drawn(bytes, {
          resampler,
          encodeFormat,
          encodeQuality: encodeFormat === "png" ? 9 : 80,
        });
        const { format, space, channels, depth, exif, icc, width, height, chromaSubsampling } = await sharp(
          image.bytes,
        )
          .metadata();
        assertEquals(
          [format, space, channels, depth, exif, icc, width, height],
          [encodeFormat === "jpg" ? "jpeg" : encodeFormat, "srgb", 3, "uchar", undefined, undefined, 90, 60],
          `${name} ${encodeFormat} ${resampler}`,
        );
        if (encodeFormat === "jpg") assertEquals(chromaSubsampling, "4:2:0");
      }
    }
  }
});

/** Red that is half, wholly and not transparent, as the kinds of file that can say so. */
async function transparent(): Promise<[string, Bytes][]> {
  const pixels = new Uint8Array(30 * 30 * 4);
  for (let i = 0; i < 900; i++) pixels.set([250, 20, 40, [0, 128, 255][Math.floor(i / 300)]], i * 4);
  const image = () => sharp(pixels, { raw: { width: 30, height: 30, channels: 4 } });
  const keyed = await sharp(pixels, { raw: { width: 30, height: 30, channels: 4 } }).removeAlpha().png()
    .toBuffer();
  const key = pngChunk("tRNS", Uint8Array.of(0, 250, 0, 20, 0, 40));
  const made: [string, Uint8Array][] = [
    ["png", await image().png().toBuffer()],
    ["palette", await image().png({ palette: true }).toBuffer()],
    ["webp", await image().webp({ lossless: true, exact: true }).toBuffer()],
    ["colour key", joined(keyed.subarray(0, 33), key, keyed.subarray(33))],
  ];
  return made.map(([name, bytes]) => [name, new Uint8Array(bytes)]);
}

Deno.test("transparency is put onto white, or dropped so that what lay behind it shows", async () => {
  const hidden = [250, 20, 40];
  // alpha / 255 * colour + 255 - alpha
  const white = [[255, 255, 255], [252, 137, 147], hidden];
  for (const [name, bytes] of await transparent()) {
    for (const resampler of ["pillow", "fast"] as const) {
      const at = (pixels: Uint8Array, third: number) => [...pixels.subarray(third * 900, third * 900 + 3)];
      const [onWhite, dropped] = await Promise.all(
        (["white", "drop"] as const).map((alpha) => drawnPixels(bytes, { alpha, resampler })),
      );
      for (const third of [0, 1, 2]) {
        const expected = name === "colour key" ? white[0] : white[third];
        const about = `${name}, ${resampler}, ${third}`;
        at(onWhite, third).forEach((level, c) =>
          assert(Math.abs(level - expected[c]) <= 1, `${about}: ${level}`)
        );
        if (resampler === "pillow" && name === "png") assertEquals(at(onWhite, third), expected, about);
        // quantising to a palette may lose what cannot be seen
        if (name !== "palette") assertEquals(at(dropped, third), hidden, about);
      }
    }
  }
});

Deno.test("of animations the first frame is stored", async () => {
  const frames = [await madePng(40, 30), await sharp(await madePng(40, 30)).negate().png().toBuffer()];
  const first = (await pixelsOf(frames[0])).pixels;
  const animate = () => sharp(frames, { join: { animated: true } });
  const files: [string, Uint8Array][] = [
    ["gif", await animate().gif({ delay: [100, 100] }).toBuffer()],
    ["webp", await animate().webp({ lossless: true, delay: [100, 100] }).toBuffer()],
  ];
  for (const [name, bytes] of files) {
    for (const resampler of ["pillow", "fast"] as const) {
      const image = await drawn(new Uint8Array(bytes), { reencode: "needed", resampler });
      assertEquals([image.ending, image.width, image.height], ["png", 40, 30], name);
      const difference = meanDifference((await pixelsOf(image.bytes)).pixels, first);
      assert(difference < (name === "gif" ? 12 : 0.01), `${name} ${resampler}: ${difference}`);
    }
  }
});

Deno.test("pixels are turned by EXIF when asked for, all eight ways, and the file's size stays its own", async () => {
  const pixels = madePixels(40, 24), png = new Uint8Array(await madePng(40, 24));
  for (let orientation = 1; orientation <= 8; orientation++) {
    const block = pngChunk("eXIf", madeExif([[0x0112, 3, [orientation]]]));
    const bytes = joined(png.subarray(0, 33), block, png.subarray(33));
    const upright = await sharp(
      await sharp(png).withMetadata({ orientation }).jpeg({ quality: 100 }).toBuffer(),
    )
      .autoOrient().raw().toBuffer();
    for (const resampler of ["pillow", "fast"] as const) {
      const image = await drawn(bytes, { autoOrient: true, resampler });
      const [w, h] = orientation >= 5 ? [24, 40] : [40, 24], about = `${orientation} ${resampler}`;
      assertEquals(
        [image.width, image.height, image.originalWidth, image.originalHeight],
        [w, h, 40, 24],
        about,
      );
      assert(meanDifference((await pixelsOf(image.bytes)).pixels, upright) < 3, about);
      const crop = await drawn(bytes, {
        autoOrient: true,
        resampler,
        resizeMode: "keep_ratio",
        imageSize: 12,
      });
      assertEquals([crop.width, crop.height], orientation >= 5 ? [12, 20] : [20, 12], about);
    }
    assertEquals(await drawnPixels(bytes), pixels, "left as it is");
  }
  const jpeg = jpegWithExif(await madeJpeg(400, 300), madeExif([[0x0112, 3, [6]]]));
  const rules = { autoOrient: true, resizeMode: "keep_ratio", imageSize: 30 } as const;
  // JPEGs that are shrunk while they are decoded
  const asStored = await drawn(jpeg, { ...rules, autoOrient: false, resampler: "fast" });
  const turned = await sharp(asStored.bytes).rotate(90).raw().toBuffer();
  const difference = meanDifference(await drawnPixels(jpeg, { ...rules, resampler: "fast" }), turned);
  assert(difference < 1, `${difference}`);
});
