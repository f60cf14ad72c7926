// The study's intervals: ranks of resamples against the definition, determinism, and how often they hold a known truth.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { randomStream, spearman } from "../../data_utils/mod.ts";
import { ClassBootstrap, type Interval, resampledSpearman } from "../../exps_clip/study/bootstrap.ts";
import { coverage, kinds } from "./interval_coverage.ts";
import { madePairs } from "./made_studies.ts";

Deno.test("resampled rho: that of the written-out resample, ties and missing values included", () => {
  const random = randomStream(5);
  for (let round = 0; round < 50; round++) {
    const classes = 3 + random.int(30);
    const frequencies = Array.from({ length: classes }, () => random.int(8));
    const values = Array.from({ length: classes }, () => random.int(10) === 0 ? NaN : random.int(6));
    const counts = Array.from({ length: classes }, () => random.int(3));
    const drawn = counts.flatMap((count, c) => Number.isNaN(values[c]) ? [] : Array(count).fill(c));
    const written = spearman(drawn.map((c) => frequencies[c]), drawn.map((c) => values[c])).statistic;
    const rho = resampledSpearman({ frequencies, values })(counts);
    if (Number.isNaN(written)) assert(Number.isNaN(rho), `${rho} for a constant`);
    else assertAlmostEquals(rho, written, 1e-12);
  }
  assertThrows(() => resampledSpearman({ frequencies: [1], values: [1, 2] }), TypeError, "1 frequencies");
});

const oneLess = (pairs: ReturnType<typeof madePairs>) =>
  pairs.map((runs, a) => ({ weight: a === 0 ? 1 : -1, runs }));

Deno.test("interval: the same each time, around the estimate, and 0 for an arm less itself", () => {
  const arms = oneLess(madePairs({ arms: { sl: 1, clip: 0 }, classes: 64, seeds: 3 }));
  const [first, again] = [0, 1].map(() => new ClassBootstrap(64).interval(arms));
  assertEquals(first, again);
  const estimate = arms.reduce(
    (sum, { weight, runs }) =>
      sum +
      weight *
        runs.reduce((total, { frequencies, values }) => total + spearman(frequencies, values).statistic, 0) /
        3,
    0,
  );
  const [low, high] = first.interval!;
  assert(low < estimate && estimate < high && high - low < 0.8, `${low} ${estimate} ${high}`);
  const [{ runs }] = arms;
  const itself = new ClassBootstrap(64).interval([{ weight: 1, runs }, { weight: -1, runs }]);
  for (const end of itself.interval!) assertAlmostEquals(end, 0, 1e-12); // both have the same classes and seeds
});

Deno.test("interval: with one seed it is over classes; arms with other seeds and too few classes are refused", () => {
  const [[run], [other]] = madePairs({ arms: { sl: 1, clip: 0 }, classes: 40, seeds: 1 });
  const bootstrap = new ClassBootstrap(40);
  const [low, high] = bootstrap.interval([{ weight: 1, runs: [run] }]).interval!;
  assert(high - low > 0.1, "classes vary");
  assertEquals(bootstrap.interval([{ weight: 1, runs: [run, run] }]).interval, [low, high]);
  const uneven = [{ weight: 1, runs: [run] }, { weight: -1, runs: [other, other] }];
  assertThrows(() => bootstrap.interval(uneven), TypeError, "the same seeds, got 1,2");
  assertThrows(() => new ClassBootstrap(1), RangeError, "over 1 classes");
});

Deno.test("interval: resamples without a correlation are drawn again, or there is none", () => {
  const bootstrap = new ClassBootstrap(12), frequencies = Array.from({ length: 12 }, (_, c) => 12 - c);
  const of = (values: number[]): Interval =>
    bootstrap.interval([{ weight: 1, runs: [{ frequencies, values }] }]);
  // One of twelve classes differs: it is left out of a resample with probability (11/12)^12 = 0.35.
  const [low, high] = of([9, ...Array(11).fill(1)]).interval!;
  assert(low > 0 && high < 1, `${low} ${high}`);
  // Two of twelve have a value at all: both are drawn with probability 0.45, which is less than half.
  const sparse = of([9, 1, ...Array(10).fill(NaN)]);
  assert(sparse.interval === null && sparse.reason.includes("undefined in most resamples"));
});

Deno.test("interval: it holds the truth in 19 of 20 studies or more, and lies above it in few", () => {
  for (const kind of kinds.slice(0, 3)) {
    const found = coverage(kind, { classes: 64, seeds: 2, studies: 60, forTruth: 1000 });
    assert(found.holds >= 0.93 && found.above <= 0.04, `${kind.title}: ${JSON.stringify(found)}`);
  }
  // It is an interval that says something: a third of the scale from -1 to 1 at most.
  assert(coverage(kinds[1], { classes: 64, seeds: 3, studies: 10, forTruth: 10 }).width < 0.6);
});
