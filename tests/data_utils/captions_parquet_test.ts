// Captions in parquet: what was written comes back, whatever the codec, the encoding and the pages; what is damaged is
// refused by name and never counted.
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { MOST_SPANS, TEXT_BYTES } from "../../data_utils/captions/arena.ts";
import { loadCompressors } from "../../data_utils/deps.ts";
import { readHybrid } from "../../data_utils/captions/parquet_values.ts";
import { randomStream } from "../../data_utils/random/philox.ts";
import { madeCaptions, readWhole } from "./made_captions.ts";
import { dataRoot, present } from "./golden_files.ts";
import { withFolder } from "./made_files.ts";
import { bitPacked, levels, type MadePage, parquetOfPages, plain, run } from "./made_parquet.ts";

const packers = {
  ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)),
  GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)),
};
const codecs = ["SNAPPY", "UNCOMPRESSED", "ZSTD", "GZIP", "BROTLI"] as const;
const encodings = ["PLAIN", "RLE_DICTIONARY", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"] as const;

type Column = Parameters<typeof parquetWriteBuffer>[0]["columnData"][number];

async function writeParquet(
  path: string,
  columns: Column[],
  options: Partial<Parameters<typeof parquetWriteBuffer>[0]> = {},
): Promise<void> {
  const bytes = parquetWriteBuffer({ columnData: columns, compressors: packers, ...options });
  await Deno.writeFile(path, new Uint8Array(bytes));
}

const nullsOf = (captions: (string | null)[]) => captions.filter((caption) => caption === null).length;

Deno.test("parquet: every caption comes back from every codec and encoding, over groups and pages", () =>
  withFolder(async (folder) => {
    for (const [seed, codec] of codecs.entries()) {
      for (const encoding of encodings) {
        for (const nulls of [0, 0.2, 1]) {
          const captions = madeCaptions(seed, 700, nulls);
          captions.push(...captions.slice(0, 300)); // so that a dictionary is worth it
          const path = `${folder}/${codec}.parquet`;
          const numbers = captions.map((_, i) => i);
          await writeParquet(path, [
            { name: "number", data: numbers, type: "INT32" },
            { name: "TEXT", data: captions, type: "STRING", encoding, nullable: nulls > 0 },
          ], { codec, rowGroupSize: 300, pageSize: 900 });
          const read = await readWhole(path);
          assertEquals(read.captions, captions, `${codec} ${encoding} ${nulls}`);
          assertEquals(read.tally.rows, 1000);
          assertEquals(read.tally.nulls, nullsOf(captions));
          assertEquals(read.tally.empty, captions.filter((caption) => caption === "").length);
        }
      }
    }
  }));

Deno.test("parquet: pages of version 1 with dictionary, nulls and checksums", () =>
  withFolder(async (folder) => {
    const words = ["a dog", "", "ein Käse", "two\nlines"], path = `${folder}/a.parquet`;
    const present = [1, 0, 1, 1, 0, 1, 1, 1, 0, 1], places = [3, 3, 0, 2, 1, 0, 0];
    const dictionaryPage: MadePage = {
      content: new Uint8Array([...levels(present), 2, ...bitPacked(places, 2)]),
      values: 10,
      encoding: "RLE_DICTIONARY",
    };
    const runs: MadePage = {
      content: new Uint8Array([6, 0, 0, 0, ...run(1, 3), ...run(0, 2), ...run(1, 0), 2, ...run(2, 3)]),
      values: 5,
      encoding: "RLE_DICTIONARY",
    };
    const plainPage: MadePage = {
      content: new Uint8Array([...levels([1, 1, 0]), ...plain(["x", "yy"])]),
      values: 3,
      encoding: "PLAIN",
    };
    const pages: MadePage[] = [{ content: plain(words), values: 4 }, dictionaryPage, runs, plainPage];
    let next = 0;
    const expected = [
      ...present.map((there) => there ? words[places[next++]] : null),
      ...["ein Käse", "ein Käse", "ein Käse", null, null, "x", "yy", null],
    ];
    for (const codec of ["UNCOMPRESSED", "GZIP", "ZSTD"] as const) {
      await Deno.writeFile(path, parquetOfPages(pages, 18, codec));
      const read = await readWhole(path);
      assertEquals(read.captions, expected);
      assertEquals(read.tally, { rows: 18, nulls: 6, empty: 1, invalidUtf8: 0, tooLong: 0, malformed: 0 });
    }
  }));

Deno.test("parquet: numbers of every width in runs of both kinds", () => {
  for (let width = 1; width <= 25; width++) {
    const stream = randomStream(5, width);
    const values = Array.from({ length: 50 }, () => stream.int(2 ** width));
    const bytes = bitPacked(values, width), out = new Uint32Array(50);
    readHybrid(bytes, 0, bytes.length, width, out);
    assertEquals([...out], values, `${width}`);
  }
});

Deno.test("parquet: what a damaged or lying page says is not believed", () =>
  withFolder(async (folder) => {
    const content = new Uint8Array([...levels([1, 1, 1]), ...plain(["a", "b", "c"])]);
    const good: MadePage = { content, values: 3, encoding: "PLAIN" }, path = `${folder}/bad.parquet`;
    const cases: [MadePage[], number, string][] = [
      [[{ ...good, said: { bytes: 2 ** 31 - 1 } }], 3, "said to have 2147483647 bytes"],
      [[{ ...good, said: { bytes: -1 } }], 3, "said to have -1 bytes"],
      [[{ ...good, said: { bytes: content.length + 1 } }], 3, "that should have"],
      [[{ ...good, said: { crc: 77 } }], 3, "wrong checksum"],
      [[{ ...good, said: { values: 4 } }], 3, "said to have 4 values"],
      [[good], 4, "no page"],
      [[{ content: plain(["a", "b"]).subarray(0, 9), values: 2 }, good], 3, "ends too early"],
      [[{ ...good, content: content.subarray(0, content.length - 1) }], 3, "ends too early"],
      [
        [{
          content: new Uint8Array([...levels([1]), 1, ...run(0, 1)]),
          values: 1,
          encoding: "RLE_DICTIONARY",
        }],
        1,
        "dictionary that is not there",
      ],
      [
        [{ content: plain(["a"]), values: 1 }, {
          content: new Uint8Array([...levels([1]), 2, ...run(1, 1)]),
          values: 1,
          encoding: "RLE_DICTIONARY",
        }],
        1,
        "outside the dictionary",
      ],
    ];
    for (const [pages, rows, message] of cases) {
      await Deno.writeFile(path, parquetOfPages(pages, rows));
      const error = await assertRejects(() => readWhole(path), SyntaxError, message);
      assert(error.message.startsWith(`${path} is damaged, row group 0`), error.message);
    }
  }));

Deno.test("parquet: a file that is cut short is refused at any place, a changed byte at worst gives other captions", () =>
  withFolder(async (folder) => {
    const captions = madeCaptions(8, 400, 0.1), path = `${folder}/cut.parquet`;
    await writeParquet(path, [{ name: "caption", data: captions, type: "STRING" }], { rowGroupSize: 150 });
    const whole = await Deno.readFile(path), stream = randomStream(9, 1);
    for (let i = 0; i < 60; i++) {
      await Deno.writeFile(path, whole.subarray(0, 4 + stream.int(whole.length - 4)));
      await assertRejects(() => readWhole(path), SyntaxError, path);
    }
    let refused = 0;
    for (let i = 0; i < 300; i++) {
      const changed = whole.slice();
      changed[4 + stream.int(whole.length - 8)] ^= 1 << stream.int(8);
      await Deno.writeFile(path, changed);
      try {
        const { tally } = await readWhole(path);
        assert(tally.rows <= 400, `${tally.rows} rows`);
      } catch (error) {
        assert(error instanceof SyntaxError || error instanceof RangeError, `${error}`);
        assert(error.message.includes(path), error.message);
        refused++;
      }
    }
    assert(refused > 30, `${refused}`);
  }));

Deno.test("parquet: the caption's column", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.parquet`, texts = ["one", "two"];
    await writeParquet(path, [
      { name: "url", data: ["u", "v"], type: "STRING" },
      { name: "width", data: [3, 4], type: "INT32" },
      { name: "text", data: ["three", "four"], type: "STRING" },
      { name: "caption", data: texts, type: "STRING" },
      { name: "meta", data: [{ a: 1 }, { a: 2 }], type: "JSON" },
      { name: "raw", data: texts.map((text) => new TextEncoder().encode(text)), type: "BYTE_ARRAY" },
    ]);
    assertEquals((await readWhole(path)).captions, texts);
    assertEquals((await readWhole(path)).file.column, "caption");
    for (const column of ["raw", "caption", "3", "5"]) {
      assertEquals((await readWhole(path, { column })).captions, texts, column);
    }
    assertEquals((await readWhole(path, { column: "0" })).captions, ["u", "v"]);
    await assertRejects(
      () => readWhole(path, { column: "Text" }),
      SyntaxError,
      "has no column Text, but url, width, text, caption, meta, raw: name one with --caption-col",
    );
    await assertRejects(() => readWhole(path, { column: "6" }), SyntaxError, "has no column 6");
    await assertRejects(() => readWhole(path, { column: "width" }), SyntaxError, "holds INT32, not strings");
    await assertRejects(() => readWhole(path, { column: "meta" }), SyntaxError, "holds JSON, not strings");
    await writeParquet(path, [{ name: "TEXT", data: [["a"], ["b", "c"]] }], {
      schema: [
        { name: "root", num_children: 1 },
        { name: "TEXT", converted_type: "LIST", repetition_type: "OPTIONAL", num_children: 1 },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ],
    });
    await assertRejects(() => readWhole(path), SyntaxError, "column TEXT is nested");
  }));

Deno.test("parquet: units are runs of row groups of 50,000 rows and more, and batches stay within the arena", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.parquet`, count = 2 * MOST_SPANS + 50_000;
    const captions = Array.from({ length: count }, (_, i) => i % 7 ? `caption ${i}` : null);
    await writeParquet(path, [{ name: "TEXT", data: captions, type: "STRING" }], {
      rowGroupSize: [20_000, 20_000, 20_000, 110_000, 10_000],
    });
    const { file, captions: read, batches } = await readWhole(path);
    assertEquals(file.units, [
      { index: 0, start: 0, end: 3 },
      { index: 1, start: 3, end: 4 },
      { index: 2, start: 4, end: 6 },
    ]);
    assert(batches.every((size) => size <= MOST_SPANS) && batches.length < 10, `${batches}`);
    assertEquals(read, captions);
    await writeParquet(path, [{ name: "TEXT", data: [], type: "STRING" }]);
    const none = await readWhole(path);
    assertEquals([none.file.units.length, none.tally.rows], [0, 0]);
  }));

Deno.test("parquet: a caption as long as the arena's text is read, a longer one is left out", () =>
  withFolder(async (folder) => {
    const path = `${folder}/long.parquet`, most = "x".repeat(TEXT_BYTES);
    const captions = ["a", most, "b", most + "y", "c", "z".repeat(TEXT_BYTES - 1)];
    for (const encoding of ["PLAIN", "RLE_DICTIONARY"] as const) {
      await writeParquet(path, [{ name: "TEXT", data: [...captions, "a"], type: "STRING", encoding }]);
      const { captions: read, tally } = await readWhole(path);
      assertEquals(read.map((caption) => caption?.length), [1, TEXT_BYTES, 1, 1, TEXT_BYTES - 1, 1]);
      assertEquals([tally.rows, tally.tooLong], [7, 1]);
    }
  }));

Deno.test("parquet: files of pyarrow are read as the package reads them", async () => {
  if (!present(dataRoot)) return;
  for (const [part, rows, units] of [[0, 1000, 1], [1, 3000, 1], [2, 3000, 1]]) {
    const path = decodeURIComponent(
      new URL(`captions/laion_sample/part-0000${part}.parquet`, dataRoot).pathname,
    );
    const bytes = (await Deno.readFile(path)).buffer;
    const expected = await parquetReadObjects({
      file: bytes,
      columns: ["TEXT"],
      compressors: await loadCompressors(),
    });
    const { captions, file, tally } = await readWhole(path);
    assertEquals(captions, expected.map(({ TEXT }) => TEXT ?? null));
    assertEquals([tally.rows, file.units.length], [rows, units]);
  }
});
