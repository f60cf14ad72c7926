// `data arrange`: only what is on the disk is counted, every other sample is named with its reason, the files are the
// same for any number of workers and after kills, and nothing is written outside of the target.
import { assert, assertEquals } from "@std/assert";
import { decodeImage, encodePng, exitCode, TAR_END, tarEntry } from "../../data_utils/mod.ts";
import { arrangeCommand } from "../../data_utils/curate/shards/arrange_command.ts";
import { encodeJpeg } from "../../data_utils/images/encode_jpeg.ts";
import { readFrame, textAt } from "../../data_utils/tables/mod.ts";
import { hashesBelow, inFolder, madeJpeg, thrownBy, writeMetadata } from "./shards_made.ts";

const encoder = new TextEncoder();

type Member = [name: string, content: string | Uint8Array];

async function writeTar(path: string, members: readonly Member[]): Promise<void> {
  const parts = members.map(([name, content]) =>
    tarEntry(name, typeof content === "string" ? encoder.encode(content) : content)
  );
  await Deno.writeFile(path, new Uint8Array(await new Blob([...parts, TAR_END] as BlobPart[]).arrayBuffer()));
}

const wnids = ["n01440764", "n02112837", "n01443537"];
const rowOf = (i: number) => ({
  index: 100000000 + i * 7,
  wnid: wnids[i % 3],
  TEXT: i === 4 ? null : `caption\t${i} `,
});
const folderOf = (i: number) => ["n01440764", "n02110185", "n01443537"][i % 3];
const fileOf = (i: number) => `${folderOf(i)}/${100000000 + i * 7}.jpg`;
const keyOf = (i: number) => String(i).padStart(9, "0");

/** Metadata of `rows` rows, and shards of `size` with the samples that are not in `without`. */
async function made(
  folder: string,
  rows: number,
  size: number,
  without: readonly number[] = [],
): Promise<string[]> {
  await writeMetadata(`${folder}/meta.parquet`, Array.from({ length: rows }, (_, i) => rowOf(i)));
  for (let shard = 0; shard * size < rows; shard++) {
    const members: Member[] = [];
    for (let i = shard * size; i < Math.min(rows, (shard + 1) * size); i++) {
      if (without.includes(i)) continue;
      members.push([`${keyOf(i)}.jpg`, await madeJpeg(i)], [`${keyOf(i)}.json`, "{}"]);
      members.push([`${keyOf(i)}.txt`, `caption\t${i}`]);
    }
    await writeTar(`${folder}/${String(shard).padStart(5, "0")}.tar`, members);
  }
  return [
    "--dataset-path",
    `${folder}/0*.tar`,
    "--metadata-path",
    `${folder}/meta.parquet`,
    "--shard-size",
    String(size),
  ];
}

const arrange = (...args: string[]) => thrownBy(arrangeCommand, args);
const into = (
  folder: string,
) => ["--target-data-path", `${folder}/images`, "--target-df-path", `${folder}/df.parquet`];

async function failuresOf(path: string): Promise<[string, string][]> {
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n").slice(1);
  return lines.map((line) => [line.split("\t")[0], line.split("\t")[2]]);
}

Deno.test("arrange: images stand under class and id, encoded anew or as they were, and the table has their rows", () =>
  inFolder(async (folder) => {
    const args = await made(folder, 11, 4, [3, 8]);
    assertEquals(await arrange(...args, ...into(`${folder}/a`), "--num-workers", "1"), null);
    assertEquals(await arrange(...args, ...into(`${folder}/b`), "--num_workers", "3"), null);
    assertEquals(await arrange(...args, ...into(`${folder}/c`), "--keep-bytes"), null);
    const present = [0, 1, 2, 4, 5, 6, 7, 9, 10];
    const hashes = await hashesBelow(`${folder}/a/images`);
    assertEquals(Object.keys(hashes), present.map(fileOf).sort());
    assertEquals(await hashesBelow(`${folder}/b/images`), hashes);
    for (const i of present) {
      const original = await madeJpeg(i), stored = await Deno.readFile(`${folder}/a/images/${fileOf(i)}`);
      assertEquals(stored, await encodeJpeg(await decodeImage(original)));
      assertEquals(await Deno.readFile(`${folder}/c/images/${fileOf(i)}`), original);
    }
    const table = await readFrame(`${folder}/a/df_success9.parquet`),
      ids = table.numbers("index"),
      texts = table.text("TEXT");
    assertEquals(table.names, ["index", "wnid", "TEXT"]);
    assertEquals([...ids], present.map((i) => rowOf(i).index));
    assertEquals(present.map((_, r) => textAt(texts, r)), present.map((i) => rowOf(i).TEXT));
    assertEquals(present.map((_, r) => textAt(table.text("wnid"), r)), present.map((i) => rowOf(i).wnid));
    assertEquals(
      await Deno.readFile(`${folder}/a/df_success9.parquet`),
      await Deno.readFile(`${folder}/b/df_success9.parquet`),
    );
    const said = JSON.parse(await Deno.readTextFile(`${folder}/a/df_success9.parquet.provenance.json`));
    assertEquals([said.rows, said.failures, said.rows_in_no_shard, said.classes.total], [9, 0, 2, 9]);
    assertEquals((await Array.fromAsync(Deno.readDir(`${folder}/a`))).map(({ name }) => name).sort(), [
      ...["df_failures.tsv", "df_success9.parquet", "df_success9.parquet.provenance.json", "images"],
    ]);
  }));

Deno.test("arrange: what fails is named with its reason and is not counted", () =>
  inFolder(async (folder) => {
    const args = await made(folder, 20, 10),
      good = await madeJpeg(0, 64),
      text = (i: number): Member => [`${keyOf(i)}.txt`, `caption\t${i}`];
    const png = encodePng({ data: new Uint8Array(12).fill(99), width: 2, height: 2 });
    await writeTar(`${folder}/00000.tar`, [
      [`${keyOf(0)}.jpg`, good.subarray(0, good.length - 100)],
      text(0),
      [`${keyOf(1)}.jpg`, await madeJpeg(1)],
      [`${keyOf(1)}.txt`, "another caption"],
      [`${keyOf(2)}.json`, "{}"],
      [`${keyOf(3)}.png`, png],
      [`${keyOf(3)}.webp`, "never looked at"],
      text(3),
      [`${keyOf(4)}.jpg`, await madeJpeg(4)],
      [`${keyOf(12)}.jpg`, await madeJpeg(12)],
      ["../../../outside.jpg", good],
      ["/tmp/outside.jpg", good],
      [`x/${keyOf(5)}.jpg`, good],
      ["000000005x.jpg", good],
      [`${keyOf(6)}.JPG`, await madeJpeg(6)],
      [`${keyOf(7)}.jpg`, await madeJpeg(7)],
      [`${keyOf(6)}.jpg`, await madeJpeg(6)],
      [`${keyOf(8)}.jpg`, "text"],
    ]);
    const whole = await Deno.readFile(`${folder}/00001.tar`);
    await Deno.writeFile(`${folder}/00001.tar`, whole.subarray(0, 4500));
    const error = await arrange(...args, ...into(`${folder}/out`), "--keep-bytes");
    assert(error !== null);
    assertEquals(exitCode(error), 1);
    const failures = await failuresOf(`${folder}/out/df_failures.tsv`);
    const expected: [string, string][] = [
      ["0", "Cannot decode"],
      ["1", "its caption is not the TEXT of its row"],
      ["2", "no image"],
      ["", "its key is none of this shard's rows 0 to 9"],
      ...Array.from({ length: 4 }, (): [string, string] => ["", "its key is no row number"]),
      ["6", "its key stands twice"],
      ["8", "Cannot decode"],
      ["", `${folder}/00001.tar is cut short`],
    ];
    assertEquals(failures.length, expected.length, JSON.stringify(failures));
    for (const [i, [row, reason]] of expected.entries()) {
      assert(
        failures[i][0] === row && failures[i][1].startsWith(reason),
        `${failures[i]} for ${row} ${reason}`,
      );
    }
    const stored = Object.keys(await hashesBelow(`${folder}/out/images`)), tar = [10, 11].map(fileOf);
    assertEquals(stored.filter((file) => !tar.includes(file)), [3, 4, 6, 7].map(fileOf).sort());
    assertEquals((await readFrame(`${folder}/out/df_success${stored.length}.parquet`)).rows, stored.length);
    const pixels = await decodeImage(await Deno.readFile(`${folder}/out/images/${fileOf(3)}`));
    assert(Math.abs(pixels.pixels[0] - 99) < 3);
    await Deno.stat(`${folder}/outside.jpg`).then(() => assert(false), () => {});
    assertEquals(
      await arrange(...args.with(1, `${folder}/00000.tar`), ...into(`${folder}/any`), "--any-caption").then((
        e,
      ) => e && exitCode(e)),
      1,
    );
    await Deno.stat(`${folder}/any/images/${fileOf(1)}`);
  }));

Deno.test("arrange: a file that is there and whole stays, one that was cut is written again", () =>
  inFolder(async (folder) => {
    const args = await made(folder, 4, 4), place = (i: number) => `${folder}/out/images/${fileOf(i)}`;
    const other = await madeJpeg(99);
    for (const i of [0, 1, 2]) await Deno.mkdir(`${folder}/out/images/${folderOf(i)}`, { recursive: true });
    await Deno.writeFile(place(0), other);
    await Deno.writeFile(place(1), other.subarray(0, 300));
    await Deno.writeFile(place(2), new Uint8Array());
    assertEquals(await arrange(...args, ...into(`${folder}/out`), "--keep-bytes"), null);
    assertEquals(await Deno.readFile(place(0)), other);
    for (const i of [1, 2, 3]) assertEquals(await Deno.readFile(place(i)), await madeJpeg(i));
  }));

Deno.test("arrange: bad input is one line with exit code 2, and nothing is written", () =>
  inFolder(async (folder) => {
    const args = await made(folder, 8, 4);
    const meta = async (name: string, rows: Parameters<typeof writeMetadata>[1]) => {
      await writeMetadata(`${folder}/${name}`, rows);
      return args.with(3, `${folder}/${name}`);
    };
    const rows = Array.from({ length: 8 }, (_, i) => rowOf(i));
    await Deno.copyFile(`${folder}/00000.tar`, `${folder}/first.tar`);
    await Deno.mkdir(`${folder}/more`);
    await Deno.copyFile(`${folder}/00000.tar`, `${folder}/more/00000.tar`);
    const whole = await Deno.readFile(`${folder}/meta.parquet`);
    await Deno.writeFile(`${folder}/cut.parquet`, whole.subarray(0, whole.length - 30));
    await Deno.writeTextFile(`${folder}/bare.tsv`, "index\tTEXT\n1\ta\n");
    const cases: [string[], string][] = [
      [
        await meta("wnid.parquet", rows.with(3, { ...rows[3], wnid: "../../evil" })),
        'row 3 (from 0): the wnid "../../evil"',
      ],
      [
        await meta("twice.parquet", rows.with(3, rows[0])),
        "row 3 (from 0): n01440764/100000000 stands above already",
      ],
      [await meta("negative.parquet", rows.with(2, { ...rows[2], index: -1 })), "-1 is no LAION id"],
      [await meta("short.parquet", rows.slice(0, 4)), "holds rows from 4 on, and the metadata has 4"],
      [args.with(3, `${folder}/cut.parquet`), "cut.parquet"],
      [args.with(3, `${folder}/bare.tsv`), "no column wnid"],
      [[...args, "--index-col", "id"], "no column id"],
      [args.with(1, `${folder}/first.tar`), "no number at the end"],
      [args.with(1, `${folder}/{00000,more/00000}.tar`), "are both shard 0"],
      [args.with(1, `${folder}/{00000..00002}.tar`), "00002.tar"],
      [args.slice(0, 2), "--metadata-path is needed"],
    ];
    for (const [given, said] of cases) {
      const error = await arrange(...given, ...into(`${folder}/out`));
      assert(error !== null && error.message.includes(said), `${said}: ${error?.message}`);
      assertEquals([exitCode(error), error.message.includes("\n")], [2, false], said);
    }
    assertEquals(await arrange(...args, ...into(`${folder}/out`), "--dry-run"), null);
    await Deno.stat(`${folder}/out`).then(() => assert(false), () => {});
  }));

Deno.test("arrange: killed again and again, it ends with the files of a run that was not", () =>
  inFolder(async (folder) => {
    const args = await made(folder, 120, 3, [5, 50]);
    assertEquals(await arrange(...args, ...into(`${folder}/whole`)), null);
    const program = decodeURIComponent(new URL("../../data_utils/data_cli.ts", import.meta.url).pathname),
      records = `${folder}/killed/df.arranging`;
    const recorded = async () => (await Array.fromAsync(Deno.readDir(records)).catch(() => [])).length;
    let kills = 0, resumed = false;
    for (;;) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", program, "arrange", ...args, ...into(`${folder}/killed`)],
        ...{ stdout: "null", stderr: "piped" },
      }).spawn();
      const before = await recorded(), said = new Response(child.stderr).text();
      let ended = false;
      child.status.then(() => ended = true);
      if (kills < 3) {
        while (!ended && (await recorded()) < before + 5) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        assertEquals(ended, false, "it ended before it was killed");
        child.kill("SIGKILL");
        kills++;
      }
      const { code } = await child.status;
      resumed ||= (await said).includes("shards were arranged before");
      if (code === 0) break;
      assertEquals(code, 137);
    }
    assertEquals([kills, resumed], [3, true]);
    const [whole, killed] = [await hashesBelow(`${folder}/whole`), await hashesBelow(`${folder}/killed`)];
    const provenance = "df_success118.parquet.provenance.json";
    assertEquals({ ...killed, [provenance]: "" }, { ...whole, [provenance]: "" });
  }));
