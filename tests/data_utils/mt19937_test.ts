// MT19937 against numbers that NumPy's RandomState and CPython's generator of the same state gave.
import { assertEquals, assertThrows } from "@std/assert";
import { randomState } from "../../data_utils/mod.ts";
import { goldenRoot, present } from "./golden_files.ts";

Deno.test("mt19937: NumPy's legacy stream", { ignore: !present(goldenRoot) }, () => {
  for (const seed of [0, 42]) {
    const path = new URL(`f_rng/numpy_legacy_seed${seed}.json`, goldenRoot);
    const { raw_uint32, random_sample } = JSON.parse(Deno.readTextFileSync(path));
    const raw = randomState(seed), stream = randomState(seed);
    assertEquals(Array.from(raw_uint32, () => raw.next()), raw_uint32);
    assertEquals(Array.from(random_sample, () => stream.sample()), random_sample);
  }
});

// The draws of CPython's generator put into the state of NumPy's seed; both turn 64 bits into a number alike.
Deno.test("mt19937: the first draw, the 100,000th and the bits behind it", () => {
  const known: [number, number, number, number][] = [
    [0, 0.5488135039273248, 0.22575585618341354, 2298911645],
    [42, 0.3745401188473625, 0.3899084852770509, 2494426977],
    [4294967295, 0.0976320289940138, 0.9169445240550174, 2433935629],
  ];
  for (const [seed, first, last, bits] of known) {
    const stream = randomState(seed), samples = new Float64Array(100_000);
    stream.fill(samples);
    assertEquals([samples[0], samples[99_999], stream.next()], [first, last, bits]);
  }
});

Deno.test("mt19937: filled in parts it is the same stream", () => {
  const one = randomState(7), parts = randomState(7), filled = new Float64Array(2000);
  for (const [from, to] of [[0, 1], [1, 312], [312, 312], [312, 2000]]) parts.fill(filled.subarray(from, to));
  assertEquals([...filled], Array.from({ length: 2000 }, () => one.sample()));
});

Deno.test("mt19937: seeds that NumPy refuses", () => {
  for (const seed of [-1, 2 ** 32, 0.5, NaN]) {
    assertThrows(() => randomState(seed), RangeError, "seed must be");
  }
});
