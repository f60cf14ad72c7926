// Image sources: what is held in memory and what is streamed, how samples are selected, sets as files, and scoring a
// whole source.
import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  classCounts,
  classifySource,
  classNamesFor,
  type ImageBatch,
  imbalanceScores,
  loadImages,
  memorySource,
  openImageSource,
  parseLaw,
  readFrequencies,
  readImageSet,
  type Sample,
  selectSamples,
  skipLimitOf,
  skipTally,
  suitableSize,
  writeImageSet,
  writeSkippedSamples,
} from "../../data_utils/mod.ts";
import { png, withFolder } from "./made_files.ts";

const names = ["a", "b", "c"];

/** So many samples of each class, with a grey image that tells its place. */
function samples(counts: number[], side = 32): Sample[] {
  return counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i): Sample => {
      const grey = 40 * label + i;
      return {
        key: `${label}-${i}`,
        label,
        caption: `${names[label]} ${i}`,
        image: png(side, side, [grey, grey, grey]),
      };
    })
  );
}

async function folderOf(folder: string, counts: number[], side: number): Promise<void> {
  for (const { key, label, image } of samples(counts, side)) {
    await Deno.mkdir(`${folder}/${names[label]}`, { recursive: true });
    await Deno.writeFile(`${folder}/${names[label]}/${key}.png`, image as Uint8Array);
  }
}

const all = (batches: Iterable<ImageBatch> | AsyncIterable<ImageBatch>) => Array.fromAsync(batches);

Deno.test("image source: small images in memory and large ones streamed give the same batches", async () => {
  await withFolder(async (folder) => {
    await folderOf(folder, [3, 2, 2], 32);
    const order = { batchSize: 3, seed: 4, last: "keep" as const };
    const memory = await openImageSource(folder, { classNames: names });
    assertEquals([memory.count, memory.size, Array.from(classCounts(memory))], [7, 32, [3, 2, 2]]);
    const colours = { mean: [0.5, 0.5, 0.5], std: [0.27, 0.27, 0.27] } as const;
    const streamed = await openImageSource(folder, { classNames: names, size: 96, colours, workers: 0 });
    assertEquals([streamed.count, streamed.size, streamed.captions], [7, 96, null]);
    const [a, b] = [await all(memory.batches(order)), await all(streamed.batches(order))];
    assertEquals(a.map(({ indices }) => indices), b.map(({ indices }) => indices));
    assertEquals(a.map(({ labels }) => labels.data), b.map(({ labels }) => labels.data));
    assertAlmostEquals(a[0].images.data[0], b[0].images.data[0], 1e-6); // plain images stay plain when enlarged
    assertEquals(b[0].images.shape, [3, 96, 96, 3]);
  });
});

Deno.test("image source: nothing usable is an error that says why", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/t.tsv`, "filepath\tlabel\nx.png\t9\n");
    const opened = openImageSource(`${folder}/t.tsv`, { classNames: names });
    await assertRejects(() => opened, RangeError, "t.tsv (left out: 1 label outside the classes)");
  });
});

Deno.test("image source: what is left out is listed in the run's folder, and too much of it ends the run", async () => {
  await withFolder(async (folder) => {
    const rows = [
      "filepath\tlabel",
      "x.png\t9",
      "bad\tname.png",
      "good.png\t1",
      "gone.png\t2",
      "good.png\t0",
    ];
    await Deno.writeTextFile(`${folder}/t.tsv`, rows.join("\n"));
    await Deno.writeFile(`${folder}/good.png`, png(32, 32, [1, 2, 3]));
    for (const size of [32, 96]) { // in memory, and streamed
      const source = await openImageSource(`${folder}/t.tsv`, { classNames: names, size });
      await all(source.batches({ batchSize: 2, seed: 0, untilEpoch: 2 }));
      const path = await writeSkippedSamples(folder, { train: source.skippedSamples(), test: [] });
      assertEquals((await Deno.readTextFile(path!)).split("\n"), [
        "part\treason\tfile\tkey",
        `train\tlabel outside the classes\t${folder}/t.tsv\tline 2`,
        `train\tlabel outside the classes\t${folder}/t.tsv\tline 3`,
        `train\tmissing file\t${folder}/gone.png\tgone.png`,
        "",
      ]);
      const strict = { classNames: names, size, workers: 0 };
      await assertRejects(
        () => openImageSource(`${folder}/t.tsv`, { ...strict, skipLimit: skipLimitOf(1) }),
        RangeError,
        "2 samples cannot be used where 1 may be left out: 2 label outside the classes (first: line 2)",
      );
    }
    const two = { classNames: names, skipLimit: skipLimitOf(2) };
    await assertRejects(
      () => openImageSource(`${folder}/t.tsv`, two),
      RangeError,
      "1 missing file (first: gone.png)",
    );
    const source = await openImageSource(`${folder}/t.tsv`, { ...two, size: 96 }); // the third shows while decoding
    await assertRejects(() => all(source.batches({ batchSize: 2, seed: 0 })), RangeError, "(--max-skipped)");
    assertEquals(await writeSkippedSamples(folder, { train: [], test: [] }), null);
  });
});

Deno.test("image source: size from the images, rounded up to 32 and limited", async () => {
  const of = (side: number, most: number) => suitableSize(samples([1], side), most);
  assertEquals(await Promise.all([of(28, 64), of(33, 64), of(64, 64), of(500, 64), of(100, 224)]), [
    ...[32, 64, 64, 64, 128],
  ]);
  const broken: Sample = { ...samples([1])[0], image: new Uint8Array(9) };
  assertEquals(await suitableSize([broken, ...samples([1], 48)], 224), 64);
  assertEquals(await suitableSize([broken], 224), 224);
});

Deno.test("selection: a law, fewer images, as many of each class", () => {
  const given = samples([8, 8, 8]);
  const counts = (chosen: Sample[]) => {
    const labels = Int32Array.from(chosen, ({ label }) => label);
    return Array.from(classCounts({ labels, classNames: names })).sort((a, b) => b - a);
  };
  const law = parseLaw("ratio:4", names),
    select = (s: object) => counts(selectSamples(given, { seed: 1, ...s }, 3));
  assertEquals(
    select({ law }),
    [8, 4, 2].map((n, i) => i === 1 ? Math.round(8 * 2 ** -(Math.log(4) / Math.log(3))) : n),
  );
  assertEquals(select({ law, most: 7 }).reduce((a, b) => a + b), 7);
  assertEquals(select({ law, most: 100 }), select({ law }));
  assertEquals(select({ perClass: 5 }), [5, 5, 5]);
  assertEquals(select({ perClass: 50 }), [8, 8, 8]);
  assertEquals(select({ most: 10 }), [8, 2, 0]);
  const missing = () => selectSamples(samples([2, 0, 2]), { perClass: 1, seed: 0 }, 3);
  assertThrows(missing, RangeError, "A class has no image to test with");
});

Deno.test("image set file: comes back as it was; something else is refused", async () => {
  await withFolder(async (folder) => {
    const set = await loadImages(samples([2, 1]), skipTally(), { classNames: names });
    await writeImageSet(`${folder}/set.safetensors`, set);
    assertEquals(await readImageSet(`${folder}/set.safetensors`), set);
    await Deno.writeTextFile(`${folder}/other`, "x".repeat(20));
    await assertRejects(
      () => readImageSet(`${folder}/other`),
      SyntaxError,
      "other is not a valid safetensors file",
    );
  });
});

Deno.test("classes: named by a file, a count or the folder; frequencies in class order", async () => {
  await withFolder(async (folder) => {
    await folderOf(folder, [1, 1], 8);
    await Deno.writeTextFile(`${folder}/freq.txt`, "a\t30\nb\t0\n");
    assertEquals(await classNamesFor(folder, {}), ["a", "b"]);
    assertEquals(await classNamesFor("x.tar", { count: 2 }), ["0", "1"]);
    await assertRejects(() => classNamesFor("x.tar", {}), RangeError, "The classes of x.tar are not known");
    assertEquals(await readFrequencies(`${folder}/freq.txt`, 2), [30, 0]);
    await assertRejects(
      () => readFrequencies(`${folder}/freq.txt`, 3),
      SyntaxError,
      "has 2 lines for 3 classes",
    );
    await Deno.writeTextFile(`${folder}/freq.txt`, "a\t30\nb none\n");
    await assertRejects(() => readFrequencies(`${folder}/freq.txt`, 2), SyntaxError, "freq.txt line 2");
  });
});

Deno.test("classify: every image once, the padding of the last batch and the unlabelled left out", async () => {
  const set = await loadImages(samples([3, 2, 2]), skipTally(), { classNames: names });
  set.labels[6] = -1;
  const seen: number[] = [];
  const result = await classifySource(memorySource(set), (images) => {
    const rows = images.shape[0], scores = new Float32Array(rows * 3), features = new Float32Array(rows * 2);
    for (let r = 0; r < rows; r++) {
      const grey = Math.round((images.data[r * 3072] * 0.27 + 0.5) * 255);
      features.set([grey, r], r * 2);
      scores[r * 3 + Math.min(2, Math.floor(grey / 40) + (grey % 40 === 1 ? 1 : 0))] = 1; // second images go wrong
    }
    return Promise.resolve({ scores, features });
  }, { batchSize: 4, onProgress: (done) => seen.push(done) });
  assertEquals([result.samples, seen, Array.from(result.targets)], [6, [4, 6], [0, 0, 0, 1, 1, 2]]);
  assertEquals(Array.from(result.features!).filter((_, i) => i % 2 === 0), [0, 1, 2, 40, 41, 80]);
  assertEquals(Array.from(result.perClassAccuracy), [2 / 3, 1 / 2, 1]);

  const scores = imbalanceScores(result, [9, 5, 1], names);
  assertEquals([scores.head, scores.middle, scores.tail], [2 / 3, 1 / 2, 1]);
  assertEquals(scores.per_class[0], { class: "a", freq: 9, acc: 2 / 3, pred: 2 });
  assertAlmostEquals(scores.rho_freq_acc!, -0.5);
  const unknown = imbalanceScores(result, null, names);
  assertEquals([unknown.top1, unknown.rho_freq_acc, unknown.head], [4 / 6, null, null]);
  assertThrows(() => imbalanceScores(result, [1, 2], names), TypeError, "2 frequencies and 3 names");
});
