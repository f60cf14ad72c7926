// `freq word` as a whole: its tables are what the slow reference counts, over made files with little memory, over all
// captions beside the checkout, whole or in parts that are merged.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { captionStrings, progressOn, randomStream } from "../../data_utils/mod.ts";
import { mergeCommand } from "../../concept_freq/commands/merge_command.ts";
import { wordCommand } from "../../concept_freq/commands/word_command.ts";
import { wordTables } from "../../concept_freq/commands/word_tables.ts";
import { nounLemmatiser } from "../../concept_freq/language/lemmas.ts";
import { tokens } from "../../concept_freq/language/tokens.ts";
import { loadWordNet } from "../../data_utils/text/wordnet/wordnet_source.ts";
import { runCount } from "../../concept_freq/run/run.ts";
import type { WordSpec } from "../../concept_freq/words/word_counter.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { printedBy } from "./printed.ts";
import { referenceSet, referenceWords } from "./reference.ts";
import { madeCaption, madeNouns, madeReferenceWords } from "./words_made.ts";

/** The table that the rules give. */
function tableOf(
  captions: Iterable<string | null>,
  setOf: (caption: string | null) => ReadonlySet<string>,
): string {
  const counts = new Map<string, number>();
  for (const caption of captions) {
    for (const word of setOf(caption)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const rows = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return rows.map(([word, count]) => `${word}\t${count}\n`).join("");
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const silent = () => progressOn({ isTerminal: () => false, writeSync: (bytes) => bytes.length });

Deno.test("freq word: many files over two workers with little memory give the reference's table", () =>
  inFolder(async (folder) => {
    const random = randomStream(11), all: (string | null)[] = [], out = `${folder}/freqs`;
    await Deno.mkdir(`${folder}/made`);
    for (let i = 0; i < 90; i++) {
      const captions = Array.from({ length: 120 }, () => madeCaption(random, 5000));
      await Deno.writeTextFile(`${folder}/made/${i}.json`, JSON.stringify(captions));
      all.push(...captions);
    }
    const spec: WordSpec = { nouns: madeNouns, modern: false, tableBytes: 20_000 };
    const progress = silent(), { signal } = new AbortController();
    const outcome = await runCount({
      ...{
        command: "word",
        name: "made",
        captionsName: "made",
        kind: "word",
        spec,
        settings: {},
        about: null,
      },
      ...{ inputs: [`${folder}/made`], captionOptions: {}, out, workers: 2, signal, progress },
    });
    assert(outcome.partials.length > 64, "so that merging takes two passes");
    const scratch = `${folder}/scratch`;
    await Deno.mkdir(scratch);
    const { tables } = await wordTables(outcome, { out, name: "made", scratch, progress, signal });
    assertEquals(tables, [`${out}/word_frequency_made.txt`]);
    assertEquals(
      await Deno.readTextFile(tables[0]),
      tableOf(all, (caption) => referenceSet(madeReferenceWords, caption)),
    );
    assertEquals([...Deno.readDirSync(scratch)], []);
    await outcome.release(false);
    assertEquals([...Deno.readDirSync(out)].map(({ name }) => name), ["word_frequency_made.txt"]);
  }));

const wordnet = decodeURIComponent(new URL("wordnet/", dataRoot).pathname),
  captionRoot = new URL("captions/", dataRoot);
const absent = !present(dataRoot);

Deno.test({
  name: "freq word: all captions beside the checkout, in one run and in parts that are merged",
  ignore: absent,
  fn: () =>
    inFolder(async (folder) => {
      const files = ["cc3m_val_part.tsv.gz", "coco_val2017_captions.jsonl.gz", "laion_sample"]
        .map((name) => decodeURIComponent(new URL(name, captionRoot).pathname));
      const parquet = [0, 1, 2].map((i) => `${files[2]}/part-0000${i}.parquet`), all: (string | null)[] = [];
      for (const file of [...files.slice(0, 2), ...parquet]) {
        for await (const caption of captionStrings(file)) all.push(caption);
      }
      assert(all.length > 30_000, `${all.length} captions`);
      const words = await referenceWords(),
        expected = tableOf(all, (caption) => referenceSet(words, caption));
      const given = files.flatMap((file) => ["--captions", file]);
      const args = [...given, "--wordnet", wordnet, "--name", "all"];
      const whole = JSON.parse(await printedBy(wordCommand, [...args, "--out", `${folder}/whole`, "--json"]));
      assertEquals(whole.rows, all.length);
      assertEquals(whole.tables, [`${folder}/whole/word_frequency_all.txt`]);
      assertEquals(await Deno.readTextFile(whole.tables[0]), expected);
      const { program, settings, inputs } = JSON.parse(await Deno.readTextFile(whole.provenance));
      assertEquals([program, settings.modern, inputs.length], ["beyond-tail freq word", "false", 5]);

      for (const part of ["1/2", "2/2"]) {
        await printedBy(wordCommand, [
          ...args,
          "--out",
          `${folder}/parts`,
          "--shard",
          part,
          "--workers",
          "1",
        ]);
      }
      await printedBy(mergeCommand, ["--out", `${folder}/merged`, `${folder}/parts`]);
      assertEquals(await Deno.readTextFile(`${folder}/merged/word_frequency_all.txt`), expected);
    }),
});

Deno.test({
  name: "freq word: the reference's spellings, and --modern",
  ignore: absent,
  fn: () =>
    inFolder(async (folder) => {
      const from = [
        "--url_path",
        decodeURIComponent(new URL("laion_sample", captionRoot).pathname),
        "--input_format",
        "parquet",
      ];
      const args = [...from, "--caption_col", "TEXT", "--wordnet", wordnet];
      const printed = await printedBy(wordCommand, [...args, "--out", `${folder}/a`]);
      assertEquals(printed, `${folder}/a/word_frequency_laion_sample.txt\n`);
      await printedBy(wordCommand, [...args, "--out", `${folder}/b`, "--modern"]);
      const [plain, modern] = await Promise.all(
        ["a", "b"].map((out) => Deno.readTextFile(`${folder}/${out}/word_frequency_laion_sample.txt`)),
      );
      const captions: (string | null)[] = [];
      for (const i of [0, 1, 2]) {
        const path = decodeURIComponent(new URL(`laion_sample/part-0000${i}.parquet`, captionRoot).pathname);
        for await (const caption of captionStrings(path)) captions.push(caption);
      }
      const { lemma } = nounLemmatiser(await loadWordNet({ folder: wordnet }), { modern: true });
      const modernSet = (text: string | null) => new Set(tokens(text ?? "", { modern: true }).map(lemma));
      const words = await referenceWords();
      assertEquals(plain, tableOf(captions, (caption) => referenceSet(words, caption)));
      assertEquals(modern, tableOf(captions, modernSet));
      assertMatch(modern, /^was\t/m);
      assert(!/^was\t/m.test(plain));
    }),
});

Deno.test("freq word: bad input is named", async () => {
  const signal = new AbortController().signal;
  await assertRejects(() => wordCommand.run([], signal), RangeError, "--captions");
  await assertRejects(() => wordCommand.run(["--dataset", "imagenet"], signal), RangeError, "--dataset");
  assertMatch(await printedBy(wordCommand, ["--help"]), /Example: .* freq word --captions/);
});
