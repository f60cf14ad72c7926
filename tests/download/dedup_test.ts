// Duplicates found through files, against a plain map in memory.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openDuplicateFinder } from "../../data_utils/download/dedup/duplicate_finder.ts";
import { writeDuplicateTable } from "../../data_utils/download/dedup/duplicate_table.ts";
import { fileOf, putFingerprint } from "../../data_utils/download/dedup/fingerprint.ts";
import { firstRows } from "../../data_utils/download/dedup/first_rows.ts";
import { openScatter, readScattered } from "../../data_utils/download/dedup/scatter.ts";
import { randomStream } from "../../data_utils/random/mod.ts";
import { hash } from "node:crypto";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** The rule itself: rows whose text stands at a smaller row, too. */
function expected(rows: readonly (readonly [string, number])[]): { row: number; first: number }[] {
  const firsts = new Map<string, number>();
  for (const [text, row] of rows) firsts.set(text, Math.min(row, firsts.get(text) ?? Infinity));
  return rows.filter(([text, row]) => firsts.get(text)! < row)
    .map(([text, row]) => ({ row, first: firsts.get(text)! })).sort((a, b) => a.row - b.row);
}

Deno.test("dedup: what a plain map finds, however little goes into memory", () =>
  inFolder(async (folder) => {
    for (const [inMemory, count] of [[2 ** 22, 20_000], [200, 20_000], [3, 3000], [1, 300]]) {
      const random = randomStream(inMemory), rows: [string, number][] = [];
      for (let row = 0; row < count; row++) {
        rows.push([`https://example.org/ä/${Math.floor(count * random.uniform() ** 3)}`, row]);
      }
      await using finder = await openDuplicateFinder(`${folder}/work`, { inMemory });
      for (const [text, row] of rows) finder.add(text, row);
      const found = await finder.finish(), wanted = expected(rows);
      assert(wanted.length > count / 10);
      assertEquals(await Array.fromAsync(found.all()), wanted);
      assertEquals(await Array.fromAsync(found.all()), wanted, "a second time");
      assertEquals(found.count, wanted.length);
      const duplicates = new Set(wanted.map(({ row }) => row));
      assert(rows.every(([, row]) => found.isDuplicate(row) === duplicates.has(row)));
      assert(![count, count + 8, 2 ** 33].some(found.isDuplicate));
    }
    assertEquals(namesIn(folder), []);
  }));

Deno.test("dedup: rows may come in any order and be numbered with gaps of any width", () =>
  inFolder(async (folder) => {
    const rows: [string, number][] = [["a", 9_000_000], ["b", 4_194_304], ["a", 17], ["c", 3], [
      "b",
      4_194_303,
    ]];
    rows.push(["a", 123_456_789], ["d", 2 ** 31 + 5], ["d", 2 ** 31]);
    await using finder = await openDuplicateFinder(`${folder}/work`);
    for (const [text, row] of rows) finder.add(text, row);
    const found = await finder.finish();
    assertEquals(await Array.fromAsync(found.all()), [
      { row: 4_194_304, first: 4_194_303 },
      { row: 9_000_000, first: 17 },
      { row: 123_456_789, first: 17 },
      { row: 2 ** 31 + 5, first: 2 ** 31 },
    ]);
    assert(found.isDuplicate(2 ** 31 + 5) && !found.isDuplicate(2 ** 31));
  }));

Deno.test("dedup: one text a hundred thousand times is no burden to a small memory", () =>
  inFolder(async (folder) => {
    await using finder = await openDuplicateFinder(`${folder}/work`, { inMemory: 2 });
    for (let row = 0; row < 100_000; row++) finder.add("the same", row);
    const found = await finder.finish();
    assertEquals(found.count, 99_999);
    let next = 1;
    for await (const { row, first } of found.all()) assertEquals([row, first], [next++, 0]);
    assertEquals(next, 100_000);
  }));

Deno.test("dedup: hashes are taken as they are, and a text as its SHA-256", () =>
  inFolder(async (folder) => {
    await using finder = await openDuplicateFinder(`${folder}/work`);
    finder.add("text", 0);
    finder.addHash(hash("sha256", "text", "hex").toUpperCase(), 1);
    finder.addHash("0".repeat(64), 2);
    const found = await finder.finish();
    assertEquals(await Array.fromAsync(found.all()), [{ row: 1, first: 0 }]);
    const words = new Uint32Array(6);
    putFingerprint("0123456789abcdefFEDCBA9876543210" + "f".repeat(32), words, 1);
    assertEquals([...words], [0, 0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210, 0]);
  }));

Deno.test("dedup: each level of files is told by bits of its own", () => {
  const words = new Uint32Array([
    0,
    0b000001_000010_000011_111100_000101_11,
    0b100000_000000_000111_000000_011111_00,
  ]);
  const files = Array.from({ length: 10 }, (_, level) => fileOf(words, 1, level));
  assertEquals(files, [1, 2, 3, 60, 5, 32, 0, 7, 0, 31]);
});

Deno.test("dedup: every word of a fingerprint counts, also where all begin in the same slot", () => {
  const firsts = firstRows(10_000), prints: Uint32Array[] = [];
  for (let i = 0; i < 10_000; i++) {
    const [a, b, c] = [i % 10, Math.floor(i / 10) % 10, Math.floor(i / 100)];
    prints.push(new Uint32Array([a, b, c, a ^ b ^ c]));
  }
  prints.forEach((print, row) => assert(firsts.note(print, 0, 10_000 + row)));
  prints.forEach((print, row) => assert(firsts.note(print, 0, row % 2 ? row : 20_000 + row)));
  prints.forEach((print, row) => assertEquals(firsts.of(print, 0), row % 2 ? row : 10_000 + row));
  assertEquals([firsts.count, firsts.note(new Uint32Array([1, 2, 3, 4]), 0, 5)], [10_000, false]);
  firsts.clear();
  assert(firsts.note(prints[0], 0, 3) && firsts.of(prints[0], 0) === 3 && firsts.count === 1);
});

Deno.test("dedup: no row at all, and rows without duplicates", () =>
  inFolder(async (folder) => {
    for (const count of [0, 1, 100]) {
      await using finder = await openDuplicateFinder(`${folder}/work`);
      for (let row = 0; row < count; row++) finder.add(`${row}`, row);
      const found = await finder.finish();
      assertEquals([found.count, await Array.fromAsync(found.all()), found.isDuplicate(0)], [0, [], false]);
    }
  }));

Deno.test("dedup: what is no row or hash is refused", () =>
  inFolder(async (folder) => {
    await using finder = await openDuplicateFinder(`${folder}/work`);
    for (const row of [-1, 0.5, NaN, 2 ** 34]) {
      assertThrows(() => finder.add("a", row), RangeError, "row number");
    }
    for (const text of ["", "abc", "g".repeat(64)]) {
      assertThrows(
        () => finder.addHash(text, 0),
        RangeError,
        "is no SHA-256",
      );
    }
    await assertRejects(() => openDuplicateFinder(`${folder}/work`, { inMemory: 0 }), RangeError, "inMemory");
  }));

Deno.test("dedup: its files go, also after a stop and a kill, and those of others stay", () =>
  inFolder(async (folder) => {
    const stop = new AbortController(), work = `${folder}/work`;
    {
      await using finder = await openDuplicateFinder(work, { signal: stop.signal, inMemory: 10 });
      for (let row = 0; row < 200_000; row++) finder.add(`${row % 150_000}`, row);
      assert(namesIn(work).length > 0);
      stop.abort(new Error("enough"));
      await assertRejects(() => finder.finish(), Error, "enough");
    }
    assertEquals(namesIn(folder), []);

    await Deno.mkdir(work);
    for (const name of ["fingerprints_7.part", "fingerprints_7_3.part", "duplicates_0.part"]) {
      await Deno.writeTextFile(`${work}/${name}`, "left by a kill, and no records");
    }
    await Deno.writeTextFile(`${work}/notes.txt`, "mine");
    {
      await using finder = await openDuplicateFinder(work);
      assertEquals(namesIn(work), ["notes.txt"]);
      finder.add("a", 0);
      finder.add("a", 1);
      assertEquals((await finder.finish()).count, 1);
    }
    assertEquals(namesIn(work), ["notes.txt"]);
  }));

Deno.test("dedup: scattered records come back file by file in their order, and a cut file is noticed", () =>
  inFolder(async (folder) => {
    const scatter = openScatter((file) => `${folder}/${file}`, 3, 3), wanted: number[][] = [[], [], []];
    for (let i = 0; i < 200_000; i++) {
      const file = i % 7 === 0 ? 2 : 0, at = scatter.place(file);
      for (let j = 0; j < 3; j++) scatter.words[at + j] = 3 * i + j;
      wanted[file].push(3 * i, 3 * i + 1, 3 * i + 2);
    }
    assertEquals(scatter.finish(), [`${folder}/0`, null, `${folder}/2`]);
    for (const file of [0, 2]) {
      const read: number[] = [];
      for await (const words of readScattered(`${folder}/${file}`, 3)) {
        for (const word of words) read.push(word);
      }
      assertEquals(read.length, wanted[file].length);
      assert(read.every((word, i) => word === wanted[file][i]));
    }
    await Deno.truncate(`${folder}/2`, 1000);
    await assertRejects(() => Array.fromAsync(readScattered(`${folder}/2`, 3)), Error, "was cut short");
  }));

Deno.test("dedup: the table names each duplicate and its first by their keys", () =>
  inFolder(async (folder) => {
    const path = `${folder}/duplicates.tsv`,
      many = Array.from({ length: 9000 }, (_, i) => ({ row: i + 1, first: 0 }));
    const keyOf = (row: number) => String(row).padStart(9, "0");
    const lists = [
      { kind: "url" as const, duplicates: [{ row: 5, first: 2 }], keyOf },
      { kind: "content" as const, duplicates: many, keyOf },
    ];
    assertEquals(await writeDuplicateTable(path, lists), 9001);
    assertEquals((await Deno.readTextFile(path)).split("\n"), [
      "kind\tkey\tfirst_key",
      "url\t000000005\t000000002",
      ...many.map(({ row }) => `content\t${keyOf(row)}\t000000000`),
      "",
    ]);
    assertEquals(await writeDuplicateTable(path, []), 0);
    assertEquals(await Deno.readTextFile(path), "kind\tkey\tfirst_key\n");
    assertEquals(namesIn(folder), ["duplicates.tsv"]);
  }));
