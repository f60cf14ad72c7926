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

// Values of the golden group f_rng, which NumPy computed.
Deno.test("mt19937: what RandomState makes of the stream", () => {
  const fresh = () => randomState(42);
  assertEquals([...fresh().randint(0, 1000003, 4)], [121958, 671155, 131932, 365838]);
  assertEquals([...fresh().randint(-3, 4, 8)], [3, 0, 1, 3, -1, 1, 1, 3]);
  assertEquals([...fresh().permutation(10)], [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]);
  assertEquals([...fresh().choice(10, 6)], [6, 3, 7, 4, 6, 9]);
  assertEquals([...fresh().choice(1000, 4, { replace: false })], [521, 737, 740, 660]);
  const p = [0.1, 0.2, 0.05, 0.4, 0.25];
  assertEquals([...fresh().choice(5, 8, { p })], [3, 4, 3, 3, 1, 1, 0, 4]);
  assertEquals([...fresh().choice(5, 3, { p, replace: false })], [3, 4, 1]);
  assertEquals([...fresh().uniform(-2, 3, 2)], [-0.12729940576318755, 2.7535715320495804]);
  const stream = fresh();
  assertEquals([...stream.randn(3)], [0.4967141530112327, -0.13826430117118466, 0.6476885381006925]);
  assertEquals([...stream.randomSample(2)], [0.15601864044243652, 0.15599452033620265]);
  assertEquals([...stream.randn(2)], [1.5230298564080254, 1.5792128155073915]);
});

// Beyond 32 bits a draw is two words, the higher first, of which as many bits are kept as the range has.
Deno.test("mt19937: whole numbers from ranges beyond 32 bits", () => {
  const words = randomState(3), drawn = randomState(3).randint(5, 5 + 2 ** 40, 3);
  assertEquals([...drawn], Array.from(drawn, () => 5 + (words.next() & 0xff) * 2 ** 32 + words.next()));
});
