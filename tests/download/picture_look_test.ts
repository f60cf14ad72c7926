// What files say of themselves, against sharp's reading of them; and damage of every kind, found without decoding.
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { Look } from "../../data_utils/download/picture/look.ts";
import { lookAt } from "../../data_utils/download/picture/look_at.ts";
import { type Kind, sniff } from "../../data_utils/download/picture/sniff.ts";
import {
  type Bytes,
  joined,
  jpegOfSize,
  madeFile,
  madeJpeg,
  madePng,
  pngChunk,
  pngOfSize,
  sharp,
  text,
} from "./picture_made.ts";

function look(bytes: Uint8Array): Look {
  const sniffed = sniff(bytes);
  return lookAt((sniffed as { kind: Kind }).kind, bytes)!;
}

type Finish = Parameters<typeof madeFile>[1];

const files: [string, Finish, 1 | 2 | 3 | 4][] = [
  ["jpeg", (image) => image.jpeg(), 3],
  ["grey jpeg", (image) => image.toColourspace("b-w").jpeg(), 1],
  ["progressive jpeg", (image) => image.jpeg({ progressive: true, mozjpeg: true }), 3],
  ["CMYK jpeg", (image) => image.toColourspace("cmyk").jpeg(), 3],
  [
    "jpeg with profile and EXIF",
    (image) => image.withIccProfile("p3").withExif({ IFD0: { Make: "M" } }).jpeg(),
    3,
  ],
  ["png", (image) => image.png(), 3],
  ["grey png", (image) => image.toColourspace("b-w").png(), 1],
  ["png with alpha", (image) => image.png(), 4],
  ["grey png with alpha", (image) => image.toColourspace("b-w").png(), 2],
  ["16-bit png", (image) => image.toColourspace("rgb16").png(), 3],
  ["palette png", (image) => image.png({ palette: true }), 3],
  ["transparent palette png", (image) => image.png({ palette: true }), 4],
  ["interlaced png", (image) => image.png({ progressive: true }), 3],
  ["webp", (image) => image.webp(), 3],
  ["webp with alpha", (image) => image.webp(), 4],
  ["lossless webp", (image) => image.webp({ lossless: true }), 3],
  ["lossless webp with alpha", (image) => image.webp({ lossless: true }), 4],
  ["webp with EXIF", (image) => image.withExif({ IFD0: { Make: "M" } }).webp(), 3],
];

Deno.test("look: size, transparency, colours and EXIF are what sharp finds; whole files are whole", async () => {
  for (const [name, finish, channels] of files) {
    const bytes = await madeFile([61, 47], finish, channels), found = look(bytes);
    const { width, height, hasAlpha, space, exif } = await sharp(bytes).metadata();
    assertEquals([found.width, found.height, found.damage], [width, height, null], name);
    assertEquals([found.alpha, found.cmyk], [hasAlpha, space === "cmyk"], name);
    assertEquals(found.exif !== null, exif !== undefined, name);
    assertEquals(found.animated, false, name);
  }
});

Deno.test("look: a file cut anywhere is damaged; one byte more or less is noticed", async () => {
  for (const [name, finish, channels] of files) {
    const bytes = await madeFile([23, 17], finish, channels);
    for (let length = 12; length < bytes.length; length++) {
      assertNotEquals(look(bytes.subarray(0, length)).damage, null, `${name}, ${length} of ${bytes.length}`);
    }
    assertEquals(look(joined(bytes, new Uint8Array(5000))).damage, null, `${name} with what servers append`);
  }
});

Deno.test("look: what cameras append to a JPEG does not count, nor does the thumbnail in its EXIF", async () => {
  const jpeg = await madeJpeg(40, 30), inner = await madeJpeg(8, 8);
  assertEquals(look(joined(jpeg, inner)).width, 40);
  const length = 2 + inner.length;
  const nested = joined([0xff, 0xd8, 0xff, 0xe1, length >> 8, length & 255], inner, jpeg.subarray(2));
  assertEquals([look(nested).width, look(nested).damage], [40, null]);
  assertNotEquals(look(nested.subarray(0, nested.length - 2)).damage, null);
  const twice = joined(jpegOfSize(jpeg, 4, 3).subarray(0, jpeg.indexOf(0xda) - 1), jpeg.subarray(2));
  assertMatch(look(twice).damage!, /two frame headers/);
});

Deno.test("look: every flipped bit of a PNG's pixels breaks its check sum", async () => {
  const png = await madePng(20, 10), data = new TextDecoder("latin1").decode(png).indexOf("IDAT");
  assert(data > 0);
  for (let at = data; at < png.length; at++) {
    const copy = png.slice();
    copy[at] ^= 1;
    assertNotEquals(look(copy).damage, null, `byte ${at}, image data from ${data} on`);
  }
  const comment = pngChunk("tEXt", text("a\0b"));
  comment[comment.length - 1] ^= 1; // of no matter for the pixels
  assertEquals(look(joined(png.subarray(0, 33), comment, png.subarray(33))).damage, null);
  assertMatch(look(joined(png.subarray(0, 8), png.subarray(33))).damage!, /header/);
  assertMatch(look(pngOfSize(png, 0, 5)).damage!, /0 x 5/);
});

Deno.test("look: animations are told from stills; a colour key is transparency", async () => {
  const still = await madePng(20, 16), frames = [still, await sharp(still).negate().png().toBuffer()];
  const webp = await sharp(frames, { join: { animated: true } }).webp({ delay: [50, 50] }).toBuffer();
  assertEquals([look(webp).animated, look(webp).damage, look(still).animated], [true, null, false]);
  const after = (chunk: Bytes) => joined(still.subarray(0, 33), chunk, still.subarray(33));
  assert(look(after(pngChunk("acTL", Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0)))).animated);
  assert(look(after(pngChunk("tRNS", Uint8Array.of(0, 1, 0, 2, 0, 3)))).alpha);
  assert(look(after(pngChunk("eXIf", text("MM")))).exif?.length === 2);
});

Deno.test("look: a WebP whose canvas is not its frame is damaged", async () => {
  const webp = await madeFile([30, 20], (image) => image.webp(), 4), at = 12 + 8 + 4;
  assertEquals(new TextDecoder().decode(webp.subarray(12, 16)), "VP8X");
  const copy = webp.slice();
  copy[at] = 200;
  assertMatch(look(copy).damage!, /different sizes/);
});
