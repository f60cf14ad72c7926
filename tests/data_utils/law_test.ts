// Imbalance laws: the counts stated in the world's design, files of counts, caps, and determinism.
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  applyLaw,
  largestRemainder,
  type Law,
  parseLaw,
  selectPerClass,
} from "../../data_utils/loader/mod.ts";
import { withFolder } from "./made_files.ts";

const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
const evenLabels = (classes: number, each: number) =>
  Int32Array.from({ length: classes * each }, (_, i) => i % classes);

Deno.test("ratio 50 over 64 classes and 20,000 images has the measured counts", () => {
  const counts = largestRemainder(parseLaw("ratio:50", names(64)).weights, 20000);
  assertEquals([...counts.subarray(0, 3), counts[63]], [3774, 1966, 1343, 75]);
  assertEquals(counts.reduce((a, b) => a + b), 20000);
  assertEquals((counts[31] + counts[32]) / 2, 143);
});

Deno.test("ratio, zipf and uniform have their defining shapes", () => {
  const ratio = parseLaw("ratio:10", names(10)).weights, zipf = parseLaw("zipf:2", names(4)).weights;
  assert(Math.abs(ratio[0] / ratio[9] - 10) < 1e-12 && Math.abs(ratio[0] / ratio[1] - 2) < 1e-12);
  assertEquals(zipf.map((w) => Math.round(144 * w)), [144, 36, 16, 9]);
  assertEquals(parseLaw("uniform", names(3)).weights, [1, 1, 1]);
  assertEquals(parseLaw("ratio:10", names(1)).weights, [1]);
  assertEquals([...largestRemainder([1, 1, 1], 5)], [2, 2, 1]);
});

Deno.test("a law selects the largest set of its shape, with ranks drawn from the seed", () => {
  const labels = evenLabels(10, 500), law = parseLaw("ratio:10", names(10));
  const { indices, counts, ranks } = applyLaw(labels, law, { seed: 3 });
  const shares = largestRemainder(law.weights, 1464);
  assertEquals([shares[0], shares[1], shares[9]], [500, 250, 50]);
  assertEquals(counts.reduce((a, b) => a + b), indices.length);
  for (let label = 0; label < 10; label++) {
    assertEquals(indices.filter((i) => labels[i] === label).length, counts[label]);
    assertEquals(counts[label], shares[ranks[label]]);
  }
  assert(indices.every((index, i) => i === 0 || index > indices[i - 1]));
  assertEquals(applyLaw(labels, law, { seed: 3 }), { indices, counts, ranks });
  assertNotEquals(applyLaw(labels, law, { seed: 4 }).ranks, ranks);
});

Deno.test("a given total is kept where classes have enough and capped where they have not", () => {
  const labels = evenLabels(4, 100), law = parseLaw("zipf:1", names(4));
  assertEquals([...applyLaw(labels, law, { seed: 0, total: 100 }).counts].sort((a, b) => b - a), [
    48,
    24,
    16,
    12,
  ]);
  assertEquals([...applyLaw(labels, law, { seed: 0, total: 400 }).counts].sort((a, b) => b - a), [
    100,
    96,
    64,
    48,
  ]);
  assertThrows(() => applyLaw(labels, law, { seed: 0, total: 0 }), RangeError, "at least 1");
  assertThrows(() => applyLaw(Int32Array.of(0, 1, -1), law, { seed: 0 }), RangeError, "there are none");
});

Deno.test("fewer images of a class are a subset of more, and labels outside are never chosen", () => {
  const labels = Int32Array.from(evenLabels(3, 50), (label, i) => i % 7 === 0 ? -1 : label);
  const few = selectPerClass(labels, [5, 6, 0], 9), many = new Set(selectPerClass(labels, [20, 20, 20], 9));
  assertEquals(few.length, 11);
  assert(few.every((index) => many.has(index)) && [...many].every((index) => labels[index] >= 0));
});

Deno.test("a file of counts is taken as it stands, and shrunk when the data are fewer", () =>
  withFolder((folder) => {
    const path = `${folder}/freq.tsv`, classes = ["tench", "goldfish", "great white shark"];
    Deno.writeTextFileSync(path, "goldfish\t40\ntench\t20\r\ngreat white shark\t10\n");
    const law: Law = parseLaw(path, classes);
    assertEquals([law.by, law.weights], ["class", [20, 40, 10]]);
    const enough = applyLaw(evenLabels(3, 100), law, { seed: 1 }),
      few = applyLaw(evenLabels(3, 20), law, { seed: 1 });
    assertEquals([[...enough.counts], [...enough.ranks]], [[20, 40, 10], [1, 0, 2]]);
    assertEquals([...few.counts], [10, 20, 5]);
    for (
      const [text, message] of [
        ["tench\tx\n", "line 1: expected name<TAB>count"],
        ["tench\t1\nshark\t2\n", "line 2: shark is none of the 3 classes"],
        ["tench\t1\ntench\t2\n", "line 2: tench has a count already"],
        ["tench\t1\n", "no count for class goldfish"],
      ]
    ) {
      Deno.writeTextFileSync(path, text);
      assertThrows(() => parseLaw(path, classes), SyntaxError, message);
    }
    return Promise.resolve();
  }));

Deno.test("malformed laws are refused", () => {
  for (const text of ["ratio", "ratio:", "ratio:x", "zipf:1:2", "skewed", "ratio:Infinity"]) {
    assertThrows(() => parseLaw(text, names(5)), SyntaxError);
  }
  assertThrows(() => parseLaw("ratio:0.5", names(5)), RangeError, "at least 1");
  assertThrows(() => parseLaw("zipf:-1", names(5)), RangeError, "at least 0");
  assertThrows(() => parseLaw("uniform", []), RangeError, "at least one class");
});
