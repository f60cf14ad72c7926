// Shards as they are written: their members, tables and statistics, the same bytes in whatever order rows came, and what
// reads them: our loader, Python's tarfile, our reader of parquet.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { keyOf, placeOfKey } from "../../data_utils/download/shards/keys.ts";
import { memberStem, parseShardName, shardFiles, shardName } from "../../data_utils/download/shards/names.ts";
import { readRowTable } from "../../data_utils/download/shards/row_table.ts";
import { rebuildSizes } from "../../data_utils/download/shards/sizes.ts";
import { finishedShard } from "../../data_utils/download/shards/shard_stats.ts";
import { openShardWriter } from "../../data_utils/download/shards/shard_writer.ts";
import { verifyShard } from "../../data_utils/download/shards/verify.ts";
import { readFrame, shardSamples, skipTally } from "../../data_utils/mod.ts";
import { hashesBelow, inFolder, untar } from "../curate/shards_made.ts";
import {
  failure,
  filesBelow,
  hex,
  madeImage,
  ROWS_PER_SHARD,
  success,
  times,
  writeShard,
} from "./shards_made.ts";

const decoder = new TextDecoder();

const oddCaptions = [
  "nul\0 here",
  "line\nbreak\r\n\ttab",
  "\u{1f30d} 你好 é",
  "\ufeffmark",
  'a "quote" \\',
  "",
  "x".repeat(1e6),
];

const mixed = [
  ...oddCaptions.map((caption, i) => success(i, caption)),
  success(7, "cut \ud83d emoji"),
  success(8, "png", {}, { image: madeImage(8, 600, "png") }),
  success(9, "webp", {}, { image: madeImage(9, 512, "webp") }),
  failure(10, "http_404", { httpStatus: 404 }),
  failure(11, "timeout", { detail: "stalled after 10 bytes" }),
  failure(12, "too_small", { status: "failed_to_resize", httpStatus: 200 }),
  failure(13, "malformed_row", { status: "skipped", url: "", detail: "3 fields of 2" }),
];

Deno.test("shards: keys are img2dataset's, and lead back to their place", () => {
  assertEquals([keyOf(0, 0, 10_000), keyOf(12, 345, 10_000), keyOf(1, 10_000, 10_001)], [
    ...["000000000", "000120345", "0000110000"],
  ]);
  assertEquals([keyOf(7, 0, 1), keyOf(7, 9, 10), keyOf(123_456, 9_999, 10_000)], [
    "00007",
    "000079",
    "1234569999",
  ]);
  for (const [shard, index, rows] of [[0, 0, 1], [3, 0, 1], [5, 999, 1000], [123_456, 10, 11]]) {
    assertEquals(placeOfKey(keyOf(shard, index, rows), rows), { shard, index });
  }
  for (const bad of ["000000500", "abc", "", "1"]) assertThrows(() => placeOfKey(bad, 500), RangeError);
  assertThrows(() => keyOf(0, 10, 10), RangeError);
});

Deno.test("shards: names are read as they are written, and nothing else is a name", () => {
  assertEquals([shardName(3), shardName(123_456), shardName(3, "qnq"), shardName(3, "qnq", "retry2_")], [
    ...["00003", "123456", "shard_000003", "retry2_shard_000003"],
  ]);
  assertEquals(parseShardName("retry12_00007", "webdataset"), { tag: "retry12_", shard: 7 });
  for (const bad of ["7", "000123456", "retry0_00001", "x_00001", "00001.tar", "shard_00001"]) {
    assertEquals(parseShardName(bad, "webdataset"), null, bad);
  }
  assertThrows(() => shardName(1, "webdataset", "mine_"), RangeError);
});

Deno.test("shards: members are those of the successes, in the order of the rows, with their very bytes", () =>
  inFolder(async (folder) => {
    const { files, stats } = await writeShard(folder, mixed);
    const members = untar(await Deno.readFile(files.tar)), names = members.map(([name]) => name);
    assertEquals(names.slice(0, 3), ["000000.jpg", "000000.json", "000000.txt"].map((name) => `0${name}`));
    assertEquals(names, names.toSorted());
    assertEquals(names.length, 30);
    const content = new Map(members);
    for (const { key, caption, image } of mixed.filter(({ status }) => status === "success")) {
      assertEquals(content.get(`${key}.${image!.ending}`), image!.bytes);
      assertEquals(content.get(`${key}.txt`), new TextEncoder().encode(caption));
      const notes = JSON.parse(decoder.decode(content.get(`${key}.json`)));
      assertEquals(notes, {
        ...{ caption: caption.toWellFormed() || null, url: `http://a.example/${Number(key)}.jpg`, key },
        ...{ status: "success", error_message: null, width: image!.width, height: image!.height },
        ...{ original_width: image!.originalWidth, original_height: image!.originalHeight },
        ...{ sha256: image!.sha256, stored_sha256: hex(image!.bytes) },
      });
    }
    assertEquals(stats.status_dict, {
      ...{ success: 10, http_404: 1, malformed_row: 1, timeout: 1, too_small: 1 },
    });
    assertEquals([
      stats.count,
      stats.successes,
      stats.failed_to_download,
      stats.failed_to_resize,
      stats.skipped,
    ], [
      ...[14, 10, 2, 1, 1],
    ]);
    assertEquals(stats.hosts, { "a.example": [10, 0], "b.example:81": [0, 3] });
    assertEquals([stats.duration, stats.start_time, stats.end_time], [11.5, 1_700_000_000.5, 1_700_000_012]);
    for (const { name, bytes, sha256 } of [stats.tar, stats.parquet]) {
      const written = await Deno.readFile(`${folder}/${name}`);
      assertEquals([written.length, hex(written)], [bytes, sha256]);
    }
    assertEquals(JSON.parse(await Deno.readTextFile(files.stats)), JSON.parse(JSON.stringify(stats)));
    assertEquals(await finishedShard(files), stats);
    assertEquals((await verifyShard(files, { rowsPerShard: ROWS_PER_SHARD, rows: 14 })).faults, []);
    assertEquals(await filesBelow(folder), ["00000.parquet", "00000.tar", "00000_stats.json"]);
  }));

Deno.test("shards: a table has a row for each row of the input, with img2dataset's names", () =>
  inFolder(async (folder) => {
    const { files } = await writeShard(folder, mixed, { exif: true }), frame = await readFrame(files.parquet);
    assertEquals(frame.names, [
      ...["url", "caption", "key", "status", "reason", "error_message", "http_status", "width", "height"],
      ...["original_width", "original_height", "exif", "sha256", "stored_sha256"],
    ]);
    const columns = new Map((await readRowTable(files.parquet)).map((column) => [column.name, column]));
    const values = (name: string) => columns.get(name)!.values;
    assertEquals(values("caption").slice(0, 8), [
      ...oddCaptions.map((caption) => caption || null),
      "cut \ufffd emoji",
    ]);
    assertEquals(values("key"), mixed.map(({ key }) => key));
    assertEquals(values("status").slice(9), [
      ...["success", "failed_to_download", "failed_to_download", "failed_to_resize", "skipped"],
    ]);
    assertEquals(values("reason").slice(9), [null, "http_404", "timeout", "too_small", "malformed_row"]);
    assertEquals(values("error_message").slice(9), [
      ...[null, "http_404", "stalled after 10 bytes", "too_small", "3 fields of 2"],
    ]);
    assertEquals(values("http_status").slice(9), [200, 404, null, 200, null]);
    assertEquals(values("width").slice(8), [201, 202, null, null, null, null]);
    assertEquals(values("url")[13], null);
    assertEquals(values("exif").slice(9, 11), ['{"Make": "Ours"}', null]);
    assertEquals(columns.get("width")!.kind, "int32");
  }));

Deno.test("shards: columns of the input keep their kinds, and never take the place of ours", () =>
  inFolder(async (folder) => {
    const results = [
      success(0, "a", {
        id: 5,
        big: 7,
        score: 1,
        safe: true,
        tags: ["x", 1],
        url: "first",
        input_url: "q",
        odd: 1,
      }),
      success(1, "b", { id: 6, big: "9223372036854775807", score: 0.5, safe: null, tags: null, odd: "one" }),
      success(2, "c", { id: null, big: null, score: NaN, safe: false, tags: { deep: [null] }, none: null }),
      success(3, "d", { "__proto__x": "p", "0": "number", odd: "\ud800" }),
    ];
    const { files } = await writeShard(folder, results),
      columns = (await readRowTable(files.parquet)).slice(13);
    const found = Object.fromEntries(columns.map(({ name, kind, values }) => [name, [kind, ...values]]));
    assertEquals(found, {
      id: ["int64", 5n, 6n, null, null],
      big: ["int64", 7n, 9223372036854775807n, null, null],
      score: ["float64", 1, 0.5, null, null],
      safe: ["boolean", true, null, false, null],
      tags: ["text", '["x",1]', null, '{"deep":[null]}', null],
      input_input_url: ["text", "first", null, null, null],
      input_url: ["text", "q", null, null, null],
      odd: ["text", "1", "one", null, "\ufffd"],
      none: ["text", null, null, null, null],
      __proto__x: ["text", null, null, null, "p"],
      "0": ["text", null, null, null, "number"],
    });
    const notes = untar(await Deno.readFile(files.tar)).filter(([name]) => name.endsWith(".json"))
      .map(([, bytes]) => JSON.parse(decoder.decode(bytes)));
    assertEquals([notes[0].url, notes[0].input_input_url, notes[0].input_url], [
      ...["http://a.example/0.jpg", "first", "q"],
    ]);
    assertEquals([notes[0].tags, notes[1].big, notes[2].score, notes[2].tags], [
      ...[["x", 1], "9223372036854775807", null, { deep: [null] }],
    ]);
    assertEquals((await verifyShard(files)).faults, []);
  }));

Deno.test("shards: what the input says of its columns holds, whatever values a shard has of them", () =>
  inFolder(async (folder) => {
    const results = [
      success(0, "a", { whole: 1, half: 2, none: null, flag: null, odd: "x" }),
      success(1, "b", { whole: "9007199254740993", half: null, none: null, flag: null, odd: 1 }),
    ];
    const kinds = {
      whole: "int64",
      half: "float64",
      none: "float64",
      flag: "boolean",
      odd: "int64",
    } as const;
    const { files } = await writeShard(folder, results, { kinds });
    const columns = (await readRowTable(files.parquet)).slice(13);
    assertEquals(Object.fromEntries(columns.map(({ name, kind, values }) => [name, [kind, ...values]])), {
      whole: ["int64", 1n, 9007199254740993n],
      half: ["float64", 2, null],
      none: ["float64", null, null],
      flag: ["boolean", null, null],
      odd: ["text", "x", "1"],
    });
  }));

Deno.test("shards: the same bytes in whatever order the rows come", () =>
  inFolder(async (folder) => {
    // images of three sizes so that the spool is written in several batches and read in several stretches
    const results = Array.from({ length: 60 }, (_, i) =>
      i % 5 === 3
        ? failure(i, "reset")
        : success(i, `c${i}`, { n: i }, { image: madeImage(i, [900, 90_000, 400_000][i % 3]) }));
    const orders = [
      results,
      results.toReversed(),
      results.toSorted((a, b) =>
        a.index * 37 % 60 - b.index * 37 % 60
      ),
    ];
    const hashes = [];
    for (const [i, order] of orders.entries()) {
      await writeShard(`${folder}/${i}`, results, { order });
      hashes.push(await hashesBelow(`${folder}/${i}`));
    }
    assertEquals(Object.keys(hashes[0]).length, 3);
    assertEquals(hashes[1], hashes[0]);
    assertEquals(hashes[2], hashes[0]);
    const files = shardFiles(`${folder}/1`, "webdataset", "00000");
    assertEquals((await verifyShard(files, { rowsPerShard: ROWS_PER_SHARD })).faults, []);
    const head = decoder.decode((await Deno.readFile(files.tar)).subarray(0, 512));
    assertEquals(head.slice(136, 147), "0".repeat(11), "a time in the archive");
  }));

Deno.test("shards: the original's layout has pairs, sizes, and names that follow from the keys", () =>
  inFolder(async (folder) => {
    const first = [success(0), failure(1, "dns"), success(2, "two", { n: 1 })];
    const { files } = await writeShard(folder, first, { layout: "qnq" });
    await Promise.all([3, 1, 2].map((shard) => {
      const results = Array.from({ length: shard }, (_, i) => success(i, "x", {}, { shard }));
      return writeShard(folder, results, { layout: "qnq", shard });
    }));
    await writeShard(folder, [{ ...success(1), index: 0 }], { layout: "qnq", tag: "retry1_" });
    const members = untar(await Deno.readFile(files.tar)).map(([name]) => name);
    const stem = hex("beyond-tail 0000000").slice(0, 32);
    assertEquals(memberStem("0000000", "qnq"), stem);
    assertEquals(members.slice(0, 2), [`${stem}.jpeg`, `${stem}.txt`]);
    assertEquals(members.length, 4);
    assertEquals(await Deno.readTextFile(`${folder}/shards/shard_000000_size.txt`), "2");
    const sizes = {
      ...{ "shard_000000.tar": 2, "shard_000001.tar": 1, "shard_000002.tar": 2, "shard_000003.tar": 3 },
      "retry1_shard_000000.tar": 1,
    };
    const read = async () => JSON.parse(await Deno.readTextFile(`${folder}/shards/sizes.json`));
    assertEquals(Object.entries(await read()), Object.entries(sizes));
    await Deno.writeTextFile(`${folder}/shards/sizes.json`, "{ half");
    await Deno.writeTextFile(`${folder}/shards/shard_000009_size.txt`, "9"); // of a shard without its archive
    assertEquals(await rebuildSizes(folder, "shard_000000"), sizes);
    assertEquals(Object.entries(await read()), Object.entries(sizes));
    for (const name of ["shard_000000", "shard_000003", "retry1_shard_000000"]) {
      const check = await verifyShard(shardFiles(folder, "qnq", name), { rowsPerShard: ROWS_PER_SHARD });
      assertEquals(check.faults, []);
    }
  }));

Deno.test("shards: our loader reads them", () =>
  inFolder(async (folder) => {
    await writeShard(folder, mixed.slice(1, 5).map((result, index) => ({ ...result, index })));
    await writeShard(folder, [failure(0, "dns", { shard: 1 }), success(1, "x", {}, { shard: 1 })], {
      shard: 1,
    });
    const samples = await Array.fromAsync(shardSamples([`${folder}/00000.tar`, `${folder}/00001.tar`], {
      skips: skipTally(),
    }));
    assertEquals(samples.map(({ key, caption }) => [key, caption]), [
      ...mixed.slice(1, 5).map(({ key, caption }) => [key, caption.trim()]),
      ["0000101", "x"],
    ]);
    assertEquals(samples[0].image, mixed[1].image!.bytes);
  }));

const python = await new Deno.Command("python3", { args: ["-c", "import tarfile"] }).output().then(
  ({ success }) => success,
  () => false,
);

Deno.test({
  name: "shards: Python's tarfile reads them (needs python3)",
  ignore: !python,
  fn: () =>
    inFolder(async (folder) => {
      const { files } = await writeShard(folder, mixed);
      const script = `import tarfile, hashlib, json, sys
with tarfile.open(sys.argv[1]) as tar:
    print(json.dumps([[m.name, m.isfile(), hashlib.sha256(tar.extractfile(m).read()).hexdigest()] for m in tar]))`;
      const { stdout } = await new Deno.Command("python3", { args: ["-c", script, files.tar] }).output();
      const expected = untar(await Deno.readFile(files.tar)).map(([name, bytes]) => [name, true, hex(bytes)]);
      assertEquals(JSON.parse(decoder.decode(stdout)), expected);
    }),
});

Deno.test("shards: rows that a shard cannot have are refused, and it is not finished before it has all", () =>
  inFolder(async (folder) => {
    const files = shardFiles(folder, "webdataset", "00000");
    const open = () => openShardWriter({ files, rows: 2, scratch: `${folder}/scratch`, exif: false });
    const writer = await open();
    await writer.add(success(1));
    await assertRejects(() => writer.add(success(1)), Error, "has it already");
    await assertRejects(() => writer.add(success(2)), Error, "cannot have row 2");
    await assertRejects(() => writer.add({ ...success(0), image: null }), Error, "no image");
    await assertRejects(() => writer.finish(times), Error, "1 of its 2 rows are missing");
    await assertRejects(() => writer.add(success(0)), Error, "closed");
    await writer.abandon();
    const other = await open();
    await other.add(success(0));
    await Promise.all([other.abandon(), other.abandon()]);
    await assertRejects(() => other.finish(times), Error, "closed");
    assertEquals(await filesBelow(folder), []);
    assert(await finishedShard(files) === null);
  }));
