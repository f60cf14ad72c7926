// EXIF as text: names and values as exifread prints them, blocks by other writers, and blocks that are out to harm.
import { assert, assertEquals } from "@std/assert";
import { exifJson, orientationOf } from "../../data_utils/download/picture/exif.ts";
import { afterExifMark } from "../../data_utils/download/picture/look.ts";
import { type ExifTag, joined, madeExif, madeJpeg, sharp, text } from "./picture_made.ts";

const main: ExifTag[] = [
  [0x010f, 2, "Maker & Söhne"],
  [0x0112, 3, [6]],
  [0x011a, 5, [144, 2]],
  [0xc000, 1, [1, 2, 3]],
];
const details: ExifTag[] = [
  [0x829a, 5, [10, 2500]],
  [0x9000, 7, [...text("0231")]],
  [0x9003, 2, "2019:07:01 12:00:00"],
  [0x9101, 7, [1, 2, 3, 0]],
  [0x9204, 10, [-2, 6]],
  [0x927c, 7, [9, 9, 9, 9, 9]],
  [0x9286, 7, [...text("ASCII\0\0\0hidden")]],
];
const places: ExifTag[] = [[1, 2, "N"], [2, 5, [51, 1, 30, 1, 1234, 100]]];

const expected = {
  "Image Make": "Maker & Söhne",
  "Image Orientation": "6",
  "Image XResolution": "72",
  "Image Tag 0xC000": "[1, 2, 3]",
  "Image ExifOffset": "1000",
  "Image GPSInfo": "2000",
  "EXIF ExposureTime": "1/250",
  "EXIF ExifVersion": "0231",
  "EXIF DateTimeOriginal": "2019:07:01 12:00:00",
  "EXIF ComponentsConfiguration": "[1, 2, 3, 0]",
  "EXIF ExposureBiasValue": "-1/3",
  "GPS GPSLatitudeRef": "N",
  "GPS GPSLatitude": "[51, 30, 617/50]",
};

Deno.test("exif: tags by name, in both byte orders", () => {
  for (const little of [true, false]) {
    const block = madeExif(main, { details, places, little });
    assertEquals(JSON.parse(exifJson(block)), expected);
    assertEquals(orientationOf(block), 6);
  }
});

Deno.test("exif: blocks that libexif wrote", async () => {
  const jpeg = await sharp(await madeJpeg(16, 16)).withExif({
    IFD0: { Artist: "A" },
    IFD2: { DateTimeOriginal: "2020:01:02 03:04:05", FocalLength: "35/2" },
    IFD3: { GPSLatitudeRef: "S" },
  }).withMetadata({ orientation: 3 }).jpeg().toBuffer();
  const block = afterExifMark((await sharp(jpeg).metadata()).exif!), found = JSON.parse(exifJson(block));
  assertEquals([found["Image Artist"], found["EXIF FocalLength"], found["GPS GPSLatitudeRef"]], [
    "A",
    "35/2",
    "S",
  ]);
  assertEquals(found["EXIF DateTimeOriginal"], "2020:01:02 03:04:05");
  assertEquals([orientationOf(block), found["Image Orientation"]], [3, "3"]);
});

Deno.test("exif: none, or none that can be read, is an empty object; never an error", () => {
  for (const block of [null, new Uint8Array(0), text("no TIFF at all"), madeExif([]).subarray(0, 9)]) {
    assertEquals([exifJson(block), orientationOf(block)], ["{}", 1]);
  }
  const block = madeExif(main, { details, places });
  for (let length = 0; length < block.length; length += 13) JSON.parse(exifJson(block.subarray(0, length)));
  for (let seed = 1, round = 0; round < 3000; round++) {
    const copy = block.slice();
    for (let i = 0; i < 6; i++) {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      copy[(seed >>> 8) % (i < 4 ? 200 : copy.length)] = seed >>> 3;
    }
    JSON.parse(exifJson(copy));
    const turned = orientationOf(copy);
    assert(turned >= 1 && turned <= 8);
  }
  for (const odd of [0, 9, 300]) assertEquals(orientationOf(madeExif([[0x0112, 3, [odd]]])), 1);
});

Deno.test("exif: a block that points at itself, or names a thousand long texts, stays small", () => {
  const circle = madeExif([[0x8769, 4, [8]], [0x8825, 4, [8]], [0x010f, 2, "M"]]);
  assertEquals(JSON.parse(exifJson(circle))["Image Make"], "M");
  assert(exifJson(circle).length < 500);
  // 5000 tags, each the same 60,000 letters
  const block = new Uint8Array(140_000).fill(65), view = new DataView(block.buffer);
  block.set(joined([0x49, 0x49, 42, 0, 8, 0, 0, 0]));
  view.setUint16(8, 5000, true);
  for (let i = 0, at = 10; i < 5000; i++, at += 12) {
    view.setUint16(at, 0xd000 + i % 4096, true);
    view.setUint16(at + 2, 2, true);
    view.setUint32(at + 4, 60_000, true);
    view.setUint32(at + 8, 70_000, true);
  }
  const written = exifJson(block);
  assert(written.length > 10_000 && written.length < 40_000, `${written.length}`);
  const numbers = JSON.parse(exifJson(madeExif([[0x0111, 4, Array.from({ length: 90 }, (_, i) => i)]])));
  assertEquals(
    numbers["Image StripOffsets"],
    `[${Array.from({ length: 20 }, (_, i) => i).join(", ")}, ... ]`,
  );
});

Deno.test("exif: text in one byte a letter is read as such", () => {
  const block = madeExif([[0x010f, 2, "12345678"]]), at = block.indexOf(0x31);
  block[at + 1] = 0xe9;
  assertEquals(JSON.parse(exifJson(block))["Image Make"], "1é345678");
});
