// WordNet: its file format, where it is looked for, and that another edition is not taken for 3.0.
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { parseWordNet } from "../../data_utils/text/wordnet/wordnet.ts";
import { loadWordNet } from "../../data_utils/text/wordnet/wordnet_source.ts";
import { dataRoot, present } from "./golden_files.ts";
import { folderOf, gzip, madeExceptions, madeIndex, sharedPath } from "../concept_freq/language_made.ts";

const made = {
  lemmas: ["a", "cat", "collie", "colly", "lens", "lense", "wolf"],
  senses: [3, 2, 1, 1, 5, 1, 2],
  exceptions: [["wolves", ["wolf"]], ["lice", ["wolf", "cat"]]] as [string, string[]][],
};

Deno.test("wordnet: nouns of letters only, their senses, and of a repeated form the last line", () => {
  assertEquals(parseWordNet(madeIndex, madeExceptions), made);
  assertEquals(
    parseWordNet(madeIndex.replaceAll("\n", "\r\n"), madeExceptions.replaceAll("\n", "\r\n")),
    made,
  );
});

Deno.test("wordnet: a line of another shape is named with its file and number", () => {
  const error = assertThrows(() => parseWordNet("cat v 1 1 @ 1 0 1\n", "", "here"), SyntaxError);
  assertEquals(error.message, 'here: line 1 of index.noun is no entry of a noun: "cat v 1 1 @ 1 0 1"');
  const bare = assertThrows(() => parseWordNet(madeIndex, "wolves wolf\ndogs\n", "here"), SyntaxError);
  assertEquals(bare.message, 'here: line 2 of noun.exc is no form with its bases: "dogs"');
  assertThrows(
    () => parseWordNet("  1 licence\n", "", "here"),
    SyntaxError,
    "here: index.noun holds no noun",
  );
});

Deno.test("wordnet: a folder's files, plain and gzipped, of any edition only when that is said", async () => {
  await using folder = await folderOf({ "index.noun": madeIndex, "noun.exc.gz": await gzip(madeExceptions) });
  assertEquals(await loadWordNet({ folder: folder.path, anyVersion: true }), made);
  const error = await assertRejects(() => loadWordNet({ folder: folder.path }), RangeError);
  assertStringIncludes(error.message, `index.noun and noun.exc in ${folder.path}: not WordNet 3.0`);
});

Deno.test("wordnet: a folder without the files, and a damaged file", async () => {
  await using folder = await folderOf({ "index.noun": madeIndex });
  await assertRejects(
    () => loadWordNet({ folder: folder.path }),
    RangeError,
    `--wordnet ${folder.path} does not hold both index.noun and noun.exc`,
  );
  await Deno.writeFile(`${folder.path}/noun.exc.gz`, (await gzip(madeExceptions)).subarray(0, 30));
  await assertRejects(
    () => loadWordNet({ folder: folder.path }),
    SyntaxError,
    "noun.exc.gz is damaged or cut short",
  );
});

Deno.test({
  name: "wordnet: 3.0 is taken without a word, one changed noun or plural is not",
  ignore: !present(dataRoot),
  fn: async () => {
    const nouns = await loadWordNet({ folder: sharedPath("wordnet") });
    assertEquals([nouns.lemmas.length, nouns.exceptions.length], [55191, 1946]);
    const entry = (lemma: string, i: number) => `${lemma} n ${nouns.senses[i]} 1 @ 1 0 1`;
    const index = nouns.lemmas.map(entry).join("\n");
    const exceptions = nouns.exceptions.map(([form, bases]) => [form, ...bases].join(" ")).join("\n");
    await using same = await folderOf({ "index.noun": index, "noun.exc": exceptions });
    assertEquals(await loadWordNet({ folder: same.path }), nouns);
    for (
      const [file, text] of [
        ["index.noun", index.replace("\nlens n 5 ", "\nlens n 4 ")],
        ["index.noun", index.replace("\nvas n 1 1 @ 1 0 1\n", "\n")],
        ["noun.exc", exceptions.replace("\nwolves wolf\n", "\n")],
      ]
    ) {
      await using other = await folderOf({ "index.noun": index, "noun.exc": exceptions, [file]: text });
      await assertRejects(
        () => loadWordNet({ folder: other.path }),
        RangeError,
        `${file} in ${other.path}: not`,
      );
    }
  },
});

Deno.test({
  name:
    "wordnet: Debian's or npm's copy is the same as the shared one; without a network the remedies are said",
  ignore: !present(dataRoot),
  fn: async () => {
    try {
      const found = await loadWordNet();
      assertEquals(found, await loadWordNet({ folder: sharedPath("wordnet") }));
    } catch (error) {
      assert(error instanceof Error);
      const line = error.message;
      if (!line.startsWith("WordNet 3.0 is not here and could not be fetched")) throw error;
      console.warn("skipped: no network for npm's copy of WordNet");
      for (const way of ["with a network", "apt-get install wordnet-base", "--wordnet FOLDER"]) {
        assertStringIncludes(line, way);
      }
    }
  },
});
