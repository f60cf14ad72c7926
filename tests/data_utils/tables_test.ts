// Tables and image folders as sources of samples.
import { assertEquals, assertRejects } from "@std/assert";
import {
  describeSkipped,
  folderSamples,
  loadImages,
  loadImageShards,
  skipTally,
  tableSamples,
} from "../../data_utils/loader/mod.ts";
import { png, withFolder } from "./made_files.ts";

async function table(path: string, classNames: string[] = []) {
  const skips = skipTally(), samples = await Array.fromAsync(tableSamples(path, { skips, classNames }));
  return {
    rows: samples.map(({ key, label, caption }) => [key, label, caption]),
    skipped: describeSkipped(skips.list()),
  };
}

Deno.test("a TSV gives labels and captions, quoted where needed, and counts bad rows", () =>
  withFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/a b.png`, png(4, 4, [1, 2, 3]));
    const path = `${folder}/train.tsv`;
    Deno.writeTextFileSync(
      path,
      'caption\tfilepath\tlabel\r\nplain\ta b.png\t1\r\n"say ""hi""\tand\ngo"\ta b.png\tdog\r\n' +
        "gone\tb.png\t0\r\nfar\ta b.png\t7\r\nshort\ta b.png\r\n\r\nlast\ta b.png\t0",
    );
    assertEquals(await table(path, ["dog", "cat"]), {
      rows: [["a b.png", 1, "plain"], ["a b.png", 0, 'say "hi"\tand\ngo'], ["b.png", 0, "gone"], [
        "a b.png",
        0,
        "last",
      ]],
      skipped:
        "2 samples skipped: 1 label outside the classes (first: line 6), 1 malformed row (first: line 7)",
    });
    const set = await loadImageShards({ globs: path, classNames: ["dog", "cat"], size: 2 });
    assertEquals([set.shape[0], set.skipped.at(-1)], [3, {
      reason: "missing file",
      count: 1,
      example: "b.png",
    }]);
  }));

Deno.test("a CSV with captions only needs no classes", () =>
  withFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/x.png`, png(4, 4, [9, 9, 9]));
    Deno.writeTextFileSync(`${folder}/t.csv`, 'filepath,caption\nx.png,"one, two"\n');
    assertEquals((await table(`${folder}/t.csv`)).rows, [["x.png", -1, "one, two"]]);
    const skips = skipTally(),
      set = await loadImages(tableSamples(`${folder}/t.csv`, { skips }), skips, { size: 2 });
    assertEquals([...set.images], new Array(12).fill(9));
  }));

Deno.test("tables without the columns, or with an open quote, are refused", () =>
  withFolder(async (folder) => {
    const path = `${folder}/t.tsv`;
    for (
      const [text, message] of [
        ["path\tlabel\n", "need columns filepath and label or caption, got path, label"],
        ["", "got none"],
        ["filepath\tcaption\n", "need a column label"],
        ['filepath\tlabel\na\t"open\n', "line 2: a quoted field is not closed"],
        ['filepath\tlabel\na\t"open\n' + "more\n".repeat(300), "line 2: a quoted field is not closed"],
      ]
    ) {
      Deno.writeTextFileSync(path, text);
      await assertRejects(() => table(path, ["one"]), SyntaxError, message);
    }
  }));

Deno.test("an image folder's classes are its subfolders", () =>
  withFolder(async (folder) => {
    for (const name of ["n2/b.png", "n2/a.png", "n1/c.png", "n1/notes.txt"]) {
      Deno.mkdirSync(`${folder}/${name.slice(0, 2)}`, { recursive: true });
      Deno.writeFileSync(`${folder}/${name}`, png(4, 4, [5, 6, 7]));
    }
    const read = async (classNames: string[]) => {
      const skips = skipTally(),
        samples = await Array.fromAsync(folderSamples(folder, { skips, classNames }));
      return [
        samples.map(({ key, label }) => `${key}=${label}`),
        skips.list().map(({ reason, count }) => `${count} ${reason}`),
      ];
    };
    assertEquals((await loadImageShards({ globs: folder, size: 4 })).keys, [
      "n1/c.png",
      "n2/a.png",
      "n2/b.png",
    ]);
    assertEquals(await read([]), [["n1/c.png=0", "n2/a.png=1", "n2/b.png=1"], []]);
    assertEquals(await read(["n2", "n9"]), [["n2/a.png=0", "n2/b.png=0"], ["1 label outside the classes"]]);
  }));
