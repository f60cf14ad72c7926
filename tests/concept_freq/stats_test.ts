// Statistics of frequency tables: against their definitions written out, the reference's totals of its own tables, and files that are
// no tables.
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { randomStream } from "../../data_utils/mod.ts";
import {
  frequencyTableText,
  parseFrequencyTable,
  readFrequencyTable,
} from "../../concept_freq/tables/frequency_table.ts";
import { tableStats } from "../../concept_freq/tables/table_stats.ts";
import { classTablePaths, writeClassTables } from "../../concept_freq/tables/write_tables.ts";
import { present } from "../data_utils/golden_files.ts";
import { metadataFolder } from "./reference.ts";

const stats = (...counts: number[]) => tableStats(counts.map((count, i) => ({ name: `class ${i}`, count })));

Deno.test("stats: the numbers of a table by hand", () => {
  assertEquals(stats(4, 0, 10, 2), {
    ...{ classes: 4, total: 16, max: 10, median: 3, min_above_zero: 2, zeros: 1 },
    ...{ gini: (10 * 3 + 4 * 1 - 2 * 1) / (4 * 16), top_tenth_share: 10 / 16 },
    zipf_exponent: stats(4, 0, 10, 2).zipf_exponent,
  });
  assertEquals(stats(7).median, 7);
  assertEquals([stats(5, 5, 5).gini, stats(0, 0, 0, 9).gini], [0, 0.75]);
  // The tenth is rounded up to whole rows: of 11 rows, the two highest.
  assertAlmostEquals(stats(...Array(9).fill(1), 20, 30).top_tenth_share!, 50 / 59);
  const zeros = stats(0, 0);
  assertEquals([zeros.gini, zeros.top_tenth_share, zeros.zipf_exponent, zeros.min_above_zero], [
    null,
    null,
    null,
    null,
  ]);
  assertEquals(stats(3, 0).zipf_exponent, null);
  assertThrows(() => stats(), RangeError, "without rows");
});

Deno.test("stats: Zipf's exponent is found again, whatever the order, and zeros stay out of it", () => {
  const counts = Array.from({ length: 400 }, (_, rank) => 1e12 * (rank + 1) ** -1.37);
  assertAlmostEquals(stats(...counts).zipf_exponent!, 1.37, 1e-9);
  assertAlmostEquals(stats(0, ...counts.toReversed(), 0, 0).zipf_exponent!, 1.37, 1e-9);
  assertEquals(stats(8, 8, 8).zipf_exponent, 0);
});

Deno.test("stats: Gini is half the mean difference of two rows over the mean row", () => {
  const random = randomStream(4).int;
  for (let trial = 0; trial < 50; trial++) {
    const counts = Array.from({ length: 1 + random(12) }, () => random(3) === 0 ? 0 : random(1000));
    const total = counts.reduce((sum, count) => sum + count, 0), n = counts.length;
    if (total === 0) continue;
    const differences = counts.reduce(
      (sum, a) => sum + counts.reduce((row, b) => row + Math.abs(a - b), 0),
      0,
    );
    assertAlmostEquals(stats(...counts).gini!, differences / (2 * n * total), 1e-12);
  }
});

const totals: Record<string, [total: number, zeros: number]> = {
  cc12m_imagenet: [4_004_439, 4],
  yfcc15m_imagenet: [3_418_328, 2],
  laion400m_imagenet: [93_654_164, 0],
  laion2b_imagenet: [551_192_835, 0],
  metaclip_400m_imagenet: [27_917_371, 0],
  metaclip_fullcc_imagenet: [227_877_217, 0],
  cc12m_cls_imagenet: [3_480_797, 16],
  yfcc15m_cls_imagenet: [2_898_096, 53],
  incaps_imagenet: [448_896, 1],
  laionet_match_incap: [416_489, 1],
};

Deno.test({
  name: "stats: totals and zeros of the shipped tables; a sorted table is the one in class order, by count",
  ignore: !present(metadataFolder),
  async fn() {
    for (const [name, [total, zeros]] of Object.entries(totals)) {
      const { rows } = await readFrequencyTable(
        decodeURIComponent(new URL(`freqs/class_frequency_${name}_ori.txt`, metadataFolder).pathname),
      );
      const found = tableStats(rows);
      assertEquals([found.classes, found.total, found.zeros], [1000, total, zeros], name);
    }
    const out = await Deno.makeTempDir();
    for (const name of ["metaclip_400m_imagenet", "metaclip_fullcc_cub", "laion400m_imagenet"]) {
      const [, captions, set] = /^(.*)_([^_]*)$/.exec(name)!, file = `freqs/class_frequency_${name}`;
      const { rows } = await readFrequencyTable(
        decodeURIComponent(new URL(`${file}_ori.txt`, metadataFolder).pathname),
      );
      const tables = { classNames: rows.map((row) => row.name), counts: rows.map((row) => row.count) };
      const paths = await writeClassTables({ ...tables, out, name: captions, set });
      for (const [written, ending] of [[paths.sorted, ""], [paths.ori, "_ori"]]) {
        const shipped = await Deno.readTextFile(new URL(`${file}${ending}.txt`, metadataFolder));
        assert(await Deno.readTextFile(written) === shipped, `${written} differs from the shipped table`);
      }
    }
    await Deno.remove(out, { recursive: true });
  },
});

Deno.test("tables: what is written is read again; what is no table is named by file and line", async () => {
  const rows = [{ name: "potter's wheel", count: 0 }, { name: "", count: 2 ** 53 - 1 }, {
    name: "a  b\u{1F409}",
    count: 7,
  }];
  assertEquals(parseFrequencyTable(frequencyTableText(rows), "t"), rows);
  assertEquals(parseFrequencyTable("\uFEFFa\t1\r\nb\t02", "t"), [{ name: "a", count: 1 }, {
    name: "b",
    count: 2,
  }]);
  const bad = [
    "a\t1\n\nb\t2\n",
    "a\t1\nb 2\n",
    "a\t1\nb\t-2\n",
    "a\t1\nb\t1.5\n",
    "a\t1\nb\t9007199254740992\n",
    "a\t1\nb\tc\t2\n",
  ];
  for (const text of bad) {
    assertThrows(() => parseFrequencyTable(text, "t.txt"), SyntaxError, "t.txt, line 2: ");
  }
  assertThrows(() => parseFrequencyTable("", "t.txt"), SyntaxError, "t.txt is empty");
  assertThrows(() => frequencyTableText([{ name: "a\tb", count: 1 }]), RangeError, "tab");
  assertThrows(() => frequencyTableText([{ name: "a", count: 1.5 }]), RangeError, "whole number");
  assertThrows(() => classTablePaths({ out: "o", name: "a/b", set: "c" }), RangeError, "file name");
  const out = await Deno.makeTempDir();
  const unfit = { classNames: ["a"], counts: [NaN], out, name: "n", set: "s" };
  await assertRejects(() => writeClassTables(unfit), RangeError);
  await assertRejects(() => writeClassTables({ ...unfit, counts: [1, 2] }), TypeError);
  assertEquals([...Deno.readDirSync(out)], []);
  await Deno.remove(out);
});
