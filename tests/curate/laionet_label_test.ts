// Labels of captions by lemmas: against the rule as the reference states it, on strings, over the real captions and odd
// ones; the lemmas of ILSVRC2012; parts that are kept, and the same bytes for any number of workers.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { captionStrings, listCaptionFiles, randomStream } from "../../data_utils/mod.ts";
import { readIdLists } from "../../data_utils/curate/laionet_build/id_lists.ts";
import { labelPart } from "../../data_utils/curate/laionet_build/label_part.ts";
import {
  type LabelJob,
  type Labelled,
  labelParts,
  labelsPath,
} from "../../data_utils/curate/laionet_build/label_stage.ts";
import { lemmaMap, PUNCTUATION, readSynsetList } from "../../data_utils/curate/laionet_build/lemma_map.ts";
import { lemmaMatcher } from "../../data_utils/curate/laionet_build/lemma_matcher.ts";
import { listParts } from "../../data_utils/curate/laionet_build/parts.ts";
import { loadSenses } from "../../data_utils/text/wordnet/wordnet_source.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { withFolder } from "../data_utils/made_files.ts";

const shared = (path: string) => decodeURIComponent(new URL(path, dataRoot).pathname);
const synsetFile = () => shared("classlists/ILSVRC2012_synsets.txt");

/** The rule as it is stated: punctuation becomes spaces, a space at both ends, then a substring. */
function slowMatches(text: string, lemmas: readonly string[]): number[] {
  let spaced = " ";
  for (const letter of text) spaced += PUNCTUATION.includes(letter) ? " " : letter;
  spaced += " ";
  return lemmas.flatMap((lemma, i) => spaced.includes(` ${lemma} `) ? [i] : []);
}

function matches(matcher: ReturnType<typeof lemmaMatcher>, text: string): number[] {
  const bytes = new TextEncoder().encode(`xx${text}yy`), found = new Set<number>();
  matcher.match(bytes, 2, bytes.length - 4, (lemma) => found.add(lemma));
  return [...found].sort((a, b) => a - b);
}

Deno.test("lemmas: odd texts match as the rule on strings says", () => {
  const lemmas = [
    ...[
      "kit fox",
      "fox",
      "kit",
      "Siberian husky",
      "Mercedes-Benz",
      "jack-o'-lantern",
      "a  b",
      "é",
      "naïve art",
      "x y z",
    ],
    ...["crêpe suzette", "日本", "maillot, tank suit", "x", "ox", "tab\there", "fox kit", "a", "b", " c"],
  ];
  const matcher = lemmaMatcher(lemmas), draw = randomStream(5);
  const pieces = [
    ...[
      "kit",
      "fox",
      "Fox",
      "Siberian",
      "husky",
      "-",
      "'",
      " ",
      "  ",
      ".",
      ",",
      "é",
      "naïve",
      "art",
      "x",
      "y",
      "z",
    ],
    ...[
      "\t",
      "\n",
      "日本",
      "a",
      "b",
      "\u00a0",
      "_",
      "ox",
      "(",
      "crêpe",
      "suzette",
      "tab\there",
      "\0",
      "maillot",
      "😀",
    ],
  ];
  const texts = [
    ...[
      "",
      " ",
      "kit fox",
      "kit-fox",
      "kit  fox",
      "kit, fox",
      "Kit fox",
      "a kit fox's den",
      "foxes",
      "x.y.z",
      "x..y z",
    ],
    ...[
      "kit\tfox",
      "kit\u00a0fox",
      "a..b",
      "a . b",
      "Mercedes-Benz",
      "Mercedes Benz",
      "fox_kit_fox",
      "日本",
      "日本。",
      "😀fox",
    ],
    ...Array.from(
      { length: 20_000 },
      () =>
        Array.from({ length: 1 + draw.int(7) }, () => pieces[draw.int(pieces.length)]).join(
          draw.int(3) ? " " : "",
        ),
    ),
  ];
  let found = 0;
  for (const text of texts) {
    const expected = slowMatches(text, lemmas);
    assertEquals(matches(matcher, text), expected, JSON.stringify(text));
    found += expected.length;
  }
  assert(found > 5000, `${found} matches`);
});

Deno.test({
  name: "lemmas: of ILSVRC2012 those that the reference found, and the synsets they leave out",
  ignore: !present(dataRoot),
  async fn() {
    const synsets = await readSynsetList(synsetFile()), ilsvrc = lemmaMap(synsets);
    assertEquals(synsets.length, 999);
    assertEquals([ilsvrc.lemmas.length, new Set(ilsvrc.wnidOf).size, ilsvrc.unmatchable.length], [
      1825,
      995,
      64,
    ]);
    assertEquals(ilsvrc.empty, ["n03773504", "n03495258", "n01807496", "n03710637"]);
    const husky = ilsvrc.lemmas.indexOf("Siberian husky");
    assertEquals(ilsvrc.wnidOf[husky], "n02110185", "the older id n02112837 is replaced");
    assert(!ilsvrc.lemmas.includes("missile"), "of two synsets");

    const senses = await loadSenses(), unique = (lemma: string) => senses.sensesOf(lemma) === 1;
    const extended = (lemma: string, wnid: string) => `${lemma} ${senses.wellKnownHypernym(wnid)}`;
    const wordnet = lemmaMap(synsets, { unique });
    assertEquals([wordnet.lemmas.length, wordnet.empty.length], [1301, 211]);
    const all = lemmaMap(synsets, { unique, extended });
    assertEquals([new Set(all.wnidOf).size, all.empty.length], [999, 0]);
    assert(all.lemmas.includes("sorrel horse") && all.lemmas.includes("boxer dog"), "well-known hypernyms");
    assertEquals(
      lemmaMap(synsets, { extended }).lemmas.filter((lemma) => !ilsvrc.lemmas.includes(lemma)).length,
      4,
    );
  },
});

Deno.test({
  name: "label: equals the rule on strings over the real captions",
  ignore: !present(dataRoot),
  async fn() {
    const { lemmas } = lemmaMap(await readSynsetList(synsetFile()));
    let checked = 0, matched = 0;
    for (const path of await listCaptionFiles([shared("captions")])) {
      const { rows, rowsOf } = await labelPart(path, lemmas, {}), lemmasOf = new Map<number, number[]>();
      rowsOf.forEach((of, lemma) =>
        of.forEach((row) => lemmasOf.set(row, [...lemmasOf.get(row) ?? [], lemma]))
      );
      let row = 0;
      for await (const text of captionStrings(path)) {
        if (row % 7 === 0) {
          const expected = slowMatches(text ?? "", lemmas);
          assertEquals(lemmasOf.get(row) ?? [], expected, `${path} ${row}: ${text}`);
          checked++;
          if (expected.length > 0) matched++;
        }
        row++;
      }
      assertEquals(rows, row);
    }
    assert(checked > 6000 && matched > 1000, `${matched} of ${checked}`);
  },
});

const signal = new AbortController().signal;
const synsets = [
  { wnid: "n00000001", lemmas: ["kit fox", "fox"] },
  { wnid: "n00000002", lemmas: ["husky"] },
  { wnid: "n00000003", lemmas: ["fox", "crane"] },
];

/** Four parts of made captions, of different formats. */
async function madeParts(folder: string): Promise<{ captions: (string | null)[][] }> {
  const draw = randomStream(9), words = ["kit", "fox", "husky", "crane", "sled", "-", "Fox"];
  const captions = [600, 1, 50, 300].map((rows) =>
    Array.from(
      { length: rows },
      () => Array.from({ length: 1 + draw.int(4) }, () => words[draw.int(7)]).join(" "),
    )
  );
  const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
  await write("part-00000.tsv", "URL\tTEXT\n" + captions[0].map((text) => `u\t${text}\n`).join(""));
  await write("part-00001.jsonl", captions[1].map((TEXT) => JSON.stringify({ TEXT }) + "\n").join(""));
  await write("part-00003.csv", "TEXT,URL\n" + captions[2].map((text) => `"${text}",u\n`).join(""));
  await write(
    "part-00012.jsonl",
    captions[3].map((TEXT, i) => JSON.stringify(i === 5 ? {} : { TEXT }) + "\n").join(""),
  );
  const missing: (string | null)[] = [...captions[3]];
  missing[5] = null;
  return { captions: [...captions.slice(0, 3), missing] };
}

async function jobOf(folder: string, out: string, workers = 2): Promise<LabelJob> {
  const parts = await listParts([`${folder}/part-*`]), map = lemmaMap(synsets);
  return { parts, map, folder: out, options: {}, workers, dryRun: false, signal };
}

async function bytesOf(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name } of Deno.readDir(folder)) {
    files[name] = await Deno.readTextFile(`${folder}/${name}`);
  }
  return files;
}

Deno.test("label: ids are rows plus 100,000,000 times the part; workers change no byte; done parts are kept", async () => {
  await withFolder(async (folder) => {
    const { captions } = await madeParts(folder), out = `${folder}/labels`, job = await jobOf(folder, out);
    assertEquals(job.parts.map(({ number }) => number), [0, 1, 3, 12]);
    const { lemmas, wnidOf } = job.map;
    assertEquals([lemmas, wnidOf], [["kit fox", "husky", "crane"], ["n00000001", "n00000002", "n00000003"]]);
    const first = await labelParts(job);
    for (const [i, { number }] of job.parts.entries()) {
      const found = new Map(await Array.fromAsync(readIdLists(labelsPath(out, number))));
      for (const [lemma, wnid] of lemmas.map((lemma, l) => [lemma, wnidOf[l]])) {
        const expected = captions[i].flatMap((text, row) =>
          text !== null && slowMatches(text, [lemma]).length > 0 ? [row + number * 100_000_000] : []
        );
        assertEquals([...found.get(wnid) ?? []], expected);
      }
    }
    assertEquals(first.kept, 0);
    assertEquals(first.reports.map(({ rows, nulls }) => [rows, nulls]), [[600, 0], [1, 0], [50, 0], [
      300,
      1,
    ]]);
    const counts = (labelled: Labelled) => [labelled.counts, labelled.reports.map(({ matched }) => matched)];

    const alone = await labelParts(await jobOf(folder, `${folder}/alone`, 1));
    assertEquals(await bytesOf(`${folder}/alone`), await bytesOf(out));
    assertEquals(counts(alone), counts(first));
    const again = await labelParts(job);
    assertEquals([again.kept, counts(again)], [4, counts(first)]);
    await Deno.writeTextFile(labelsPath(out, 3), '{\n"n00000001": [1,');
    await Deno.remove(`${out}/labelled_part12.json`);
    assertEquals(
      (await labelParts(job)).kept,
      2,
      "a damaged part and one without a report are labelled anew",
    );
    assertEquals(await bytesOf(`${folder}/alone`), await bytesOf(out));
    const fewer = { ...job, map: lemmaMap(synsets.slice(0, 2)) };
    assertEquals((await labelParts(fewer)).kept, 0, "other lemmas make other labels");
    const dry = await labelParts({ ...job, dryRun: true, folder: `${folder}/dry` });
    assertEquals(counts(dry), counts(first));
    await assertRejects(() => Deno.stat(`${folder}/dry`), Deno.errors.NotFound);
  });
});

Deno.test("label: what is wrong with a part is said by name, and a stop leaves whole files", async () => {
  await withFolder(async (folder) => {
    await madeParts(folder);
    const out = `${folder}/labels`, stopped = { ...await jobOf(folder, out), signal: AbortSignal.abort() };
    await assertRejects(() => labelParts(stopped), Error, "Stopped");
    await Deno.writeTextFile(`${folder}/part-00003.csv`, "TEXT,URL\na,b,c\n");
    await assertRejects(async () => await labelParts(await jobOf(folder, out)), Error, "part-00003.csv");
    await Deno.writeTextFile(`${folder}/part-00003.csv`, "a,b\nc,d\n");
    await assertRejects(async () => await labelParts(await jobOf(folder, out)), Error, "part-00003.csv");
    for await (const { name } of Deno.readDir(out)) assert(!name.endsWith(".tmp"), name);
    await Deno.writeTextFile(`${folder}/part-3.jsonl`, '{"TEXT": "fox"}\n');
    await assertRejects(() => listParts([`${folder}/part-*`]), RangeError, "are both part 3");
    const list = `${folder}/synsets.txt`;
    for (
      const [text, message] of [
        ["id: lemmas\nn00000001 fox\n", "synsets.txt:2 is no synset"],
        ["n00000001: fox, \n", "synsets.txt:1 is no synset"],
        ["id: lemmas\nn02112837: husky\nn02110185: husky\n", "synsets.txt:3 lists n02110185 a second time"],
        ["id: lemmas\n", "lists no synset"],
      ]
    ) {
      await Deno.writeTextFile(list, text);
      await assertRejects(() => readSynsetList(list), SyntaxError, message);
    }
  });
});
