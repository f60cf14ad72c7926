// Sorted runs on disk: what was written is read, many become one in any number of passes, damage is named, and words
// come out by count however little memory there is.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { randomStream } from "../../data_utils/mod.ts";
import { mergeRuns } from "../../concept_freq/words/merge_runs.ts";
import { orderByCount } from "../../concept_freq/words/order_by_count.ts";
import { type KeySink, runFile, type RunPlace, RunReader } from "../../concept_freq/words/run_file.ts";
import { numberedWord } from "./words_made.ts";

type Counts = [word: string, count: number][];

const byWord = ([a]: Counts[number], [b]: Counts[number]) => a < b ? -1 : 1;

function give(counts: Counts, to: KeySink): void {
  for (const [word, count] of counts) {
    const bytes = new TextEncoder().encode("#" + word);
    to(bytes, 1, bytes.length - 1, count);
  }
}

function listing(to: Counts): KeySink {
  return (bytes, from, length, count) =>
    void to.push([new TextDecoder().decode(bytes.subarray(from, from + length)), count]);
}

function write(path: string, counts: Counts): RunPlace {
  const run = runFile(path);
  give(counts, run.add);
  return run.end();
}

function read(place: RunPlace, bufferBytes?: number): Counts {
  const reader = new RunReader(place, bufferBytes), counts: Counts = [];
  try {
    while (reader.next()) listing(counts)(reader.key, 0, reader.length, reader.count);
  } finally {
    reader.close();
  }
  return counts;
}

async function inFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

function randomCounts(seed: number, words: number, of: number): Counts {
  const random = randomStream(seed);
  const map = new Map(Array.from({ length: words }, () => [numberedWord(random.int(of)), 1 + random.int(9)]));
  return [...map].sort(byWord) as Counts;
}

Deno.test("runs: any words and counts are read as they were written, through any buffer", () =>
  inFolder((folder) => {
    const odd: Counts = [["a", 127], ["aa", 128], ["aab", 2 ** 31], ["b".repeat(200_000), 2 ** 53 - 1], [
      "b".repeat(200_000) + "c",
      1,
    ], ["c", 2 ** 32]];
    for (const counts of [odd, randomCounts(1, 500, 2000), []]) {
      for (const buffer of [1, 7, 1 << 16]) {
        assertEquals(read(write(`${folder}/run`, counts), buffer), counts);
      }
    }
  }));

Deno.test("runs: a run that was cut short, goes on, or is out of order is damaged", () =>
  inFolder((folder) => {
    const path = `${folder}/run`, { bytes } = write(path, [["dog", 300], ["dogs", 2], ["ox", 1]]);
    const whole = Deno.readFileSync(path);
    for (let cut = 0; cut < bytes; cut++) {
      assertThrows(() => read({ path, at: 0, bytes: cut }), SyntaxError, path);
      Deno.writeFileSync(path, whole.subarray(0, cut));
      assertThrows(() => read({ path, at: 0, bytes }), SyntaxError, path);
    }
    Deno.writeFileSync(path, Uint8Array.of(...whole, 7));
    assertThrows(() => read({ path, at: 0, bytes: bytes + 1 }), SyntaxError, "behind its end");
    for (const counts of [[["b", 1], ["a", 1]], [["b", 1], ["b", 1]], [["bb", 1], ["b", 1]]] as Counts[]) {
      assertThrows(() => read(write(path, counts)), SyntaxError, "out of order");
    }
    Deno.writeFileSync(path, new Uint8Array(40).fill(255));
    assertThrows(() => read({ path, at: 0, bytes: 40 }), SyntaxError, "damaged");
  }));

Deno.test("runs: many become one, their counts added up, in one pass or in several", () =>
  inFolder(async (folder) => {
    const lists = Array.from({ length: 70 }, (_, i) => i % 9 === 4 ? [] : randomCounts(i, 1 + 3 * i, 300));
    const runs = lists.map((counts, i) => write(`${folder}/${i}`, counts)), files = filesIn(folder);
    const sums = new Map<string, number>();
    for (const [word, count] of lists.flat()) sums.set(word, (sums.get(word) ?? 0) + count);
    for (const fanIn of [2, 3, 64, 70]) {
      const merged: Counts = [];
      await mergeRuns(runs, listing(merged), { scratch: folder, fanIn });
      assertEquals(merged, [...sums].sort(byWord));
      assertEquals(filesIn(folder), files);
    }
    await mergeRuns([], () => assert(false), { scratch: folder });
    await assertRejects(() => mergeRuns(runs, () => {}, { scratch: folder, fanIn: 1 }), RangeError);
  }));

Deno.test("runs: merging that fails or is stopped leaves no file", () =>
  inFolder(async (folder) => {
    const runs = Array.from({ length: 9 }, (_, i) => write(`${folder}/${i}`, randomCounts(i, 9, 99)));
    const damaged = [...runs.slice(0, 8), { ...runs[8], bytes: runs[8].bytes - 1 }], files = filesIn(folder);
    await assertRejects(() => mergeRuns(damaged, () => {}, { scratch: folder, fanIn: 2 }), SyntaxError);
    assertEquals(filesIn(folder), files);
    const many = write(
      `${folder}/many`,
      Array.from({ length: 150_000 }, (_, i) => numberedWord(i)).sort().map((w) => [w, 1]),
    );
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    const merging = { scratch: folder, fanIn: 2, signal: stop.signal };
    await assertRejects(() => mergeRuns([many, many, many], () => {}, merging), Error, "enough");
    assertEquals(filesIn(folder), [...files, "many"]);
  }));

Deno.test("words by count: the highest first, then in order of the words, with any memory", () =>
  inFolder(async (folder) => {
    const random = randomStream(5);
    const sizes = [1, 2, 255, 256, 257, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 53 - 1];
    const counts = [...new Set(Array.from({ length: 3000 }, () => numberedWord(random.int(1e6))))].sort()
      .map((
        word,
      ): [string, number] => [word, random.int(3) ? 1 + random.int(4) : sizes[random.int(sizes.length)]]);
    const expected = counts.toSorted((a, b) => b[1] - a[1] || byWord(a, b));
    for (const memoryBytes of [48, 1000, 20_000, undefined]) {
      const order = orderByCount({ scratch: folder, memoryBytes, fanIn: 5 }), ordered: Counts = [];
      give(counts, order.add);
      const aside = filesIn(folder).length;
      assert(memoryBytes === undefined ? aside === 0 : aside > 5, `${aside} pieces aside`);
      await order.finish(listing(ordered));
      assertEquals(ordered, expected);
      assertEquals(filesIn(folder), []);
    }
  }));
