// Braces in lists of files, held against what bash makes of them.
import { assertEquals, assertThrows } from "@std/assert";
import { expandBraces } from "../../data_utils/loader/mod.ts";

Deno.test("braces expand as in bash", () => {
  const bash: Record<string, string> = { // printed by bash 5.2's `echo`
    "a{00..3}.tar": "a00.tar a01.tar a02.tar a03.tar",
    "a{3..1}": "a3 a2 a1",
    "{8..11}": "8 9 10 11",
    "{098..101}": "098 099 100 101",
    "a{1,2}{x,y}": "a1x a1y a2x a2y",
    "{a,b{1..2}}c": "ac b1c b2c",
    "{,x}y": "y xy",
    "{a}": "{a}",
    "{{1..2}}": "{1} {2}",
    "{a{1,2}": "{a1 {a2",
    "a}b{1,2": "a}b{1,2",
    "{1..b}": "{1..b}",
    "{5..5}": "5",
  };
  for (const [pattern, words] of Object.entries(bash)) {
    assertEquals(expandBraces(pattern).join(" "), words, pattern);
  }
  const shards = expandBraces("shards/{00000..00458}.tar");
  assertEquals([shards.length, shards[0], shards[458]], [459, "shards/00000.tar", "shards/00458.tar"]);
});

Deno.test("braces that name more than a million files are refused", () => {
  assertThrows(() => expandBraces("{0..1000000}"), RangeError, "names 1000001 files, more than 1000000");
  assertThrows(() => expandBraces("{1..2000}{1..2000}"), RangeError, "names 4000000 files");
});
