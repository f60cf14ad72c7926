// The front door to captions: files are what their content says, folders and globs name each file once, and captions
// come out of every format as they went in.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parquetWriteBuffer } from "hyparquet-writer";
import { captionArena, NULL_LENGTH } from "../../data_utils/captions/arena.ts";
import type { CaptionFormat, CaptionOptions } from "../../data_utils/captions/caption_file.ts";
import { fingerprintFile, listCaptionFiles } from "../../data_utils/captions/inventory.ts";
import { openCaptionFile, readCaptions } from "../../data_utils/captions/open.ts";
import { recogniseCaptions } from "../../data_utils/captions/recognise.ts";
import { captionStrings, packCaptions } from "../../data_utils/captions/strings.ts";
import { madeCaptions, readWhole } from "./made_captions.ts";
import { dataRoot, present } from "./golden_files.ts";
import { bytesOf, gzip, tar, withFolder } from "./made_files.ts";

const parquet = (captions: (string | null)[]) =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "TEXT", data: captions, type: "STRING" }] }));

Deno.test("recognition: content first, then the name", () =>
  withFolder(async (folder) => {
    const long = "w ".repeat(200_000), pretty = JSON.stringify(["a", { b: 1 }], null, 2);
    const cases: [string, string | Uint8Array, CaptionFormat, CaptionOptions?][] = [
      ["a.txt", parquet(["a"]), "parquet"],
      ["a.json", tar({ "0.txt": "a" }), "tar"],
      ["a.txt", '["a", "b"]', "json"],
      ["a", pretty, "json"],
      ["a", `[\n "${long}", "b"]`, "json"],
      ["a", `["${long}`, "json"],
      ["a", "\ufeff[]", "json"],
      ["a.json", "[1, 2]", "json"],
      ["a.txt", "[Image] a dog\nb", "text"],
      ["a", "[12, 13] dogs", "text"],
      ["a", '["a"]\n["b"]\n', "text"],
      ["a.jsonl", '["a"]\n["b"]\n', "jsonl"],
      ["a.tsv", '{"TEXT": "a"}\n{"TEXT": "b"}\n', "jsonl"],
      ["a", '{broken\n{"TEXT": "b"}\n', "jsonl"],
      ["a", `{"TEXT": "${long}"}\n{"TEXT": "b"}\n`, "jsonl"],
      ["a", '{"TEXT": "a"}', "jsonl"],
      ["a", '{"caption_de": "a"}', "jsonl", { column: "caption_de" }],
      ["a", "{curly} dogs\nb", "text"],
      ["a.json", '"a"\n"b"\n', "jsonl"],
      ["a.jsonl", '"a"\n"b"\n', "jsonl"],
      ["a.csv", "URL\tTEXT\nu\ta\n", "tsv"],
      ["a.parquet", "URL\tTEXT\nu\ta\n", "tsv"],
      ["a.txt", "URL\tTEXT\nu\ta\n", "tsv"],
      ["a.tsv", "URL,caption\nu,a\n", "csv"],
      ["a", 'URL,"text"\r\nu,a\n', "csv"],
      ["a.txt", "image,text,logo\nb", "text"],
      ["a.csv", "u;v\na\tb", "csv"],
      ["a.tsv", "one column\n", "tsv"],
      ["a.tsv.gz", "one column\n", "tsv"],
      ["a.txt", "a\tb\n", "text"],
      ["a", "a\tb\n", "tsv"],
      ["a", "title\na\n", "tsv", { column: "title" }],
      ["a", "a dog\na cat\n", "text"],
      ["a.caps", "", "text"],
      ["a.csv", "", "csv"],
    ];
    for (const [name, content, format, options] of cases) {
      for (const packed of [false, true]) {
        if (packed && format === "parquet") continue;
        const path = `${folder}/${name}`, bytes = bytesOf(content);
        await Deno.writeFile(path, packed ? gzip(bytes) : bytes);
        const found = await recogniseCaptions(path, options);
        const expected = { format, gzipped: packed, empty: bytes.length === 0 };
        assertEquals(found, expected, `${name}: ${String(content).slice(0, 40)}`);
      }
    }
    await Deno.writeTextFile(`${folder}/a.json`, '{"a": 1}');
    assertEquals((await recogniseCaptions(`${folder}/a.json`, { format: "text" })).format, "text");
  }));

Deno.test("recognition: what holds no captions is refused with what to do", () =>
  withFolder(async (folder) => {
    const cases: [string, string | Uint8Array, string][] = [
      ["a.json", JSON.stringify({ a: 1, b: 2 }, null, 1), "one JSON object, not a list of captions"],
      ["a.json", '{"a dog": 3, "a cat": 4}', "freq metaclip"],
      ["a.json", `{"a": "${"x".repeat(2 ** 17)}"`, "freq metaclip"],
      ["a.json", "a dog", "is no JSON"],
      ["a.parquet", "a dog", "is no parquet file"],
      ["a.tar", "a dog", "is no tar archive"],
      ["a.parquet", parquet(["a"]).subarray(0, 90), "no footer"],
      ["a.parquet.gz", gzip(parquet(["a"])), "packed with gzip: unpack it"],
      ["a.tsv", "<!doctype HTML>\n<p>Not found", "is a web page"],
      ["a.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"],
      ["a.zst", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0), "zstd"],
      ["a.zip", "PK\x03\x04 ...", "zip archive"],
    ];
    for (const [name, content, message] of cases) {
      const path = `${folder}/${name}`;
      await Deno.writeFile(path, bytesOf(content));
      const error = await assertRejects(() => openCaptionFile(path), SyntaxError, message);
      assert(error.message.startsWith(path) && !error.message.includes("\n"), error.message);
    }
    await assertRejects(() => openCaptionFile(folder), RangeError, "is no file");
    await assertRejects(() => openCaptionFile(`${folder}/none`), Deno.errors.NotFound);
  }));

Deno.test("reading: whole records are refused where there are none; an aborted reading stops", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.parquet`, arena = captionArena();
    for (const bytes of [parquet(["a", "b"]), bytesOf('["a"]'), tar({ "0.txt": "a" })]) {
      await Deno.writeFile(path, bytes);
      const file = await openCaptionFile(path);
      const read = (options: Parameters<typeof readCaptions>[4]) =>
        readCaptions(file, file.units[0], arena, () => {}, options);
      if (file.format === "parquet") {
        await assertRejects(() => read({ rows: true }), RangeError, "no piece of bytes");
      }
      await assertRejects(() => read({ signal: AbortSignal.abort() }), DOMException);
    }
  }));

Deno.test("inventory: files, globs and folders, sorted and each once", () =>
  withFolder(async (folder) => {
    const put = async (name: string) => {
      await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${folder}/${name}`, name);
    };
    const wanted = ["b.tsv", "c/d/00001.parquet", "c/00000.parquet", "c/10.tar.gz", "c/𐀀.txt", "c/ﬀ.txt"];
    const others = [".hidden.tsv", "c/.git/a.txt", "README.txt", "LICENSE", "notes.md", "c/00000_stats.json"];
    for (const name of [...wanted, ...others, "x.tsv.tmp", "picture.jpg", "pictures/1.jpg"]) await put(name);
    const list = (...patterns: string[]) =>
      listCaptionFiles(patterns.map((pattern) => `${folder}/${pattern}`));
    const below = (names: string[]) => names.map((name) => `${folder}/${name}`);
    const sorted = ["b.tsv", "c/00000.parquet", "c/10.tar.gz", "c/d/00001.parquet", "c/ﬀ.txt", "c/𐀀.txt"];
    assertEquals(await listCaptionFiles([folder]), below(sorted));
    assertEquals(await listCaptionFiles([`${folder}/`]), below(sorted));
    assertEquals(
      await list("c/*.{parquet,txt}", "b.tsv", "b.t?v", "c/[0-9]*.parquet"),
      below([
        ...["b.tsv", "c/00000.parquet", "c/ﬀ.txt", "c/𐀀.txt"],
      ]),
    );
    assertEquals(await list("**/*.parquet"), below(["c/00000.parquet", "c/d/00001.parquet"]));
    assertEquals(await list("picture.jpg", "README.txt"), below(["README.txt", "picture.jpg"]));
    assertEquals(
      await listCaptionFiles([folder], { extension: "parquet" }),
      below(["c/00000.parquet", "c/d/00001.parquet"]),
    );
    assertEquals(await listCaptionFiles([folder], { extension: ".tar" }), below(["c/10.tar.gz"]));
    await Deno.symlink(`${folder}/c`, `${folder}/c/d/circle`);
    await Deno.symlink(`${folder}/b.tsv`, `${folder}/again.tsv`);
    assertEquals(await listCaptionFiles([folder]), below(["again.tsv", ...sorted.slice(1)]));
    for (const nothing of ["none.tsv", "*.csv", "pictures"]) {
      await assertRejects(() => list(nothing), RangeError, `${folder}/${nothing}`);
    }
    await put("c/00000.tar");
    await assertRejects(() => listCaptionFiles([folder]), RangeError, "the same captions twice");
    assertEquals((await listCaptionFiles([folder], { extension: "tar" })).length, 2);
  }));

Deno.test("inventory: a fingerprint changes with size, beginning and end", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a`, seen = new Set<string>();
    for (const length of [0, 1, 2 ** 16, 2 ** 16 + 1, 200_000]) {
      const bytes = new Uint8Array(length);
      await Deno.writeFile(path, bytes);
      await Deno.utime(path, 1000, 1000);
      const first = await fingerprintFile(path);
      assertEquals([first.bytes, first.modified], [length, 1_000_000]);
      assertEquals(await fingerprintFile(path), first);
      seen.add(first.hash);
      for (const place of length ? new Set([0, length - 1]) : []) {
        const changed = bytes.slice();
        changed[place] = 1;
        await Deno.writeFile(path, changed);
        seen.add((await fingerprintFile(path)).hash);
      }
    }
    assertEquals(seen.size, 5 + 1 + 2 + 2 + 2);
  }));

Deno.test("inventory: standard input becomes a file", () =>
  withFolder(async (folder) => {
    const url = new URL("../../data_utils/captions/inventory.ts", import.meta.url);
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `import { spoolStdin } from "${url}"; console.log(await spoolStdin(Deno.args[0]));`,
        `${folder}/in`,
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const bytes = new Uint8Array(3_000_000).map((_, i) => i * i);
    const writer = child.stdin.getWriter();
    await writer.write(bytes);
    await writer.close();
    const path = new TextDecoder().decode((await child.output()).stdout).trim();
    assertEquals(path, `${folder}/in/standard_input`);
    assertEquals(await Deno.readFile(path), bytes);
    assertEquals([...Deno.readDirSync(`${folder}/in`)].length, 1);
  }));

Deno.test("strings: packed into the arena and out again, whatever they hold", async () => {
  const captions = [
    ...madeCaptions(2, 70_000, 0.05),
    "x".repeat(5_000_000),
    "é".repeat(4_000_000),
    "é".repeat(4_200_000),
  ];
  const arena = captionArena(),
    read: (string | null)[] = [],
    decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const tally = await packCaptions(captions, arena, (count) => {
    const spans = arena.spans(), bytes = arena.bytes();
    for (let i = 0; i < count; i++) {
      const at = spans[2 * i], length = spans[2 * i + 1];
      read.push(length === NULL_LENGTH ? null : decoder.decode(bytes.subarray(at, at + length)));
    }
  });
  assertEquals([tally.rows, tally.tooLong], [captions.length, 1]);
  assert(read.every((caption, i) => caption === captions[i]) && read.length === captions.length - 1);
});

Deno.test("every format: captions come out as they went in", () =>
  withFolder(async (folder) => {
    const captions = madeCaptions(6, 2000, 0, /[\r\n]/).map((caption) => caption!.trim() || "-");
    const quoted = (caption: string) => `"${caption.replaceAll('"', '""')}"`;
    const lines = (caption: (text: string) => string, head = "") =>
      head + captions.map(caption).join("\n") + "\n";
    const files: Record<string, string | Uint8Array> = {
      "a.parquet": parquet(captions),
      "a.tsv": lines((caption) => `u\t${quoted(caption)}`, "URL\tTEXT\n"),
      "a.csv": lines((caption) => `${quoted(caption)},1`, "TEXT,number\n"),
      "a.jsonl": lines((caption) => JSON.stringify({ url: "u", TEXT: caption })),
      "a.json": JSON.stringify(captions),
      "a.txt": lines((caption) => caption),
      "a.tar": tar(Object.fromEntries(captions.map((caption, i) => [`${i}.txt`, caption]))),
    };
    for (const [name, content] of Object.entries(files)) {
      const bytes = bytesOf(content);
      await Deno.writeFile(`${folder}/${name}`, bytes);
      if (name !== "a.parquet") await Deno.writeFile(`${folder}/${name}.gz`, gzip(bytes));
      for (const path of name === "a.parquet" ? [name] : [name, `${name}.gz`]) {
        const read = await readWhole(`${folder}/${path}`, {}, 1000);
        assertEquals(read.captions, captions, path);
        assertEquals(await Array.fromAsync(captionStrings(`${folder}/${path}`)), captions, path);
      }
    }
  }));

Deno.test("every format: the caption files there are", async () => {
  if (!present(dataRoot)) return;
  const folder = decodeURIComponent(new URL("captions", dataRoot).pathname),
    rows: Record<string, number> = {};
  for (const path of await listCaptionFiles([folder])) {
    rows[path.slice(folder.length + 1)] = (await readWhole(path)).tally.rows;
  }
  assertEquals(rows, {
    "cc3m_val_part.tsv.gz": 10_000,
    "coco_val2017_captions.jsonl.gz": 25_014,
    "laion_sample/part-00000.parquet": 1000,
    "laion_sample/part-00001.parquet": 3000,
    "laion_sample/part-00002.parquet": 3000,
  });
});
