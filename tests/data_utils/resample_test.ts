// Resampling against Pillow's own results, and the properties that hold for any image.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Raster, resample } from "../../data_utils/images/resample.ts";
import { randomStream } from "../../data_utils/random/philox.ts";
import { goldenCase, goldenNames, goldenRoot, present } from "./golden_files.ts";

function noise(width: number, height: number, channels: number): Raster {
  const stream = randomStream(11, width, height, channels);
  const pixels = Uint8Array.from({ length: width * height * channels }, () => stream.int(256));
  return { pixels, width, height, channels };
}

Deno.test("every pil_resize fixture is byte-exact", { ignore: !present(goldenRoot) }, () => {
  const names = goldenNames("a_ops").filter((name) => name.startsWith("resize_pil_"));
  assert(names.length >= 15);
  for (const name of names) {
    const { attrs, tensors } = goldenCase("a_ops", name);
    const [height, width, channels = 1] = tensors["in/x"].shape;
    const source = { pixels: Uint8Array.from(tensors["in/x"].data), width, height, channels };
    const [outHeight, outWidth] = attrs.size_hw;
    const result = resample(source, {
      height: outHeight,
      width: outWidth,
      filter: attrs.filter,
      box: attrs.box_xyxy,
    });
    assertEquals(result.pixels, Uint8Array.from(tensors["out/y"].data), name);
  }
});

Deno.test("a window is the same bytes as that part of the whole result", () => {
  const source = noise(37, 23, 3), whole = { width: 19, height: 31 };
  for (const filter of ["bicubic", "bilinear", "nearest"] as const) {
    const all = resample(source, { ...whole, filter });
    const window = { left: 3, top: 5, width: 11, height: 20 };
    const part = resample(source, { ...whole, filter, window });
    for (let y = 0; y < window.height; y++) {
      const from = ((y + window.top) * whole.width + window.left) * 3, row = window.width * 3;
      assertEquals(
        part.pixels.subarray(y * row, (y + 1) * row),
        all.pixels.subarray(from, from + row),
        filter,
      );
    }
  }
});

Deno.test("the own size is a copy, and a flat image stays flat", () => {
  const source = noise(9, 14, 2);
  for (const filter of ["bicubic", "bilinear", "nearest"] as const) {
    assertEquals(resample(source, { width: 9, height: 14, filter }), source);
    const flat = { ...source, pixels: new Uint8Array(source.pixels.length).fill(201) };
    assert(resample(flat, { width: 31, height: 5, filter }).pixels.every((v) => v === 201));
  }
});

Deno.test("bad sizes, boxes and pixel counts are refused", () => {
  const source = noise(8, 6, 1), filter = "bicubic";
  assertThrows(
    () => resample({ ...source, width: 9 }, { width: 4, height: 4, filter }),
    TypeError,
    "48 bytes",
  );
  assertThrows(() => resample(source, { width: 0, height: 4, filter }), RangeError, "positive integers");
  assertThrows(() => resample(source, { width: 4, height: 4, filter, box: [0, 0, 9, 6] }), RangeError, "box");
  const window = { left: 2, top: 0, width: 3, height: 4 };
  assertThrows(() => resample(source, { width: 4, height: 4, filter, window }), RangeError, "window");
});
