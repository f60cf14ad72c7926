// The study's images: sets of a seed under a law and balanced ones, made once, gone when they are no longer needed.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { classCounts, parseFlags } from "../../data_utils/mod.ts";
import {
  areDescribed,
  checkDataSettings,
  dataMaker,
  openStudyData,
  removeStudyData,
  type RunName,
  type StudyData,
  studyFlags,
  type StudySettings,
  studySettings,
} from "../../exps_clip/study/mod.ts";
import { dataFolder } from "../../exps_clip/study/data.ts";
import { textCoding } from "../../exps_clip/mod.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { names, writeColours } from "./processes.ts";

const settingsOf = (...args: string[]) =>
  studySettings(parseFlags(args, studyFlags).values, { described: true });
const runOf = (seed: number, law: string, arm = "sl_full") => ({ arm, law, seed });
const prepared = async (dir: string, settings: StudySettings, run: RunName) => {
  await dataMaker(dir, settings).prepare(run);
  return await openStudyData(dir, run, settings);
};
const bytesOf = async ({ train }: StudyData) =>
  (await Array.fromAsync(train.batches({ batchSize: train.count, seed: 0 })))[0].images.data;

Deno.test("study data: the world under a law, ranks drawn from the seed, the same when made again", async () => {
  await withFolder(async (folder) => {
    const settings = settingsOf("--images", "200", "--test-per-class", "1", "--law", "ratio:10");
    const make = (dir: string, seed: number) => prepared(dir, settings, runOf(seed, "ratio:10"));
    const first = await make(`${folder}/a`, 0),
      again = await make(`${folder}/b`, 0),
      other = await make(`${folder}/a`, 1);
    assertEquals([first.train.count, first.train.size, first.test.count], [200, 32, 64]);
    const sorted = (list: number[]) => [...list].sort((a, b) => b - a);
    const share = (rank: number) => rank ** -(Math.log(10) / Math.log(64));
    const total = first.frequencies.reduce((sum, _, rank) => sum + share(rank + 1), 0);
    sorted(first.frequencies).forEach((count, rank) => {
      const wanted = 200 * share(rank + 1) / total;
      assert(Math.abs(count - wanted) <= 1, `${count} images of rank ${rank}, wanted ${wanted}`);
    });
    assertEquals(sorted(other.frequencies), sorted(first.frequencies));
    assert(`${other.frequencies}` !== `${first.frequencies}`);
    assertEquals(await bytesOf(again), await bytesOf(first));
    assert(`${(await bytesOf(other)).slice(0, 99)}` !== `${(await bytesOf(first)).slice(0, 99)}`);

    const open = (seed: number) => openStudyData(`${folder}/a`, runOf(seed, "ratio:10"), settings);
    await removeStudyData(`${folder}/a`, 1);
    await assertRejects(() => open(1), Deno.errors.NotFound);
    assertEquals((await open(0)).train.count, 200);
    await removeStudyData(`${folder}/a`);
    await removeStudyData(`${folder}/a`);
    await assertRejects(() => open(0), Deno.errors.NotFound);
  });
});

Deno.test("study data: a balanced control has other images and the frequencies of the law; captions say what is seen", async () => {
  await withFolder(async (folder) => {
    const settings = settingsOf("--images", "192", "--test-per-class", "1");
    const law = await prepared(folder, settings, runOf(0, "ratio:10"));
    const balanced = await prepared(folder, settings, runOf(0, "ratio:10", "sl_balanced"));
    assertEquals(balanced.frequencies, law.frequencies);
    assertEquals(Array.from(classCounts(balanced.train)), new Array(64).fill(3));
    assertEquals(balanced.train.count, law.train.count);

    const captions = (epoch: number) => Array.from({ length: 192 }, (_, i) => law.described!(epoch, i));
    const nouns = new Set(law.train.classNames.map((name) => name.split(" ")[2]));
    assert(captions(0).every((text) => text.split(" ").some((word) => nouns.has(word))));
    assertEquals(captions(0), captions(0));
    assert(captions(0).filter((text, i) => text === captions(1)[i]).length < 40);
    const shapes = captions(0).map((text, i) =>
      text.includes(law.train.classNames[law.train.labels[i]].split(" ")[2])
    );
    assert(shapes.every(Boolean), "a caption names the shape of its own picture");
  });
});

Deno.test("study data: whether the user's images are described is seen from their captions", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 12);
    const classes = `${folder}/classes.txt`;
    assertEquals(await areDescribed({ train: [`${folder}/pairs.tsv`], classes }), true);
    assertEquals(await areDescribed({ train: [`${folder}/shard-0.tar.gz`], classes }), false);
    assertEquals(await areDescribed({ train: [] }), true);
  });
});

Deno.test("study data: files under a law; a set that is there is left alone, a missing one made again", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 60);
    const args = ["--train", `${folder}/pairs.tsv`, "--val", `${folder}/shard-*.tar.gz`];
    const settings = settingsOf(...args, "--classes", `${folder}/classes.txt`, "--law", "ratio:4");
    await checkDataSettings(settings);
    const run = runOf(0, "ratio:4"), { train, test, frequencies } = await prepared(folder, settings, run);
    assertEquals([train.size, train.classNames, test.count], [32, names, 60]);
    assertEquals(Math.max(...frequencies) - 4 * Math.min(...frequencies), 0);
    const reasons = (of: typeof train) => of.skipped().map(({ reason, count }) => `${count} ${reason}`);
    assertEquals(reasons(train)[0], "1 label outside the classes");

    const files = Array.from(
      Deno.readDirSync(`${folder}/${dataFolder}`),
      ({ name }) => `${folder}/${dataFolder}/${name}`,
    )
      .sort();
    assertEquals(files.length, 2);
    const [testFile, trainFile] = files, before = (await Deno.stat(trainFile)).mtime;
    await Deno.remove(testFile);
    const again = await prepared(folder, settings, run);
    assertEquals((await Deno.stat(trainFile)).mtime, before);
    assertEquals(again.test.count, 60);
    const balanced = await prepared(folder, settings, runOf(0, "ratio:4", "sl_balanced"));
    const counts = Array.from(classCounts(balanced.train));
    // One picture of the first class cannot be decoded, and is left out after the choice.
    assertEquals(counts, [counts[1] - 1, counts[1], counts[1]]);
    assert(balanced.train.count <= train.count);

    const more = settingsOf(...args, "--classes", `${folder}/none.txt`);
    await assertRejects(() => checkDataSettings(more), Deno.errors.NotFound, "none.txt");
  });
});

const bpe = new URL("../../../shared/data/clip/bpe_simple_vocab_16e6.txt.gz", import.meta.url);
const present = await Deno.stat(bpe).then(() => true, () => false);
if (!present) console.warn("skipped: ../shared/data/clip is absent");

Deno.test({
  name: "text coding: CLIP's byte pairs in place of words",
  ignore: !present,
  fn: async () => {
    const captions = ["a photo of a labrador retriever", "a cat"], path = decodeURIComponent(bpe.pathname);
    const { tokenizer, contextLength } = await textCoding(() => captions, { bpe: path, most: 77 });
    assertEquals([tokenizer.vocabSize, contextLength], [49_408, 8]);
    assertEquals(tokenizer.encode("a photo of a cat"), [320, 1125, 539, 320, 2368]);
  },
});
