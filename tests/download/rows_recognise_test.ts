// What a table is, by its content: under wrong names too; and what is none is refused with the remedy.
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { openRowFile } from "../../data_utils/download/rows/open_row_file.ts";
import type { RowFile } from "../../data_utils/download/rows/row_file.ts";
import { bytesOf, gzip, join, tar, withFolder } from "../data_utils/made_files.ts";
import { cellsOf, refusal, rowsOfText } from "./rows_made.ts";

const urls = ["https://a/1.jpg", "http://b/2,w_200.jpg", "HTTPS://c/3.jpg"];

Deno.test("recognising rows: formats by content, whatever the name says", () =>
  withFolder(async (folder) => {
    const lines = (make: (url: string, i: number) => string) => urls.map(make).join("\n");
    const tsv = lines((url, i) => `${url}\tcaption ${i}`),
      csv = lines((url, i) => `${url.replace(",", "")},caption ${i}`);
    const list = lines((url) => url), array = JSON.stringify(urls.map((url) => ({ url })));
    const files: [string, string, RowFile["format"], number][] = [
      ["a.tsv", tsv, "tsv", 3],
      ["a.txt", tsv, "tsv", 3],
      ["a", tsv, "tsv", 3],
      ["a.csv", tsv.replace(",", ""), "tsv", 3],
      ["a.parquet.csv", csv, "csv", 3],
      ["a.tsv", csv, "csv", 3],
      ["a", `url,caption\n${csv}`, "csv", 3],
      ["a.csv", `url,caption\n${csv}\nhttps://d/4.jpg,"a\nb"`, "csv", 4],
      ["a.txt", list, "text", 3],
      ["urls", list, "text", 3],
      ["a.tsv", list, "tsv", 3],
      ["a.txt", `url\n${list}`, "text", 3],
      ["a.txt", `${list}\nno URL`, "text", 4],
      ["a.txt", "", "text", 0],
      ["a.tsv", "", "tsv", 0],
      ["a.jsonl", "", "jsonl", 0],
      ["a.txt", array, "json", 3],
      ["a.csv", `{"info": 1, "rows": ${array}}`, "json", 3],
      ["a.jsonl", `{"url": "https://a", "rows": ${array}}`, "jsonl", 1],
      ["a", `{"url": "https://a"}`, "jsonl", 1],
      ["a.txt", `{"url": broken}\n{"url": "https://a"}`, "jsonl", 2],
      ["a.tsv", `[caption]\thttps://a/1\n[another]\thttps://a/2`, "tsv", 2],
      ["a.tsv", `{curly}\thttps://a/1\n{braces}\thttps://a/2`, "tsv", 2],
    ];
    for (const [name, text, format, count] of files) {
      const table = await rowsOfText(folder, name, text);
      assertEquals([table.format, table.rows.length], [format, count], JSON.stringify([name, text]));
    }
  }));

Deno.test("recognising rows: a list of URLs has the column url, and no other format where one is asked for", () =>
  withFolder(async (folder) => {
    const text = `\ufeff${urls.join("\r\n")}\r\n\r\n  \n`;
    const { rows, columns, named } = await rowsOfText(folder, "a.txt", text);
    assertEquals([columns, named, cellsOf(rows)], [["url"], true, urls.map((url) => ({ url }))]);
    const asked = await rowsOfText(folder, "a.txt", "url\nb\tc", { format: "text", header: false });
    assertEquals(cellsOf(asked.rows), [{ url: "url" }, { url: "b\tc" }]);
    const skipped = await rowsOfText(folder, "a.txt", "image\nhttps://a", { format: "text", header: true });
    assertEquals(cellsOf(skipped.rows), [{ url: "https://a" }]);
    const commas = await rowsOfText(folder, "a.txt", "https://a/1,b", { format: "csv" });
    assertEquals(cellsOf(commas.rows), [{ "0": "https://a/1", "1": "b" }]);
  }));

Deno.test("recognising rows: what is no table is refused with the remedy", () =>
  withFolder(async (folder) => {
    const bytes = (...start: number[]) => join(Uint8Array.from(start), new Uint8Array(100));
    const refused: [string, string | Uint8Array, RegExp][] = [
      ["a.tsv", bytes(0x28, 0xb5, 0x2f, 0xfd), /zstd.*unpack/],
      ["a.tsv", bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), /xz.*unpack/],
      ["a.tsv.bz2", "BZh9xxxx", /bzip2.*unpack/],
      ["a.zip", "PK\x03\x04xx", /zip archive.*unpack/],
      ["a.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", /Git LFS.*git lfs pull/],
      ["a.json", "<!DOCTYPE html><html></html>", /web page.*fetch/],
      ["a.tsv", "<HTML>", /web page.*fetch/],
      ["a.tar", tar({ "0.jpg": "x" }), /no text/],
      ["a.txt", join(Uint8Array.of(0xff, 0xfe), bytesOf("h\0t\0")), /UTF-16/],
      ["a.txt", "Not a list of images.\nJust words.\n", /no list of images.*--format/],
      ["a.json", "https://a\nhttps://b\n", /no JSON list.*--format/],
      ["a.jsonl", "https://a\nhttps://b\n", /no JSONL.*--format/],
      ["a.parquet", "https://a\nhttps://b\n", /no parquet file/],
      ["a.parquet", "", /no parquet file/],
      ["a.parquet.gz", gzip(bytesOf("PAR1xxxxxxxxxxxxPAR1")), /parquet file packed with gzip: unpack/],
    ];
    for (const [name, content, message] of refused) {
      const path = `${folder}/${name}`;
      await Deno.writeFile(path, bytesOf(content));
      assertMatch(await refusal(path, () => openRowFile(path)), message);
    }
    await assertRejects(() => openRowFile(folder), RangeError, "is no file");
    await assertRejects(() => openRowFile(`${folder}/none`), Deno.errors.NotFound);
  }));
