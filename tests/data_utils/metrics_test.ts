// Measures against hand-made cases: exact small examples, identities that must hold, and bad input.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { randomStream } from "../../data_utils/random/philox.ts";
import {
  argmaxRows,
  averageRanks,
  classificationMeter,
  confusionMatrix,
  effectiveRobustness,
  fitRobustness,
  frequencyCorrelation,
  frequencyThirds,
  meanByThird,
  meanOfPresent,
  neuralCollapse,
  nullSpread,
  pearson,
  pseudoInverse,
  spearman,
  symmetricEigen,
} from "../../data_utils/metrics/mod.ts";

Deno.test("classification: batches add up, absent classes have no accuracy", () => {
  const meter = classificationMeter(3, [1, 2]);
  meter.add(new Float32Array([3, 2, 1, 1, 3, 2]), [0, 0]); // right, then second best
  meter.add(new Float32Array([0, 5, 5]), [2]); // a tie that class 1 wins
  const { samples, topK, confusion, perClassAccuracy, predictionCounts } = meter.result();
  assertEquals(samples, 3);
  assertEquals(topK, { 1: 1 / 3, 2: 2 / 3 });
  assertEquals([...confusion], [1, 1, 0, 0, 0, 0, 0, 1, 0]);
  assertEquals([...perClassAccuracy], [0.5, NaN, 0]);
  assertEquals([...predictionCounts], [1, 2, 0]);
  assertEquals(meanOfPresent(perClassAccuracy), 0.25);
});

Deno.test("classification: bad input is refused", () => {
  const meter = classificationMeter(2);
  assertThrows(() => meter.add(new Float32Array(3), [0]), TypeError, "3 scores");
  assertThrows(() => meter.add(new Float32Array([0, NaN]), [0]), RangeError, "NaN");
  assertThrows(() => meter.add(new Float32Array(2), [2]), RangeError, "outside 0 .. 1");
  assertThrows(() => confusionMatrix([0], [0, 1], 2), TypeError, "1 targets");
  assertEquals(meter.result().samples, 0);
  assertEquals([...argmaxRows(new Float32Array([-5, -2, 7, 7]), 2)], [1, 0]);
});

Deno.test("correlation: ranks, exact values and undefined cases", () => {
  assertEquals([...averageRanks([10, 20, 10, 5])], [2.5, 4, 2.5, 1]);
  assertAlmostEquals(spearman([1, 2, 3, 4], [1, 8, 27, 64]).statistic, 1, 1e-15);
  assertEquals(pearson([1, 2, 3], [3, 2, 1]), { statistic: -1, p: 0 });
  assertEquals(pearson([1, 2], [5, 9]), { statistic: 1, p: 1 });
  assertEquals(pearson([1, 2, 3], [4, 4, 4]), { statistic: NaN, p: NaN });
  assertEquals(spearman([1, NaN, 3], [1, 2, 3]), { statistic: NaN, p: NaN });
  assertThrows(() => pearson([1], [1, 2]), TypeError, "1 and 2");
  // r = 0.5 of four pairs: t = sqrt(2/3), and Student's t with two degrees of freedom has a closed form.
  const { statistic, p } = pearson([-1, 1, -1, 1], [-1, 1, 1, 1]);
  assertAlmostEquals(statistic, 1 / Math.sqrt(3), 1e-15);
  const t = statistic * Math.sqrt(2 / (1 - statistic ** 2));
  assertAlmostEquals(p, 1 - t / Math.sqrt(2 + t * t), 1e-14);
});

Deno.test("correlation with frequency: leaves out absent classes and names why there is none", () => {
  assertEquals(frequencyCorrelation([1, 2, 3, 4], [0.1, NaN, 0.2, 0.3]).rho, 1);
  assertEquals(frequencyCorrelation([1, 2, 3], [0.5, 0.5, 0.5]), {
    rho: null,
    p: null,
    classes: 3,
    reason: "all classes have the same value",
  });
  assertEquals(frequencyCorrelation([7, 7], [0, 1]).reason, "all classes are equally frequent");
  assertEquals(frequencyCorrelation([1, 2], [NaN, 1]).reason, "fewer than two classes have a value");
  assertThrows(() => frequencyCorrelation([1], []), TypeError);
  assertAlmostEquals(nullSpread(64), 0.126, 5e-4);
});

Deno.test("thirds: by frequency, whatever the class order", () => {
  assertEquals(frequencyThirds([5, 50, 5, 100, 7]), { head: [3, 1], middle: [4], tail: [0, 2] });
  const thirds = frequencyThirds(Array.from({ length: 64 }, (_, i) => i));
  assertEquals([thirds.head.length, thirds.middle.length, thirds.tail.length], [21, 22, 21]);
  assertEquals(meanByThird([3, 2, 1], [0.9, NaN, 0.1]), { head: 0.9, middle: NaN, tail: 0.1 });
  assertThrows(() => frequencyThirds([1, 2]), RangeError, "got 2");
  assertThrows(() => meanByThird([1, 2, 3], [1]), TypeError);
});

function randomSymmetric(n: number, rank: number): Float64Array {
  const stream = randomStream(11, n, rank);
  const factor = Float64Array.from({ length: n * rank }, stream.normal);
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += factor[Math.floor(at / n) * rank + k] * factor[at % n * rank + k];
    return sum;
  });
}

function multiply(a: Float64Array, b: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[Math.floor(at / n) * n + k] * b[k * n + at % n];
    return sum;
  });
}

const largestGap = (a: Float64Array, b: Float64Array) =>
  a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i])), 0);

Deno.test("eigen: vectors are orthonormal and rebuild the matrix", () => {
  for (const [n, rank] of [[1, 1], [2, 2], [3, 1], [17, 17], [40, 5], [64, 64]]) {
    const a = randomSymmetric(n, rank);
    const { values, vectors } = symmetricEigen(a, n);
    const transposed = vectors.map((_, at) => vectors[at % n * n + Math.floor(at / n)]);
    const identity = vectors.map((_, at) => Math.floor(at / n) === at % n ? 1 : 0);
    assert(largestGap(multiply(vectors, transposed, n), identity) < 1e-12, `${n}`);
    const scaled = vectors.map((v, at) => v * values[Math.floor(at / n)]);
    assert(largestGap(multiply(transposed, scaled, n), a) < 1e-11 * n, `${n}`);
  }
  assertEquals([...symmetricEigen([3, 0, 0, 0, -1, 0, 0, 0, 2], 3).values].toSorted(), [-1, 2, 3]);
  assertEquals([...symmetricEigen(new Float64Array(9), 3).values], [0, 0, 0]);
  const [small, large] = [...symmetricEigen([2, 1, 1, 2], 2).values].toSorted();
  assertAlmostEquals(small, 1, 1e-15);
  assertAlmostEquals(large, 3, 1e-15);
  assertThrows(() => symmetricEigen([1, 2, 3], 2), TypeError, "2 x 2");
  assertThrows(() => symmetricEigen([1, NaN, NaN, 1], 2), RangeError, "NaN");
});

Deno.test("pseudo-inverse: fulfils the Penrose conditions at full and lower rank", () => {
  for (const rank of [12, 4]) {
    const a = randomSymmetric(12, rank), inverse = pseudoInverse(a, 12);
    assert(largestGap(multiply(multiply(a, inverse, 12), a, 12), a) < 1e-8);
    assert(largestGap(multiply(multiply(inverse, a, 12), inverse, 12), inverse) < 1e-8 * 12);
  }
});

Deno.test("neural collapse: fully collapsed features on a simplex measure zero", () => {
  const classes = 4, dim = 4;
  const corner = (c: number, d: number) => (c === d ? 1 : 0) - 1 / classes;
  const head = Float64Array.from({ length: 16 }, (_, at) => corner(Math.floor(at / 4), at % 4));
  const targets = [0, 1, 2, 3, 3, 3];
  const features = Float64Array.from(
    { length: 24 },
    (_, at) => 5 + corner(targets[Math.floor(at / 4)], at % 4),
  );
  const { swInvSb, cosMAll, cosMNearest, cosWAll, cosWNearest } = neuralCollapse(
    { features, targets, head, classes, dim },
  );
  for (const metric of [swInvSb, cosMAll, cosMNearest, cosWAll, cosWNearest]) {
    metric.forEach((value) => assertAlmostEquals(value, 0, 1e-12));
  }
});

Deno.test("neural collapse: absent classes are left out, bad input refused", () => {
  const input = {
    features: new Float32Array([0, 1, 0, 3, 4, 0, 6, 0]),
    targets: [0, 0, 2, 2],
    head: new Float32Array([1, 0, 0, 1, -1, 0]),
    classes: 3,
    dim: 2,
  };
  const result = neuralCollapse(input);
  assertEquals([...result.swInvSb].map(Number.isNaN), [false, true, false]);
  assertEquals([...result.cosMAll].map((v) => Math.round(v * 1e9) / 1e9), [0, NaN, 0]); // opposite: even for two
  assert(!result.cosWAll.some(Number.isNaN));
  assertThrows(() => neuralCollapse({ ...input, dim: 3 }), TypeError, "3 dimensions");
  assertThrows(() => neuralCollapse({ ...input, targets: [0, 0, 2, 5] }), RangeError, "sample 3");
  assertThrows(() => neuralCollapse({ ...input, targets: [1, 1, 1, 1] }), RangeError, "two or more");
});

Deno.test("robustness: a model on the line has none, accuracies of 0 and 1 are refused", () => {
  const fit = fitRobustness([0.2, 0.5, 0.8], [0.2, 0.5, 0.8]);
  assertAlmostEquals(fit.slope, 1, 1e-12);
  assertAlmostEquals(fit.r2, 1, 1e-12);
  assertAlmostEquals(effectiveRobustness(fit, 0.6, 0.7), 0.1, 1e-12);
  assertThrows(() => fitRobustness([0.5, 1], [0.5, 0.5]), RangeError, "got 1");
  assertThrows(() => fitRobustness([0.5], [0.5]), TypeError, "two or more");
  assertThrows(() => fitRobustness([0.5, 0.5], [0.5, 0.6]), RangeError, "same");
});
