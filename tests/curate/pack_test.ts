// `data pack`: archives against a reader of their own and the loader, the same bytes for any number of workers and after
// a kill, and every row that is left out with its reason.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { exitCode, shardSamples, skipTally } from "../../data_utils/mod.ts";
import { packCommand } from "../../data_utils/curate/shards/pack_command.ts";
import { hashesBelow, inFolder, madeJpeg, sha256, thrownBy, untar } from "./shards_made.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Images 0.jpg ... and a table of them with odd captions. */
async function madeTable(folder: string, count: number): Promise<void> {
  const lines = ["filepath\tlabel\tcaption\textra"];
  for (let i = 0; i < count; i++) {
    await Deno.writeFile(`${folder}/${i}.jpg`, await madeJpeg(i));
    lines.push(
      `${i}.jpg\t${i % 3}\t${i === 1 ? '"tab\tand ""quote"""' : i === 2 ? "" : `Straße ${i}`}\te${i}`,
    );
  }
  await Deno.writeTextFile(`${folder}/t.tsv`, lines.join("\n") + "\n");
}

const pack = (...args: string[]) => thrownBy(packCommand, args);

Deno.test("pack: members are the rows', image bytes are untouched, and the loader reads them back", () =>
  inFolder(async (folder) => {
    await madeTable(folder, 7);
    assertEquals(
      await pack("--source", `${folder}/t.tsv`, "--out", `${folder}/out`, "--shard-size", "3"),
      null,
    );
    const samples: [string, string, string | null][] = [];
    for (const shard of [0, 1, 2]) {
      const members = untar(await Deno.readFile(`${folder}/out/0000${shard}.tar`));
      assertEquals(members.map(([name]) => name), members.map(([name]) => name).sort());
      const content = new Map(members);
      for (const [name, bytes] of members.filter(([name]) => name.endsWith(".jpg"))) {
        const key = name.slice(0, -4),
          row = Number(key),
          text = (kind: string) => content.get(`${key}.${kind}`);
        assertEquals([key, Math.floor(row / 3)], [String(row).padStart(9, "0"), shard]);
        assertEquals(bytes, await Deno.readFile(`${folder}/${row}.jpg`));
        const notes = JSON.parse(decoder.decode(text("json")));
        assertEquals([notes.filepath, notes.extra, notes.label], [`${row}.jpg`, `e${row}`, row % 3]);
        samples.push([key, decoder.decode(text("cls")), text("txt") ? decoder.decode(text("txt")) : null]);
      }
    }
    const caption = (i: number) => i === 1 ? 'tab\tand "quote"' : i === 2 ? null : `Straße ${i}`;
    assertEquals(
      samples,
      Array.from({ length: 7 }, (_, i) => [String(i).padStart(9, "0"), String(i % 3), caption(i)]),
    );
    const shards = [0, 1, 2].map((shard) => `${folder}/out/0000${shard}.tar`);
    const read = await Array.fromAsync(shardSamples(shards, { skips: skipTally() }));
    // where there is no .txt the loader takes the caption of .json, which is the empty one
    assertEquals(
      read.map(({ key, label, caption }) => [key, label, caption ?? ""]),
      samples.map(([key, label, text]) => [key, Number(label), text ?? ""]),
    );
    const lines = (await Deno.readTextFile(`${folder}/out/shards.tsv`)).trimEnd().split("\n").slice(1);
    for (const [i, line] of lines.entries()) {
      const bytes = await Deno.readFile(shards[i]);
      assertEquals(line, `0000${i}.tar\t${[3, 3, 1][i]}\t${bytes.length}\t${await sha256(bytes)}`);
    }
    const { rows, classes } = JSON.parse(await Deno.readTextFile(`${folder}/out/shards.tsv.provenance.json`));
    assertEquals([rows, classes.counts], [7, [["0", 3], ["1", 2], ["2", 2]]]);
  }));

Deno.test("pack: headers of archives name no time, owner or machine", () =>
  inFolder(async (folder) => {
    await madeTable(folder, 1);
    await pack("--source", `${folder}/t.tsv`, "--out", `${folder}/out`);
    const head = decoder.decode((await Deno.readFile(`${folder}/out/00000.tar`)).subarray(0, 512));
    assertEquals([head.slice(100, 107), head.slice(108, 115), head.slice(116, 123)], [
      "0000644",
      "0000000",
      "0000000",
    ]);
    assertEquals([head.slice(136, 147), head.slice(265, 345)], ["0".repeat(11), "\0".repeat(80)]);
  }));

Deno.test("pack: the same bytes for any number of workers, and of a folder by its sorted names", () =>
  inFolder(async (folder) => {
    for (
      const [i, name] of ["b/2.jpg", "a/10.jpg", "a/9.JPG", "c/1.jpeg", "a/é.jpg", "a/notes.txt"].entries()
    ) {
      await Deno.mkdir(`${folder}/in/${name[0]}`, { recursive: true });
      await Deno.writeFile(`${folder}/in/${name}`, await madeJpeg(i));
    }
    for (const workers of ["1", "3"]) {
      const out = ["--out", `${folder}/out${workers}`, "--workers", workers, "--shard-size", "2", "--decode"];
      assertEquals(await pack("--source", `${folder}/in/`, ...out), null);
    }
    const [one, three] = [await hashesBelow(`${folder}/out1`), await hashesBelow(`${folder}/out3`)];
    const provenance = "shards.tsv.provenance.json";
    assertEquals({ ...one, [provenance]: "" }, { ...three, [provenance]: "" });
    assertEquals(Object.keys(one), [
      "00000.tar",
      "00001.tar",
      "00002.tar",
      "failures.tsv",
      "shards.tsv",
      provenance,
    ]);
    const notes = [];
    for (const shard of [0, 1, 2]) {
      for (const [name, bytes] of untar(await Deno.readFile(`${folder}/out1/0000${shard}.tar`))) {
        if (name.endsWith(".json")) notes.push(JSON.parse(decoder.decode(bytes)));
      }
    }
    assertEquals(notes.map(({ filepath, label }) => [filepath, label]), [
      ...[["a/10.jpg", 0], ["a/9.JPG", 0], ["a/é.jpg", 0]],
      ...[["b/2.jpg", 1], ["c/1.jpeg", 2]],
    ]);
  }));

Deno.test("pack: rows that fail are listed with their reasons, and their keys stay free", () =>
  inFolder(async (folder) => {
    const good = await madeJpeg(1, 64);
    await Deno.writeFile(`${folder}/good.jpg`, good);
    await Deno.writeFile(`${folder}/cut.jpg`, good.subarray(0, good.length - 200));
    await Deno.writeFile(`${folder}/empty.jpg`, new Uint8Array());
    await Deno.writeTextFile(`${folder}/text.jpg`, "no image at all");
    await Deno.mkdir(`${folder}/folder.jpg`);
    const rows = [
      "good.jpg\t0",
      "cut.jpg\t0",
      "empty.jpg\t0",
      "text.jpg\t0",
      "folder.jpg\t0",
      "gone.jpg\t1",
      "good.jpg\tcat",
      "good.jpg\t-1",
      "good.jpg\t",
    ];
    await Deno.writeTextFile(`${folder}/t.tsv`, `filepath\tlabel\n${rows.join("\n")}\n`);
    const error = await pack("--source", `${folder}/t.tsv`, "--out", `${folder}/out`, "--decode");
    assert(error !== null);
    assertEquals(exitCode(error), 1);
    assertMatch(error.message, /^Left out 7 samples: 1 /);
    const failures = (await Deno.readTextFile(`${folder}/out/failures.tsv`)).trimEnd().split("\n").slice(1)
      .map((line) => line.split("\t"));
    assertEquals(failures.map(([row, , reason]) => [Number(row), reason.replace(/:.*$/, "")]), [
      ...[[1, "Cannot decode the image"], [2, "empty file"], [3, "not a JPEG, PNG or WebP image"]],
      ...[[4, "a folder, not a file"], [5, "missing file"], [6, "label cat is no whole number"], [
        7,
        "label -1 is no whole number",
      ]],
    ]);
    const names = untar(await Deno.readFile(`${folder}/out/00000.tar`)).map(([name]) => name);
    assertEquals(names, [
      "000000000.cls",
      "000000000.jpg",
      "000000000.json",
      "000000008.jpg",
      "000000008.json",
    ]);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/out/shards.tsv.provenance.json`)).rows, 2);
  }));

Deno.test("pack: bad input is refused before anything is written", () =>
  inFolder(async (folder) => {
    await madeTable(folder, 2);
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
    await write("none.tsv", "path\tlabel\na.jpg\t0\n");
    await write("gap.tsv", "filepath\tlabel\n0.jpg\t0\n\t1\n");
    await write("fields.tsv", "filepath\tlabel\n0.jpg\t0\n1.jpg\t0\tx\n");
    await write("list.txt", "0.jpg\n\n1.jpg\n");
    await Deno.mkdir(`${folder}/void`);
    await Deno.mkdir(`${folder}/full`);
    await write("full/9.tar", "");
    const cases: [string[], string][] = [
      [["--source", `${folder}/none.tsv`], "no column filepath"],
      [["--source", `${folder}/gap.tsv`], "row 1 (from 0): filepath is empty"],
      [["--source", `${folder}/fields.tsv`], "line 3"],
      [["--source", `${folder}/list.txt`], "line 2"],
      [["--source", `${folder}/void`], "holds no images"],
      [["--source", folder], "beside folders"],
      [["--source", `${folder}/gone.tsv`], "gone.tsv"],
      [["--source", `${folder}/t.tsv`, "--shard-size", "0"], "below 1"],
      [[], "--source is needed"],
    ];
    for (const [args, said] of cases) {
      const error = await pack(...args, "--out", `${folder}/out`);
      assert(error?.message.includes(said), `${args}: ${error?.message}`);
      assertEquals(exitCode(error), 2, said);
    }
    await Deno.mkdir(`${folder}/mine/.pack`, { recursive: true });
    await write("mine/.pack/letter.txt", "Dear");
    const mine = await pack("--source", `${folder}/t.tsv`, "--out", `${folder}/mine`);
    assert(mine?.message.includes("letter.txt is in it: move it away"), mine?.message);
    assertEquals(await Deno.readTextFile(`${folder}/mine/.pack/letter.txt`), "Dear");
    const full = await pack("--source", `${folder}/t.tsv`, "--out", `${folder}/full`);
    assert(full?.message.includes("holds shards already (9.tar)"));
    assertEquals(await pack("--source", `${folder}/t.tsv`, "--out", `${folder}/out`, "--dry-run"), null);
    await Deno.stat(`${folder}/out`).then(() => assert(false), () => {});
  }));

Deno.test("pack: killed again and again, it ends with the bytes of a run that was not", () =>
  inFolder(async (folder) => {
    await madeTable(folder, 60);
    await Deno.writeTextFile(`${folder}/t.tsv`, encodeAgain(await Deno.readTextFile(`${folder}/t.tsv`), 40));
    const args = ["--source", `${folder}/t.tsv`, "--shard-size", "50", "--decode"];
    assertEquals(await pack(...args, "--out", `${folder}/whole`), null);
    const out = `${folder}/killed`,
      program = decodeURIComponent(new URL("../../data_utils/data_cli.ts", import.meta.url).pathname);
    let kills = 0, resumed = false;
    for (;;) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", program, "pack", ...args, "--out", out, "--workers", "2"],
        ...{ stdout: "null", stderr: "piped" },
      }).spawn();
      const before = await tars(out), said = new Response(child.stderr).text();
      let ended = false;
      child.status.then(() => ended = true);
      if (kills < 3) {
        while (!ended && (await tars(out)) < before + 5) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        assertEquals(ended, false, "it ended before it was killed");
        child.kill("SIGKILL");
        kills++;
      }
      const { code } = await child.status;
      resumed ||= (await said).includes("shards are there already");
      if (code === 0) break;
      assertEquals(code, 137);
    }
    assertEquals([kills, resumed], [3, true]);
    const [whole, again] = [await hashesBelow(`${folder}/whole`), await hashesBelow(out)];
    const provenance = "shards.tsv.provenance.json";
    assertEquals({ ...again, [provenance]: "" }, { ...whole, [provenance]: "" });
    await Deno.mkdir(`${out}2/.pack`, { recursive: true });
    await Deno.writeTextFile(`${out}2/.pack/plan.json`, '{"digest": "other"}');
    const other = await pack(...args, "--out", `${out}2`);
    assert(other?.message.includes("the beginning of another result"));
  }));

/** The rows of a table many times over. */
function encodeAgain(table: string, times: number): string {
  const [head, ...rows] = table.trimEnd().split("\n");
  return [head, ...Array.from({ length: times }, () => rows).flat()].join("\n") + "\n";
}

/** How many finished shards a folder has. */
async function tars(folder: string): Promise<number> {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  return entries.filter(({ name }) => name.endsWith(".tar")).length;
}

Deno.test("pack: classes by name, lists of images, and images inside of archives", () =>
  inFolder(async (folder) => {
    await madeTable(folder, 4);
    await pack("--source", `${folder}/t.tsv`, "--out", `${folder}/first`);
    await Deno.writeFile(`${folder}/names.txt`, encoder.encode("cat\ndog\n"));
    await Deno.writeTextFile(
      `${folder}/inside.tsv`,
      "filepath\tlabel\nfirst/00000.tar/000000003.jpg\tdog\nfirst/00000.tar/7.jpg\tcat\n0.jpg\tcow\n",
    );
    const error = await pack(
      "--source",
      `${folder}/inside.tsv`,
      "--classes",
      `${folder}/names.txt`,
      "--out",
      `${folder}/second`,
    );
    assertEquals(
      (await Deno.readTextFile(`${folder}/second/failures.tsv`)).split("\n").slice(1, 3).map((line) =>
        line.split("\t")[2]
      ),
      [
        "missing member of the archive",
        "label cow is none of --classes",
      ],
    );
    assert(error !== null);
    const members = new Map(untar(await Deno.readFile(`${folder}/second/00000.tar`)));
    assertEquals(members.get("000000000.jpg"), await Deno.readFile(`${folder}/3.jpg`));
    assertEquals(decoder.decode(members.get("000000000.cls")), "1");
    await Deno.mkdir(`${folder}/elsewhere`);
    await Deno.writeTextFile(`${folder}/elsewhere/list.txt`, "2.jpg\r\n1.jpg\r\n");
    assertEquals(
      await pack(
        "--source",
        `${folder}/elsewhere/list.txt`,
        "--image-root",
        folder,
        "--out",
        `${folder}/third`,
      ),
      null,
    );
    const listed = untar(await Deno.readFile(`${folder}/third/00000.tar`));
    assertEquals(listed.map(([name]) => name), [
      "000000000.jpg",
      "000000000.json",
      "000000001.jpg",
      "000000001.json",
    ]);
    assertEquals(listed[0][1], await Deno.readFile(`${folder}/2.jpg`));
  }));
