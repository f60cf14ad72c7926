// Synsets of WordNet: lines of data.noun, where they come from, and ImageNet's classes against two lists of others.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseSynsets, type Synsets } from "../../data_utils/text/wordnet/synsets.ts";
import { loadSynsets } from "../../data_utils/text/wordnet/wordnet_source.ts";
import { dataRoot, present } from "./golden_files.ts";
import { folderOf, gzip, sharedPath } from "../concept_freq/language_made.ts";

const madeData = [
  "  1 This is no WordNet, but in its shape  ",
  '00000101 05 n 02 ram 0 Tup_the_second a 002 @ 00000202 n 0000 ~ 00000303 v 0101 | a male sheep; "he; a ram"; kept  ',
  '00000202 05 n 01 sheep 0 000 | "lost"; woolly; "a b"; "c"  ',
  "",
].join("\n");

Deno.test("synsets: lemmas in order with their capitals, definitions without examples", () => {
  const synsets = parseSynsets(madeData);
  assertEquals([...synsets.all()], [
    { wnid: "n00000101", lemmaNames: ["ram", "Tup_the_second"], definition: "a male sheep; ; kept" },
    { wnid: "n00000202", lemmaNames: ["sheep"], definition: "woolly" },
  ]);
  assertEquals(synsets.synsetOf("n00000202")?.lemmaNames, ["sheep"]);
  assertEquals([synsets.size, synsets.synsetOf("n00000303")], [2, undefined]);
  assertEquals([...parseSynsets(madeData.replaceAll("\n", "\r\n")).all()], [...synsets.all()]);
});

Deno.test("synsets: a line of another shape is named with its number", () => {
  for (
    const line of [
      "00000303 05 v 01 run 0 000 | go  ",
      "00000303 05 n 02 run 0 000 | fewer words than said  ",
      "00000303 05 n 01 run 0 000 no gloss",
      "00000303 05 n 01 run 0 00",
    ]
  ) {
    const error = assertThrows(() => parseSynsets(madeData + line + "\n", "here"), SyntaxError);
    assertEquals(error.message, `here: line 4 of data.noun is no synset of nouns: "${line.slice(0, 40)}"`);
  }
  assertThrows(() => parseSynsets("  1 licence\n", "here"), SyntaxError, "here: data.noun holds no synset");
});

Deno.test("synsets: another edition only when that is said, a missing file, a damaged one", async () => {
  await using folder = await folderOf({ "data.noun.gz": await gzip(madeData) });
  assertEquals((await loadSynsets({ folder: folder.path, anyVersion: true })).size, 2);
  await assertRejects(() => loadSynsets({ folder: folder.path }), RangeError, "data.noun in /");
  await using empty = await folderOf({ "index.noun": "" });
  await assertRejects(
    () => loadSynsets({ folder: empty.path }),
    RangeError,
    `--wordnet ${empty.path} does not hold data.noun (or with .gz)`,
  );
  await Deno.writeFile(`${empty.path}/data.noun.gz`, (await gzip(madeData)).subarray(0, 30));
  await assertRejects(() => loadSynsets({ folder: empty.path }), SyntaxError, "is damaged or cut short");
});

/** Debian's or npm's copy; undefined, said once, where there is neither nor a network. */
async function publishedSynsets(): Promise<Synsets | undefined> {
  try {
    return await loadSynsets();
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("could not be fetched"))) throw error;
    console.warn("skipped: no network for npm's copy of WordNet");
    return undefined;
  }
}

Deno.test({
  name: "synsets: ImageNet's classes have the lemmas and glosses of the lists beside the checkout",
  ignore: !present(dataRoot),
  fn: async () => {
    const synsets = await publishedSynsets();
    if (!synsets) return;
    assertEquals(synsets.size, 82_115);
    const lists = `${sharedPath("classlists")}/`, spoken = (name: string) => name.replaceAll("_", " ");
    const infos: { wnid: string; synset: string[]; gloss: string }[] = JSON.parse(
      await Deno.readTextFile(`${lists}imagenet_class_info.json`),
    );
    assertEquals(infos.length, 1000);
    for (const { wnid, synset, gloss } of infos) {
      const { lemmaNames, definition } = synsets.synsetOf(wnid)!;
      assertEquals(lemmaNames.map(spoken), synset);
      assert(gloss.startsWith(definition) && /^(; ".*")*$/.test(gloss.slice(definition.length)), wnid);
    }
    const lines = (await Deno.readTextFile(`${lists}ILSVRC2012_synsets.txt`)).trimEnd().split("\n").slice(1);
    assertEquals(lines.length, 999);
    for (const line of lines) {
      const [wnid, lemmas] = line.split(": ");
      assertEquals(synsets.synsetOf(wnid)!.lemmaNames.map(spoken).join(", "), lemmas, wnid);
    }
  },
});

Deno.test({
  name: "synsets: n02112837 is the first synset of siberian_husky in the index",
  ignore: !present(dataRoot),
  fn: async () => {
    const synsets = await publishedSynsets();
    if (!synsets) return;
    const packed = await Deno.open(`${sharedPath("wordnet")}/index.noun.gz`);
    const index = await new Response(packed.readable.pipeThrough(new DecompressionStream("gzip"))).text();
    const [, line] = /^siberian_husky (.*)$/m.exec(index)!, fields = line.trim().split(" ");
    const first = `n${fields.at(-Number(fields[1]))}`; // n, senses, ..., one offset a sense
    assertEquals(synsets.synsetOf("n02112837"), synsets.synsetOf(first));
    assertEquals(synsets.synsetOf("n02112837")?.lemmaNames, ["Siberian_husky"]);
    assert(![...synsets.all()].some(({ wnid }) => wnid === "n02112837"));
  },
});
