// `data laionet-subset` against the rule on plain arrays, and what it says of bad input.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { chooseSubset } from "../../data_utils/curate/laionet/choose_subset.ts";
import { laionetSubsetCommand } from "../../data_utils/curate/laionet/subset_command.ts";
import { errorLine, exitCode } from "../../data_utils/program/mod.ts";
import { printedBy } from "../concept_freq/printed.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { withFolder } from "../data_utils/made_files.ts";
import {
  madeMetadata,
  madeRows,
  madeWnids,
  type Row,
  slowCounts,
  slowSubset,
  slowTsv,
  writeRows,
} from "./laionet_made.ts";

async function filesOf(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder)).catch(() => [])).map(({ name }) => name).sort();
}

async function withTable(
  rows: readonly Row[],
  body: (run: (...flags: string[]) => Promise<string>, out: string, path: string) => Promise<void>,
  idName?: string,
) {
  await withFolder(async (folder) => {
    const metadata = await madeMetadata(folder), out = `${folder}/out`;
    const path = await writeRows(`${folder}/laionet.parquet`, rows, idName);
    const run = (...flags: string[]) =>
      printedBy(laionetSubsetCommand, [
        ...["--df-path", path, "--metadata", metadata, "--out", out, "--freq-out", out],
        ...flags,
      ]);
    await body(run, out, path);
  });
}

const made = await madeRows(6000, 1);

Deno.test("laionet-subset: thresholds, fractions and numbers of rows are the rule's, to the byte", async () => {
  const cases: [string[], Parameters<typeof slowSubset>[1], string, string][] = [
    [[], { thresh: 0.7 }, "thresh0.7", "thresh0.7"],
    [["--thresh", "0.9"], { thresh: 0.9 }, "thresh0.9", "thresh0.9"],
    [["--thresh=-1", "--frac", "1"], { thresh: -1 }, "thresh-1.0", "thresh-1.0"],
    [["--frac", "0.03125"], { thresh: 0.7, frac: 0.03125 }, "thresh0.7_frac0.03125", "thresh0.7_frac0.03125"],
    [["--n", "2000"], { thresh: 0.7, n: 2000 }, "thresh0.7", "thresh0.7_n2000"],
    [
      ["--n", "300", "--seed", "5", "--thresh", "0.8"],
      { thresh: 0.8, n: 300, seed: 5 },
      "thresh0.8",
      "thresh0.8_n300",
    ],
  ];
  await withTable(made, async (run, out) => {
    for (const [flags, rule, name, freq] of cases) {
      await run(...flags);
      const rows = slowSubset(made, rule), tsv = `laionet_${name}_${rows.length}.tsv`;
      const frequencies = `class_frequency_laionet_${freq}_ori.txt`;
      assertEquals(await filesOf(out), [frequencies, tsv, `${tsv}.provenance.json`]);
      assertEquals(await Deno.readTextFile(`${out}/${tsv}`), slowTsv(rows));
      assertEquals(await Deno.readTextFile(`${out}/${frequencies}`), slowCounts(rows));
      const facts = JSON.parse(await Deno.readTextFile(`${out}/${tsv}.provenance.json`));
      assertEquals([facts.rows, facts.seed], [rows.length, rule.seed ?? 42]);
      if (rule.n !== undefined) {
        assertEquals(rows.length, rule.n);
        assert(facts.rescued > 0 && facts.dropped > 0, "the case shows nothing");
      }
      const first = await Deno.readFile(`${out}/${tsv}.provenance.json`);
      await Deno.remove(out, { recursive: true });
      await run(...flags);
      assertEquals(await Deno.readFile(`${out}/${tsv}.provenance.json`), first, "another run, other bytes");
      await Deno.remove(out, { recursive: true });
    }
  });
});

Deno.test("laionet-subset: the tables are those that pandas makes", async () => {
  // SHA-256 of to_csv's bytes, made by the spec's steps in pandas 3.0.6 (sample, drop_duplicates, value_counts).
  const byPandas = {
    "--thresh 0.7": "2ad00949d2d83674a9ec305b8df03adec98f625b48cf7b1f8b6484807a367ed2",
    "--thresh 0.85 --n 60": "0d6e0e6f39ba1c155062931003f9d7e9809177846dacb4848d17195c91b64bbd",
    "--thresh 0.9 --n 50 --seed 7": "e525090361316fedc8a33deceb398a1457e63fccd7bc22834094f492d738c614",
    "--thresh 0.75 --frac 0.125": "61ebb5f22d05ae0846354a6f25c636f3b4af6839908dd423763950e75505b025",
  };
  const rows = Array.from({ length: 400 }, (_, i): Row => {
    const k = i * 37 % 400;
    return {
      index: i * 7919 % 100_003,
      wnid: madeWnids[Math.floor(k * k * k * 36 / 400 ** 3)],
      text: i % 3 === 0 ? `caption ${i}, "x"\t\n` : `caption ${i}`,
      similarity: Math.fround((600 + i * 61 % 400) / 1000),
    };
  });
  await withTable(rows, async (run, out) => {
    for (const [flags, sha256] of Object.entries(byPandas)) {
      const printed = JSON.parse(await run(...flags.split(" "), "--json"));
      assertEquals(printed.outputs[0].sha256, sha256, flags);
      await Deno.remove(out, { recursive: true });
    }
  });
});

Deno.test("laionet-subset: a dry run writes nothing; an index without a name is found, and one of any name by flag", async () => {
  for (const [idName, flags] of [["__index_level_0__", []], ["SAMPLE", ["--index-col", "SAMPLE"]]] as const) {
    await withTable(made, async (run, out) => {
      const printed = JSON.parse(await run("--n", "500", "--dry-run", "--json", ...flags));
      assertEquals(await filesOf(out), []);
      assertEquals([printed.rows, printed.written, printed.classes.zeros], [500, false, 3]);
      assertEquals(printed.outputs[0].path, `${out}/laionet_thresh0.7_500.tsv`);
    }, idName);
  }
});

Deno.test("laionet-subset: of classes of one size the one drawn first is among the ten largest", () => {
  // Twelve classes of three rows each and one of which no row is above the threshold, which pushes one row out.
  for (let seed = 0; seed < 40; seed++) {
    const rows: Row[] = Array.from({ length: 37 }, (_, i) => {
      return { index: i, wnid: madeWnids[i === 36 ? 12 : i % 12], text: "", similarity: i === 36 ? 0 : 0.9 };
    });
    const labels = Int32Array.from(rows, ({ wnid }) => madeWnids.indexOf(wnid));
    const similarity = Float32Array.from(rows, ({ similarity }) => similarity);
    const { rows: chosen } = chooseSubset({ similarity, labels, classes: 40 }, {
      threshold: 0.7,
      count: 36,
      seed,
    });
    assertEquals([...chosen], slowSubset(rows, { thresh: 0.7, n: 36, seed }).map(({ index }) => index));
  }
});

Deno.test("laionet-subset: bad input is one line, exit code 2, and nothing is written", async () => {
  const fails = (rows: readonly Row[], flags: string[], said: string) =>
    withTable(rows, async (run, out) => {
      const error = await assertRejects(() => run(...flags), Error, said);
      assertEquals([exitCode(error), errorLine(error).includes("\n")], [2, false]);
      assertEquals(await filesOf(out), []);
    });
  const few = made.slice(0, 50),
    changed = (change: Partial<Row>) => few.map((row, i) => i === 7 ? { ...row, ...change } : row);
  await fails(few, ["--thresh", "1.5"], "--thresh 1.5 is above 1");
  await fails(few, ["--thresh=-1.01"], "--thresh -1.01 is below -1");
  await fails(few, ["--frac", "0"], "--frac 0 would keep no rows");
  await fails(few, ["--frac", "1.2"], "--frac 1.2 is above 1");
  await fails(few, ["--n", "2", "--frac", "0.5"], "--n and --frac cannot go together");
  await fails(few, ["--n", "0"], "--n 0 is below 1");
  await fails(few, ["--n", "51"], "--n 51 is more than the");
  await fails(few, ["--similarity-col", "sim"], "has no column sim, but URL, TEXT, wnid");
  await fails(few, ["--similarity-col", "URL"], "column URL holds text, not numbers");
  await fails(changed({ index: few[3].index }), [], `the index ${few[3].index} stands in rows 3 and 7`);
  await fails(changed({ index: -4 }), [], "row 7: the index -4 is no LAION id");
  await fails(
    changed({ wnid: "n99999999" }),
    [],
    'row 7 (from 0): the wnid "n99999999" is none of the 40 classes',
  );
  await fails([], [], "has no rows");
  // Forty rows of as many classes below the threshold, and one above: 39 would have to go, but ten classes have ten.
  const spread = madeWnids.map((wnid, i) => ({ index: i, wnid, text: "", similarity: i === 0 ? 0.9 : 0.1 }));
  await fails(
    spread,
    ["--n", "1"],
    "39 rows more than --n would have to be left out, but the ten largest classes have only 10",
  );
  await withTable(few, async (run, out, path) => {
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.subarray(0, bytes.length - 100));
    assertEquals(
      exitCode(await assertRejects(() => run(), SyntaxError, "is cut short or no parquet file")),
      2,
    );
    await Deno.writeTextFile(path, "index\twnid\tTEXT\ttext_to_name_def_wnid_similarity\n1\tn01000000\n");
    await Deno.rename(path, path.replace("parquet", "tsv"));
    const tsv = ["--df-path", path.replace("parquet", "tsv")],
      metadata = ["--metadata", path.replace("laionet.parquet", "metadata")];
    const error = await assertRejects(
      () => printedBy(laionetSubsetCommand, [...tsv, ...metadata, "--out", out]),
      SyntaxError,
    );
    assert(error.message.includes("the row in line 2 has 2 fields, but the header names 4"), error.message);
    assertEquals(await filesOf(out), []);
  });
});

Deno.test({
  name:
    "laionet-subset: parts of a table with the published counts have as many rows as published, and every class it has",
  ignore: !present(dataRoot),
  async fn() {
    const read = async (name: string) =>
      (await Deno.readTextFile(
        new URL(`clip-beyond-tail/metadata/freqs/class_frequency_laionet_${name}_ori.txt`, dataRoot),
      ))
        .trimEnd().split("\n").map((line) => Number(line.split("\t")[1]));
    const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0), whole = await read("thresh0.7");
    // A table of that size and those classes, of which a part is drawn: as many rows, at least one of each class.
    const labels = Int32Array.from({ length: sum(whole) }),
      similarity = new Float32Array(labels.length).fill(0.8);
    let at = 0;
    whole.forEach((count, label) => labels.fill(label, at, at += count));
    for (const part of [0.5, 0.03125]) {
      const { rows, rescued } = chooseSubset({ similarity, labels, classes: 1000 }, {
        threshold: 0.7,
        part,
        seed: 42,
      });
      const published = await read(`thresh0.7_frac${part}`),
        kept = new Set(Array.from(rows, (row) => labels[row]));
      assertEquals(published.map((count) => count > 0), whole.map((_, label) => kept.has(label)));
      // Which classes need a row of their own depends on the order of the rows, which only the real table has.
      const drawn = rows.length - rescued;
      assert(sum(published) >= drawn && sum(published) < drawn + 100, `${sum(published)} of ${drawn}`);
    }
  },
});
