// All six sources from end to end: metadata files of their published shape, made of real captions where they are beside the
// checkout and of the fault server's URLs, through the program into shards that the loader reads.
import { assertEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import type { Reason } from "../../data_utils/download/outcome.ts";
import { shardSamples, skipTally } from "../../data_utils/mod.ts";
import { makeFrame, textColumn, wholeColumn, writeParquetFrame } from "../../data_utils/tables/mod.ts";
import { dataRoot } from "../data_utils/golden_files.ts";
import { gzip } from "../data_utils/made_files.ts";
import { run } from "../exps/processes.ts";
import { checkOutcomes, outcomesOf, shardsIn } from "./download_outcomes.ts";
import { download, downloadArgs, type Faults, loopback, startFaults } from "./download_runs.ts";
import type { Kind } from "./fault_answers.ts";
import { type FaultRow, faultRow } from "./fault_table.ts";

/** Real captions of Conceptual Captions, or a few that are as odd. */
function captionsFound(): string[] {
  try {
    const table = gunzipSync(Deno.readFileSync(new URL("captions/cc3m_val_part.tsv.gz", dataRoot)));
    return table.toString().split("\n").slice(1, 1001).map((line) => line.split("\t")[0].trim());
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.warn("skipped: real captions of ../shared/data: made ones take their place");
    return ["a dog's life , in pictures", "Straße, 5'10\" wide", "日本の城 🏯", "NA", "100 % wool / nan"];
  }
}

const kinds: Kind[] = ["ok", "png", "404", "redirect", "webp", "zero-bytes", "exif-rotated"];

/** So many rows with captions; of some the source says that they are not asked for. */
function rowsFor(
  { server }: Faults,
  count: number,
  skips: Readonly<Record<number, Reason>> = {},
): FaultRow[] {
  const captions = captionsFound();
  return Array.from({ length: count }, (_, i) => {
    const row = { ...faultRow(server, kinds[i % kinds.length], i), caption: captions[i % captions.length] };
    return i in skips ? { ...row, expected: { reason: skips[i] } } : row;
  });
}

/** Runs a source over its files, and checks every row, and that the loader sees the captions of what succeeded. */
async function downloaded(faults: Faults, source: string, input: string, rows: readonly FaultRow[]) {
  const out = `${faults.folder}/out`,
    flags = ["--source", source, "--host-interval", "0", "--backoff", "0.05"];
  const { code, err } = await download(faults, downloadArgs(faults, input, out, flags));
  assertEquals(code, 0, err);
  await checkOutcomes(out, rows);
  const shards = (await shardsIn(out)).map((name) => `${out}/${name}.tar`);
  const samples = await Array.fromAsync(shardSamples(shards, { skips: skipTally() }));
  const good = rows.filter(({ expected }) => expected.reason === null);
  assertEquals(samples.map(({ caption }) => caption), good.map(({ caption }) => caption));
  return out;
}

function test(source: string, body: (faults: Faults) => Promise<void>): void {
  Deno.test({
    name: `download: ${source} from its published shape to its shards`,
    ignore: !loopback,
    fn: async () => {
      await using faults = await startFaults();
      await body(faults);
    },
  });
}

const tsv = (rows: readonly (readonly string[])[]) => rows.map((fields) => fields.join("\t") + "\n").join("");

for (const source of ["yfcc", "cc12m", "shutterstock"]) {
  test(source, async (faults) => {
    const rows = rowsFor(faults, 230).with(5, { ...faultRow(faults.server, "ok", 5), caption: "" });
    rows[5] = { ...rows[5], expected: { reason: "no_caption" } };
    rows[9] = { ...rows[9], caption: `${rows[9].caption} ohcb01`, expected: { reason: "bad_url" } };
    const input = `${faults.folder}/${source}.tsv`;
    await Deno.writeTextFile(input, tsv(rows.map(({ url, caption }) => [url, caption])));
    await downloaded(faults, source, input, rows);
    assertEquals([faults.server.requests.get("/ok/5"), faults.server.requests.get("/redirect/9")], [
      undefined,
      undefined,
    ]);
  });
}

test("laion", async (faults) => {
  const rows = rowsFor(faults, 230, { 3: "nsfw", 150: "nsfw" });
  const marks = rows.map((_, i) => i === 3 ? "NSFW" : i === 150 ? "UNSURE" : "UNLIKELY");
  await Deno.mkdir(`${faults.folder}/parquet`);
  // shards are runs of rows of one file: the first ends with the first shard
  for (const [file, [from, to]] of [[0, 100], [100, 230]].entries()) {
    const part = rows.slice(from, to);
    const frame = makeFrame({
      SAMPLE_ID: wholeColumn(part.map((_, i) => from + i)),
      URL: textColumn(part.map(({ url }) => url)),
      TEXT: textColumn(part.map(({ caption }) => caption)),
      HEIGHT: wholeColumn(part.map(() => 240)),
      WIDTH: wholeColumn(part.map(() => 320)),
      LICENSE: textColumn(part.map(() => "?")),
      NSFW: textColumn(marks.slice(from, to)),
    });
    using table = await Deno.open(`${faults.folder}/parquet/part-0000${file}.parquet`, {
      ...{ read: true, write: true, create: true },
    });
    await writeParquetFrame(table, frame);
  }
  const out = await downloaded(faults, "laion", `${faults.folder}/parquet`, rows);
  const kept = await outcomesOf(`${out}/00001.parquet`) as unknown as Record<string, unknown>[];
  assertEquals(
    kept.map(({ SAMPLE_ID }) => Number(SAMPLE_ID)),
    Array.from({ length: 100 }, (_, i) => 100 + i),
  );
  assertEquals(kept.map(({ NSFW }) => NSFW), marks.slice(100, 200));
});

const witColumns = [
  ...["language", "page_url", "image_url", "page_title", "section_title", "hierarchical_section_title"],
  ...["caption_reference_description", "caption_attribution_description", "caption_alt_text_description"],
  ...["mime_type", "original_height", "original_width", "is_main_image", "attribution_passes_lang_id"],
  ...["page_changed_recently", "context_page_description", "context_section_description"],
];

test("wit", async (faults) => {
  const rows = rowsFor(faults, 120, { 1: "language", 50: "language" });
  rows[7] = { ...rows[7], caption: "", expected: { reason: "no_caption" } };
  const fields = rows.map(({ url, caption }, i) => {
    const known: Record<string, string> = {
      ...{
        language: i === 1 || i === 50 ? "de" : "en",
        image_url: url,
        caption_reference_description: caption,
      },
      ...{ page_url: "http://en.wiki.example/Page", page_title: "Page", mime_type: "image/jpeg" },
    };
    return witColumns.map((name) => known[name] ?? "");
  });
  const input = `${faults.folder}/wit_v1.train.all-00000-of-00010.tsv.gz`;
  await Deno.writeFile(input, gzip(new TextEncoder().encode(tsv([witColumns, ...fields]))));
  await downloaded(faults, "wit", input, rows);
});

test("redcaps, shuffled,", async (faults) => {
  const rows = rowsFor(faults, 200), { folder } = faults;
  await Deno.mkdir(`${folder}/annotations`);
  for (const [i, name] of ["birds_2019", "cats_2020"].entries()) {
    const annotations = rows.slice(100 * i, 100 * i + 100).map(({ url, caption }) => (
      { image_id: "x", author: "y", url, raw_caption: caption.toUpperCase(), caption, subreddit: name }
    ));
    await Deno.writeTextFile(`${folder}/annotations/${name}.json`, JSON.stringify({ info: {}, annotations }));
  }
  const shuffle = ["redcaps-shuffle", "--input", `${folder}/annotations`, "--out", `${folder}/shuffled`];
  const { code, err } = await run("data_utils/data_cli.ts", shuffle);
  assertEquals(code, 0, err);
  const byUrl = new Map(rows.map((row) => [row.url, row])), shuffled: FaultRow[] = [];
  for (const file of ["shard_000000.json", "shard_000001.json"]) {
    const { annotations } = JSON.parse(await Deno.readTextFile(`${folder}/shuffled/${file}`));
    shuffled.push(...annotations.map(({ url }: { url: string }) => byUrl.get(url)!));
  }
  assertEquals(new Set(shuffled).size, 200);
  await downloaded(faults, "redcaps", `${folder}/shuffled/*.json`, shuffled);
});
