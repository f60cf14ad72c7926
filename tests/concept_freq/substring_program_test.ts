// `freq substring` as a whole: entries in each form, its tables, shards that are merged, and all captions beside the
// checkout.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { captionStrings } from "../../data_utils/mod.ts";
import { mergeCommand } from "../../concept_freq/commands/merge_command.ts";
import { substringCommand } from "../../concept_freq/commands/substring_command.ts";
import { readEntryCounts, readEntryFile } from "../../concept_freq/substring/entry_file.ts";
import { entryText, packEntries } from "../../concept_freq/substring/entry_list.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { printedBy } from "./printed.ts";
import { countsOf, oddCase } from "./substring_rule.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The entries that a file of this text gives. */
async function entriesOf(text: string | Uint8Array, name = "entries.json"): Promise<string[]> {
  let entries: string[] = [];
  await inFolder(async (folder) => {
    await Deno.writeFile(
      `${folder}/${name}`,
      typeof text === "string" ? new TextEncoder().encode(text) : text,
    );
    const list = await readEntryFile(`${folder}/${name}`);
    entries = Array.from(list.ends, (_, i) => entryText(list, i));
  });
  return entries;
}

const escaped = (entry: string) =>
  entry.replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n").replaceAll("\r", "\\r");

Deno.test("entries: JSON arrays, objects of counts, and lines", async () => {
  assertEquals(await entriesOf('["a", "b c","", "d\\"\\u00e9\\n", "日\\\\", "a"]'), [
    "a",
    "b c",
    "",
    'd"é\n',
    "日\\",
    "a",
  ]);
  assertEquals(await entriesOf('\ufeff \n{"a": 1,"b c" :2.5e3 , "\\ud835\\udcb3":-0}\n'), ["a", "b c", "𝒳"]);
  assertEquals(await entriesOf("a\r\n\n  \n b \nc", "entries"), ["a", " b ", "c"]);
  assertEquals(await entriesOf('["a"]\n{', "entries.TXT"), ['["a"]', "{"]);
  for (const { entries } of [1, 2, 3].map((seed) => oddCase(seed))) {
    assertEquals(await entriesOf(JSON.stringify(entries)), entries);
    assertEquals(await entriesOf(JSON.stringify(entries, null, 1)), entries);
    const object = Object.fromEntries(entries.map((entry, i) => [entry, i]));
    assertEquals(await entriesOf(JSON.stringify(object)), Object.keys(object));
  }
});

Deno.test("entries: JSON that is no list of entries, named by the byte", async () => {
  const good = '["a", {"b": 1}, 2]',
    broken: [string, string][] = [
      ["[]", "holds no entry"],
      ["", "holds no entry"],
      ['["a", 1]', "byte 7: a string"],
      ['["a" "b"]', "byte 6: a comma"],
      ['["a",]', "byte 6: another entry"],
      ['["a"', "cut short"],
      ['["a', "cut short"],
      ['["a\\"', "cut short"],
      ['{"a": 1', "cut short"],
      ['{"a"', "cut short"],
      ['{"a": x}', "byte 7: a number"],
      ['{"a" 1}', "byte 6: a colon"],
      ['["a\\x"]', "byte 3: a string with valid escapes"],
      ['["a\nb"]', "byte 4: no control character"],
      ['["a"] ["b"]', "byte 7: the end"],
      [good, "byte 7: a string"],
    ];
  for (const [text, message] of broken) {
    await assertRejects(() => entriesOf(text), SyntaxError, message, text);
  }
});

Deno.test("entries: counts of a file by entry, in any order", () =>
  inFolder(async (folder) => {
    const path = `${folder}/counts.json`, list = packEntries(["b", "a", "b"]);
    const counts = async (text: string) => {
      await Deno.writeTextFile(path, text);
      return [...await readEntryCounts(path, list)];
    };
    assertEquals(await counts('{"a": 3, "c": 1, "b": 5}'), [5, 3, 5]);
    await assertRejects(() => counts('{"a": 3}'), RangeError, 'no count of "b"');
    await assertRejects(() => counts('{"a": 3, "b": -1}'), RangeError, "-1 of");
    await assertRejects(() => counts('["a"]'), SyntaxError, "holds no counts");
  }));

Deno.test("freq substring: both tables, with tabs, quotes and repeated entries; three shards merge to the same", () =>
  inFolder(async (folder) => {
    const { entries: odd, captions } = oddCase(77, 200), out = `${folder}/out`;
    const entries = [...odd, odd[3], "back\\slash", odd[0]],
      more = captions.map((caption) => caption ?? "a\tb");
    await Deno.writeTextFile(`${folder}/entries.json`, JSON.stringify(entries));
    for (let i = 0; i < 5; i++) {
      await Deno.writeTextFile(
        `${folder}/${i}.jsonl`,
        more.slice(40 * i, 40 * i + 40).map((TEXT) => JSON.stringify({ TEXT })).join("\n"),
      );
    }
    const args = ["--entries", `${folder}/entries.json`, "--captions", `${folder}/?.jsonl`, "--name", "made"];
    const run = (folder: string, ...flags: string[]) =>
      printedBy(substringCommand, [...args, "--out", folder, ...flags]);
    assertEquals(
      await run(out, "--workers", "2"),
      `${out}/entry_frequency_made.txt ${out}/entry_counts_made.json\n`,
    );
    const counts = countsOf(more, entries),
      order = entries.map((_, i) => i).sort((a, b) => counts[b] - counts[a] || a - b);
    const table = await Deno.readTextFile(`${out}/entry_frequency_made.txt`);
    assertEquals(table, order.map((i) => `${escaped(entries[i])}\t${counts[i]}\n`).join(""));
    const json = await Deno.readTextFile(`${out}/entry_counts_made.json`);
    assertEquals(
      json,
      `{\n${
        odd.concat("back\\slash").map((entry) =>
          `${JSON.stringify(entry)}: ${counts[entries.indexOf(entry)]}`
        ).join(",\n")
      }\n}\n`,
    );
    assert(Math.max(...counts) > 20);

    const parts = [1, 2, 3].map((i) => `${folder}/part-${i}`);
    for (const [i, part] of parts.entries()) await run(part, "--shard", `${i + 1}/3`);
    await printedBy(mergeCommand, ["--out", `${folder}/merged`, ...parts]);
    for (const name of ["entry_frequency_made.txt", "entry_counts_made.json"]) {
      assertEquals(
        await Deno.readTextFile(`${folder}/merged/${name}`),
        await Deno.readTextFile(`${out}/${name}`),
      );
    }
  }));

Deno.test({
  name: "freq substring: all captions beside the checkout with ImageNet's class names and common words",
  ignore: !present(dataRoot),
  async fn() {
    const source = new URL("clip-beyond-tail/metadata/descriptors/descriptors_imagenet.json", dataRoot);
    const entries = [
      ...Object.keys(JSON.parse(await Deno.readTextFile(source))),
      "a",
      "the",
      "in front of",
      ".",
      ", and",
    ];
    await inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/entries.txt`, entries.join("\n"));
      const folders = decodeURIComponent(new URL("captions", dataRoot).pathname);
      const args = [
        "--entries",
        `${folder}/entries.txt`,
        "--captions",
        folders,
        "--out",
        folder,
        "--name",
        "all",
      ];
      const { rows } = JSON.parse(await printedBy(substringCommand, [...args, "--json"]));
      const captions: (string | null)[] = [];
      for (
        const name of [
          "cc3m_val_part.tsv.gz",
          "coco_val2017_captions.jsonl.gz",
          "laion_sample/part-00000.parquet",
          "laion_sample/part-00001.parquet",
          "laion_sample/part-00002.parquet",
        ]
      ) {
        for await (const caption of captionStrings(`${folders}/${name}`)) captions.push(caption);
      }
      assertEquals(rows, captions.length);
      const counts = JSON.parse(await Deno.readTextFile(`${folder}/entry_counts_all.json`));
      const expected = countsOf(captions, entries);
      assertEquals(counts, Object.fromEntries(entries.map((entry, i) => [entry, expected[i]])));
      assert(expected.filter((count) => count > 0).length > 100);
    });
  },
});
