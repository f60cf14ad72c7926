// `data incaps-subset` and `data incaps-trim-tail` against their rules on plain arrays and the published frequency tables,
// and what they say of bad input.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { drawClasses, drawRows, rowsOfClasses } from "../../data_utils/curate/incaps/subset.ts";
import { incapsSubsetCommand } from "../../data_utils/curate/incaps/subset_command.ts";
import { incapsTrimTailCommand } from "../../data_utils/curate/incaps/trim_tail_command.ts";
import { readFrequencyTable } from "../../data_utils/metadata/mod.ts";
import { type Command, errorLine, exitCode } from "../../data_utils/program/mod.ts";
import { textColumn } from "../../data_utils/tables/mod.ts";
import { randomState } from "../../data_utils/random/mod.ts";
import { printedBy } from "../concept_freq/printed.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { withFolder } from "../data_utils/made_files.ts";
import {
  in100,
  madeItems,
  madeMetadata,
  names,
  type Row,
  slowCounts,
  slowDraw,
  slowTrim,
  slowTsv,
  slowVariant,
  wnids,
} from "./incaps_made.ts";

const items = await madeItems(2500, 21);
const rows = slowVariant(items, "../a", { title: true, tags: true, templates: ["{}"] });

const filesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder)).catch(() => [])).map(({ name }) => name).sort();

interface Place {
  run(...flags: string[]): Promise<string>;
  folder: string;
  table: string;
}

async function withTable(
  command: Command,
  content: string,
  body: (place: Place) => Promise<void>,
  name?: string,
) {
  await withFolder(async (folder) => {
    const metadata = await madeMetadata(folder),
      table = `${folder}/incaps data/${name ?? "incaps_title_cname_77.tsv"}`;
    await Deno.mkdir(`${folder}/incaps data`);
    await Deno.writeTextFile(table, content);
    const run = (...flags: string[]) =>
      printedBy(command, ["--df-path", table, "--metadata", metadata, ...flags]);
    await body({ run, folder, table });
  });
}

const header4 = ["filepath", "label", "caption", "label_ori"];

function slowClasses(
  all: readonly Row[],
  kept: readonly number[],
): (readonly [string, number, string, number])[] {
  return all.filter(([, label]) => kept.includes(label))
    .map(([path, label, caption]) => [path, kept.indexOf(label), caption, label] as const);
}

Deno.test("incaps-subset: classes, rows and both are the rule's, to the byte, twice alike", async () => {
  const three = [...randomState(42).permutation(wnids.length).subarray(0, 3)].sort((a, b) => a - b);
  const of100 = slowClasses(rows, in100), n100 = of100.length;
  const both = slowDraw(rows.filter(([, label]) => in100.includes(label)), 40, 5);
  const cases: [string[], string, readonly (readonly (string | number)[])[], number[] | null, string][] = [
    [["--n", "700"], "incaps_title_cname_700", slowDraw(rows, 700, 42), null, "incaps_n700"],
    [["--n", "2", "--seed", "9"], "incaps_title_cname_2", slowDraw(rows, 2, 9), null, "incaps_n2"],
    [
      ["--n", `${rows.length}`],
      `incaps_title_cname_${rows.length}`,
      slowDraw(rows, rows.length, 42),
      null,
      `incaps_n${rows.length}`,
    ],
    [["--k", "3"], "in3caps_title_cname_77", slowClasses(rows, three), three, "in3caps"],
    [
      ["--k", "14"],
      "in14caps_title_cname_77",
      slowClasses(rows, wnids.map((_, i) => i)),
      wnids.map((_, i) => i),
      "in14caps",
    ],
    [["--use_in100"], "in4caps_title_cname_77", of100, in100, "in4caps"],
    [
      ["--use-in100", "--n", "40", "--seed", "5"],
      "in4caps_title_cname_40",
      slowClasses(both, in100),
      in100,
      "in4caps_n40",
    ],
  ];
  assert(n100 > 40);
  await withTable(incapsSubsetCommand, slowTsv(rows), async ({ run, folder, table }) => {
    for (const [flags, name, want, kept, freq] of cases) {
      const out = `${folder}/incaps data/${name}.tsv`, contents: string[] = [];
      const frequencies = `${folder}/metadata/freqs/class_frequency_${freq}_imagenet_ori.txt`;
      for (let run1 = 0; run1 < 2; run1++) {
        await run(...flags);
        assertEquals(await Deno.readTextFile(out), slowTsv(want, kept ? header4 : header4.slice(0, 3)), name);
        const of = kept ? kept.map((label) => names[label]) : names;
        assertEquals(
          await Deno.readTextFile(frequencies),
          slowCounts(want.map((row) => row[1] as number), of),
        );
        contents.push(await Deno.readTextFile(`${out}.provenance.json`));
        for (const path of [out, `${out}.provenance.json`, frequencies]) await Deno.remove(path);
      }
      assertEquals(contents[1], contents[0], "another run, other bytes");
      assertEquals(await filesIn(`${folder}/incaps data`), [table.slice(table.lastIndexOf("/") + 1)]);
      assertEquals(await filesIn(`${folder}/metadata/freqs`), []);
    }
  });
});

Deno.test("incaps-subset: quotes read off are quoted again, as the reference did", async () => {
  const few = rows.slice(0, 400), raw = slowTsv(few).split("\n").slice(1, -1).map((line) => line.split("\t"));
  const asRead = raw.map(([path, label, caption]): Row => [path, Number(label), caption]);
  assert(asRead.some(([, , caption]) => caption.startsWith('"')), "the case shows nothing");
  await withTable(incapsSubsetCommand, slowTsv(few), async ({ run, folder }) => {
    await run("--n", "300", "--quoting", "none");
    const got = await Deno.readTextFile(`${folder}/incaps data/incaps_title_cname_300.tsv`);
    assertEquals(got, slowTsv(slowDraw(asRead, 300, 42)));
  });
});

Deno.test({
  name: "incaps-subset: the published frequencies of 44,548 rows and of ImageNet-100",
  ignore: !present(dataRoot),
  async fn() {
    const folder = decodeURIComponent(new URL("clip-beyond-tail/metadata/", dataRoot).pathname);
    const counts = async (name: string) =>
      (await readFrequencyTable(`${folder}freqs/class_frequency_incaps_${name}_ori.txt`)).rows.map((
        { count },
      ) => count);
    const full = await counts("imagenet");
    // Sorted by path, rows stand class by class, for paths begin with the ids of the classes.
    const labels = Int32Array.from(full.flatMap((count, label) => new Array<number>(count).fill(label)));
    const paths = textColumn(labels.values().map((label) => String(label).padStart(4, "0")));
    const drawn = new Array<number>(1000).fill(0);
    for (const row of drawRows(paths, Int32Array.from(labels.keys()), 44548, 42)) drawn[labels[row]]++;
    assertEquals(drawn, await counts("n44548"));
    const kept = Int32Array.from(
      (await Deno.readTextFile(`${folder}imagenet100_idxs.txt`)).trim().split("\n"),
      Number,
    );
    const of100 = rowsOfClasses(labels, kept);
    assertEquals(of100.length, 44548);
    const counted = Array.from(
      kept,
      (label) => of100.reduce((sum, row) => sum + Number(labels[row] === label), 0),
    );
    assertEquals(counted, await counts("imagenet100"));
  },
});

Deno.test("incaps-subset: k classes are the head of NumPy's permutation, sorted", () => {
  assertEquals([...drawClasses(1000, 5, 42)], [411, 521, 660, 737, 740]); // golden: 521, 737, 740, 660, 411
  assertEquals([...drawClasses(1000, 4, 0)], [298, 553, 859, 993]);
});

Deno.test("incaps-trim-tail: ties by label, seeded draws, names of the run scripts", async () => {
  await withTable(incapsTrimTailCommand, slowTsv(rows), async ({ run, folder }) => {
    for (const [lastk, ceil, seed] of [[5, 5, 42], [7, 0, 42], [14, 1, 3], [1, 1, 42], [14, 9999, 42]]) {
      const name = `fstail${lastk}ceil${ceil}`, out = `${folder}/incaps data/incaps_title_cname_${name}.tsv`;
      await run("--lastk", `${lastk}`, "--ceil", `${ceil}`, "--seed", `${seed}`);
      const want = slowTrim(rows, lastk, ceil, seed);
      assertEquals(await Deno.readTextFile(out), slowTsv(want), name);
      const frequencies = `${folder}/metadata/freqs/class_frequency_incaps_${name}_imagenet_ori.txt`;
      assertEquals(await Deno.readTextFile(frequencies), slowCounts(want.map(([, label]) => label), names));
      const first = await Deno.readTextFile(`${out}.provenance.json`);
      await run(`--lastk=${lastk}`, `--ceil=${ceil}`, `--seed=${seed}`);
      assertEquals(await Deno.readTextFile(`${out}.provenance.json`), first, "another run, other bytes");
      const facts = JSON.parse(first);
      assertEquals(facts.tail.length, lastk);
      assertEquals(facts.tail[0], { label: 13, name: names[13], rows: 0 });
      await Deno.remove(frequencies);
    }
    await run("--freq_path", "None");
    assertEquals(await filesIn(`${folder}/metadata/freqs`), []);
  });
  // Six classes of one row each: the tail is the first of them by label, whatever the order of the rows.
  const tied = [5, 3, 8, 1, 0, 2].map((label): Row => [`p${label}`, label, "c"]);
  await withTable(incapsTrimTailCommand, slowTsv(tied), async ({ run, folder }) => {
    await run("--lastk", "10", "--ceil", "0"); // 8 classes have no row
    const got = await Deno.readTextFile(`${folder}/incaps data/incaps_title_cname_fstail10ceil0.tsv`);
    assertEquals(got, slowTsv(tied.filter(([, label]) => label > 1)));
  });
});

Deno.test("incaps-subset, incaps-trim-tail: bad input is one line, code 2, and nothing is written", async () => {
  const good = slowTsv(rows.slice(0, 60)), head = "filepath\tlabel\tcaption\n", n = ["--n", "2"];
  const bad: [Command, string, string[], string, string?][] = [
    [incapsSubsetCommand, good, [], "A subset needs --k classes, --use-in100 or --n rows"],
    [incapsSubsetCommand, good, ["--k", "2", "--use-in100"], "both choose classes"],
    [incapsSubsetCommand, good, ["--n", "1"], "--n 1 is below 2"],
    [incapsSubsetCommand, good, ["--k", "1"], "--k 1 is below 2"],
    [incapsSubsetCommand, good, ["--k", "1001"], "--k 1001 is above 1000"],
    [incapsSubsetCommand, good, ["--k", "15"], "--k 15 is above the 14 classes"],
    [incapsSubsetCommand, good, ["--n", "61"], "--n 61 is above the 60 rows"],
    [incapsSubsetCommand, good, ["--n", "60", "--use-in100"], "rows of the 4 chosen classes"],
    [incapsSubsetCommand, good, ["--n", "77"], "would be that of its input"],
    [incapsSubsetCommand, good, ["--k", "2"], "which it lacks", "table_title_5.tsv"],
    [incapsSubsetCommand, good, n, "up to its last underscore", "incaps.tsv"],
    [
      incapsSubsetCommand,
      good,
      [...n, "--freq-path", "x.txt"],
      "--freq-path x.txt: outputs are named after it",
    ],
    [incapsSubsetCommand, `${head}a\t13x\tc\n`, n, 'row 1: label "13x" is none of the 14 classes'],
    [incapsSubsetCommand, `${head}a\t1\tc\nb\t14\tc\n`, n, 'row 2: label "14"'],
    [incapsSubsetCommand, `${head}a\t1\tc\nb\t\tc\n`, n, 'row 2: label ""'],
    [incapsSubsetCommand, `${head}a\t1\tc\nb\t1\n`, n, "the row in line 3 has 2 fields"],
    [incapsSubsetCommand, "filepath\tcaption\na\tc\n", n, "no column label"],
    [incapsSubsetCommand, "filepath\tlabel\tcaption\tlabel_ori\na\t1\tc\t2\n", n, "labels of its own"],
    [incapsSubsetCommand, `${head}a\t0\tc\n`, ["--use-in100"], "no row of the chosen classes"],
    [incapsSubsetCommand, "", n, "is empty"],
    [incapsTrimTailCommand, good, ["--lastk", "0"], "--lastk 0 is below 1"],
    [incapsTrimTailCommand, good, ["--lastk", "15"], "--lastk 15 is above the 14 classes"],
    [incapsTrimTailCommand, good, ["--ceil=-1"], "--ceil -1 is below 0"],
    [incapsTrimTailCommand, good, ["--lastk", "14", "--ceil", "0"], "has no row left"],
    [incapsTrimTailCommand, good, ["--freq-path", "none"], "--freq-path none: outputs are named after it"],
    [incapsTrimTailCommand, `${head}a\t1.0\tc\n`, [], 'label "1.0"'],
  ];
  for (const [command, content, flags, line, name] of bad) {
    await withTable(command, content, async ({ run, folder, table }) => {
      const error = await assertRejects(() => run(...flags));
      assert(errorLine(error).includes(line), `${errorLine(error)}, wanted ${line}`);
      assertEquals(exitCode(error), 2, line);
      assertEquals(await filesIn(`${folder}/incaps data`), [table.slice(table.lastIndexOf("/") + 1)]);
      assertEquals(await filesIn(`${folder}/metadata/freqs`), []);
    }, name);
  }
});
