// `data redcaps-shuffle`: every annotation once and byte for byte, the same order from the same seed, every order equally
// likely, and files that are damaged, odd or already there.
import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { annotationSplitter } from "../../data_utils/download/redcaps_shuffle/annotation_splitter.ts";
import { externalShuffle } from "../../data_utils/download/redcaps_shuffle/external_shuffle.ts";
import { redcapsShuffleCommand } from "../../data_utils/download/redcaps_shuffle/redcaps_shuffle_command.ts";
import { exitCode, Stopped } from "../../data_utils/program/outcome.ts";
import { inFolder } from "../curate/shards_made.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Elements of a text, cut into pieces of so many bytes. */
function split(text: string, piece: number, most = 1000): string[] {
  const bytes = encoder.encode(text), found: string[] = [];
  const splitter = annotationSplitter((annotation) => found.push(decoder.decode(annotation)), most);
  for (let at = 0; at < bytes.length; at += piece) splitter.push(bytes.subarray(at, at + piece));
  splitter.end();
  return found;
}

Deno.test("redcaps-shuffle: annotations come out of arrays and objects byte for byte, in pieces of any size", () => {
  const annotations = [
    '{"a": [1, {"b":"],}\\"\\\\"}]}',
    "{ }",
    '{"annotations": [{"x": 1}]}',
    '{"é":"\\u00e9"}',
  ];
  const list = `[ ${annotations.join(" ,\n")}\t]`;
  const texts = [
    list,
    `\ufeff ${list}\n`,
    `{"annotations": ${list}}`,
    `{"info": {"annotations": [1], "x": ["annotations"]}, "y": "annotations", "annotations" : ${list}, "z": [2]}`,
  ];
  for (const text of texts) {
    for (const piece of [1, 2, 3, 7, 1000]) assertEquals(split(text, piece), annotations, `${piece} ${text}`);
  }
  for (const empty of ["[]", " [ ] ", '{"annotations": []}']) assertEquals(split(empty, 3), []);
});

Deno.test("redcaps-shuffle: what is no whole array of annotations is refused", () => {
  const bad = {
    "": "ends before",
    "[{}": "ends before",
    '{"annotations": [{}]': "ends before",
    '["': "ends before",
    '{"annotation": [{}]}': "no array",
    '{"annotations": {"a": [1]}}': "no array",
    '{"annotations": [{}], "annotations": []}': "a second",
    "[{}] x": "stands behind",
    "x": "no JSON array",
    "[{} }": "closes nothing",
    '{"annotations": [{}}': "closes nothing",
    '{"annotations": []]': "closes nothing",
  };
  for (const [text, message] of Object.entries(bad)) {
    for (const piece of [1, 1000]) assertThrows(() => split(text, piece), SyntaxError, message, text);
  }
  for (const piece of [1, 5, 1000]) {
    assertThrows(
      () => split(`[{}, {"a": "${"x".repeat(50)}"}]`, piece, 20),
      SyntaxError,
      "annotation 2 is longer",
    );
  }
});

/** The order in which records 0 .. count-1 come. */
function orderOf(folder: string, seed: number, count: number, sizes?: Parameters<typeof externalShuffle>[2]) {
  using shuffle = externalShuffle(folder, seed, sizes);
  for (let i = 0; i < count; i++) shuffle.add(Uint8Array.of(i, i >> 8));
  return Array.from(shuffle.shuffled(), ([low, high]) => low + 256 * high);
}

Deno.test("redcaps-shuffle: every order is equally likely, also where buckets are thrown again", () =>
  inFolder((folder) => {
    const counts = new Map<string, number>();
    // A record takes 6 bytes: buckets of one record are shuffled as they are, all others are thrown again.
    const sizes = { buckets: 2, bucketBytes: 6, pageBytes: 8 };
    for (let seed = 0; seed < 1200; seed++) {
      const order = orderOf(folder, seed, 3, seed % 2 === 0 ? sizes : { ...sizes, bucketBytes: 100 }).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assertEquals(counts.size, 6);
    // 200 of each are expected; chi square with 5 degrees of freedom exceeds 20.5 once in a thousand times
    const square = [...counts.values()].reduce((sum, n) => sum + (n - 200) ** 2 / 200, 0);
    assert(square < 20.5, `${square}`);
    assertEquals([...Deno.readDirSync(folder)].length, 0);
    return Promise.resolve();
  }));

Deno.test("redcaps-shuffle: large records, many of them, and small pages lose nothing", () =>
  inFolder((folder) => {
    using shuffle = externalShuffle(folder, 7, { buckets: 3, bucketBytes: 3000, pageBytes: 64 });
    const records = Array.from({ length: 400 }, (_, i) => new Uint8Array(i).fill(i));
    for (const record of records) shuffle.add(record);
    const came = Array.from(shuffle.shuffled(), (record) => record.slice());
    assertNotEquals(came, records);
    assertEquals(came.sort((a, b) => a.length - b.length), records);
    return Promise.resolve();
  }));

Deno.test("redcaps-shuffle: a seed's order is the same for ever", () =>
  inFolder((folder) => {
    const order = [9, 7, 8, 4, 10, 11, 6, 2, 5, 0, 3, 1];
    assertEquals(orderOf(folder, 42, 12), order);
    assertNotEquals(orderOf(folder, 43, 12), order);
    return Promise.resolve();
  }));

/** What the command threw, what it printed, and its exit code. */
async function shuffle(args: string[], signal = new AbortController().signal) {
  const lines: string[] = [], log = console.log;
  console.log = (line: string) => lines.push(line);
  try {
    await redcapsShuffleCommand.run(args, signal);
    return { error: "", code: 0, printed: lines.join("\n") };
  } catch (error) {
    return { error: (error as Error).message, code: exitCode(error), printed: lines.join("\n") };
  } finally {
    console.log = log;
  }
}

async function gzip(text: string): Promise<Uint8Array> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

const annotation = (i: number) =>
  `{"image_id":"${i}", "url" : "https://h/${i}.jpg","caption":"é\\u00e9 \\"${i}\\""}`;
const annotations = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => annotation(from + i)).join(",\n ");

/** Three files of 11 annotations. */
async function madeInput(folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/annotations`);
  await Deno.writeTextFile(`${folder}/annotations/b_2018.json`, `[${annotations(4, 5)}]`);
  const first = `{"info": {"version": 1}, "annotations": [${annotations(0, 4)}]}`;
  await Deno.writeFile(`${folder}/annotations/a_2017.json.gz`, await gzip(first));
  await Deno.writeTextFile(`${folder}/annotations/c_2019.json`, `{"annotations": [${annotations(5, 11)}]}`);
  await Deno.writeTextFile(`${folder}/annotations/readme.txt`, "x");
  return `${folder}/annotations`;
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("redcaps-shuffle: shards hold every annotation once, and are the same on the next day", () =>
  inFolder(async (folder) => {
    const input = await madeInput(folder), out = `${folder}/shuffled`;
    const dry = await shuffle(["--input", input, "--out", out, "--dry-run", "--json"]);
    const { annotations: all, shards, perShard, written } = JSON.parse(dry.printed);
    assertEquals([dry.error, all, shards, perShard, written], ["", 11, 4, 3, false]);
    assertEquals(names(folder), ["annotations"]);

    await Deno.mkdir(out); // empty: may be there
    const done = await shuffle(["--input", `${input}/`, "--out", `${out}/`]);
    assertEquals([done.error, done.code], ["", 0]);
    assertStringIncludes(done.printed, "11 annotations");
    assertEquals(names(folder), ["annotations", "shuffled", "shuffled.provenance.json"]);
    assertEquals(names(out), [0, 1, 2, 3].map((i) => `shard_00000${i}.json`));
    const texts = names(out).map((name) => Deno.readTextFileSync(`${out}/${name}`));
    const found = texts.map((text) => JSON.parse(text).annotations);
    assertEquals(found.map(({ length }) => length), [3, 3, 3, 2]);
    const ids = found.flat().map(({ image_id }) => Number(image_id));
    assertEquals(ids.toSorted((a, b) => a - b), Array.from({ length: 11 }, (_, i) => i));
    for (const [i, text] of texts.entries()) {
      const expected = found[i].map(({ image_id }: { image_id: string }) => annotation(Number(image_id)));
      assertEquals(text, `{"annotations": [${expected.join(", ")}]}\n`);
    }

    // the same annotations in other files, one of them packed differently, are in the same order
    const other = `${folder}/other`;
    await Deno.mkdir(other);
    await Deno.writeTextFile(`${other}/1.json`, `[${annotations(0, 7)}]`);
    await Deno.writeFile(`${other}/2.json.gz`, await gzip(`[${annotations(7, 11)}]`));
    await shuffle(["--input", other, "--out", `${folder}/again`]);
    const again = names(`${folder}/again`).flatMap((name) =>
      JSON.parse(Deno.readTextFileSync(`${folder}/again/${name}`)).annotations
    );
    assertEquals(again, found.flat());
    await shuffle(["--input", other, "--out", `${folder}/seed7`, "--seed", "7"]);
    const seed7 = Deno.readTextFileSync(`${folder}/seed7/shard_000000.json`);
    assertNotEquals(seed7, Deno.readTextFileSync(`${folder}/again/shard_000000.json`));

    const provenance = JSON.parse(Deno.readTextFileSync(`${out}.provenance.json`));
    assertEquals([provenance.seed, provenance.annotations, provenance.inputs.length], [42, 11, 3]);
    const bytes = Deno.readFileSync(`${out}/shard_000003.json`);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    assertEquals(provenance.outputs[3], {
      path: `${out}/shard_000003.json`,
      bytes: bytes.length,
      sha256: hash,
    });
  }));

Deno.test("redcaps-shuffle: fewer annotations than files are one to a shard", () =>
  inFolder(async (folder) => {
    const input = await madeInput(folder);
    for (const name of ["d", "e", "f"]) await Deno.writeTextFile(`${input}/${name}.json`, "[]");
    await Deno.remove(`${input}/c_2019.json`);
    await Deno.remove(`${input}/a_2017.json.gz`);
    const done = await shuffle(["--input", input, "--out", `${folder}/out`]);
    assertEquals([done.error, names(`${folder}/out`)], ["", ["shard_000000.json"]]);
  }));

Deno.test("redcaps-shuffle: bad annotations are refused with file and place, and nothing is left", () =>
  inFolder(async (folder) => {
    const input = await madeInput(folder), bad = `${input}/d.json`;
    const texts = {
      '[{"a": 1}, 3]': "annotation 2 is no object",
      '{"annotations": [null]}': "annotation 1 is no object",
      '[{"a": 1}, {"a": }]': "annotation 2 is no JSON",
      '[{"a": 1},]': "annotation 2 is no JSON",
      "{}": 'no array under "annotations"',
      "[{}": "ends before",
    };
    for (const [text, message] of Object.entries(texts)) {
      await Deno.writeTextFile(bad, text);
      const { error, code } = await shuffle(["--input", input, "--out", `${folder}/out`]);
      assertEquals([code, error.includes("\n"), names(folder)], [2, false, ["annotations"]], error);
      assertStringIncludes(error, bad);
      assertStringIncludes(error, message);
    }
    await Deno.writeFile(bad, Uint8Array.of(...encoder.encode('[{"a":"'), 0xff, ...encoder.encode('"}]')));
    assertStringIncludes((await shuffle(["--input", input, "--out", `${folder}/out`])).error, "no UTF-8");
    await Deno.writeFile(`${bad}.gz`, (await gzip("[{}]")).slice(0, 15));
    assertStringIncludes(
      (await shuffle(["--input", input, "--out", `${folder}/out`])).error,
      "the same twice",
    );
    await Deno.remove(bad);
    const cut = await shuffle(["--input", input, "--out", `${folder}/out`]);
    assertEquals(cut.code, 2);
    assertStringIncludes(cut.error, `${bad}.gz is damaged or cut short`);
  }));

Deno.test("redcaps-shuffle: folders that hold something are left alone", () =>
  inFolder(async (folder) => {
    const input = await madeInput(folder), out = `${folder}/out`;
    assertStringIncludes((await shuffle(["--input", input, "--out", input])).error, "holds files already");
    await Deno.mkdir(`${out}.unfinished/shards`, { recursive: true });
    await Deno.writeTextFile(`${out}.unfinished/thesis.tex`, "x");
    const refused = await shuffle(["--input", input, "--out", out]);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.error, "thesis.tex");
    assertEquals(Deno.readTextFileSync(`${out}.unfinished/thesis.tex`), "x");
    // what a killed run left is cleared away
    await Deno.remove(`${out}.unfinished/thesis.tex`);
    await Deno.writeTextFile(`${out}.unfinished/bucket-3`, "x");
    assertEquals((await shuffle(["--input", input, "--out", out])).error, "");
    assertEquals(names(folder), ["annotations", "out", "out.provenance.json"]);
    assertEquals((await shuffle(["--input", input, "--out", out])).code, 2);
    assertEquals((await shuffle(["--input", `${folder}/none`, "--out", `${folder}/b`])).code, 2);
    await Deno.mkdir(`${folder}/empty`);
    const empty = await shuffle(["--input", `${folder}/empty`, "--out", `${folder}/b`]);
    assertStringIncludes(empty.error, "no file ends in .json");
    assertEquals((await shuffle(["--input", input])).error, "--out is needed; see --help");
  }));

Deno.test("redcaps-shuffle: Ctrl-C leaves nothing behind", () =>
  inFolder(async (folder) => {
    const input = await madeInput(folder), stop = new AbortController();
    stop.abort(new Stopped("Stopped"));
    const { code } = await shuffle(["--input", input, "--out", `${folder}/out`], stop.signal);
    assertEquals([code, names(folder)], [130, ["annotations"]]);
  }));
