// Captions in JSON arrays and in WebDataset shards: found wherever the pieces of a file end, and left out by name where
// they are malformed.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TEXT_BYTES } from "../../data_utils/captions/arena.ts";
import { elementSplitter } from "../../data_utils/captions/json_elements.ts";
import { madeCaptions, readWhole } from "./made_captions.ts";
import { dataRoot, present } from "./golden_files.ts";
import { gzip, join, tar, withFolder } from "./made_files.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** The elements of a text that comes in pieces cut at `cuts`. */
function split(
  text: string,
  cuts: readonly number[],
  most = 1000,
): { found: (string | null)[]; closed: boolean } {
  const bytes = encoder.encode(text), found: (string | null)[] = [];
  const splitter = elementSplitter((element) => found.push(element && decoder.decode(element).trim()), most);
  [0, ...cuts].forEach((cut, i) => splitter.push(bytes.slice(cut, cuts[i] ?? bytes.length)));
  return { found, closed: splitter.closed() };
}

Deno.test("json array: its elements are the same wherever it is cut", () => {
  const elements = [
    ...[
      '"a, [b] {c}"',
      '"quote \\" and \\\\"',
      '{"x": [1, {"y": "]}"}], "z": "é🐕"}',
      "null",
      "[1, [2]]",
      '""',
    ],
    ...["{}", "-1.5e3", '"\\\\\\""'],
  ];
  const text = ` [ ${elements.join(" ,\n")}\t] \n`, length = encoder.encode(text).length;
  assertEquals(elements.map((element) => JSON.parse(element)).length, 9);
  for (let first = 0; first <= length; first++) {
    assertEquals(split(text, [first]), { found: elements, closed: true }, `cut at ${first}`);
    const second = Math.min(length, first + 3);
    assertEquals(split(text, [first, second]).found, elements);
  }
  assertEquals(split(text, Array.from({ length: length - 1 }, (_, i) => i + 1)).found, elements);
  assertEquals(split("\ufeff[1]", [1, 2]).found, ["1"]);
});

Deno.test("json array: what is empty, too long, not closed or no array", () => {
  assertEquals(split("[]", []), { found: [], closed: true });
  assertEquals(split("[ \n ]", [2]), { found: [], closed: true });
  assertEquals(split("[1,]", []), { found: ["1", ""], closed: true });
  assertEquals(split("[,]", []), { found: ["", ""], closed: true });
  assertEquals(split('["12345678", "1"]', [5, 7], 8).found, [null, '"1"']);
  assertEquals(split('["12345678", "1"]', [], 8).found, [null, '"1"']);
  for (const open of ["", "[", "[1", '["a]', "[1, 2", "[{]", '["\\"]']) {
    assertEquals(split(open, []).closed, false, open);
  }
  for (
    const [text, message] of [["x", "no JSON array at byte 0"], [
      "[1] 2",
      "behind the end of the array at byte 4",
    ], [
      "[}",
      "closes nothing at byte 1",
    ]]
  ) {
    for (const cuts of [[], [1], [2]]) assertThrows(() => split(text, cuts), SyntaxError, message);
  }
});

Deno.test("json array: captions of strings and of objects come back, also gzipped", () =>
  withFolder(async (folder) => {
    const captions = madeCaptions(3, 3000, 0.1);
    const objects = captions.map((caption, i) =>
      i % 5 === 0 && caption === null ? { id: i } : { id: i, caption }
    );
    for (const [name, values] of Object.entries({ strings: captions, objects })) {
      for (const indent of [0, 2]) {
        const bytes = encoder.encode(JSON.stringify(values, null, indent));
        await Deno.writeFile(`${folder}/${name}.json`, bytes);
        await Deno.writeFile(`${folder}/${name}.json.gz`, gzip(bytes));
        for (const path of [`${folder}/${name}.json`, `${folder}/${name}.json.gz`]) {
          const { captions: read, tally, file } = await readWhole(path);
          assertEquals(read, captions);
          assertEquals([file.format, file.column], ["json", name === "strings" ? null : "caption"]);
          assertEquals(tally.nulls, captions.filter((caption) => caption === null).length);
        }
      }
    }
  }));

Deno.test("json array: elements without a caption are counted as what they are", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.json`, long = "x".repeat(TEXT_BYTES - 20), tooLong = "x".repeat(TEXT_BYTES);
    const elements = [
      '{"TEXT": "a"}',
      "{TEXT: 1}",
      '{"text": "b"}',
      "null",
      '{"TEXT": null}',
      '"c"',
      '{"TEXT": 3}',
      "[]",
    ];
    elements.push('{"TEXT": ""}', `{"TEXT": "${long}"}`, `{"TEXT": "${tooLong}"}`, '{"TEXT": "\\u00e9\\n"}');
    await Deno.writeTextFile(path, `[${elements}]`);
    const { captions, tally } = await readWhole(path);
    assertEquals(captions.map((text) => text === long ? "long" : text), [
      "a",
      null,
      null,
      null,
      "",
      "long",
      "é\n",
    ]);
    assertEquals(tally, { rows: 12, nulls: 3, empty: 1, invalidUtf8: 0, tooLong: 1, malformed: 4 });
    assertEquals((await readWhole(path, { column: "text" })).captions[1], "b");
    await assertRejects(
      () => readWhole(path, { column: "url" }),
      SyntaxError,
      "no column url, but TEXT, text",
    );
    const invalid = join(encoder.encode('["a'), Uint8Array.of(0xff), encoder.encode('b", "c"]'));
    await Deno.writeFile(path, invalid);
    const read = await readWhole(path);
    assertEquals([read.captions, read.tally.invalidUtf8], [["a\ufffdb", "c"], 1]);
    for (const cut of ['["a", "b"', '[{"text": "a"}, {"te', '["a", "b', '["a"] ["b"]']) {
      await Deno.writeTextFile(path, cut);
      const error = await assertRejects(() => readWhole(path), SyntaxError, path);
      assertEquals(error.message.includes("damaged"), true, error.message);
    }
  }));

Deno.test("shards: one caption per sample, .txt or the key of .json", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.tar`, broken = "{";
    await Deno.writeFile(
      path,
      tar({
        "0.jpg": "picture",
        "0.txt": "a dog\n",
        "0.json": '{"caption": "A DOG"}',
        "x/1.json": '{"caption": "a cat", "TEXT": "A CAT"}',
        "x/1.jpg": "picture",
        "._1.txt": "hidden",
        "2.jpg": "picture",
        "3.txt": "",
        "4.json": broken,
        "5.json": '{"caption": 5}',
        "6.txt": "x".repeat(TEXT_BYTES + 1),
        "7.seg.txt": "another kind",
        "8.txt": "zwei\r\nZeilen",
      }),
    );
    const { captions, tally, file } = await readWhole(path);
    assertEquals(captions, ["a dog", "A CAT", null, "", null, "zwei\r\nZeilen"]);
    assertEquals(tally, { rows: 9, nulls: 2, empty: 1, invalidUtf8: 0, tooLong: 1, malformed: 2 });
    assertEquals([file.format, file.units.length], ["tar", 1]);
    assertEquals((await readWhole(path, { column: "caption" })).captions.slice(0, 2), ["A DOG", "a cat"]);
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(`${folder}/b.tar.gz`, gzip(bytes));
    assertEquals((await readWhole(`${folder}/b.tar.gz`)).captions, captions);
    await Deno.writeFile(path, bytes.subarray(0, 2000));
    await assertRejects(() => readWhole(path), SyntaxError, `${path} is cut short`);
  }));

Deno.test("shards: the 51 pairs of coco-mini", async () => {
  if (!present(dataRoot)) return;
  const path = decodeURIComponent(new URL("coco-mini/coco-mini-pairs.tar", dataRoot).pathname);
  const { captions, tally } = await readWhole(path);
  assertEquals([tally.rows, tally.nulls, tally.malformed], [51, 0, 0]);
  assertEquals(captions.every((caption) => caption!.length > 10), true);
});
