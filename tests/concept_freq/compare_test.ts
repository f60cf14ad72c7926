// Comparison of frequency tables: the correlations that are published of the shipped tables, how tables of different order are joined,
// and what the command prints and refuses.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { compareCommand } from "../../concept_freq/commands/compare_command.ts";
import { correlationMatrix } from "../../concept_freq/tables/correlate.ts";
import {
  type FrequencyTable,
  parseFrequencyTable,
  readFrequencyTable,
} from "../../concept_freq/tables/frequency_table.ts";
import { joinTables } from "../../concept_freq/tables/join_tables.ts";
import { shortNames } from "../../concept_freq/tables/text_table.ts";
import { present } from "../data_utils/golden_files.ts";
import { metadataFolder } from "./reference.ts";
import { printedBy } from "./printed.ts";

const shipped = (name: string) =>
  decodeURIComponent(new URL(`freqs/class_frequency_${name}_ori.txt`, metadataFolder).pathname);

/** Section C of the published numbers: every pair of ImageNet tables, to four digits. */
const columns = [
  ...[
    "cc12m_imagenet",
    "yfcc15m_imagenet",
    "laion400m_imagenet",
    "laion2b_imagenet",
    "metaclip_400m_imagenet",
  ],
  ...["metaclip_fullcc_imagenet", "incaps_imagenet", "laionet_thresh0.7", "laionet_match_incap"],
  ...["cc12m_cls_imagenet", "yfcc15m_cls_imagenet"],
];
const published = [
  ".8187 .9330 .9328 .7565 .7657 .2419 .7492 .3920 .8391 .6357",
  ".7815 .7730 .6856 .6792 .3826 .6309 .4840 .6978 .7585",
  ".9943 .7609 .7720 .1959 .7676 .3542 .7879 .6156",
  ".7636 .7751 .1818 .7656 .3412 .7870 .6096",
  ".9966 .2174 .7651 .3752 .8929 .7849",
  ".2128 .7755 .3741 .9003 .7782",
  ".2682 .9162 .2519 .3416",
  ".4793 .8304 .7603",
];

Deno.test({
  name: "compare: the published correlations of the shipped tables, to their four digits",
  ignore: !present(metadataFolder),
  async fn() {
    const matrix = correlationMatrix(
      joinTables(await Promise.all(columns.map((name) => readFrequencyTable(shipped(name))))).counts,
    );
    for (const [row, line] of published.entries()) {
      const found = matrix[row].slice(row + 1).map((rho) => rho!.toFixed(4).slice(1)).join(" ");
      assertEquals(found, line, columns[row]);
    }
    const samples = [".7", ".75", ".8", ".82"].map((threshold) => `laionet_thresh0${threshold}_n448896`);
    const tables = await Promise.all(
      ["incaps_imagenet", ...samples].map((name) => readFrequencyTable(shipped(name))),
    );
    const [incaps] = correlationMatrix(joinTables(tables).counts);
    assertEquals(incaps.slice(1).map((rho) => rho!.toFixed(4)), ["0.2653", "0.2736", "0.2740", "0.2721"]);
  },
});

Deno.test({
  name: "compare: ImageNet-100's table is IN-Caps' at its classes, also when joined by name",
  ignore: !present(metadataFolder),
  async fn() {
    const [part, whole] = await Promise.all(
      [shipped("incaps_imagenet100"), shipped("incaps_imagenet")].map(readFrequencyTable),
    );
    const ids = (await Deno.readTextFile(new URL("imagenet100_idxs.txt", metadataFolder))).trim().split("\n")
      .map(Number);
    assertEquals(part.rows, ids.map((id) => whole.rows[id]));
    assertEquals(part.rows.reduce((sum, { count }) => sum + count, 0), 44_548);
    assertThrows(() => joinTables([whole, part]), RangeError, "lacks 900 of the 1000 rows");
    const { names, counts, leftOut } = joinTables([part, whole], true);
    assertEquals([names.length, leftOut], [100, 900]);
    assertEquals(counts[0], counts[1]);
    assertEquals(correlationMatrix(counts)[0][1], 1);
  },
});

Deno.test({
  name: "compare: a sorted table joins with the one in class order",
  ignore: !present(metadataFolder),
  async fn() {
    const sorted = await readFrequencyTable(shipped("laion400m_imagenet").replace("_ori", ""));
    const ori = await readFrequencyTable(shipped("laion400m_imagenet"));
    const { counts, names } = joinTables([ori, sorted]);
    assertEquals(counts[1], ori.rows.map(({ count }) => count));
    assertEquals(names, ori.rows.map(({ name }) => name));
  },
});

const table = (path: string, ...lines: string[]): FrequencyTable => ({
  path,
  rows: parseFrequencyTable(lines.map((line) => line.replace(" ", "\t") + "\n").join(""), path),
});

Deno.test("compare: a repeated name is joined by its n-th row, and doubt is told where orders differ", () => {
  const a = table("a", "crane 1", "kite 5", "crane 9"), b = table("b", "crane 2", "kite 6", "crane 8");
  assertEquals(joinTables([a, b]), {
    ...{ names: ["crane", "kite", "crane"], counts: [[1, 5, 9], [2, 6, 8]], leftOut: 0, ambiguous: [] },
  });
  const sorted = table("b", "crane 8", "crane 2", "kite 1");
  assertEquals(joinTables([a, sorted]), {
    ...{
      names: ["crane", "kite", "crane"],
      counts: [[1, 5, 9], [8, 1, 2]],
      leftOut: 0,
      ambiguous: ["crane"],
    },
  });
  // Without a repeated name, any order will do.
  assertEquals(joinTables([table("a", "x 1", "y 2"), table("b", "y 3", "x 4")]).ambiguous, []);
  assertThrows(
    () => joinTables([a, table("b", "crane 2", "kite 6")]),
    RangeError,
    "b lacks 1 of the 3 rows of a",
  );
  assertThrows(() => joinTables([table("b", "crane 2"), a]), RangeError, "b lacks 2 of the 3 rows of a");
  assertEquals(joinTables([a, table("b", "crane 2", "new 6")], true), {
    ...{ names: ["crane"], counts: [[1], [2]], leftOut: 3, ambiguous: [] },
  });
  assertThrows(() => joinTables([a, table("b", "other 2")], true), RangeError, "no name in common");
});

Deno.test("compare: tables go by names that are short and different", () => {
  const of = (...names: string[]) => shortNames(names.map((name) => `f/class_frequency_${name}.txt`));
  assertEquals(of("cc12m_imagenet_ori", "laion400m_imagenet_ori"), ["cc12m", "laion400m"]);
  assertEquals(of("cc12m_imagenet_ori", "laionet_0.7_ori"), ["cc12m_imagenet", "laionet_0.7"]);
  assertEquals(of("cc12m_cub", "cc12m_pets"), ["cc12m_cub", "cc12m_pets"]);
  assertEquals(of("cub", "a_cub"), ["cub", "a_cub"]);
  assertEquals(shortNames(["x/a.txt", "y/a.txt"]), ["x/a.txt", "y/a.txt"]);
  assertEquals(shortNames(["word_frequency_b.txt"]), ["b"]);
});

Deno.test("compare: the command prints text, CSV or JSON, draws by the asked ranking, and refuses the rest", async () => {
  const folder = await Deno.makeTempDir(), drawn: unknown[] = [];
  const paths = ["one", "two", "flat"].map((name) => `${folder}/class_frequency_${name}_ori.txt`);
  for (const [i, text] of ["a\t1\nb\t2\nc\t3\n", "c\t5\nb\t5\na\t1\n", "a\t4\nb\t4\nc\t4\n"].entries()) {
    await Deno.writeTextFile(paths[i], text);
  }
  const command = compareCommand((curves, rankBy) => {
    drawn.push([curves.map(({ name }) => name), curves[1].counts, rankBy]);
    return "<svg/>";
  });
  const rho = Math.sqrt(3) / 2;
  const text = await printedBy(command, paths);
  assertMatch(
    text,
    /over 3 classes\n +1 +2 +3\n1 one +1\.0000 +0\.8660 +-\n2 two +0\.8660 +1\.0000 +-\n3 flat +- +- +-/,
  );
  const json = JSON.parse(await printedBy(command, [...paths, "--json"]));
  assertEquals([json.classes, json.left_out, json.tables[1].name], [3, 0, "two"]);
  assert(Math.abs(json.spearman[0][1] - rho) < 1e-12 && json.spearman[2][2] === null);
  const csv = (await printedBy(command, [...paths, "--csv"])).split("\n");
  assertEquals(csv[0], ",one,two,flat");
  assertEquals(csv[1].split(",").map((cell, i) => i === 2 ? Number(cell).toFixed(9) : cell), [
    "one",
    "1",
    rho.toFixed(9),
    "",
  ]);
  const figure = `${folder}/curves.svg`;
  for (
    const by of [[], ["--rank-by", "own"], ["--rank-by", "two"], ["--rank-by=3"], ["--rank_by", paths[1]]]
  ) {
    await printedBy(command, [...paths, "--figure", figure, ...by]);
  }
  assertEquals(await Deno.readTextFile(figure), "<svg/>");
  assertEquals(drawn, [0, "own", 1, 2, 1].map((rankBy) => [["one", "two", "flat"], [1, 5, 5], rankBy]));
  for (
    const [args, message] of [
      [paths.slice(0, 1), "two tables"],
      [[...paths, "--json", "--csv"], "contradict"],
      [[...paths, "--rank-by", "own"], "goes with --figure"],
      [[...paths, "--figure", "curves.png"], "does not end in .svg"],
      [[...paths, "--figure", figure, "--rank-by", "four"], "--rank-by four is none of own, one, two, flat"],
      [[...paths, "--unknown"], "Unknown flag"],
    ] as const
  ) await assertRejects(() => printedBy(command, args), RangeError, message);
  await Deno.remove(folder, { recursive: true });
});
