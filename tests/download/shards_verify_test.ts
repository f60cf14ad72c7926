// Verifying: each kind of damage is found and named with file and key, and what is whole has no fault.
import { assert, assertEquals } from "@std/assert";
import { memberStem, type ShardFiles } from "../../data_utils/download/shards/names.ts";
import { readRowTable, writeRowTable } from "../../data_utils/download/shards/row_table.ts";
import { verifyFolder } from "../../data_utils/download/shards/verify_folder.ts";
import { verifyShard } from "../../data_utils/download/shards/verify.ts";
import { TAR_END, tarEntry } from "../../data_utils/loader/write_tar.ts";
import { inFolder, untar } from "../curate/shards_made.ts";
import { failure, hex, ROWS_PER_SHARD, success, writeShard } from "./shards_made.ts";

const encoder = new TextEncoder();

/** Changes a file of a shard; `noted` brings its statistics up to date, so that only what is inside is wrong. */
async function change(files: ShardFiles, which: "tar" | "parquet", bytes: Uint8Array, noted: boolean) {
  await Deno.writeFile(files[which], bytes);
  if (!noted) return;
  const stats = JSON.parse(await Deno.readTextFile(files.stats));
  stats[which] = { ...stats[which], bytes: bytes.length, sha256: hex(bytes) };
  await Deno.writeTextFile(files.stats, JSON.stringify(stats));
}

type Member = [string, Uint8Array];

/** Members of an archive, changed. */
const retar = (edit: (members: Member[]) => Member[]) => async (files: ShardFiles) => {
  const entries = edit(untar(await Deno.readFile(files.tar))).map(([name, bytes]) => tarEntry(name, bytes));
  const bytes = new Uint8Array(
    await new Blob([...entries as Uint8Array<ArrayBuffer>[], TAR_END]).arrayBuffer(),
  );
  await change(files, "tar", bytes, true);
};

/** Values of a column, changed. */
const retable = (name: string, edit: (values: unknown[]) => unknown[]) => async (files: ShardFiles) => {
  const columns = await readRowTable(files.parquet), parts: Uint8Array<ArrayBuffer>[] = [];
  const edited = columns.map((column) =>
    column.name === name ? { ...column, values: edit([...column.values]) as typeof column.values } : column
  );
  await writeRowTable((bytes) => Promise.resolve(void parts.push(bytes.slice())), edited);
  await change(files, "parquet", new Uint8Array(await new Blob(parts).arrayBuffer()), true);
};

const flip = (which: "tar" | "parquet", at: (length: number) => number) => async (files: ShardFiles) => {
  const bytes = await Deno.readFile(files[which]);
  bytes[at(bytes.length)] ^= 1;
  await change(files, which, bytes, false);
};

const cut = (which: "tar" | "parquet") => async (files: ShardFiles) =>
  await change(files, which, (await Deno.readFile(files[which])).subarray(0, -600), false);

const key = (index: number) => String(index).padStart(7, "0");

/** What is done to a shard of the rows success, 404, success; and what must be said of it. */
const damages: [string, (files: ShardFiles) => Promise<void>, RegExp[]][] = [
  ["a byte of an image", flip("tar", () => 520), [
    /00000\.tar has other bytes/,
    /key 0000000: .*jpg has other bytes/,
  ]],
  ["a byte of padding", flip("tar", (length) => length - 1), [
    /00000\.tar has other bytes than were written/,
  ]],
  ["an archive cut short", cut("tar"), [/00000\.tar has \d+ bytes, not the/, /is cut short/]],
  ["a table cut short", cut("parquet"), [/00000\.parquet has \d+ bytes, not the/, /00000\.parquet/]],
  ["a byte of the table", flip("parquet", () => 40), [/00000\.parquet has other bytes/]],
  ["no archive", ({ tar }) => Deno.remove(tar), [/00000\.tar is missing/]],
  ["no table", ({ parquet }) => Deno.remove(parquet), [/00000\.parquet is missing/]],
  ["no statistics", ({ stats }) => Deno.remove(stats), [/00000_stats\.json is missing or damaged/]],
  ["statistics that are half", ({ stats }) => Deno.writeTextFile(stats, '{"count": 3'), [
    /is missing or damaged/,
  ]],
  [
    "a caption of another row",
    retar((all) =>
      all.map(([name, bytes]) => [name, name === `${key(2)}.txt` ? encoder.encode("other") : bytes])
    ),
    [/key 0000002: 0000002\.txt is not the caption/],
  ],
  [
    "notes of another row",
    retar((all) => all.map(([name, bytes]) => [name, name === `${key(2)}.json` ? all[1][1] : bytes])),
    [/key 0000002: 0000002\.json says otherwise than the table: caption, url, key/],
  ],
  [
    "notes that are no JSON",
    retar((all) => all.map(([name, bytes]) => [name, name.endsWith("2.json") ? encoder.encode("{") : bytes])),
    [/0000002\.json is no JSON/],
  ],
  ["a member too few", retar((all) => all.slice(1)), [/key 0000000: no image/]],
  ["a sample too few", retar((all) => all.slice(3)), [/key 0000000: no image, no json, no txt/]],
  ["a sample too many", retar((all) => [...all, [`${key(1)}.jpg`, all[0][1]]]), [
    /0000001\.jpg belongs to no success/,
  ]],
  ["two images", retar((all) => [...all, [`${key(0)}.png`, all[0][1]]]), [
    /0000000\.png is one image too many/,
  ]],
  ["a member of another kind", retar((all) => [...all, [`${key(0)}.cls`, all[0][1]]]), [
    /cls belongs to no success/,
  ]],
  ["a key that is not the row's", retable("key", ([a, , c]) => [a, key(7), c]), [
    /row 1 has the key 0000007, not/,
  ]],
  ["a key twice", retable("key", ([a, , c]) => [a, a, c]), [
    /key 0000000 is there twice/,
    /row 1 has the key/,
  ]],
  ["a row without its outcome", retable("status", ([a, b]) => [a, b, null]), [
    /row 2 has no key, status or reason/,
  ]],
  ["an outcome that is none", retable("reason", ([a, , c]) => [a, "bored", c]), [/bored is no reason/]],
  ["another outcome", retable("reason", ([a, , c]) => [a, "dns", c]), [/has the outcomes .*dns/]],
];

Deno.test("verify: every kind of damage is found", () =>
  inFolder(async (folder) => {
    for (const [i, [what, damage, expected]] of damages.entries()) {
      const { files } = await writeShard(`${folder}/${i}`, [success(0), failure(1, "http_404"), success(2)]);
      const verified = async () =>
        (await verifyShard(files, { rowsPerShard: ROWS_PER_SHARD, rows: 3 })).faults;
      assertEquals(await verified(), [], what);
      await damage(files);
      const faults = await verified();
      for (const said of expected) {
        assert(faults.some((fault) => said.test(fault)), `${what}: ${said} in\n${faults.join("\n")}`);
      }
      assertEquals(faults.filter((fault) => fault.includes("\n")), [], "one line each");
    }
  }));

Deno.test("verify: damage to the original's layout is told by the key, which its names do not show", () =>
  inFolder(async (folder) => {
    const { files } = await writeShard(folder, [success(0), failure(1, "dns"), success(2)], {
      layout: "qnq",
    });
    await retar(([image, text, , other]) => [image, [text[0], other[1]], ["00.txt", other[1]]])(files);
    const zero = memberStem(key(0), "qnq");
    assertEquals((await verifyShard(files)).faults, [
      `${files.tar}: key 0000000: ${zero}.txt is not the caption`,
      `${files.tar}: 00.txt belongs to no success of the table`,
      `${files.tar}: key 0000002: no image, no txt`,
    ]);
  }));

Deno.test("verify: rows that are too few, and sizes that are not those of the shard", () =>
  inFolder(async (folder) => {
    const { files } = await writeShard(folder, [success(0), success(1)], { layout: "qnq" });
    assertEquals((await verifyShard(files, { rows: 3 })).faults, [`${files.parquet} has 2 rows, not 3`]);
    await Deno.writeTextFile(files.size!, "7");
    assertEquals((await verifyShard(files)).faults, [`${files.size} says 7, not 2`]);
  }));

Deno.test("verify: a folder has all its shards, and each row is a success once", () =>
  inFolder(async (folder) => {
    for (const shard of [0, 1, 3]) {
      await writeShard(folder, [success(0, "x", {}, { shard }), failure(1, "timeout", { shard })], { shard });
    }
    const again = [0, 1].map((index) => ({ ...success(1, "again", {}, { shard: index }), index }));
    await writeShard(folder, again, { tag: "retry1_" });
    const checked = async (more = {}) =>
      await Array.fromAsync(
        verifyFolder({ out: folder, layout: "webdataset", rowsPerShard: ROWS_PER_SHARD, ...more }),
      );
    const missing = `${folder}/00002.tar is missing: download again`;
    assertEquals(
      (await checked()).map(({ name, rows, successes, faults }) => [name, rows, successes, faults]),
      [
        ...[["00000", 2, 1, []], ["00001", 2, 1, []], ["00002", 0, 0, [missing]], ["00003", 2, 1, []]],
        ["retry1_00000", 2, 2, []],
      ],
    );
    const ours = await checked({ rows: [2, 2, 5, 2], mine: (shard: number) => shard % 2 === 1 });
    assertEquals(ours.flatMap(({ faults }) => faults), []);
    const known = await checked({ rows: [2, 3, 5, 2, 1] });
    assertEquals(known.flatMap(({ faults }) => faults), [
      `${folder}/00001.parquet has 2 rows, not 3`,
      missing,
      `${folder}/00004.tar is missing: download again`,
    ]);
    await writeShard(folder, [{ ...success(1), index: 0 }], { tag: "retry2_" });
    await writeShard(folder, [{ ...success(0), index: 0 }], { tag: "retry3_" });
    assertEquals(
      (await checked({ rows: [2, 2] })).flatMap(({ faults }) => faults).filter((fault) =>
        /success in/.test(fault)
      ),
      [
        `${folder}/00000.parquet: key 0000000 is a success in retry3_00000 too`,
        `${folder}/retry2_00000.parquet: key 0000001 is a success in retry1_00000 too`,
      ],
    );
  }));
