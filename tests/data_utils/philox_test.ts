// Philox against the known answers of the authors' Random123 package, and the stream built on it.
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { philox4x32, randomStream } from "../../data_utils/random/philox.ts";

Deno.test("philox4x32-10 gives the published known answers", () => {
  const ones = 0xffffffff;
  assertEquals(philox4x32([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  assertEquals(philox4x32([ones, ones, ones, ones], [ones, ones]), [
    0x408f276d,
    0x41c83b0e,
    0xa20bc7c6,
    0x6d5451fd,
  ]);
  assertEquals(
    philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

Deno.test("a stream is a function of its seed and path only", () => {
  const draw = (...path: number[]) => {
    const stream = randomStream(7, ...path);
    return Array.from({ length: 9 }, stream.next);
  };
  assertEquals(draw(3, 5), draw(3, 5));
  assertNotEquals(draw(3, 5), draw(5, 3));
  assertNotEquals(draw(3), draw(3, 0));
  assertNotEquals(draw(1), draw(1 + 2 ** 32));
});

Deno.test("draws have the moments of their distributions", () => {
  const stream = randomStream(1), n = 20000;
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const uniform = Array.from({ length: n }, stream.uniform);
  assert(uniform.every((v) => v >= 0 && v < 1 && Math.fround(v) === v));
  assert(Math.abs(mean(uniform) - 0.5) < 4 * Math.sqrt(1 / 12 / n));
  const normal = Array.from({ length: n }, stream.normal);
  assert(Math.abs(mean(normal)) < 4 / Math.sqrt(n));
  assert(Math.abs(mean(normal.map((v) => v * v)) - 1) < 4 * Math.sqrt(2 / n));
  const counts = [0, 0, 0];
  for (let i = 0; i < n; i++) counts[stream.int(3)]++;
  for (const count of counts) assert(Math.abs(count - n / 3) < 4 * Math.sqrt(n * 2 / 9));
});

Deno.test("a shuffle is a permutation that depends on the path", () => {
  const order = (
    epoch: number,
  ) => [...randomStream(2, epoch).shuffle(Int32Array.from({ length: 50 }, (_, i) => i))];
  assertEquals(order(0), order(0));
  assertNotEquals(order(0), order(1));
  assertEquals(order(1).toSorted((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i));
});

Deno.test("seeds, paths and bounds outside their range are refused", () => {
  assertThrows(() => randomStream(-1), RangeError, "seed");
  assertThrows(() => randomStream(1, 0.5), RangeError, "path");
  assertThrows(() => randomStream(1).int(0), RangeError, "bound");
});
