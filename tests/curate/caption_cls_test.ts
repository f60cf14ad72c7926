// Captions as a classification set: rows, their order and bytes against a slow way of making them, in every format and
// with any room; what is refused; and the program on captions and classes of the study.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { labelCaptions, type LabelOptions } from "../../data_utils/curate/caption_cls/caption_cls.ts";
import { captionClsCommand } from "../../data_utils/curate/caption_cls/caption_cls_command.ts";
import {
  captionStrings,
  loadSynsets,
  makeFrame,
  textColumn,
  writeParquetFrame,
} from "../../data_utils/mod.ts";
import { folderOf, gzip, sharedPath } from "../concept_freq/language_made.ts";
import { printedBy } from "../concept_freq/printed.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { slowRule, tryingCaptions } from "./caption_cls_made.ts";

interface Row {
  readonly filepath: string;
  readonly caption: string | null;
}

const quoted = (text: string) => /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** The table as the rule says it, class by class. */
function slowTable(
  rows: readonly Row[],
  lemmas: readonly (readonly string[])[],
  caseSensitive = false,
): string {
  const lines = lemmas.flatMap((ofClass, label) => {
    const rule = slowRule(ofClass, caseSensitive);
    return rows.filter(({ caption }) => caption !== null && rule.test(caption)).map(({ filepath, caption }) =>
      `${quoted(filepath)}\t${quoted(caption!.replace(/[\t\n\r]/g, " "))}\t${label}\n`
    );
  });
  return `filepath\tcaption\tlabel\n${lines.join("")}`;
}

const lemmas = [["tench"], ["kit fox", "fox"], ["crane"], ["unseen"], ["crane", "R.V."]];
const madeRows: Row[] = tryingCaptions(lemmas.flat(), ["a fox by a crane", "tench", "nothing"], 3000)
  .map((caption, i) => ({ filepath: i % 7 ? `images/${i}.jpg` : `odd\t"${i}"/\u00e9.jpg`, caption }));

const jsonl = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row) + "\n").join("");
const tsv = (rows: readonly Row[]) =>
  "id\tcaption\tfilepath\n" +
  rows.map(({ filepath, caption }, i) => `${i}\t${quoted(caption ?? "")}\t${quoted(filepath)}\n`).join("");
const csv = (rows: readonly Row[]) =>
  "filepath,caption\r\n" +
  rows.map((row) =>
    [row.filepath, row.caption ?? ""].map((text) => `"${text.replaceAll('"', '""')}"`) + "\r\n"
  ).join("");

/** What becomes of a file, as text. */
async function tableOf(
  paths: string | readonly string[],
  options: Partial<LabelOptions> = {},
): Promise<string> {
  const files = typeof paths === "string" ? [paths] : paths,
    folder = files[0].slice(0, files[0].lastIndexOf("/"));
  const every = { column: "caption", pathColumn: "filepath", folder, ...options };
  using labelled = await labelCaptions(files, lemmas, every);
  const out = `${folder}/table.out`;
  using file = await Deno.open(out, { write: true, create: true, truncate: true });
  await labelled.writeTo(file);
  const text = await Deno.readTextFile(out), counts = lemmas.map(() => 0);
  for (const [, label] of text.matchAll(/\t(\d)\n/g)) counts[Number(label)]++;
  assertEquals([...labelled.counts], counts);
  return text;
}

Deno.test("caption-cls: every format gives the table that the rule says", async () => {
  const expected = slowTable(madeRows, lemmas);
  assert(expected.split("\n").length > 1000);
  await using folder = await folderOf({
    "a.jsonl": "\n" + jsonl(madeRows).replaceAll("\n", "\r\n"),
    "a.jsonl.gz": await gzip(jsonl(madeRows)),
    "a.json": JSON.stringify(madeRows, null, 1),
    "a.tsv": tsv(madeRows),
    "a.csv": csv(madeRows),
  });
  const columns = (["caption", "filepath"] as const).map((name) =>
    [name, textColumn(madeRows.map((row) => row[name]))] as const
  );
  using parquet = await Deno.open(`${folder.path}/a.parquet`, { write: true, create: true });
  await writeParquetFrame(parquet, makeFrame(columns));
  for (const name of ["a.jsonl", "a.jsonl.gz", "a.json", "a.tsv", "a.csv", "a.parquet"]) {
    assertEquals(await tableOf(`${folder.path}/${name}`), expected, name);
  }
});

Deno.test("caption-cls: any room gives the same table, and nothing stays on disk", async () => {
  const more = madeRows.map(({ caption }, i) => ({ filepath: `more/${i}`, caption }));
  await using folder = await folderOf({ "a.jsonl": jsonl(madeRows), "b.jsonl": jsonl(more) });
  const files = ["a.jsonl", "b.jsonl"].map((name) => `${folder.path}/${name}`);
  const expected = slowTable([...madeRows, ...more], lemmas);
  for (const room of [10, 1000, 20_000, undefined]) assertEquals(await tableOf(files, { room }), expected);
  const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();
  assertEquals(names, ["a.jsonl", "b.jsonl", "table.out"]);
  await Deno.writeTextFile(files[1], '{"filepath":"x","caption":"fox"}\n{"caption":"fox"}\n');
  await assertRejects(() => tableOf(files, { room: 1000 }), SyntaxError);
  assertEquals(Array.from(Deno.readDirSync(folder.path)).length, 3);
});

Deno.test("caption-cls: captions of pandas' missing words, of bytes that are no UTF-8, very long ones", async () => {
  const bad = new TextEncoder().encode('{"filepath":"bad","caption":"fox ?"}\n').map((byte) =>
    byte === 63 ? 0xff : byte
  );
  const long = `${"x ".repeat(2 ** 19)}fox`;
  await using folder = await folderOf({
    "a.jsonl": jsonl([{ filepath: "null", caption: "null" }, { caption: "no path" }, {
      filepath: "long",
      caption: long,
    }]),
    "b.jsonl": bad,
  });
  const table = await tableOf(["a.jsonl", "b.jsonl"].map((name) => `${folder.path}/${name}`));
  assertEquals(table, `filepath\tcaption\tlabel\nlong\t${long}\t1\nbad\tfox \ufffd\t1\n`);
});

Deno.test("caption-cls: what is malformed is named with its line", async () => {
  const line = '{"filepath":"a","caption":"fox"}\n';
  const refused: [file: string, content: string, words: string][] = [
    ["a.jsonl", `${line}\n{"filepath":"b","caption":\n${line}`, "line 3 is no JSON"],
    ["a.jsonl", `${line}{"filepath":"b","caption":7}\n`, "line 2 has a caption that is no string"],
    ["a.jsonl", `${line}[1]\n`, "line 2 is no JSON object"],
    ["a.jsonl", `${line}{"caption":"fox"}\n`, "row 2 (from 1) has a caption but no filepath"],
    ["a.jsonl", `${line}{"filepath":3,"caption":"fox"}\n`, "row 2 (from 1) has a caption but 3 as filepath"],
    [
      "a.jsonl",
      '{"path":"a","caption":"fox"}\n',
      "has no key filepath, but path, caption: name one with --filepath-col",
    ],
    ["a.jsonl", '"fox"\n"crane"\n', "has no column filepath"],
    ["a.txt", "a fox\na crane\n", "has no column filepath"],
    [
      "a.json",
      `[${line.trim()},{"filepath":"b","caption":[]}]`,
      "element 2 is no object with a string under caption",
    ],
    [
      "a.tsv",
      "filepath\tcaption\na\tfox\nb\tfox\tc\n",
      "the row in line 3 has 3 fields, but the header names 2",
    ],
    ["a.tsv", "filepath\tcaption\na\tfox\nb\n", "the row in line 3 has 1 field, but the header names 2"],
    [
      "a.tsv",
      'filepath\tcaption\r\n\r\na\t"fo\nx"\r\nb\t"f""\to"\r\nc\tfox\t\r\n',
      "the row in line 6 has 3 fields",
    ],
    ["a.tsv", "caption\tfilepath\nfox\ta\nfox\t\n", "row 2 (from 1) has a caption but no filepath"],
    ["a.tsv", "caption\tpath\nfox\ta\n", "--filepath-col"],
    ["a.tsv", 'caption\tfilepath\nfox\ta\n"fox\tb\n', "is never closed"],
    ["a.parquet", "PAR1 cut short", "a.parquet"],
  ];
  for (const [name, content, words] of refused) {
    await using folder = await folderOf({ [name]: content });
    const error = await assertRejects(() => tableOf(`${folder.path}/${name}`), SyntaxError);
    assertStringIncludes(error.message, words);
    assertStringIncludes(error.message, `${folder.path}/${name}`);
  }
});

const metadata = sharedPath("clip-beyond-tail/metadata");

/** Lemmas of ImageNet's classes by label, from a list that is not WordNet's file. */
async function imagenetLemmas(): Promise<string[][]> {
  const infos: { wnid: string; synset: string[] }[] = JSON.parse(
    await Deno.readTextFile(sharedPath("classlists/imagenet_class_info.json")),
  );
  return infos.sort((a, b) => a.wnid < b.wnid ? -1 : 1).map(({ synset }) => synset);
}

const canFetch = async () => present(dataRoot) && await loadSynsets().then(() => true, () => false);

Deno.test({
  name:
    "data caption-cls: captions of the study by ImageNet's classes; the same bytes again; a dry run writes nothing",
  ignore: !await canFetch(),
  fn: async () => {
    const real: string[] = [];
    for (const name of ["coco_val2017_captions.jsonl.gz", "cc3m_val_part.tsv.gz"]) {
      const options = name.includes("tsv") ? { column: "0", header: false } : {};
      for await (const caption of captionStrings(sharedPath(`captions/${name}`), options)) {
        if (caption !== null && real.push(caption) % 1500 === 0) break;
      }
    }
    const classes = await imagenetLemmas();
    const rows = tryingCaptions(classes.flat(), real, 3000, 7).map((caption, i) => ({
      filepath: `${i}.jpg`,
      caption,
    }));
    await using folder = await folderOf({ "yfcc15m.jsonl": jsonl(rows) });
    const file = `${folder.path}/yfcc15m.jsonl`, flags = ["--captions", file, "--metadata", metadata];
    const written = () => Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();

    const dry = JSON.parse(await printedBy(captionClsCommand, [...flags, "--dry-run", "--json"]));
    assertEquals(written(), ["yfcc15m.jsonl"]);
    for (const [caseSensitive, set] of [[false, "yfcc15m_cls"], [true, "yfcc15m_cls_cased"]] as const) {
      await printedBy(captionClsCommand, caseSensitive ? [...flags, "--case-sensitive"] : flags);
      const table = await Deno.readTextFile(`${folder.path}/${set}.tsv`);
      assertEquals(table, slowTable(rows, classes, caseSensitive));
      const text = await Deno.readTextFile(`${folder.path}/class_frequency_${set}_imagenet_ori.txt`);
      const counts = classes.map(() => 0);
      for (const line of table.trimEnd().split("\n").slice(1)) {
        counts[Number(line.slice(line.lastIndexOf("\t") + 1))]++;
      }
      assertEquals(text.trimEnd().split("\n").map((line) => Number(line.split("\t")[1])), counts);
      assert(text.startsWith("tench\t") && text.endsWith("\n"));
      if (caseSensitive) continue;
      assertEquals([dry.rows, dry.classes.counts.map(([, count]: [string, number]) => count)], [
        table.split("\n").length - 2,
        counts,
      ]);
      const provenance = `${folder.path}/${set}.tsv.provenance.json`,
        first = await Deno.readTextFile(provenance);
      assertEquals(JSON.parse(first).inputs[0].path, file);
      await printedBy(captionClsCommand, flags);
      assertEquals(await Deno.readTextFile(`${folder.path}/${set}.tsv`), table);
      assertEquals(await Deno.readTextFile(provenance), first);
    }
  },
});

Deno.test({
  name: "data caption-cls: bad flags, unknown classes and clashes are one line, and nothing is written",
  ignore: !await canFetch(),
  fn: async () => {
    await using folder = await folderOf({
      "yfcc15m.jsonl": '{"filepath":"a","caption":"fox"}\n{"filepath":"b","caption":null}\n',
      "empty.jsonl": "",
      "odd/descriptors/descriptors_imagenet.json": '{"nothing":[]}',
      "odd/descriptors/descriptors_imagenet_synset.json": '{"n00000001":["nothing"]}',
    });
    const file = `${folder.path}/yfcc15m.jsonl`, good = ["--captions", file, "--metadata", metadata];
    const cases: [string[], string][] = [
      [["--metadata", metadata], "--captions is needed"],
      [["--captions", `${folder.path}/none.jsonl`, "--metadata", metadata], "none.jsonl"],
      [["--captions", file, "--metadata", `${folder.path}/odd`], "n00000001 is no noun of WordNet 3.0"],
      [["--captions", file, "--metadata", folder.path], "descriptors_imagenet.json is not there"],
      [[...good, "--out", file], "is an input"],
      [["--captions", `${folder.path}/empty.jsonl`, "--metadata", metadata], "no captions in there"],
      [[...good, "--name", "a/b"], "cannot be part of a file name"],
      [[...good, "--captions", `${folder.path}/empty.jsonl`], "--out is needed"],
      [[...good, "--caption-col", "text"], "has no key text"],
      [[...good, "--wordnet", folder.path], "does not hold data.noun"],
    ];
    for (const [args, words] of cases) {
      const error = await assertRejects(() => printedBy(captionClsCommand, args));
      assert(error instanceof RangeError || error instanceof SyntaxError, `${error}`);
      assertStringIncludes(error.message, words);
    }
    assertEquals(Array.from(Deno.readDirSync(folder.path)).length, 3);
  },
});
