// Files of the published shapes, from the disk through the readers of tables to the rows that are wanted: what a source
// expects of columns is what the readers give.
import { assertEquals, assertRejects } from "@std/assert";
import type { WantedRow } from "../../data_utils/download/row.ts";
import { redcapsShuffleCommand } from "../../data_utils/download/redcaps_shuffle/redcaps_shuffle_command.ts";
import { openRowFile } from "../../data_utils/download/rows/open_row_file.ts";
import type { SourceName } from "../../data_utils/download/sources/source.ts";
import { sources } from "../../data_utils/download/sources/sources.ts";
import { inFolder } from "../curate/shards_made.ts";

const U = "http://h.example/1.jpg", V = "https://h.example/2.jpg";

/** All rows of a file as the source sees them. */
async function rowsOf(source: SourceName, path: string): Promise<WantedRow[]> {
  await using file = await openRowFile(path, sources[source].rows);
  const read = sources[source].reader(file, {}), { places, rows } = await file.survey(1000);
  return places.length === 0 ? [] : (await file.read(places[0], rows)).map(read);
}

const tsv = (...rows: string[][]) => rows.map((row) => row.join("\t") + "\n").join("");
const photo = (url: string, title: string, marker: string) => [
  ...[
    "1",
    "2@N00",
    "me",
    "2012-02-16 09:56:37.0",
    "1331840483",
    "Canon",
    title,
    "Seen+%22there%22",
    "a,b",
    "",
    "",
  ],
  ...[
    "",
    "",
    "http://www.flickr.example/1/",
    url,
    "Attribution License",
    "http://cc.example/",
    "7",
    "8",
    "d",
  ],
  ...["6", "jpg", marker],
];
const witHead = [
  ...["language", "page_url", "image_url", "page_title", "section_title", "hierarchical_section_title"],
  ...["caption_reference_description", "caption_attribution_description", "caption_alt_text_description"],
  ...["mime_type", "original_height", "original_width", "is_main_image", "attribution_passes_lang_id"],
  ...["page_changed_recently", "context_page_description", "context_section_description"],
];
const witRow = (language: string, url: string, caption: string) => [
  ...[
    language,
    "https://w.example/A",
    url,
    "A",
    "",
    "A",
    caption,
    "by me",
    "",
    "image/jpeg",
    "10",
    "20",
    "true",
  ],
  ...["true", "false", "about A", ""],
];

/** Source, name and text of a file, and URL, caption or reason of its rows. */
const cases: readonly [SourceName, string, string, string[][]][] = [
  ["cc12m", "cc12m.tsv", tsv([U, 'a "b'], [V, "NA"]), [[U, 'a "b'], [V, "NA"]]],
  ["cc12m", "cc3m.tsv", tsv(["a dog", U], ["", V]), [[U, "a dog"], [V, "no_caption"]]],
  ["shutterstock", "s.csv", `url,caption,price\n${U},"a, b",3\n${V},,4\n`, [[U, "a, b"], [V, "no_caption"]]],
  ["yfcc", "yfcc15m.tsv", tsv([U, "a+b"], ["x", "c"]), [[U, "a+b"], ["x", "bad_url"]]],
  ["yfcc", "yfcc100m", tsv(photo(U, "A+kite", "0"), photo(V, "B", "1")), [
    [U, 'A kite Seen "there"'],
    [V, "video"],
  ]],
  ["yfcc", "with_line.tsv", tsv(["0", "1", "4e2f7a26", ...photo(U, "A+kite", "0").slice(1)]), [
    [U, 'A kite Seen "there"'],
  ]],
  ["wit", "wit.tsv", tsv(witHead, witRow("en", U, "a"), witRow("de", V, "b"), witRow("en", V, "")), [
    [U, "a"],
    [V, "language"],
    [V, "no_caption"],
  ]],
  ["wit", "wit_part.tsv", tsv(witRow("en", U, "a"), witRow("de", V, "b")), [[U, "a"], [V, "language"]]],
  [
    "laion",
    "laion.jsonl",
    `{"URL":"${U}","TEXT":"a","NSFW":"UNLIKELY"}\n{"URL":"${V}","TEXT":"b","NSFW":"NSFW"}\n`,
    [
      [U, "a"],
      [V, "nsfw"],
    ],
  ],
  ["redcaps", "red.json", `{"info": {}, "annotations": [{"image_id": "x", "url": "${U}", "caption": "a"}]}`, [
    [U, "a"],
  ]],
  ["redcaps", "red_bare.json", `[{"url": "${U}", "caption": "a"}]`, [[U, "a"]]],
  ["redcaps", "none.json", '{"annotations": []}', []],
  ["generic", "urls.txt", `${U}\n\n${V}\n`, [[U, ""], [V, ""]]],
];

Deno.test("source files: published shapes give the rows that are wanted", () =>
  inFolder(async (folder) => {
    for (const [source, name, text, expected] of cases) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
      const rows = await rowsOf(source, `${folder}/${name}`);
      assertEquals(rows.map(({ url, caption, skip }) => [url, skip?.reason ?? caption]), expected, name);
    }
    await Deno.writeTextFile(`${folder}/odd.tsv`, tsv(["a", "b"], ["x", "y"]));
    await assertRejects(
      () => rowsOf("cc12m", `${folder}/odd.tsv`),
      SyntaxError,
      "odd.tsv has no column url, but a, b",
    );
  }));

Deno.test("source files: shards of redcaps-shuffle are read like RedCaps' own files", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/annotations`);
    const made = (i: number) => ({
      image_id: String(i),
      url: `http://h.example/${i}.jpg`,
      caption: `c ${i}`,
    });
    const all = Array.from({ length: 30 }, (_, i) => made(i));
    await Deno.writeTextFile(
      `${folder}/annotations/a.json`,
      JSON.stringify({ annotations: all.slice(0, 10) }),
    );
    await Deno.writeTextFile(`${folder}/annotations/b.json`, JSON.stringify(all.slice(10)));
    const args = ["--input", `${folder}/annotations`, "--out", `${folder}/out`, "--json"], log = console.log;
    console.log = () => {};
    await redcapsShuffleCommand.run(args, new AbortController().signal).finally(() => console.log = log);
    const rows = [
      ...await rowsOf("redcaps", `${folder}/out/shard_000000.json`),
      ...await rowsOf("redcaps", `${folder}/out/shard_000001.json`),
    ];
    const wanted = ({ image_id, url, caption }: typeof all[0]) => ({ url, caption, extra: { image_id } });
    const byUrl = (a: { url: string }, b: { url: string }) => a.url < b.url ? -1 : 1;
    assertEquals(rows.toSorted(byUrl), all.map(wanted).sort(byUrl));
  }));
