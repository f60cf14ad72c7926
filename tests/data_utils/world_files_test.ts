// Sets of the built-in world on disk: written, read back and checked they are the very samples that the generator makes,
// also for the ordinary loader; stopped they go on; damage of any kind is found and named.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkWorld,
  decodeImage,
  type ImageSet,
  loadImages,
  loadImageShards,
  makeWorld,
  makeWorldSet,
  openImageSource,
  openSamples,
  planWorldFolder,
  readClassNames,
  readFrequencies,
  readWorld,
  readWorldFolder,
  skipTally,
  worldCaption,
  worldLaw,
  type WorldOrder,
  writeWorld,
} from "../../data_utils/mod.ts";
import { withFolder } from "./made_files.ts";

const world = makeWorld({ classes: 10 });
const order: WorldOrder = {
  world,
  law: worldLaw("ratio:5", world.classNames),
  images: 70,
  seed: 2,
  split: "train",
  captions: "mix",
  grammar: { scene: 0.9 },
  shardSize: 30,
};
const folder = planWorldFolder(order);
const set = makeWorldSet({ world, counts: folder.counts, seed: 2, split: "train" });
const captions = set.records.map((record, i) =>
  worldCaption({ world, seed: 2, split: "train" }, i, record, "mix", 0, { scene: 0.9 })
);
const layouts = ["shards", "files"] as const;

/** Writes the set in a layout and calls `body` with its folder. */
const withSet = (layout: typeof layouts[number], body: (dir: string) => Promise<void>) =>
  withFolder(async (parent) => {
    const dir = `${parent}/a set`;
    assertEquals(await writeWorld(dir, { ...folder, layout }), true);
    await body(dir);
  });

/** All files below a folder with their bytes. */
async function allFiles(dir: string, below = ""): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for await (const { name, isDirectory } of Deno.readDir(`${dir}/${below}`)) {
    const path = `${below}${name}`;
    if (isDirectory) { for (const [key, bytes] of await allFiles(dir, `${path}/`)) files.set(key, bytes); }
    else files.set(path, await Deno.readFile(`${dir}/${path}`));
  }
  return new Map([...files].sort(([a], [b]) => a < b ? -1 : 1));
}

for (const layout of layouts) {
  Deno.test(`world on disk, ${layout}: read back it is the same images, labels, captions and records`, () =>
    withSet(layout, async (dir) => {
      const samples = await Array.fromAsync(readWorld(dir));
      assertEquals(samples.map(({ key }) => key), set.keys);
      assertEquals(samples.map(({ label }) => label), [...set.labels]);
      assertEquals(samples.map(({ caption }) => caption), captions);
      assertEquals(samples.map(({ record }) => record), set.records);
      const pictures = await Promise.all(samples.map(({ image }) => decodeImage(image)));
      pictures.forEach(({ pixels }, i) => assertEquals(pixels, set.images.slice(i * 3072, (i + 1) * 3072)));
      assertEquals(await checkWorld(dir), { images: 70, difference: null });
      assertEquals(await readWorldFolder(dir), { ...folder, layout });
      assertEquals(await readClassNames(`${dir}/classes.txt`), [...world.classNames]);
      assertEquals(await readFrequencies(`${dir}/frequencies.txt`, 10), folder.counts);
    }));

  Deno.test(`world on disk, ${layout}: the same options make the same bytes`, () =>
    withSet(layout, async (dir) => {
      await writeWorld(`${dir} again`, { ...folder, layout });
      assertEquals(await allFiles(`${dir} again`), await allFiles(dir));
    }));
}

Deno.test("world on disk: the ordinary loader reads the same from shards, from the table and from a folder per class", () =>
  withSet("shards", async (dir) => {
    const { classNames } = world;
    const expected = (loaded: ImageSet) => {
      assertEquals([loaded.shape, loaded.skipped], [[70, 32, 32, 3], []]);
      assertEquals([loaded.images, loaded.labels], [set.images, set.labels]);
      assertEquals(loaded.captions, captions);
    };
    const shards = await loadImageShards({ globs: `${dir}/train-*.tar`, classNames });
    expected(shards);
    assertEquals(shards.keys, set.keys);
    expected(await loadImageShards({ globs: `${dir}/train.tsv`, classNames }));

    const skips = skipTally(), places = { skips, classNames, placesOnly: true };
    expected(
      await loadImages(openSamples([`${dir}/train-{000000..000002}.tar`], places), skips, { classNames }),
    );

    for (const globs of [`${dir}/train-*.tar`, `${dir}/train.tsv`]) {
      const source = await openImageSource(globs, { classNames });
      assertEquals([source.count, source.size], [70, 32]);
      assertEquals([source.labels, source.captions], [set.labels, captions]);
    }

    const files = `${dir} as files`;
    await writeWorld(files, { ...folder, layout: "files" });
    expected(await loadImageShards({ globs: `${files}/train.tsv`, classNames }));
    const perClass = await loadImageShards({ globs: `${files}/images`, classNames });
    const byKey = new Map(perClass.keys.map((key, i) => [key.split("/")[1], i]));
    set.keys.forEach((key, i) => {
      const at = byKey.get(`${key}.png`)!;
      assertEquals(perClass.labels[at], set.labels[i]);
      assertEquals(
        perClass.images.slice(at * 3072, (at + 1) * 3072),
        set.images.slice(i * 3072, (i + 1) * 3072),
      );
    });
  }));

Deno.test("world on disk: what is complete stays; another set, or other files, are never written over", () =>
  withSet("shards", async (dir) => {
    const before = await allFiles(dir);
    assertEquals(await writeWorld(dir, folder), false);
    assertEquals(await writeWorld(dir, { ...folder, law: "the same counts from a file" }), false);
    const changes: [Partial<WorldOrder>, string][] = [
      [{ seed: 3 }, "seed"],
      [{ images: 71 }, "counts"],
      [{ captions: "rich" }, "captions"],
      [{ grammar: {} }, "grammar"],
      [{ shardSize: 31 }, "shard_size"],
      [{ layout: "files" }, "layout"],
      [{ world: makeWorld({ classes: 10, nuisance: { noise: 0 } }) }, "nuisance"],
    ];
    for (const [change, option] of changes) {
      const other = planWorldFolder({ ...order, ...change });
      await assertRejects(() => writeWorld(dir, other), RangeError, `another ${option}`);
    }
    assertEquals(await allFiles(dir), before);
    await Deno.mkdir(`${dir}/mine`);
    await Deno.writeTextFile(`${dir}/mine/letter.txt`, "dear");
    await assertRejects(() => writeWorld(`${dir}/mine`, folder), RangeError, "is not empty");
    await assertRejects(() => writeWorld(`${dir}/mine/letter.txt`, folder), RangeError, "is a file");
    await assertRejects(() => writeWorld(`${dir}/mine/letter.txt/deeper`, folder), Error);
    assertEquals((await allFiles(`${dir}/mine`)).size, 1);
  }));

Deno.test("world on disk: stopped, it leaves whole files, and goes on to the same bytes", () =>
  withFolder(async (parent) => {
    const long = planWorldFolder({ ...order, images: 600, shardSize: 100 }), dir = `${parent}/cut`;
    const stop = new AbortController();
    const onProgress = ({ done }: { done: number }) => done >= 500 && stop.abort(new Error("enough"));
    await assertRejects(() => writeWorld(dir, long, { onProgress, signal: stop.signal }), Error, "enough");
    const left = [...(await allFiles(dir)).keys()];
    assertEquals(left, [
      ...["classes.txt", "frequencies.txt"],
      ...[0, 1, 2, 3, 4].map((shard) => `train-00000${shard}.tar`),
      "world.json",
    ]);
    const kept = (await Deno.stat(`${dir}/train-000002.tar`)).mtime;
    assertEquals(await writeWorld(dir, long), true);
    assertEquals((await Deno.stat(`${dir}/train-000002.tar`)).mtime, kept);
    await writeWorld(`${parent}/whole`, long);
    assertEquals(await allFiles(dir), await allFiles(`${parent}/whole`));
  }));

Deno.test("world on disk: a check names the first difference, of whatever kind", () =>
  withSet("files", async (dir) => {
    const table = await Deno.readTextFile(`${dir}/train.tsv`), lines = table.split("\n");
    const image = (i: number) => `${dir}/images/${world.classNames[set.labels[i]]}/train-${i}.png`;
    const found = async () => (await checkWorld(dir)).difference;
    const withTable = async (text: string) => {
      await Deno.writeTextFile(`${dir}/train.tsv`, text);
      const difference = await found();
      await Deno.writeTextFile(`${dir}/train.tsv`, table);
      return difference;
    };
    const edited = (line: number, column: number, value: string) =>
      withTable(
        lines.map((text, i) => i === line ? text.split("\t").with(column, value).join("\t") : text).join(
          "\n",
        ),
      );

    const wrongLabel = String((set.labels[0] + 1) % 10);
    assertEquals(
      await edited(1, 1, wrongLabel),
      `train-0: the label is ${wrongLabel}, the generator makes ${set.labels[0]}`,
    );
    assert((await edited(3, 2, "a lie"))!.startsWith("train-2: the caption is a lie, the generator makes "));
    assert((await edited(4, 5, "maybe"))!.includes("line 5 does not tell label, scene, clutter and large"));
    assert((await edited(5, 3, "moonlight"))!.includes("line 6 does not tell"));
    assertEquals(
      await withTable(lines.slice(0, 41).join("\n")),
      "train-40 is missing: the images end after 40 of 70",
    );
    assertEquals(await withTable(table + lines[1] + "\n"), "There are more images than 70");

    const own = await Deno.readFile(image(6));
    await Deno.copyFile(image(7), image(6));
    assert(/^train-6: the image differs from the generator's at row 0, column \d+$/.test((await found())!));
    await Deno.writeFile(image(6), own.subarray(0, own.length - 200));
    assert((await found())!.startsWith("train-6: Cannot decode the image"));
    await Deno.remove(image(6));
    assert((await found())!.includes("train-6.png"));
    await Deno.writeFile(image(6), own);
    assertEquals(await found(), null);

    await Deno.writeTextFile(`${dir}/classes.txt`, "other\n");
    assert((await found())!.endsWith("classes.txt is not the list of this world"));
  }));

Deno.test("world on disk: damaged shards, and descriptions of other versions", () =>
  withSet("shards", async (dir) => {
    const path = `${dir}/train-000001.tar`, bytes = await Deno.readFile(path);
    await Deno.truncate(path, bytes.length - 3000);
    const { images, difference } = await checkWorld(dir);
    assert(difference!.includes("train-000001.tar is cut short"), difference!);
    assert(images <= 60);
    await Deno.writeFile(path, bytes);
    const description = `${dir}/world.json`, text = await Deno.readTextFile(description);
    for (
      const [broken, line] of [
        [text.replace("world/1", "world/9"), "format beyond-tail-world/9"],
        [text.replace('"counts": [', '"counts": [1,'), "counts is missing or of the wrong type"],
        [text.replace('"shards"', '"heaps"'), "layout is missing or of the wrong type"],
        [text.slice(0, 50), "is not JSON"],
      ]
    ) {
      await Deno.writeTextFile(description, broken);
      await assertRejects(() => checkWorld(dir), SyntaxError, line);
    }
  }));

Deno.test("world on disk: options that make no set are refused before anything is written", () => {
  const plan = (change: Partial<WorldOrder>) => () => planWorldFolder({ ...order, ...change });
  assertThrows(plan({ images: 9 }), RangeError, "9 images are too few");
  assertThrows(plan({ captions: "poem" as "rich" }), RangeError, "poem");
  assertThrows(plan({ captions: "templates" }), RangeError, "A grammar acts on");
  assertThrows(plan({ grammar: { fog: 1 } as Record<string, number> }), RangeError, "fog");
  assertThrows(plan({ shardSize: 0 }), RangeError, "1 image or more");
  assertThrows(plan({ split: "dev" as "train" }), RangeError, "dev");
  assertThrows(plan({ seed: -1 }), RangeError, "non-negative");
  assertThrows(plan({ law: worldLaw("uniform", ["a", "b"]) }), RangeError, "2 classes");
});
