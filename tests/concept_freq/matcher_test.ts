// The matcher's own edges: words around its load of 16 bytes and its masks of 64, counters that are emptied, memory that
// other captions left behind, and what compiling refuses. Its rules are tested in class_exact_test.ts.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  compileClasses,
  compileConcepts,
  type CompiledConcepts,
  conceptCounter,
} from "../../concept_freq/mod.ts";
import { conceptMatcher } from "../../concept_freq/count/matcher.ts";
import { captionArena, packCaptions } from "../../data_utils/mod.ts";

/** Words that are their own lemmas; "ab" also is the lemma of "abs". */
const forms = {
  lemma: (word: string) => word === "abs" ? "ab" : word,
  formsOf: (lemma: string) => lemma === "ab" ? ["ab", "abs"] : [lemma],
  contractions: [["cannot", ["can", "not"]]] as const,
};
const compiled = (phrases: string[][][]): CompiledConcepts =>
  compileConcepts({
    classNames: phrases.map((_, i) => `class ${i}`),
    phrases,
    vetoes: phrases.map(() => []),
  }, forms);

const letters = (count: number) =>
  Array.from({ length: count }, (_, i) => String.fromCharCode(97 + (i * 7 + 3) % 26)).join("");

Deno.test("matcher: words of every length at every place of a block are found, longer and shorter ones are not", () => {
  for (const length of [1, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130]) {
    const word = letters(length), counter = conceptCounter(compiled([[[word]]]));
    for (let before = 0; before < 130; before++) {
      const lead = "-".repeat(before);
      assertEquals(
        counter.classesOf(lead + word.toUpperCase()),
        [0],
        `${length} letters after ${before} bytes`,
      );
      assertEquals(counter.classesOf(`${lead}${word}- q`), [0]);
      assertEquals(counter.classesOf(`${lead}${word}q`), []);
      assertEquals(counter.classesOf(`${lead}q${word}`), []);
      if (length > 1) assertEquals(counter.classesOf(lead + word.slice(0, -1)), []);
    }
  }
});

Deno.test("matcher: long words that differ in one letter only are told apart", () => {
  const words = Array.from(
    { length: 40 },
    (_, i) => letters(40).slice(0, i) + "z" + letters(40).slice(i + 1),
  );
  const different = [...new Set(words)],
    counter = conceptCounter(compiled(different.map((word) => [[word]])));
  for (const [i, word] of different.entries()) assertEquals(counter.classesOf(word), [i]);
});

Deno.test("matcher: a contraction is two words, a phrase has all of its, in any order, a caption counts once", async () => {
  const counter = conceptCounter(compiled([[["not"], ["can"]], [["ab", "not"]], [["ab"], ["cannot"]]]));
  assertEquals(counter.classesOf("CANNOT"), [0]);
  assertEquals(counter.classesOf("not, abs. ab"), [0, 1, 2]);
  const { counts } = await counter.count(["ab abs ab", null, "", "not can", "can't"]);
  assertEquals([...counts], [2, 0, 1]);
});

Deno.test("matcher: counters that are emptied on the way lose nothing", async () => {
  const concepts = compiled([[["ab"]], [["cd", "ab"]], [["ef"]]]);
  const captions = Array.from({ length: 200_000 }, (_, i) => ["ab", "ab cd", "x", "ef ab cd"][i % 4]);
  const sum = async (most?: number) => {
    const arena = captionArena(), matcher = conceptMatcher(concepts, arena, most);
    await packCaptions(captions, arena, (count) => matcher.add(count));
    return [...matcher.take()];
  };
  assertEquals(await sum(70_000), [150_000, 100_000, 50_000]);
  assertEquals(await sum(), await sum(70_000));
  const arena = captionArena(), matcher = conceptMatcher(concepts, arena);
  await packCaptions(["ab"], arena, (count) => matcher.add(count));
  assertEquals([...matcher.take()], [1, 0, 0]);
  assertEquals([...matcher.take()], [0, 0, 0]);
});

Deno.test("matcher: one counter takes two streams at a time", async () => {
  const counter = conceptCounter(compiled([[["ab"]], [["cd"]]]));
  async function* slowly(word: string, count: number) {
    for (let i = 0; i < count; i++) {
      await Promise.resolve();
      yield word;
    }
  }
  const [one, other] = await Promise.all([counter.count(slowly("ab", 9)), counter.count(slowly("cd", 4))]);
  assertEquals([[...one.counts], [...other.counts]], [[9, 0], [0, 4]]);
});

Deno.test("matcher: what cannot be compiled or looked at is refused", async () => {
  const classNames = ["a", "b"];
  assertThrows(
    () => compileConcepts({ classNames, phrases: [[]], vetoes: [[], []] }, forms),
    RangeError,
    "2 classes have 1 lists of phrases",
  );
  assertThrows(() => compiled([[["A b"]]]), RangeError, `"A b" is no word of letters a-z`);
  const vetoes = [[]], phrases = [[["a"]]], fold = new Map([[0xe9, "é"]]);
  assertThrows(
    () => compileConcepts({ classNames: ["a"], phrases, vetoes }, { ...forms, fold }),
    RangeError,
    "U+00e9",
  );
  assertThrows(() => conceptCounter(compiled([])).classesOf("a".repeat(2 ** 23 + 1)), RangeError, "8 MiB");
  await assertRejects(() => compileClasses([]), RangeError, "no class");
});
