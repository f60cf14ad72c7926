// The SIMD passes of resampling against the plain ones, byte by byte: odd sizes, all numbers of channels, extreme weights.
import { assert, assertEquals } from "@std/assert";
import {
  type Passes,
  plainPasses,
  precision,
  simdPasses,
  type Taps,
} from "../../data_utils/images/filter_passes.ts";
import { resample } from "../../data_utils/images/mod.ts";
import { randomStream } from "../../data_utils/random/philox.ts";

const random = randomStream(20);

/** Taps of `outputs` over `inputs` with any windows, and weights of either sign that sum to about one. */
function anyTaps(inputs: number, outputs: number): Taps {
  const stride = 1 + random.int(Math.min(inputs, 12));
  const start = new Int32Array(outputs),
    length = new Int32Array(outputs),
    weights = new Int32Array(outputs * stride);
  for (let i = 0; i < outputs; i++) {
    length[i] = 1 + random.int(stride);
    start[i] = random.int(inputs - length[i] + 1);
    for (let t = 0; t < length[i]; t++) {
      weights[i * stride + t] = Math.round((random.uniform() * 2.6 - 0.8) / length[i] * 2 ** precision);
    }
  }
  return { start, length, weights, stride };
}

function anyPasses(channels: number): Passes {
  const [width, rows, across, down] = [
    1 + random.int(70),
    1 + random.int(70),
    1 + random.int(40),
    1 + random.int(40),
  ];
  const extreme = random.int(3) === 0; // black and white only: sums leave 0 .. 255 on both sides
  const pixels = Uint8Array.from(
    { length: rows * width * channels },
    () => extreme ? 255 * random.int(2) : random.int(256),
  );
  return { pixels, width, channels, across: anyTaps(width, across), down: anyTaps(rows, down) };
}

Deno.test("SIMD and plain passes give the same bytes", () => {
  let [low, high] = [0, 0];
  for (let i = 0; i < 400; i++) {
    const passes = anyPasses(1 + i % 4), plain = plainPasses(passes);
    assertEquals(simdPasses(passes), plain, `case ${i}`);
    low += plain.filter((v) => v === 0).length;
    high += plain.filter((v) => v === 255).length;
  }
  assert(low > 1000 && high > 1000, `${low} and ${high} bytes at the ends`);
});

Deno.test("what exceeds the SIMD memory goes the plain way, alike", () => {
  const width = 6000, height = 4000, pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < pixels.length; at += 977) pixels[at] = at % 256;
  const whole = resample({ pixels, width, height, channels: 3 }, {
    width: 20,
    height: 20,
    filter: "bilinear",
  });
  const box = [0, 0, width, height] as const, window = { left: 7, top: 8, width: 5, height: 3 };
  const part = resample({ pixels, width, height, channels: 3 }, {
    ...{ width: 20, height: 20, filter: "bilinear", box, window },
  });
  for (let y = 0; y < 3; y++) {
    const at = ((8 + y) * 20 + 7) * 3;
    assertEquals(part.pixels.slice(y * 15, y * 15 + 15), whole.pixels.slice(at, at + 15));
  }
  const all = {
    start: Int32Array.of(0),
    length: Int32Array.of(1),
    weights: Int32Array.of(2 ** precision),
    stride: 1,
  };
  assertEquals(simdPasses({ pixels, width, channels: 3, across: all, down: all }), null);
});
