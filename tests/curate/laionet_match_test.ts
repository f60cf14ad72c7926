// `data laionet-match-freq` and `data laionet-assign-wnid` against their rules on plain arrays, and bad input.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parquetReadObjects } from "hyparquet";
import { laionetAssignCommand } from "../../data_utils/curate/laionet/assign_command.ts";
import { laionetMatchCommand, nameOfTable } from "../../data_utils/curate/laionet/match_command.ts";
import { loadCompressors } from "../../data_utils/deps.ts";
import { errorLine, exitCode } from "../../data_utils/program/mod.ts";
import { randomState } from "../../data_utils/random/mod.ts";
import { makeFrame, textColumn, writeParquetFrame } from "../../data_utils/tables/mod.ts";
import { printedBy } from "../concept_freq/printed.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { draws, written } from "../tables/rows.ts";
import {
  madeMetadata,
  madeNames,
  madeRows,
  madeWnids,
  type Row,
  slowCounts,
  slowTsv,
  writeRows,
} from "./laionet_made.ts";

const first = await madeRows(3000, 1);
// The second source has rows of its own, and 600 images of the first under the same or another class.
const second = [
  ...(await madeRows(1500, 2)),
  ...first.slice(0, 600).map((row, i) => i % 3 ? row : { ...row, wnid: madeWnids[i % 30] }),
].map((row, i) => ({ ...row, text: `second ${i}` }));

const canonical = (wnid: string) => wnid === "n02112837" ? "n02110185" : wnid;

/** Spec 2.5 with a seeded stream, without duplicates. */
function slowMatch(targets: readonly number[], seed: number): (Row & { folder: string })[] {
  const random = randomState(seed), chosen: (Row & { folder: string })[] = [];
  const draw = (rows: readonly Row[], wanted: number) =>
    rows.length <= wanted
      ? rows
      : [...random.choice(rows.length, wanted, { replace: false })].map((i) => rows[i]);
  const short = [...targets];
  for (const [rows, folder] of [[first, "laionet"], [second, "laionet-t2t"]] as const) {
    const before = new Set(chosen.map(({ index }) => index));
    madeWnids.forEach((wnid, label) => {
      if (short[label] === 0) return;
      const free = rows.filter((row) => canonical(row.wnid) === wnid && !before.has(row.index));
      const drawn = draw(free, short[label]);
      chosen.push(...drawn.map((row) => ({ ...row, folder })));
      short[label] -= drawn.length;
    });
  }
  return chosen;
}

const targets = madeNames.map((_, label) => [0, 5, 60, 200][label % 4]);

async function withSources(
  body: (run: (...flags: string[]) => Promise<string>, folder: string) => Promise<void>,
) {
  await withFolder(async (folder) => {
    const metadata = await madeMetadata(folder), out = `${folder}/out`;
    await writeRows(`${folder}/first.parquet`, first);
    await writeRows(`${folder}/second.parquet`, second, "__index_level_0__");
    await body(
      (...flags) =>
        printedBy(laionetMatchCommand, [
          ...["--df-path", `${folder}/first.parquet`, "--t2tdf-path", `${folder}/second.parquet`],
          ...["--metadata", metadata, "--out", out, "--freq-out", out, ...flags],
        ]),
      folder,
    );
  });
}

Deno.test("laionet-match-freq: rows of two sources match a frequency table, no image twice, to the byte", async () => {
  await withSources(async (run, folder) => {
    const table = `${folder}/class_frequency_some_imagenet.txt`,
      order = madeNames.map((_, label) => label).reverse();
    await Deno.writeTextFile(
      table,
      order.map((label) => `${madeNames[label]}\t${targets[label]}\n`).join(""),
    );
    for (const seed of [42, 7]) {
      const printed = JSON.parse(await run("--freq", table, "--seed", String(seed), "--json"));
      const rows = slowMatch(targets, seed), path = `${folder}/out/laionet_match_some_${rows.length}.tsv`;
      assertEquals(await Deno.readTextFile(path), slowTsv(rows));
      assertEquals(
        await Deno.readTextFile(`${folder}/out/class_frequency_laionet_match_some_ori.txt`),
        slowCounts(rows),
      );
      assertEquals(new Set(rows.map(({ index }) => index)).size, rows.length);
      const fromSecond = rows.filter(({ folder }) => folder === "laionet-t2t").length;
      assert(fromSecond > 50 && printed.short.length > 5, "the case shows nothing");
      assertEquals([printed.fromSecond, printed.rows], [fromSecond, rows.length]);
      const lacking = targets.flatMap((asked, label) => {
        const there = rows.filter(({ wnid }) => canonical(wnid) === madeWnids[label]).length;
        return asked > there ? [{ name: madeNames[label], asked, there }] : [];
      });
      assertEquals(printed.short, lacking);
      const bytes = await Deno.readFile(path);
      await run("--freq", table, "--seed", String(seed));
      assertEquals(await Deno.readFile(path), bytes);
    }
  });
});

Deno.test("laionet-match-freq: the images of a caption table are counted by wnid", async () => {
  await withSources(async (run, folder) => {
    const images = targets.flatMap((count, label) =>
      Array.from({ length: count }, (_, i) => `${madeWnids[label]}_${i}.JPEG`)
    );
    const frame = makeFrame({ TEXT: textColumn(images.map(() => "a")), ic_index: textColumn(images) });
    await written(`${folder}/captions.parquet`, (file) => writeParquetFrame(file, frame));
    for (const flag of ["--cap-path", "--capdf_path"]) {
      await run(flag, `${folder}/captions.parquet`);
      const rows = slowMatch(targets, 42);
      assertEquals(
        await Deno.readTextFile(`${folder}/out/laionet_match_incaps_${rows.length}.tsv`),
        slowTsv(rows),
      );
      await Deno.remove(`${folder}/out`, { recursive: true });
    }
  });
  assertEquals(nameOfTable("a/class_frequency_incaps_imagenet_ori.txt"), "incaps");
  assertEquals(nameOfTable("class_frequency_laionet_thresh0.75_ori.txt"), "laionet_thresh0.75");
});

Deno.test("laionet-match-freq: bad input is one line, exit code 2, and nothing is written", async () => {
  await withSources(async (run, folder) => {
    const table = `${folder}/t.txt`, lines = madeNames.map((name) => `${name}\t1`);
    const fails = async (said: string, content: string[] = lines, flags = ["--freq", table]) => {
      await Deno.writeTextFile(table, content.join("\n") + "\n");
      const error = await assertRejects(() => run(...flags), Error, said);
      assertEquals([exitCode(error), errorLine(error).includes("\n")], [2, false], said);
      await assertRejects(() => Deno.stat(`${folder}/out`), Deno.errors.NotFound);
    };
    await fails(`line 41: "cat" is none of the 40 classes`, [...lines, "cat\t3"]);
    await fails("line 41:", [...lines, lines[3]]);
    await fails("has no line for class", lines.slice(1));
    await fails("is no name, tab and whole number", [...lines.slice(1), "x\t-1"]);
    await fails("have no row of the classes to match", madeNames.map((name) => `${name}\t0`));
    await fails("One of --freq and --cap-path", lines, []);
    await fails("cannot be part of a file name", lines, ["--freq", table, "--name", "a/b"]);
    const frame = makeFrame({ ic_index: textColumn([`${madeWnids[0]}_1.JPEG`, "n12345678_2.JPEG"]) });
    await written(`${folder}/c.parquet`, (file) => writeParquetFrame(file, frame));
    await fails('row 1 (from 0): "n12345678_2.JPEG" does not begin', lines, [
      "--cap-path",
      `${folder}/c.parquet`,
    ]);
    await writeRows(`${folder}/second.parquet`, [second[0], second[0]]);
    await fails("stands in rows 0 and 1");
  });
});

Deno.test("laionet-assign-wnid: each image gets the class of its most similar caption; all else stays as it is stored", async () => {
  await withFolder(async (folder) => {
    const metadata = await madeMetadata(folder), path = `${folder}/t2t.parquet`, draw = draws(9);
    const rows = (await madeRows(700, 3)).map((row) => ({ ...row, similarity: draw(100) / 100 }));
    await writeRows(path, rows, "__index_level_0__");
    // Each image meets captions of some classes, of one perhaps twice with the smaller similarity last.
    const matches = rows.flatMap(({ index }) =>
      Array.from(
        { length: 1 + draw(6) },
        () => ({ index, wnid: madeWnids[draw(5)], similarity: draw(20) / 20 }),
      )
    ).sort(() => draw(3) - 1);
    const lines = matches.map(({ index, wnid, similarity }, i) =>
      `${wnid}_${i}.JPEG\t${index}\t${similarity}\n`
    );
    await Deno.writeTextFile(`${folder}/top.tsv`, `ic_index\tindex\tsimilarity\n${lines.join("")}`);
    const run = (...flags: string[]) =>
      printedBy(laionetAssignCommand, [
        "--df-path",
        path,
        "--matches",
        `${folder}/top.tsv`,
        "--metadata",
        metadata,
        ...flags,
      ]);
    const objectsOf = async (path: string) =>
      await parquetReadObjects({
        file: (await Deno.readFile(path)).buffer,
        compressors: await loadCompressors(),
      });
    const before = await objectsOf(path), source = await Deno.readFile(path);
    await run("--dry-run");
    await assertRejects(() => Deno.stat(`${folder}/t2t_wnid.parquet`), Deno.errors.NotFound);
    await run();
    const expected = rows.map(({ index }) => {
      const own = matches.filter((match) => match.index === index),
        most = Math.max(...own.map(({ similarity }) => similarity));
      return own.find(({ similarity }) => similarity === most)!.wnid;
    });
    const after = await objectsOf(`${folder}/t2t_wnid.parquet`);
    assertEquals(after, before.map((object, i) => ({ ...object, wnid: expected[i] })));
    assertEquals(await Deno.readFile(path), source);

    const fails = async (said: string, ...flags: string[]) => {
      const error = await assertRejects(() => run("--out", `${folder}/bad.parquet`, ...flags), Error, said);
      assertEquals(exitCode(error), 2);
      await assertRejects(() => Deno.stat(`${folder}/bad.parquet`), Deno.errors.NotFound);
    };
    const put = (text: string) =>
      Deno.writeTextFileSync(`${folder}/top.tsv`, `ic_index\tindex\tsimilarity\n${text}`);
    put(lines.filter((line) => !line.includes(`\t${rows[5].index}\t`)).join(""));
    await fails(`row 5 (from 0): LAION id ${rows[5].index} is in no row of`);
    put(lines.join("") + "n99999999_1.JPEG\t1\t0.5\n");
    await fails(`row ${lines.length} (from 0): "n99999999_1.JPEG" does not begin`);
    put(lines.join("") + `${madeWnids[0]}_1.JPEG\t1\t\n`);
    await fails(`row ${lines.length} (from 0) has no similarity`);
    await fails("has no column sim", "--similarity-col", "sim");
    await Deno.writeFile(path, source.subarray(0, 900));
    await fails("is cut short or no parquet file");
    await Deno.writeFile(path, source);
    put(lines.join(""));
    const overwriting = await assertRejects(() => run("--out", path), RangeError, "is an input");
    assertEquals(exitCode(overwriting), 2);
  });
});
