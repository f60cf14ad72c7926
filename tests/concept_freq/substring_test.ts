// The byte-level matcher against MetaCLIP's rule written plainly: on made-up text, on real captions, on odd bytes.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type CaptionArena, captionArena, randomStream, TEXT_BYTES } from "../../data_utils/mod.ts";
import { compileEntries, countsOfEntries } from "../../concept_freq/substring/compile_entries.ts";
import { type EntryList, packEntries } from "../../concept_freq/substring/entry_list.ts";
import { type EntryMatcher, entryMatcher } from "../../concept_freq/substring/entry_matcher.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { countsOf, fillArena, matchesOf, oddCase, oddText } from "./substring_rule.ts";

function counted(list: EntryList, captions: readonly (string | null | Uint8Array)[]): number[] {
  const arena = captionArena(), compiled = compileEntries(list), matcher = entryMatcher(compiled, arena);
  matcher.count(fillArena(arena, captions));
  return [...countsOfEntries(compiled, matcher.take())];
}

/** The patterns of each caption, as `record` lists them. */
function listed(matcher: EntryMatcher, arena: CaptionArena, captions: (string | null)[]): number[][] {
  const numbers: number[] = [];
  matcher.record(fillArena(arena, captions), (part) => {
    for (let i = 0; i < part.length; i++) {
      let value = 0, digit = 1;
      for (; part[i] > 127; digit *= 128) value += (part[i++] - 128) * digit;
      numbers.push(value + part[i] * digit);
    }
  });
  const lists = captions.map(() => numbers.splice(0, numbers.shift()!).sort((a, b) => a - b));
  assertEquals(numbers, []);
  return lists;
}

Deno.test("substring: odd entries and captions by hand", () => {
  const cases: [string, string, number][] = [
    // caption, entry, count
    ["", "", 1],
    ["a", "", 0],
    ["a  b", "", 1],
    ["a, b", "", 1],
    ["a,b", "", 0],
    [",", "", 1],
    ["a  b", "a b", 0],
    ["a b", "a  b", 0],
    ["a, b", "a ,  b", 1],
    ["a\tb\nc", "b c", 1],
    ["a\r\nb", "a  b", 1],
    ["a\tb", "a\tb", 0],
    ["St. John", "St.", 0],
    ["St. John", "St .", 1],
    ["it's `a`", "` a `", 1],
    ["Paris", "paris", 0],
    ["don't", "don", 0],
    ["paris", "pari", 0],
    ["a b ", "b ", 1],
    ["a b", "b ", 0],
    [" a", " a", 1],
    ["café au lait", "café au", 1],
    ["the quick brown fox", "quick brown fox", 1],
    ["the quick brown dog", "quick brown fox", 0],
    ["one two one two three", "one two three", 1],
    ["pneumonoultramicroscopic", "pneumonoultramicroscopic", 1],
    ["pneumonoultramicroscopic", "pneumonoultramicroscopix", 0],
    ['a (b) "c"', "(b)", 1],
  ];
  for (const [caption, entry, count] of cases) {
    assertEquals(
      counted(packEntries([entry]), [caption]),
      [count],
      `${JSON.stringify(entry)} in ${JSON.stringify(caption)}`,
    );
    assertEquals(countsOf([caption], [entry]), [count]);
  }
});

Deno.test("substring: made-up text", () => {
  let matched = 0, deep = 0;
  for (let seed = 0; seed < 300; seed++) {
    const { entries, captions } = oddCase(seed), expected = countsOf(captions, entries);
    assertEquals(counted(packEntries(entries), captions), expected, `seed ${seed}`);
    matched += expected.reduce((a, b) => a + b);
    deep += entries.filter((entry, i) => expected[i] > 0 && entry.split(" ").length > 3).length;
  }
  assert(matched > 50_000 && deep > 1000, `the cases test little: ${matched}, ${deep}`);
});

Deno.test("substring: matches of each caption, in several parts and batches", () => {
  const { entries, captions } = oddCase(1000, 300), arena = captionArena();
  const matcher = entryMatcher(compileEntries(packEntries(entries)), arena);
  for (const batch of [captions, captions.slice(0, 7), []]) {
    assertEquals(listed(matcher, arena, batch), batch.map((caption) => matchesOf(caption, entries)));
  }
  const all = [...captions, ...captions.slice(0, 7)];
  assertEquals([...matcher.take()], countsOf(all, entries));
  assertEquals([...matcher.take()], entries.map(() => 0));
  matcher.count(fillArena(arena, captions));
  assertEquals([...matcher.take()], countsOf(captions, entries));
});

Deno.test("substring: an entry that occurs twice has its count twice", () => {
  assertEquals(counted(packEntries(["b", "a", "b", "a b"]), ["a b", "b"]), [2, 1, 2, 1]);
  assertEquals(counted(packEntries([]), ["a"]), []);
});

Deno.test("substring: bytes that are no UTF-8 match themselves", () => {
  const ends = Uint32Array.of(1, 3, 4), bytes = Uint8Array.of(0xff, 0xc3, 0x28, 97);
  const captions = [
    Uint8Array.of(0xff, 32, 97),
    Uint8Array.of(0xc3, 0x28),
    Uint8Array.of(0xff, 0xff),
    Uint8Array.of(0, 97),
  ];
  assertEquals(counted({ bytes, ends }, captions), [1, 1, 1]);
  assertEquals(counted(packEntries(["a", "a\0"]), ["a\0", "a", "\0a"]), [1, 1]);
});

Deno.test("substring: long captions and a word of megabytes", () => {
  const word = "x".repeat(3 << 20), entries = ["x", word, "b a", "a b a b", "a " + word];
  const captions = [
    "a b ".repeat(1 << 20),
    `a ${word}`,
    word + "x",
    "x " + "a".repeat(1000),
    ",".repeat(1 << 20),
  ];
  const counts: number[] = captions.flatMap((caption) => counted(packEntries(entries), [caption]));
  assertEquals(counts, captions.flatMap((caption) => countsOf([caption], entries)));
  assertThrows(
    () => compileEntries(packEntries(["b", "a".repeat(TEXT_BYTES + 1)])),
    RangeError,
    "Entry 2 is longer",
  );
});

Deno.test("substring: many entries fill tables of any size", () => {
  const draw = randomStream(5), alphabet = [..."abcdefgh    "];
  for (const size of [1, 5, 40, 1000, 30_000]) {
    const entries = [...new Set(Array.from({ length: size }, () => oddText(draw, 9, alphabet)))];
    const captions = Array.from({ length: 200 }, () => oddText(draw, 60, alphabet));
    assertEquals(counted(packEntries(entries), captions), countsOf(captions, entries), `${size} entries`);
  }
});

Deno.test({
  name: "substring: real captions with WordNet's nouns",
  ignore: !present(dataRoot),
  async fn() {
    const lines = async (path: string) => {
      const file = await Deno.open(new URL(path, dataRoot));
      const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
      return text.split("\n").filter((line) => line !== "");
    };
    const nouns = (await lines("wordnet/index.noun.gz")).filter((line) => line[0] !== " ");
    const entries = nouns.map((line) => line.slice(0, line.indexOf(" ")).replaceAll("_", " "));
    const captions = (await lines("captions/cc3m_val_part.tsv.gz")).slice(0, 1000).map((line) =>
      line.split("\t")[0]
    );
    const places = new Map(entries.map((entry, i) => [entry, i])), expected = entries.map(() => 0);
    // The rule by its other side: every run of words of the spaced text that is an entry.
    for (const caption of captions) {
      const words = matchWords(caption), held = new Set<number>();
      for (let i = 0; i < words.length; i++) {
        for (let n = 1; n < 12; n++) held.add(places.get(words.slice(i, i + n).join(" ")) ?? -1);
      }
      for (const place of held) if (place >= 0) expected[place]++;
    }
    assertEquals(counted(packEntries(entries), captions), expected);
    assert(expected.reduce((a, b) => a + b) > 3000);
    assertEquals(
      countsOf(captions.slice(0, 20), entries),
      counted(packEntries(entries), captions.slice(0, 20)),
    );
  },
});

function matchWords(caption: string): string[] {
  return caption.replace(/[,.;:?!`]/g, " $& ").replace(/[\t\n\r]/g, " ").split(" ");
}
