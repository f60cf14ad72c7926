// What `freq balance` keeps of formats that are no lines: whole rows, under their true numbers, whatever cannot be read
// between them.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { balanceCommand } from "../../concept_freq/commands/balance_command.ts";
import { mergeCommand } from "../../concept_freq/commands/merge_command.ts";
import { oneLine } from "../../concept_freq/substring/one_line.ts";
import { loadCompressors } from "../../data_utils/deps.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { gzip, tar, withFolder } from "../data_utils/made_files.ts";
import { printedBy } from "./printed.ts";
import { matchesOf } from "./substring_rule.ts";

const entries = ["bird", "red"], tooLong = "bird ".repeat(2 ** 21); // 10 MiB

/** Keeps every caption with an entry, or about t of each, and returns what balance.json says of the one file. */
async function balanced(folder: string, captions: string, t = "inf", list = entries) {
  await Deno.writeTextFile(`${folder}/entries.json`, JSON.stringify(list));
  const args = ["--t", t, "--entries", `${folder}/entries.json`, "--captions", captions, "--workers", "2"];
  const { files } = JSON.parse(
    await printedBy(balanceCommand, [...args, "--out", `${folder}/out`, "--json"]),
  );
  return files[0] as { output: string; rows: number; kept: number };
}

const textRows = async (path: string) =>
  (await Deno.readTextFile(path)).trimEnd().split("\n").map((line) => JSON.parse(line));

const parquetRowsOf = async (path: string) =>
  await parquetReadObjects({
    file: (await Deno.readFile(path)).buffer,
    compressors: await loadCompressors(),
  });

Deno.test("freq balance: of parquet whole rows, over groups and units, also behind a caption that is too long", () =>
  withFolder(async (folder) => {
    const texts = Array.from({ length: 120_000 }, (_, i) => {
      if (i === 10 || i === 70_000) return tooLong;
      return i % 7 === 0 ? null : ["a bird", "nothing here", `red ${i}`, ""][i % 4];
    });
    const data = {
      TEXT: texts,
      URL: texts.map((_, i) => `https://example.org/${i}`),
      WIDTH: texts.map((_, i) => i % 3 ? i : null),
      KEY: texts.map((_, i) => 2n ** 62n + BigInt(i)),
    };
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: "URL", data: data.URL, type: "STRING", nullable: false },
        { name: "TEXT", data: data.TEXT, type: "STRING" },
        { name: "WIDTH", data: data.WIDTH, type: "INT32" },
        { name: "KEY", data: data.KEY, type: "INT64" },
      ],
      ...{ rowGroupSize: 30_000, kvMetadata: [{ key: "note", value: "kept" }] },
    });
    await Deno.mkdir(`${folder}/caps`);
    await Deno.writeFile(`${folder}/caps/part.parquet`, new Uint8Array(bytes));
    const file = await balanced(folder, `${folder}/caps`);
    const wanted = texts.flatMap((text, i) =>
      text !== tooLong && matchesOf(text, entries).length > 0 ? [i] : []
    );
    assertEquals([file.output, file.rows, file.kept], [
      `${folder}/out/part.parquet`,
      texts.length,
      wanted.length,
    ]);
    const rows = await parquetRowsOf(file.output);
    assertEquals(
      rows,
      wanted.map((i) => ({ URL: data.URL[i], TEXT: texts[i], WIDTH: data.WIDTH[i], KEY: data.KEY[i] })),
    );
    const { schema, key_value_metadata } = parquetMetadata((await Deno.readFile(file.output)).buffer);
    assertEquals(schema, parquetMetadata(bytes).schema);
    assertEquals(key_value_metadata, [{ key: "note", value: "kept" }]);
    const names = await Array.fromAsync(Deno.readDir(`${folder}/out`), ({ name }) => name);
    assertEquals(names.sort(), ["balance.json", "part.parquet"]);
  }));

Deno.test("freq balance: of pyarrow's parquet in three codecs whole rows", async () => {
  if (!present(dataRoot)) return;
  const samples = decodeURIComponent(new URL("captions/laion_sample", dataRoot).pathname);
  await withFolder(async (folder) => {
    const words = ["the", "of", "in", "for"];
    await balanced(folder, samples, "inf", words);
    for (const part of [0, 1, 2]) {
      const rows = await parquetRowsOf(`${samples}/part-0000${part}.parquet`);
      const kept = await parquetRowsOf(`${folder}/out/part-0000${part}.parquet`);
      assertEquals(kept, rows.filter(({ TEXT }) => matchesOf(TEXT ?? null, words).length > 0));
      assert(kept.length > 100 && kept.length < rows.length);
    }
  });
});

Deno.test("freq balance: of a JSON array each element's own text, whatever is malformed between them", () =>
  withFolder(async (folder) => {
    const elements = [
      '{"caption": "a red  bird", "id": 12345678901234567890.10, "a": 1, "a": 2}',
      '{"caption": "nothing"}',
      "{broken}",
      '{\n    "id": 1e400,\n\t"caption": "red \\" \\u0000 \\\\",\r\n    "tags": [ "x  y", {} ]\n  }',
      `{"caption": ${JSON.stringify(tooLong)}}`,
      "7",
      '{"caption": null}',
      '  {"caption": "\\n bird"} ',
    ];
    await Deno.writeFile(
      `${folder}/caps.json.gz`,
      gzip(new TextEncoder().encode(`[${elements.join(",\n")}]\n`)),
    );
    const file = await balanced(folder, `${folder}/caps.json.gz`);
    assertEquals([file.output, file.rows, file.kept], [`${folder}/out/caps.jsonl`, 8, 3]);
    assertEquals(
      await Deno.readTextFile(file.output),
      [
        elements[0],
        '{"id":1e400,"caption":"red \\" \\u0000 \\\\","tags":["x  y",{}]}',
        elements[7].trim(),
        "",
      ]
        .join("\n"),
    );
  }));

Deno.test("freq balance: of many large elements of a JSON array none is lost or doubled", () =>
  withFolder(async (folder) => {
    const list = Array.from({ length: 3000 }, (_, i) => ({
      caption: i % 3 ? `bird ${i}` : "-",
      more: "x".repeat(i % 5 === 0 ? 40_000 : 10), // records outgrow their room before captions do
    }));
    await Deno.writeTextFile(`${folder}/caps.json`, JSON.stringify(list));
    const { output } = await balanced(folder, `${folder}/caps.json`);
    assertEquals(await textRows(output), list.filter((_, i) => i % 3));
  }));

Deno.test("freq balance: of a tar the sample's key and its true number", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(
      `${folder}/000.tar`,
      tar({
        "a/0001.jpg": "image",
        "a/0001.txt": "a bird\n",
        "a/0002.json": "{broken}",
        "a/0003.txt": "a bird ".repeat(1_300_000), // 9 MB
        "a/0004.jpg": "image",
        "a/0005.json": '{"caption": "ein Vögelchen, red"}',
        "a/0006.txt": "nothing",
        "a/ü.txt": "bird \xe9",
      }),
    );
    const file = await balanced(folder, `${folder}/000.tar`);
    assertEquals([file.output, file.rows, file.kept], [`${folder}/out/000.tar.kept.jsonl`, 7, 3]);
    assertEquals(await textRows(file.output), [
      { key: "a/0001", row: 0, caption: "a bird" },
      { key: "a/0005", row: 4, caption: "ein Vögelchen, red" },
      { key: "a/ü", row: 6, caption: "bird é" },
    ]);
  }));

Deno.test("one line: blanks go only where there are line breaks, and never out of strings", () => {
  const text = new TextEncoder(),
    line = (json: string) => new TextDecoder().decode(oneLine(text.encode(json)));
  for (
    const [json, expected] of [
      ['\n {"a": "b c"}\t', '{"a": "b c"}'],
      ['{"a":\n"b \\" c",  "d": [1, 2]}', '{"a":"b \\" c","d":[1,2]}'],
      ['["\\\\",\r\n " x "]', '["\\\\"," x "]'],
      ["\n", ""],
    ]
  ) {
    assertEquals(line(json), expected);
  }
});

Deno.test("freq balance, freq merge: a folder that was there stays, what they made for themselves goes", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/bad.tsv`, "ID\tNAME\n1\ta\n"); // no caption
    await Deno.mkdir(`${folder}/out`);
    await assertRejects(() => balanced(folder, `${folder}/bad.tsv`));
    assertEquals([...Deno.readDirSync(`${folder}/out`)], []);
    await assertRejects(() => printedBy(mergeCommand, ["--out", `${folder}/out`, folder]), RangeError);
    assertEquals([...Deno.readDirSync(`${folder}/out`)], []);
    await Deno.remove(`${folder}/out`);
    await assertRejects(() => balanced(folder, `${folder}/bad.tsv`));
    await assertRejects(() => printedBy(mergeCommand, ["--out", `${folder}/out`, folder]), RangeError);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["bad.tsv", "entries.json"]);
  }));
