// TSV and CSV of captions: held against pandas' tokenizer, written out slowly, over random tables cut at every place.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import type { CaptionFile, CaptionOptions } from "../../data_utils/captions/caption_file.ts";
import { planDelimited, readDelimited, tableRecords } from "../../data_utils/captions/delimited.ts";
import { readRecords } from "../../data_utils/captions/records.ts";
import { draws, readWhole, withFile } from "./caption_reading.ts";
import { dataRoot, present } from "./golden_files.ts";
import { missingNames, pandasRecords } from "./pandas_rules.ts";

const separators = { tsv: "\t", csv: "," };
type Table = keyof typeof separators;

/** What pandas makes of a table with a header of `columns`: captions, and how many records were malformed. */
function expected(text: string, format: Table, quotes: boolean, column: number) {
  const records = pandasRecords(text, separators[format], quotes);
  if (!records) return null;
  const [header, ...rows] = records, good = rows.filter((row) => row.length <= header.length);
  const missing = new Set(missingNames);
  const captions = good.map((row) => missing.has(row[column] ?? "") ? null : row[column]);
  return { captions, rows: rows.length, malformed: rows.length - good.length };
}

async function plan(
  content: string | Uint8Array,
  format: Table,
  options: CaptionOptions,
  use: (file: CaptionFile) => Promise<void>,
  block?: number,
) {
  await withFile(
    content,
    async (path, bytes) => await use(await planDelimited(path, format, false, bytes, options, block)),
  );
}

/** A table of small pieces that matter; its first row of data is a plain one. */
function randomTable(draw: () => number, format: Table, pieces: number): string {
  const separator = separators[format], other = format === "tsv" ? "," : "\t";
  const choices = [
    ...['"', '"', '""', "\n", "\n", "\r", "\r\n", separator, separator, separator, other, " ", "  "],
    ...["a", "cat", "\u00e9", "NA", "null", `"q\n"`, `"x""y"`, `\n"`, `"${separator}`, `u${separator}v\n`],
    ...[`"one two"${separator}w\n`, "a caption of more than sixteen letters"],
  ];
  let text = `URL${separator}TEXT${separator}N\nu${separator}plain${separator}1\n`;
  for (let i = 0; i < pieces; i++) text += choices[Math.floor(draw() * choices.length)];
  return text;
}

for (const format of ["tsv", "csv"] as const) {
  Deno.test(`captions of ${format}: random tables give what pandas gives, however they are cut`, async () => {
    const draw = draws(format === "tsv" ? 1 : 2);
    const met = { unclosed: 0, repaired: 0, malformed: 0, nulls: 0, captions: 0 };
    for (let round = 0; round < 250; round++) {
      const quotes = draw() < 0.8, text = randomTable(draw, format, 3 + Math.floor(draw() * 30));
      const want = expected(text, format, quotes, 1),
        options = { quoting: quotes ? "minimal" : "none" } as const;
      await withFile(text, async (path, bytes) => {
        const blocks = [1e9, 1, 2, 3, 5, 8, 13, 1 + Math.floor(draw() * bytes)];
        const cut = round % 5 === 0 ? blocks : [1e9, blocks[1 + round % 7]];
        for (const block of cut) {
          const file = await planDelimited(path, format, false, bytes, options, block);
          const label = JSON.stringify({ text, quotes, block });
          if (!want) {
            const error = await assertRejects(() => readWhole(file, readDelimited), SyntaxError);
            assert(error.message.includes("--quoting none"), error.message);
            met.unclosed++;
            continue;
          }
          const { captions, rows, tally, ended, repaired } = await readWhole(file, readDelimited, true);
          assertEquals(captions, want.captions, label);
          assertEquals(tally, {
            ...{ rows: want.rows, malformed: want.malformed, empty: 0, invalidUtf8: 0, tooLong: 0 },
            nulls: want.captions.filter((caption) => caption === null).length,
          }, label);
          assertEquals(ended, bytes, label);
          assertEquals(rows.length, captions.length);
          for (const [i, row] of rows.entries()) {
            const again = pandasRecords(row, separators[format], quotes)!;
            assertEquals(again[0][1] ?? "", captions[i] ?? again[0][1] ?? "", label);
            assertEquals(again.length, 1, label);
          }
          met.repaired += repaired;
          met.malformed += tally.malformed;
          met.nulls += tally.nulls;
          met.captions += captions.length;
        }
        const file = await planDelimited(path, format, false, bytes, options),
          chunk = 1 + Math.floor(draw() * 9);
        if (!want) return;
        const { captions } = await readWhole(
          file,
          (...[file, unit, arena, sink, given = {}]) =>
            readRecords(file, unit, arena, sink, given, tableRecords(file), chunk),
        );
        assertEquals(captions, want.captions, JSON.stringify({ text, quotes, chunk }));
      });
    }
    for (const [what, times] of Object.entries(met)) assert(times > 30, `${what}: ${times} times only`);
  });
}

Deno.test("captions of tables: where lines end in two bytes, no cut between them spoils a guess", async () => {
  const text = "TEXT\r\na\r\n\r\nbcd\r\n\re\n\r\nf\r";
  for (let block = 5; block < text.length; block++) { // one holds the longest line
    for (let chunk = 1; chunk < text.length; chunk++) {
      await plan(text, "tsv", {}, async (file) => {
        const { captions, repaired } = await readWhole(
          file,
          (...[file, unit, arena, sink, given = {}]) =>
            readRecords(file, unit, arena, sink, given, tableRecords(file), chunk),
        );
        assertEquals(
          [captions, repaired],
          [["a", "bcd", "e", "f"], 0],
          `blocks of ${block}, chunks of ${chunk}`,
        );
      }, block);
    }
  }
});

Deno.test("captions of tables: every name of NaN is null, with and without quotes, and nothing else is", async () => {
  const others = [
    "na",
    "Null",
    "NONE",
    "#N/B",
    "nan ",
    " NA",
    "1.#INF",
    "NULLs",
    "-1.#QNANs",
    "x",
    "-",
    "<na>",
  ];
  const names = [...missingNames.filter((name) => name), ...missingNames.map((name) => `"${name}"`)];
  await plan(["TEXT", ...names, ...others].join("\n"), "tsv", {}, async (file) => {
    const { captions, tally } = await readWhole(file, readDelimited);
    assertEquals(captions, [...names.map(() => null), ...others]);
    assertEquals(tally.nulls, 2 * missingNames.length - 1);
  });
});

Deno.test("captions of tables: the column by name, by number, and without a header", async () => {
  const table = "TEXT,caption,n\na,b,1\nc,d,2\n";
  const read = async (options: CaptionOptions, content = table) => {
    let result: [string | null, (string | null)[]] = ["", []];
    await plan(content, "csv", options, async (file) => {
      result = [file.column, (await readWhole(file, readDelimited)).captions];
    });
    return result;
  };
  assertEquals(await read({}), ["TEXT", ["a", "c"]]);
  assertEquals(await read({ column: "caption" }), ["caption", ["b", "d"]]);
  assertEquals(await read({ column: "1" }), ["1", ["caption", "b", "d"]]);
  assertEquals(await read({ column: "1", header: true }), ["caption", ["b", "d"]]);
  assertEquals(await read({ column: "0", header: false }, "only\none"), ["0", ["only", "one"]]);
  assertEquals(await read({ header: false }, "only\none"), ["0", ["only", "one"]]);
  assertEquals(await read({}, '\ufeff\n"TEXT","a\nb"\r\nx,y'), ["TEXT", ["x"]]);
  assertEquals(await read({}, "\n\n"), [null, []]);
  assertEquals(await read({}, "TEXT,b"), ["TEXT", []]);
  const fails = async (options: CaptionOptions, words: string, content: string | Uint8Array = table) => {
    const error = await assertRejects(() => plan(content, "csv", options, async () => {}), SyntaxError);
    assert(error.message.includes(words), error.message);
  };
  await fails({ column: "title" }, "TEXT, caption, n: name one with --caption-col");
  await fails({ column: "3", header: false }, "columns 0 to 2");
  await fails({ header: false }, "--caption-col NUMBER");
  await fails({}, "line 3 has 3 fields, but the header names 2", "\nTEXT,b\n1,2,3\n");
  await fails({}, "--quoting none", 'TEXT,"b\n1,2\n');
  await fails(
    {},
    "UTF-16",
    Uint8Array.from("TEXT,b\nc,d", (c) => c.charCodeAt(0)).reduce(
      (wide, byte, i) => (wide[2 * i] = byte, wide),
      new Uint8Array(20),
    ),
  );
  await fails({}, "no text (byte 8 is zero)", "TEXT,b\nc\0,d");
});

Deno.test("captions of tables: quoting auto takes quotes as the beginning of the file has them", async () => {
  const quotes = async (text: string) => {
    let result = false;
    await plan(`TEXT\tURL\n${text}`, "tsv", { quoting: "auto" }, (file) => {
      result = file.layout.quotes as boolean;
      return Promise.resolve();
    });
    return result;
  };
  assertEquals(await quotes("no quotes\tu\n"), true);
  assertEquals(await quotes('"a ""b""\nc"\tu\nd\te\n'), true);
  assertEquals(await quotes('a 5" pipe\tu\n'), false);
  assertEquals(await quotes('"Hello" he said\tu\n'), false);
  assertEquals(await quotes('"Hello he said\tu\nb\tu\n'), false);
  assertEquals(await quotes('a\tu\n"Hello\tu\n' + "b\tu\n".repeat(3e5)), false);
});

Deno.test("captions of tables: megabytes in one caption, 8 MiB at most in one record", async () => {
  const most = 8 * 2 ** 20, long = "word ".repeat(300_000);
  const fits = "x".repeat(most - 2), quoted = `"${'y""\n'.repeat(most / 3)}"`;
  const table = [
    "TEXT\tURL",
    `${long}\tu`,
    `${fits}\tu`,
    `${fits}x\tu`,
    "after\tu",
    `${quoted}\tu`,
    `"a\nb"\tv`,
  ];
  for (const end of ["\n", "\r\n", "\r"]) {
    await plan(table.join(end), "tsv", {}, async (file) => {
      assert(file.units.length > 20);
      const { captions, tally, repaired } = await readWhole(file, readDelimited);
      assert(repaired > 0);
      assertEquals(captions.map((caption) => caption?.length), [long.length, fits.length, 5, 3]);
      assert(captions[0] === long && captions[1] === fits);
      assertEquals(captions.slice(2), ["after", "a\nb"]);
      assertEquals([tally.rows, tally.tooLong, tally.nulls, tally.malformed], [6, 2, 0, 0]);
    }, 2 ** 20);
  }
  const stray = `TEXT\tURL\na\tu\n"stray\tu\n${"b\tu\n".repeat(3e6)}`;
  await plan(stray, "tsv", {}, async (file) => {
    const error = await assertRejects(() => readWhole(file, readDelimited), SyntaxError);
    assert(error.message.includes("byte 13 is never closed"), error.message);
  }, 2 ** 20);
});

Deno.test("captions of tables: more captions and more rewritten text than one batch holds", async () => {
  const rows = Array.from(
    { length: 200_000 },
    (_, i) => i % 3 ? `${i}` : `"say ""${i}"" ${"z".repeat(i % 200)}"`,
  );
  await plan(["TEXT", ...rows].join("\n"), "csv", {}, async (file) => {
    const { captions } = await readWhole(file, readDelimited);
    const want = rows.map((row) => row.startsWith('"') ? row.slice(1, -1).replaceAll('""', '"') : row);
    assert(captions.length === want.length && captions.every((caption, i) => caption === want[i]));
  });
});

Deno.test("captions of tables: gzipped as plain, also of several members, and damage is named", async () => {
  const text = `TEXT\tURL\n${'some caption\tu\n"a ""b""\nc"\tv\n'.repeat(60_000)}`, half = text.length / 2;
  const bytes = new TextEncoder().encode(text);
  const read = (content: Uint8Array, gzipped: boolean) =>
    withFile(content, async (path, size) => {
      return await readWhole(await planDelimited(path, "tsv", gzipped, size), readDelimited);
    });
  const plain = await read(bytes, false), packed = gzipSync(bytes);
  assertEquals(plain.tally.rows, 120_000);
  const parts = [gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))];
  for (const content of [packed, new Uint8Array([...parts[0], ...parts[1]])]) {
    const whole = await read(content, true);
    assert(whole.captions.every((caption, i) => caption === plain.captions[i]));
    assertEquals([whole.tally, whole.ended], [plain.tally, plain.ended]);
  }
  const error = await assertRejects(() => read(packed.subarray(0, packed.length - 20), true), SyntaxError);
  assert(error.message.includes("damaged or cut short"), error.message);
});

Deno.test("captions of tables: a reading stops when asked, and a file that shrinks is no success", async () => {
  await withFile(`TEXT\n${"caption\n".repeat(400_000)}`, async (path, bytes) => {
    const file = await planDelimited(path, "tsv", false, bytes), stop = new AbortController();
    let batches = 0;
    await assertRejects(
      () =>
        readWhole(file, (file, unit, arena) =>
          readDelimited(file, unit, arena, () => {
            batches++;
            stop.abort(new Error("stopped"));
          }, { signal: stop.signal })),
      Error,
      "stopped",
    );
    assertEquals(batches, 1);
    await Deno.truncate(path, 1000);
    await assertRejects(() => readWhole(file, readDelimited), SyntaxError, "became shorter");
  });
});

Deno.test({
  name: "captions of tables: the real part of CC3M has its 10,000 rows",
  ignore: !present(dataRoot),
  async fn() {
    const path = decodeURIComponent(new URL("captions/cc3m_val_part.tsv.gz", dataRoot).pathname);
    const file = await planDelimited(path, "tsv", true, (await Deno.stat(path)).size);
    const { captions, tally } = await readWhole(file, readDelimited);
    assertEquals([captions.length, tally.rows, tally.nulls, tally.malformed], [10_000, 10_000, 0, 0]);
    assertEquals(captions[0], "author : a life in photography -- in pictures");
  },
});
