// Lemmas are counted as the slow reference counts them, whatever the captions hold, in the memory that was given.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type CaptionArena, captionArena, randomStream } from "../../data_utils/mod.ts";
import { nounLemmatiser } from "../../concept_freq/language/lemmas.ts";
import { tokens } from "../../concept_freq/language/tokens.ts";
import { mergeRuns } from "../../concept_freq/words/merge_runs.ts";
import type { KeySink } from "../../concept_freq/words/run_file.ts";
import { wordKind } from "../../concept_freq/words/word_counter.ts";
import { wordTable } from "../../concept_freq/words/word_table.ts";
import { referenceSet } from "./reference.ts";
import { feed, madeCaption, madeNouns, madeReferenceWords, numberedWord } from "./words_made.ts";

type Counts = [word: string, count: number][];

/** Document frequencies, in order of the words' bytes. */
function slowly(captions: Iterable<string | null>, setOf: (caption: string | null) => Set<string>): Counts {
  const counts = new Map<string, number>();
  for (const caption of captions) {
    for (const word of setOf(caption)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a < b ? -1 : 1);
}

const inReference = (caption: string | null) => referenceSet(madeReferenceWords, caption);

function listing(to: Counts): KeySink {
  return (bytes, from, length, count) =>
    void to.push([new TextDecoder().decode(bytes.subarray(from, from + length)), count]);
}

interface Unit {
  counts: Counts;
  /** Runs that were laid aside. */
  aside: number;
}

/** Counts each list of captions as a unit, all by one counter. */
async function counted(
  units: readonly (readonly (string | null)[])[],
  { tableBytes, modern = false }: { tableBytes?: number; modern?: boolean } = {},
): Promise<Unit[]> {
  const scratch = await Deno.makeTempDir(), arena = captionArena();
  try {
    const counter = await wordKind.open({ nouns: madeNouns, modern, tableBytes }, arena, scratch);
    const results: Unit[] = [];
    for (const captions of units) {
      feed(arena, captions, (count) => counter.add(count));
      const aside = [...Deno.readDirSync(scratch)].filter(({ name }) => name.startsWith("words_")).length;
      const path = `${scratch}/body`, head = new TextEncoder().encode("header\n");
      const file = Deno.openSync(path, { write: true, create: true, truncate: true });
      file.writeSync(head);
      await counter.finish(file);
      file.close();
      const counts: Counts = [], bytes = Deno.statSync(path).size - head.length;
      await mergeRuns([{ path, at: head.length, bytes }], listing(counts), { scratch });
      results.push({ counts, aside });
      Deno.removeSync(path);
      assertEquals([...Deno.readDirSync(scratch)], [], "files left");
    }
    return results;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

function captionsOf(seed: number, count: number, vocabulary?: number): (string | null)[] {
  const random = randomStream(seed);
  return Array.from({ length: count }, () => madeCaption(random, vocabulary));
}

Deno.test("words: random captions count as in the reference, unit after unit", async () => {
  const units = [captionsOf(1, 6000), captionsOf(2, 300), [], captionsOf(3, 6000, 20_000)];
  const results = await counted(units);
  assertEquals(results.map(({ counts }) => counts), units.map((captions) => slowly(captions, inReference)));
  assertEquals(results.map(({ aside }) => aside), [0, 0, 0, 0]);
});

Deno.test("words: a table that is full ever again counts the same", async () => {
  const units = [captionsOf(4, 4000), captionsOf(5, 10), captionsOf(6, 4000)];
  const results = await counted(units, { tableBytes: 14_000 });
  assertEquals(results.map(({ counts }) => counts), units.map((captions) => slowly(captions, inReference)));
  assert(results[0].aside > 64, `${results[0].aside} runs need no second pass of merging`);
  assertEquals(results[1].aside, 0);
});

Deno.test("words: --modern counts as its slow twin", async () => {
  const random = randomStream(7),
    marks = ["é", "ß", "'s", "\u2019s ", "e\u0301", "Œ", "ł", "×", "\u0130", "\u212a", " his "];
  const captions = captionsOf(8, 3000).map((text) =>
    text === null ? null : text + marks[random.int(marks.length)] + text
  );
  const { lemma } = nounLemmatiser(madeNouns, { modern: true });
  const setOf = (text: string | null) => new Set(tokens(text ?? "", { modern: true }).map(lemma));
  const [{ counts }] = await counted([captions], { modern: true });
  assertEquals(counts, slowly(captions, setOf));
});

Deno.test("words: a caption of different words and a word of a MiB, each more than the table is to hold", async () => {
  const many = Array.from({ length: 60_000 }, (_, i) => numberedWord(i)).join(" ");
  const long = "Long".repeat(2 ** 18), parts = [long, long.toUpperCase() + "x", long];
  const captions = ["dogs", many, parts.join("."), "dog " + long, many.slice(0, 1000)];
  const [{ counts, aside }] = await counted([captions], { tableBytes: 10_000 });
  const expected = slowly(captions, inReference);
  assertEquals(counts.length, expected.length);
  assert(expected.every(([word, count], i) => counts[i][0] === word && counts[i][1] === count));
  assert(aside >= 3, `${aside} runs`);
});

Deno.test("words: the table stays within its bytes", () => {
  const arena: CaptionArena = captionArena(), limit = 200_000;
  const table = wordTable(nounLemmatiser(madeNouns), arena, limit);
  let most = 0, taken = 0;
  feed(arena, captionsOf(9, 20_000, 100_000), (count) => {
    for (let at = 0; at < count;) {
      at = table.count(at, count);
      most = Math.max(most, table.bytes());
      if (at < count) table.take(() => taken++, true);
    }
  });
  assert(most <= limit && most > limit * 0.9, `${most} of ${limit}`);
  assert(taken > 20_000);
});

Deno.test("words: memory of the arena grows by the table's limit and not by what it counts", () => {
  const arena = captionArena(), before = arena.memory.buffer.byteLength, limit = 2 ** 20;
  const table = wordTable(nounLemmatiser(madeNouns), arena, limit);
  const opened = arena.memory.buffer.byteLength;
  let runs = 0;
  feed(arena, captionsOf(10, 60_000, 1_000_000), (count) => {
    for (let at = 0; (at = table.count(at, count)) < count; runs++) table.take(() => {}, true);
  });
  assert(runs > 3);
  assert(
    arena.memory.buffer.byteLength <= opened + 2 ** 20,
    `${arena.memory.buffer.byteLength - opened} more`,
  );
  assert(opened - before < 40 * 2 ** 20);
});

Deno.test("words: a lemma that is no word of letters is refused, for no caption could hold it", () => {
  for (const odd of ["comic_strip", "", "Dog", "x".repeat(600)]) {
    const arena = captionArena(), table = wordTable({ lemma: () => odd, contractions: [] }, arena, 10_000);
    assertThrows(() => feed(arena, ["dogs"], (count) => table.count(0, count)), RangeError, "no word");
  }
});
