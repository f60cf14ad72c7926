// Python's `random` and DataFrame.sample where there is no golden folder: numbers that CPython 3.11, NumPy 2 and pandas 3
// printed, and what they refuse.
import { assertEquals, assertThrows } from "@std/assert";
import { pythonRandom, randomState, roundHalfEven, sampleRows } from "../../data_utils/random/mod.ts";

const positions = (n: number) => Array.from({ length: n }, (_, i) => i);

Deno.test("python random: seeds of any size and sign", () => {
  const known: [number | bigint, ...number[]][] = [
    [0, 3626764237],
    [-7, 1390851128, 0.9478653606090632, 1, 108729892840528, 3.22582970509107, 2.089318038089967],
    [7, 1390851128, 0.9478653606090632, 1, 108729892840528, 3.22582970509107, 2.089318038089967],
    [2 ** 32, 485306839, 0.35131142599753185, 10, 746498655011681, 4.396407654649305, -4.51568132356049],
    [2n ** 70n + 5n, 2004888747, 0.3899012019848098, -5, 785323467473696, -0.38212961819289637],
    [2n ** 640n * 3n + 17n, 973751386],
  ];
  for (const [seed, ...want] of known) {
    const r = pythonRandom(seed);
    const draws = [
      () => r.getrandbits(32),
      () => r.random(),
      () => r.randrange(10, -10, -3),
      () => r.randrange(2 ** 50),
      () => r.gauss(1, 2),
      () => r.gauss(1, 2),
    ];
    assertEquals(want.map((_, i) => draws[i]()), want, `seed ${seed}`);
  }
});

Deno.test("python random: calls that follow each other", () => {
  const r = pythonRandom(7);
  assertEquals(r.choices("abc", { cumWeights: [1, 3, 10], k: 8 }).join(""), "cbcaccac");
  assertEquals(r.choices(positions(10), { k: 5 }), [0, 4, 0, 0, 4]);
  assertEquals(r.sample(positions(100), 7), [72, 15, 28, 80, 74, 7, 73]);
  assertEquals(r.sampleRange(30, 7), [18, 12, 1, 7, 27, 17, 4]);
  assertEquals(r.randint(-5, 5), -1);
  const s = pythonRandom(0);
  assertEquals(s.shuffle(positions(7)), [4, 2, 1, 0, 5, 3, 6]);
  assertEquals(s.sampleRange(84, 6), [51, 38, 61, 45, 74, 27]);
  assertEquals(s.sampleRange(86, 6), [64, 17, 36, 12, 79, 32]);
  // Of 85 at most they are drawn from a list, beyond from a set.
  assertEquals(pythonRandom(5).sampleRange(84, 6), [79, 32, 45, 67, 3, 59]);
  assertEquals(pythonRandom(5).sampleRange(86, 6), [79, 32, 45, 83, 67, 3]);
  assertEquals(pythonRandom(42).wideBits(100), 873491343714207852616756591005n);
  assertEquals([pythonRandom(42).wideBits(0), pythonRandom(42).getrandbits(0)], [0n, 0]);
});

Deno.test("data frame sample: rows in drawn order", () => {
  assertEquals([...sampleRows(10, { n: 4, randomState: 42 })], [8, 1, 5, 0]);
  assertEquals([...sampleRows(10, { frac: 0.25, randomState: 42 })], [8, 1]);
  assertEquals([...sampleRows(15, { frac: 0.5, randomState: 42 })], [9, 11, 0, 13, 5, 8, 2, 1]);
  const weights = [1, 2, 3, 4, 0, 5, 1, 1, 9, 2];
  assertEquals([...sampleRows(10, { n: 3, randomState: 42, weights })], [5, 9, 8]);
  assertEquals([...sampleRows(10, { n: 5, randomState: 42, replace: true })], [6, 3, 7, 4, 6]);
  assertEquals(sampleRows(0, { frac: 1, randomState: 1 }).length, 0);
  assertEquals([0.5, 1.5, 2.5, 2.4999, 2.5001, 7].map(roundHalfEven), [0, 2, 2, 2, 3, 7]);
});

Deno.test("random: what Python, NumPy and pandas refuse", () => {
  const stream = randomState(0), r = pythonRandom(0);
  const refused: [() => unknown, string][] = [
    [() => pythonRandom(0.5), "seed must be"],
    [() => r.getrandbits(54), "0 to 53 random bits"],
    [() => r.wideBits(-1), "at least 0"],
    [() => r.randbelow(0), "below 0"],
    [() => r.choice([]), "nothing to choose"],
    [() => r.choices([]), "nothing to choose"],
    [() => r.choices([1, 2], { weights: [1] }), "1 weights are given for 2"],
    [() => r.choices([1, 2], { weights: [0, 0] }), "above 0"],
    [() => r.choices([1], { weights: [1], cumWeights: [1] }), "twice"],
    [() => r.sample([1, 2], 3), "Cannot sample 3 of 2"],
    [() => r.randrange(3, 3), "is empty"],
    [() => r.randrange(0, 3, 0), "step other than 0"],
    [() => stream.randint(3, 3, 1), "from 3 to below 3"],
    [() => stream.permutation(-1), "at least 0"],
    [() => stream.choice(0, 1), "nothing to choose"],
    [() => stream.choice(2, 3, { replace: false }), "without taking one twice"],
    [() => stream.choice(2, 1, { p: [0.5, 0.6] }), "instead of 1"],
    [() => stream.choice(2, 1, { p: [1.5, -0.5] }), "at least 0"],
    [() => stream.choice(2, 1, { p: [1] }), "1 probabilities"],
    [() => stream.choice(3, 2, { p: [1, 0, 0], replace: false }), "only 1 have"],
    [() => stream.normal(0, -1, 1), "at least 0"],
    [() => stream.uniform(0, Infinity, 1), "Cannot draw"],
    [() => sampleRows(3, { n: 4, randomState: 0 }), "4 of 3 rows"],
    [() => sampleRows(3, { n: 1.5, randomState: 0 }), "whole number"],
    [() => sampleRows(3, { n: 1, frac: 1, randomState: 0 }), "Both"],
    [() => sampleRows(3, { frac: 1.5, randomState: 0 }), "from 0 to 1"],
    [() => sampleRows(3, { n: 1, randomState: 0, weights: [1, 2] }), "2 weights"],
    [() => sampleRows(2, { n: 1, randomState: 0, weights: [-1, 2] }), "weight of row 0"],
    [() => sampleRows(2, { n: 1, randomState: 0, weights: [0, NaN] }), "weights are 0"],
    [() => sampleRows(3, { n: 2, randomState: 0, weights: [8, 1, 1] }), "of all weight"],
  ];
  for (const [call, text] of refused) assertThrows(call, RangeError, text);
});
