// `freq bench`: the captions it makes are what it says and the same each time, in both formats; plain counting follows
// the rules; the program measures every case, holds figures against targets, and ends cleanly.
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { captionStrings, Failure, Stopped } from "../../data_utils/mod.ts";
import { captionMaker, type CaptionRecipe, captionTexts } from "../../concept_freq/bench/caption_maker.ts";
import { corpusFile } from "../../concept_freq/bench/corpus.ts";
import { cases } from "../../concept_freq/bench/cases.ts";
import { type Figure, figureJson, lastLine, line } from "../../concept_freq/bench/figures.ts";
import { measure, type PlainMeasured } from "../../concept_freq/bench/measure.ts";
import { classPhrases, substringEntries } from "../../concept_freq/bench/phrases.ts";
import { plainCounter } from "../../concept_freq/bench/plain_counter.ts";
import { captionVocabulary } from "../../concept_freq/bench/vocabulary.ts";
import { benchCommand } from "../../concept_freq/commands/bench_command.ts";
import { nounLemmatiser } from "../../concept_freq/language/lemmas.ts";
import { loadWordNet } from "../../data_utils/text/wordnet/wordnet_source.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { folderOf, sharedPath } from "./language_made.ts";
import { printedBy } from "./printed.ts";
import { referenceClass, referenceCounts } from "./reference.ts";
import { madeNouns, madeReferenceWords, numberedWord } from "./words_made.ts";

const shared = present(dataRoot), signal = new AbortController().signal;

/** Enough made nouns for phrases and entries of all lengths. */
const lemmas = Array.from({ length: 6000 }, (_, i) => numberedWord(20_000 + i));
const vocabulary = captionVocabulary({ lemmas, senses: lemmas.map((_, i) => 1 + i % 4), exceptions: [] });
const phrases = classPhrases(vocabulary, 300);
const recipe: CaptionRecipe = { vocabulary, phrases, phraseShare: 0.2, seed: 3 };

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const wordsOf = (caption: string) => caption.match(/[a-z]+/g)!;

Deno.test("bench: captions are the same however they are cut into batches, and others with another seed", () => {
  const whole = captionMaker(recipe)(500), inParts = captionMaker(recipe);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const parts = [1, 199, 300].map((rows) => text(inParts(rows).bytes.slice()));
  assertEquals(parts.join(""), text(whole.bytes));
  assert(text(captionMaker({ ...recipe, seed: 4 })(500).bytes) !== text(whole.bytes));
  const captions = captionTexts(recipe, 500);
  assertEquals(
    text(whole.bytes).split("\n").slice(0, -1).map((row) => row.split("\t")[0]),
    captions,
  );
  for (const caption of captions) assert(/^[a-z'][a-z ,.'-]*[a-z.]$/.test(caption), caption);
});

Deno.test("bench: captions have the lengths that were measured, and phrases in the share that is asked for", () => {
  const captions = captionTexts(recipe, 5000), lengths = captions.map((caption) => wordsOf(caption).length);
  assertAlmostEquals(mean(lengths), 9.65, 0.25);
  assertAlmostEquals(Math.sqrt(mean(lengths.map((n) => (n - mean(lengths)) ** 2))), 4.33, 0.2);
  const holding = (texts: readonly string[]) =>
    mean(texts.map((text) => Number(phrases.some((phrase) => text.includes(phrase)))));
  const without = holding(captionTexts({ ...recipe, phraseShare: 0 }, 5000));
  assertAlmostEquals(holding(captions), without + 0.2 * (1 - without), 0.02);
  const urls = captionMaker(recipe)(2000),
    bytes = mean(
      Array.from({ length: 2000 }, (_, row) => urls.places[3 * row + 2] - urls.places[3 * row + 1] - 1),
    );
  assertAlmostEquals(bytes, 108, 5);
});

Deno.test({
  name: "bench: with WordNet's nouns words are as long as measured, and the table of the docstring holds",
  ignore: !shared,
  fn: async () => {
    const nouns = await loadWordNet({ folder: sharedPath("wordnet") }), lemmatiser = nounLemmatiser(nouns);
    const own = { vocabulary: captionVocabulary(nouns), phrases: [], phraseShare: 0, seed: 0 };
    const words = captionTexts(own, 5000).flatMap(wordsOf), known = new Set(nouns.lemmas);
    assertAlmostEquals(mean(words.map((word) => word.length)), 4.6, 0.1);
    assertAlmostEquals(mean(words.map((word) => Number(known.has(lemmatiser.lemma(word))))), 0.68, 0.02);
    assertAlmostEquals(mean(words.map((word) => Number(lemmatiser.lemma(word) !== word))), 0.067, 0.007);
  },
});

Deno.test("bench: phrases and entries are all different, of one to four words", () => {
  for (const texts of [classPhrases(vocabulary, 20_000), substringEntries(vocabulary, 20_000)]) {
    assertEquals(new Set(texts).size, 20_000);
    const lengths = new Set(texts.map((text) => text.split(" ").length));
    assertEquals([...lengths].sort(), [1, 2, 3, 4]);
  }
  assertEquals(classPhrases(vocabulary, 50), classPhrases(vocabulary, 50));
});

Deno.test("bench: plain counting follows the rules, with negatives and contractions", () => {
  const lemmatiser = nounLemmatiser(madeNouns),
    random = ["wolf", "men", "busses", "cannot", "can not", "as", "LEAVES"];
  const entries = ["wolf man", "a", "not leaf", "can"], vetoes = [[["bus"]], [], [["wolf"], ["ha"]], []];
  const classes = entries.map((entry, c) => ({
    ...referenceClass(madeReferenceWords, entry, entry, "made"),
    negatives: vetoes[c],
  }));
  const captions = Array.from(
    { length: 2 ** random.length },
    (_, set) => random.filter((_, i) => set >> i & 1).join("-"),
  );
  const counter = plainCounter(
    { classNames: entries, phrases: classes.map((one) => one.phrases), vetoes },
    lemmatiser,
  );
  const hits = captions.map((caption) => counter.add(caption));
  const expected = referenceCounts(madeReferenceWords, classes, captions);
  assertEquals([...counter.counts], expected);
  assert(expected.every((count) => count > 0 && count < captions.length));
  assertEquals(hits.reduce((sum, hit) => sum + hit), expected.reduce((sum, count) => sum + count));
});

Deno.test("bench: the corpus is the same in both formats, and a kept one is used only where it fits", async () => {
  await using folder = await folderOf({});
  const job = { folder: folder.path, recipe, captions: 1200, signal };
  const files = [await corpusFile(job, "tsv"), await corpusFile(job, "parquet")];
  for (const { path } of files) {
    assertEquals(await Array.fromAsync(captionStrings(path)), captionTexts(recipe, 1200));
  }
  const written = async () => (await Deno.stat(files[0].path)).mtime!.getTime();
  await Deno.utime(files[0].path, 1, 1);
  await corpusFile(job, "tsv");
  assertEquals(await written(), 1000);
  await corpusFile({ ...job, captions: 1300 }, "tsv");
  assert(await written() > 1000);
  await Deno.truncate(files[0].path, 1000);
  assertEquals((await corpusFile({ ...job, captions: 1300 }, "tsv")).captions, 1300);
  assertEquals((await Array.fromAsync(captionStrings(files[0].path))).length, 1300);
});

Deno.test("bench: a figure tells its target and its memory", () => {
  const figure: Figure = {
    ...{ name: "word", title: "word", value: 1_234_567.8, unit: "captions/s" as const, target: 1_300_000 },
    ...{ captions: 5e6, seconds: 4, peakBytes: 2 ** 30 },
  };
  assertEquals(
    line(figure),
    "word                            1,234,568 captions/s >= 1,300,000 NO   1024 MiB",
  );
  assertEquals(
    lastLine([figure, { ...figure, target: undefined, peakBytes: 1 }]),
    "0 of 1 targets reached; 1 of 2 processes stayed below 1 GiB",
  );
  const { met, peak_bytes, memory_met } = figureJson({ ...figure, value: 1_300_000, peakBytes: null });
  assertEquals([met, peak_bytes, memory_met], [true, null, null]);
});

Deno.test({
  name: "bench: the program measures each case and counts as plain counting does",
  ignore: !shared,
  fn: async () => {
    await using folder = await folderOf({});
    const printed = await printedBy(benchCommand, [
      ...["--captions", "2000", "--metadata", sharedPath("clip-beyond-tail/metadata"), "--json"],
      ...["--wordnet", sharedPath("wordnet"), "--plain-seconds", "0.2", "--keep", folder.path],
    ]);
    const { machine, corpus, figures, missing, quoted } = JSON.parse(printed);
    assertEquals(missing, []);
    assertEquals(Object.keys(machine), ["deno", "system", "cores", "load"]);
    assertEquals(corpus, { captions: 2000, concepts: "ImageNet's 1,971 phrases" });
    assertEquals(quoted, { python_captions_per_second: 520 });
    assertEquals(figures.map((figure: Figure) => figure.name), [
      ...["class_tsv", "class_parquet", "substring"],
      ...["class_100", "class_1000", "class_10000", "class_100000"],
      ...["word", "plain_ratio", "plain_ratio_100000"],
    ]);
    for (const { captions, seconds, value, peak_bytes, met, target } of figures) {
      assertEquals(captions, 2000);
      assert(seconds > 0 && value > 0);
      assertEquals(met, target === undefined ? null : value >= target);
      if (Deno.build.os === "linux") assert(peak_bytes > 2 ** 24 && peak_bytes < 2 ** 31);
    }
    const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
    assertEquals(left.filter((name) => !/\.json$/.test(name)), ["captions.parquet", "captions.tsv"]);
  },
});

Deno.test("bench: a case that does not exist is refused; a stopped or failing measurement says so", async () => {
  const strange = () => benchCommand.run(["--only", "class,nothing"], signal);
  await assertRejects(strange, RangeError, `--only nothing is none of ${Object.keys(cases).join(", ")}`);
  await using folder = await folderOf({});
  const task = { kind: "command", command: "class", args: ["--captions", "/none"] } as const;
  await assertRejects(
    () => measure<PlainMeasured>(task, folder.path, signal),
    Failure,
    "freq class failed: ",
  );
  const stop = new AbortController();
  const measured = measure(task, folder.path, stop.signal);
  stop.abort(new Stopped("Stopped"));
  await assertRejects(() => measured, Stopped);
});
