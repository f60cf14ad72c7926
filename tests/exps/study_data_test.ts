// The study's images: sets of a seed under a law, made once, gone when they are no longer needed.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseFlags } from "../../data_utils/mod.ts";
import {
  checkDataSettings,
  dataMaker,
  openStudyData,
  removeStudyData,
  studyFlags,
  studySettings,
} from "../../exps_clip/study/mod.ts";
import { textCoding } from "../../exps_clip/mod.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { names, writeColours } from "./processes.ts";

const settingsOf = (...args: string[]) => studySettings(parseFlags(args, studyFlags).values);

Deno.test("study data: the world under a law, ranks drawn from the seed, the same when made again", async () => {
  await withFolder(async (folder) => {
    const settings = settingsOf("--images", "200", "--test-per-class", "1", "--law", "ratio:10");
    const make = (dir: string, seed: number) =>
      dataMaker(dir, settings).prepare(seed).then(() => openStudyData(dir, seed));
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
    const bytes = async ({ train }: typeof first) =>
      (await Array.fromAsync(train.batches({ batchSize: 200, seed: 0 })))[0].images.data;
    assertEquals(await bytes(again), await bytes(first));
    assert(`${(await bytes(other)).slice(0, 99)}` !== `${(await bytes(first)).slice(0, 99)}`);

    await removeStudyData(`${folder}/a`);
    await removeStudyData(`${folder}/a`);
    await assertRejects(() => openStudyData(`${folder}/a`, 0), Deno.errors.NotFound);
  });
});

Deno.test("study data: files under a law; a set that is there is left alone, a missing one made again", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 60);
    const args = ["--train", `${folder}/pairs.tsv`, "--val", `${folder}/shard-*.tar.gz`];
    const settings = settingsOf(...args, "--classes", `${folder}/classes.txt`, "--law", "ratio:4");
    await checkDataSettings(settings);
    await dataMaker(folder, settings).prepare(0);
    const { train, test, frequencies } = await openStudyData(folder, 0);
    assertEquals([train.size, train.classNames, test.count], [32, names, 60]);
    assertEquals(Math.max(...frequencies) - 4 * Math.min(...frequencies), 0);
    const reasons = (of: typeof train) => of.skipped().map(({ reason, count }) => `${count} ${reason}`);
    assertEquals(reasons(train)[0], "1 label outside the classes");

    const files = Array.from(Deno.readDirSync(`${folder}/data`), ({ name }) => `${folder}/data/${name}`)
      .sort();
    assertEquals(files.length, 2);
    const [testFile, trainFile] = files, before = (await Deno.stat(trainFile)).mtime;
    await Deno.remove(testFile);
    await dataMaker(folder, settings).prepare(0);
    assertEquals((await Deno.stat(trainFile)).mtime, before);
    assertEquals((await openStudyData(folder, 0)).test.count, 60);

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
