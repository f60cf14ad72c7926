// Concept sets: the ten of the reference against the slow reference, files of users in each shape, and what is refused.
import { assertEquals, assertRejects } from "@std/assert";
import { knownSets, readClasses } from "../../concept_freq/language/class_files.ts";
import { conceptSet, loadConceptSet } from "../../concept_freq/language/concept_set.ts";
import { nounLemmatiser } from "../../concept_freq/language/lemmas.ts";
import { parseWordNet } from "../../data_utils/text/wordnet/wordnet.ts";
import { loadWordNet } from "../../data_utils/text/wordnet/wordnet_source.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { folderOf, madeExceptions, madeIndex, sharedPath } from "./language_made.ts";
import { referenceClasses, referenceWords } from "./reference.ts";

const nouns = parseWordNet(madeIndex, madeExceptions);
const lemmatiser = nounLemmatiser(nouns), modern = nounLemmatiser(nouns, { modern: true });

Deno.test({
  name: "concept sets: the reference's ten, as the slow reference has them",
  ignore: !present(dataRoot),
  fn: async () => {
    const metadata = sharedPath("clip-beyond-tail/metadata"), words = await referenceWords();
    const lemmatiser = nounLemmatiser(await loadWordNet({ folder: sharedPath("wordnet") }));
    for (const name of knownSets) {
      const set = await loadConceptSet(name, { lemmatiser, metadata });
      const expected = await referenceClasses(words, name);
      assertEquals([set.name, set.notes], [name, []]);
      assertEquals(set.classNames, expected.map((one) => one.name));
      assertEquals(set.phrases, expected.map((one) => one.phrases));
      assertEquals(
        set.vetoes.map((list) => list.flat()),
        expected.map((one) => one.negatives.flat()),
      );
      if (name !== "imagenet") continue;
      assertEquals([set.classNames.length, set.phrases.flat().length], [1000, 1971]);
      const withVetoes = set.vetoes.flatMap((list, i) => list.length > 0 ? [i] : []);
      assertEquals(withVetoes, [68, 322, 339, 348, 352, 456, 517, 602, 833]);
      assertEquals(set.vetoes[348].slice(8, 10), [["random"], ["access"]]);
      const kinder = await loadConceptSet(name, {
        lemmatiser: nounLemmatiser(nouns, { modern: true }),
        metadata,
      });
      assertEquals(kinder.vetoes[348][8], ["random", "access"]);
    }
  },
});

Deno.test("concept sets: files of names, one a line, as a list, as an object with phrases", async () => {
  await using folder = await folderOf({
    "pets.v2.txt": "\ufeffCats\r\n\n Wolves or Lice \r\nCats\n",
    "list.json": `["b", "a", "b"]`,
    "map.json":
      `\ufeff{"zoo": "Wolves / Cat", "2001": ["a or b", "x \\"y\\" {"], "zoo2": ["z"], "10": "ten"}`,
  });
  const set = await loadConceptSet(`${folder.path}/pets.v2.txt`, { lemmatiser });
  assertEquals(set, {
    name: "pets",
    classNames: ["Cats", "Wolves or Lice", "Cats"],
    phrases: [[["cat"]], [["wolf"], ["cat"]], [["cat"]]],
    vetoes: [[], [], []],
    notes: [],
  });
  assertEquals((await readClasses(`${folder.path}/list.json`)).names, ["b", "a", "b"]);
  assertEquals(await readClasses(`${folder.path}/map.json`), {
    set: "map",
    names: ["zoo", "2001", "zoo2", "10"], // the file's order, not that of numbers
    entries: ["Wolves / Cat", ["a or b", 'x "y" {'], ["z"], "ten"],
  });
});

Deno.test("concept sets: a descriptors file gives its keys, by name or by path; imagenet its synsets", async () => {
  await using folder = await folderOf({
    "descriptors/descriptors_farm.json": `{"cow": ["has horns"], "7": ["is a number"], "pig": []}`,
    "descriptors/descriptors_imagenet.json": `{"bow": ["bent"], "cat": ["purrs"]}`,
    "descriptors/descriptors_imagenet_synset.json": `{"n1": ["bow", "longbow"], "n2": ["cat"]}`,
  });
  const farm = { set: "farm", names: ["cow", "7", "pig"], entries: ["cow", "7", "pig"] };
  assertEquals(await readClasses("farm", folder.path), farm);
  assertEquals(await readClasses(`${folder.path}/descriptors/descriptors_farm.json`), farm);
  const set = await loadConceptSet("imagenet", { lemmatiser, metadata: folder.path });
  assertEquals(set.phrases, [[["bow"], ["longbow"]], [["cat"]]]);
  assertEquals(set.vetoes, [[["tie"]], []]);
  await Deno.writeTextFile(`${folder.path}/descriptors/descriptors_imagenet.json`, `{"bow": []}`);
  await assertRejects(
    () => readClasses("imagenet", folder.path),
    SyntaxError,
    "descriptors_imagenet.json has 1 classes, ",
  );
});

Deno.test("concept sets: an unknown name, and a metadata folder that is not there, with the remedy", async () => {
  await using folder = await folderOf({ "descriptors/descriptors_farm.json": `{"cow": []}` });
  await assertRejects(
    () => readClasses("cars", folder.path),
    RangeError,
    `There is no concept set cars in ${folder.path}/descriptors/, only farm; a file of class names is given`,
  );
  await assertRejects(
    () => readClasses("cars", `${folder.path}/none`),
    RangeError,
    `${folder.path}/none/descriptors/ holds no class names: give --metadata FOLDER`,
  );
  await assertRejects(
    () => readClasses("boats", `${folder.path}/none`),
    RangeError,
    "boats is none of imagenet,",
  );
  await assertRejects(() => readClasses(`${folder.path}/none.txt`), Deno.errors.NotFound);
});

for (
  const [file, text, message] of [
    ["a.json", "[1]", "[0] must be a class name, a text"],
    ["a.json", `["a", ["b"]]`, "[1] must be a class name, a text"],
    ["a.json", `{"a": []}`, `"a" must have a phrase or a list of phrases, all texts`],
    ["a.json", `{"a": {"b": 1}}`, `"a" must have a phrase or a list of phrases, all texts`],
    ["a.json", `{"a": "b"`, "is not JSON"],
    ["a.json", "[]", "holds no class names"],
    ["a.json", `["a\\tb"]`, `"a\\tb" is no class name: empty, or it breaks a line of a table`],
    ["a.json", `["a", " "]`, `" " is no class name`],
    ["a.txt", "\n \n", "holds no class names"],
    ["descriptors_x.json", `["a"]`, "must be a JSON object with class names as keys"],
  ]
) {
  Deno.test(`concept sets: ${file} of ${JSON.stringify(text)} is refused`, async () => {
    await using folder = await folderOf({ [file]: text });
    const error = await assertRejects(() => readClasses(`${folder.path}/${file}`), SyntaxError, message);
    assertEquals(error.message.startsWith(`${folder.path}/${file}`), true);
  });
}

Deno.test("concept sets: a phrase without words is kept and said, with modern left out and said", () => {
  const names = ["707-320", "4x4 or 4", "猫"], entries = ["707-320", "4x4 or 4", ["猫", "cat"]];
  const strict = conceptSet("planes", names, entries, lemmatiser);
  assertEquals(strict.phrases, [[[]], [["x"], []], [[], ["cat"]]]);
  assertEquals(strict.notes.length, 3);
  assertEquals(strict.notes[0].startsWith("class 0 (707-320) matches EVERY caption"), true);
  const kinder = conceptSet("planes", names, entries, modern);
  assertEquals(kinder.phrases, [[], [["x"]], [["cat"]]]);
  assertEquals(kinder.notes, ["class 0 (707-320) can match no caption: it has no words of letters a-z"]);
});

Deno.test("concept sets: a user's rules go first, and one that applies nowhere is said", async () => {
  const rules = {
    negatives: [
      { set: "imagenet", phrase: "Bow", words: ["ribbons", "long wave"] },
      { set: "imagenet", phrase: "stern", words: ["face"] },
      { set: "zoo", phrase: "bow", words: ["x"] },
    ],
    replacements: [{ set: "imagenet", phrase: "cat", phrases: ["Big Wolves"] }],
  };
  await using folder = await folderOf({
    "imagenet.json": `["bow", "cat", "ram"]`,
    "rules.json": JSON.stringify(rules),
  });
  const rulesFile = `${folder.path}/rules.json`, file = `${folder.path}/imagenet.json`;
  const set = await loadConceptSet(file, { lemmatiser, rulesFile });
  assertEquals(set.vetoes.slice(0, 2), [[["ribbons"], ["long"], ["wave"]], []]);
  assertEquals(set.vetoes[2].length, 12); // the reference's own still apply
  assertEquals(set.phrases, [[["bow"]], [["big", "wolf"]], [["ram"]]]);
  assertEquals(set.notes.map((note) => note.slice(rulesFile.length)), [
    ': the rule for "stern" does not apply: no class has this phrase, or another rule comes first',
    ': the rule for "bow" does not apply: it is for the set zoo, not imagenet',
  ]);
  const kinder = await loadConceptSet(file, { lemmatiser: modern, rulesFile });
  assertEquals(kinder.vetoes[0], [["ribbons"], ["long", "wave"]]);
});
