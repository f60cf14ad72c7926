// JSON as tables: lists of objects, bare or within an object, and an object per line, against JSON.parse of the whole.
import { assertEquals, assertMatch } from "@std/assert";
import { openRowFile } from "../../data_utils/download/rows/open_row_file.ts";
import { findList, jsonRecords } from "../../data_utils/download/rows/json_records.ts";
import { lineRecords } from "../../data_utils/download/rows/line_records.ts";
import { type RandomStream, randomStream } from "../../data_utils/mod.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { bytesOf, withFolder } from "../data_utils/made_files.ts";
import { cellsOf, recordsOf, refusal, rowsInEveryOrder, rowsOfText, writeBoth } from "./rows_made.ts";

/** A value of any kind, with all that could be taken for structure in its strings. */
function madeValue(draw: RandomStream, depth: number): unknown {
  const strings = ['a"b', "c\\", "]", "[{", "},", "é🐦", "\n", "", 'https://a/"'],
    kind = draw.int(depth > 0 ? 6 : 4);
  const many = <T>(make: () => T) => Array.from({ length: draw.int(4) }, make);
  if (kind === 0) return strings[draw.int(strings.length)];
  if (kind === 1) return draw.int(1000) / 8;
  if (kind === 2) return [null, true, false][draw.int(3)];
  if (kind === 3) return strings[draw.int(strings.length)] + strings[draw.int(strings.length)];
  if (kind === 4) return many(() => madeValue(draw, depth - 1));
  return Object.fromEntries(many(() => [`${madeValue(draw, 0)}`, madeValue(draw, depth - 1)]));
}

Deno.test("json rows: random lists through windows of any size, bare and wrapped, from any row on", async () => {
  const draw = randomStream(62);
  for (let round = 0; round < 300; round++) {
    const list = Array.from({ length: draw.int(6) }, () => ({ url: madeValue(draw, 3) })),
      space = [0, 1, "\r\n "][round % 3];
    const info = { version: [1, 2], "a]": '[{"', list: [], more: { rows: [{ url: "no" }] } };
    const made = round % 2 ? { info, list, after: [1, "x"] } : list,
      text = " ".repeat(draw.int(3)) + JSON.stringify(made, null, space);
    const bytes = bytesOf(text + "\n"), found = findList(bytes, 0, true)!;
    assertEquals(found.wrapped, round % 2 === 1, text);
    const rule = jsonRecords("file", found);
    for (const window of [1, 3, 50, 10_000]) {
      const { texts, places } = await recordsOf(bytes, rule, window, found.first);
      assertEquals(texts.map((text) => JSON.parse(text!)), list, text);
      if (window !== 3) continue;
      for (const [i, place] of places.entries()) {
        const rest = await recordsOf(bytes, rule, 7, place);
        assertEquals(rest.texts.map((text) => JSON.parse(text!)), list.slice(i), text);
      }
    }
  }
});

Deno.test("json rows: lines through windows of any size, blank ones left out", async () => {
  const draw = randomStream(63);
  for (let round = 0; round < 300; round++) {
    const parts = ["a", "é", " ", "\t", "\r", "\r\n", "\n", "\n\n", "{}"];
    const text = Array.from({ length: draw.int(40) }, () => parts[draw.int(parts.length)]).join("");
    const expected = text.split("\n").map((line) => line.replace(/\r$/, "")).filter((line) =>
      line.trim() !== ""
    );
    for (const window of [1, 2, 9, 1000]) {
      const { texts } = await recordsOf(bytesOf(text), lineRecords, window);
      assertEquals(texts, expected, JSON.stringify(text));
    }
  }
});

const rows = Array.from({ length: 700 }, (_, i) => ({
  ...{ url: `https://a/${i}.jpg`, caption: i % 3 ? `an "odd" [caption] ${i}` : null, id: i },
  ...(i === 5 ? { extra: { tags: ["a", 1], deep: [{}] } } : {}),
}));

Deno.test("json rows: a list, the list in an object, and lines are the same rows, also gzipped", () =>
  withFolder(async (folder) => {
    const redcaps = { info: { year: "2020", contributors: ["a"] }, annotations: rows };
    const files: [string, string, string][] = [
      ["bare.json", JSON.stringify(rows), "json"],
      ["pretty.json", JSON.stringify(rows, null, 2), "json"],
      ["redcaps.json", JSON.stringify(redcaps), "json"],
      ["redcaps pretty.json", `\ufeff${JSON.stringify(redcaps, null, 1)}\n`, "json"],
      ["under a wrong name.tsv", JSON.stringify(redcaps), "json"],
      ["lines.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"), "jsonl"],
      ["lines.json", rows.map((row) => JSON.stringify(row)).join("\r\n") + "\r\n\r\n", "jsonl"],
    ];
    for (const [name, text, expected] of files) {
      const table = await rowsOfText(folder, name, text);
      assertEquals([table.format, table.named], [expected, true], name);
      assertEquals(table.columns, ["url", "caption", "id", "extra"]);
      assertEquals(cellsOf(table.rows), rows, name);
    }
  }));

Deno.test("json rows: what is no object is a malformed row, and the others stay", () =>
  withFolder(async (folder) => {
    const odd = [
      '{"url": "https://a/1"}',
      '{"url": NaN}',
      "7",
      '"x"',
      "null",
      '["https://a"]',
      '{"url": "https://a/2"}',
    ];
    const expected = [
      ...[{ url: "https://a/1" }, "no JSON", "no JSON object", "no JSON object"],
      ...["no JSON object", "no JSON object", { url: "https://a/2" }],
    ];
    assertEquals(cellsOf((await rowsOfText(folder, "a.json", `[${odd.join(", ")}]`)).rows), expected);
    assertEquals(cellsOf((await rowsOfText(folder, "a.jsonl", odd.join("\n"))).rows), expected);
    const cut = '{"url": "https://a/1"}\n{"url": "https://a/2", "cap\n{"url": "https://a/3"}';
    assertEquals(cellsOf((await rowsOfText(folder, "b.jsonl", cut)).rows), [
      ...[{ url: "https://a/1" }, "no JSON", { url: "https://a/3" }],
    ]);
    const brackets = '[{"url": 1}}, {"url": 2}, {"url": [3}, {"url": 4]}, {"url": 5}]';
    assertEquals(cellsOf((await rowsOfText(folder, "e.json", brackets)).rows), [
      ...["no JSON", { url: 2 }, "no JSON", { url: 5 }],
    ]);
    assertEquals(cellsOf((await rowsOfText(folder, "e.json", '{"info": {}, "annotations": []}')).rows), []);
    assertEquals(cellsOf((await rowsOfText(folder, "e.json", "[ ]")).rows), []);
    assertEquals(cellsOf((await rowsOfText(folder, "e.json", '[{"url": 1}, ]')).rows), [{ url: 1 }]);
  }));

Deno.test("json rows: whole numbers beyond 2^53 keep their digits", () =>
  withFolder(async (folder) => {
    const text =
      '[{"url": "https://a:8080/12345678901234567890", "id": 12345678901234567890, "safe": 9007199254740991, ' +
      '"low": [-9223372036854775808], "real": 1.5e300}]';
    assertEquals(cellsOf((await rowsOfText(folder, "a.json", text)).rows), [{
      ...{ url: "https://a:8080/12345678901234567890", id: "12345678901234567890", safe: 2 ** 53 - 1 },
      ...{ low: ["-9223372036854775808"], real: 1.5e300 },
    }]);
  }));

Deno.test("json rows: an element of more than 8 MiB is a malformed row", () =>
  withFolder(async (folder) => {
    // shorter than the window may grow to, and longer
    const [less, long] = [9e6, 21e6].map((size) => ({ url: 'x]}"'.repeat(size / 4), deep: [[1]] }));
    const made = [{ url: "https://a/1" }, less, long, { url: "https://a/4" }];
    const lines = made.map((row) => JSON.stringify(row)).join("\n");
    for (const [name, text] of [["a.json", JSON.stringify(made)], ["a.jsonl", lines]]) {
      for (const path of await writeBoth(`${folder}/${name}`, text)) {
        await using file = await openRowFile(path);
        const { rows, places } = await file.survey(1);
        const read = (await Promise.all(places.map((place) => file.read(place, 1)))).flat();
        assertEquals([rows, ...cellsOf(read)], [4, made[0], "more than 8 MiB", "more than 8 MiB", made[3]]);
      }
    }
  }));

Deno.test("json rows: what is cut short, has two lists or none is refused by name", () =>
  withFolder(async (folder) => {
    const whole = JSON.stringify({ info: {}, annotations: rows });
    const surveyed: [string, RegExp][] = [
      [whole.slice(0, 9000), /ends before its JSON does/],
      [whole.slice(0, -1), /ends before its JSON does/],
      [JSON.stringify(rows).slice(0, -1), /ends before its JSON does/],
      [JSON.stringify(rows) + JSON.stringify(rows), /behind the end/],
      [whole + whole, /behind the end/],
      ['{"licenses": [{"url": "https://l"}], "images": [ {"url": "https://a"}]}', /more than one list/],
    ];
    for (const [text, message] of surveyed) {
      for (const path of await writeBoth(`${folder}/a.json`, text)) {
        await using file = await openRowFile(path);
        assertMatch(await refusal(path, () => file.survey(100)), message);
        assertEquals((await file.read({ row: 0 }, 1)).length, 1);
      }
    }
    const refused: [string, RegExp][] = [
      ['{"info": {}, "annotations": "none"}', /no JSON list of objects/],
      ['{"https://a": 1}\n', /no JSON list of objects/],
      ['["https://a", "https://b"]', /no JSON list of objects/],
      ["https://a\n", /no JSON list of objects/],
      ["", /no JSON list of objects/],
      ["[{]", /lists no objects|ends before/],
    ];
    for (const [text, message] of refused) {
      const path = `${folder}/b.json`;
      await Deno.writeTextFile(path, text);
      assertMatch(await refusal(path, () => openRowFile(path, { format: "json" })), message);
    }
  }));

Deno.test({
  name: "json rows: real captions",
  ignore: !present(dataRoot),
  fn: async () => {
    const path = decodeURIComponent(new URL("captions/coco_val2017_captions.jsonl.gz", dataRoot).pathname);
    const { rows, columns, format } = await rowsInEveryOrder(path, {}, [1009]);
    const stream = (await Deno.open(path)).readable.pipeThrough(new DecompressionStream("gzip"));
    const lines = (await new Response(stream).text()).trimEnd().split("\n");
    assertEquals([format, columns], ["jsonl", ["id", "image_id", "caption"]]);
    assertEquals(cellsOf(rows), lines.map((line) => JSON.parse(line)));
  },
});
