// Tar shards: archives of other software, every way of being cut short, and samples that must be left out.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  describeSkipped,
  expandFiles,
  loadImageShards,
  readClassNames,
  readImage,
  type Sample,
  type SampleOptions,
  shardSamples,
  skipTally,
  tarMembers,
} from "../../data_utils/loader/mod.ts";
import { bytesOf, gzip, join, png, tar, tarEntry, withFolder } from "./made_files.ts";
import { dataRoot, present } from "./golden_files.ts";

const ignore = !present(dataRoot);
const shared = (path: string) => decodeURIComponent(new URL(path, dataRoot).pathname);

async function members(path: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const member of tarMembers(path)) {
    found.push([member.name, new TextDecoder().decode(await member.read())]);
  }
  return found;
}

async function samples(paths: string[], options: Partial<SampleOptions> = {}): Promise<[Sample[], string]> {
  const skips = skipTally(), found = await Array.fromAsync(shardSamples(paths, { skips, ...options }));
  return [found, describeSkipped(skips.list())];
}

Deno.test("members come back whole, plain or gzipped, with long names, and other kinds are left out", () =>
  withFolder(async (folder) => {
    const long = "folder/".repeat(20) + "name.txt", path = `${folder}/a.tar`;
    const pax = (text: string) => `${text.length + 4} ${text}\n`;
    const archive = join(
      tarEntry("some folder/", "", "5"),
      tarEntry("one.txt", "x".repeat(512)),
      tarEntry("link", "", "2"),
      tarEntry("././@LongLink", long + "\0", "L"),
      tarEntry(long, "long"),
      tarEntry("PaxHeader", pax("path=pax näme.txt".replace("ä", "ae")), "x"),
      tarEntry("ignored", "pax"),
      tarEntry("empty.cls", ""),
      new Uint8Array(1024),
    );
    const want = [["one.txt", "x".repeat(512)], [long, "long"], ["pax naeme.txt", "pax"], ["empty.cls", ""]];
    Deno.writeFileSync(path, archive);
    assertEquals(await members(path), want);
    Deno.writeFileSync(path, gzip(archive));
    assertEquals(await members(path), want);
  }));

Deno.test("an archive cut short anywhere is an error that names it", () =>
  withFolder(async (folder) => {
    const whole = tar({ "a.txt": "x".repeat(700), "b.txt": "yy" }), path = `${folder}/cut.tar`;
    for (const length of [0, 100, 512, 800, 1535, 1536, 1800, 2048, 2050, 2559, 2560]) {
      Deno.writeFileSync(path, whole.subarray(0, length));
      await assertRejects(() => members(path), SyntaxError, `${path} is cut short`);
    }
    const packed = gzip(whole);
    for (const length of [20, packed.length - 8, packed.length - 1]) {
      Deno.writeFileSync(path, packed.subarray(0, length));
      await assertRejects(() => members(path), SyntaxError, `${path} is damaged or cut short (gzip`);
    }
    Deno.writeFileSync(path, whole.fill(65, 520, 530).fill(66, 1600, 1610));
    await assertRejects(() => members(path), SyntaxError, "no header at byte 1536");
  }));

Deno.test("archives of other software are read", { ignore }, async () => {
  const [plain, none] = await samples([shared("tars/clip-retrieval-image1.tar")]);
  assertEquals(plain.map(({ key }) => key), ["123_456", "208_495", "321_421", "389_535"]);
  assertEquals([plain[0].label, plain[0].caption, none], [-1, null, ""]);
  const [zipped] = await samples([shared("tars/webdataset-sample.tgz")]);
  assertEquals(zipped.length, 90);
  assertEquals((await members(shared("tars/webdataset-compressed.tar"))).length, 3);
});

Deno.test("images can stay on disk: the place of each gives the same bytes", { ignore }, async () => {
  const path = shared("tars/clip-retrieval-image2.tar");
  const [[held], [placed]] = [await samples([path]), await samples([path], { placesOnly: true })];
  for (const [i, { image }] of placed.entries()) {
    assert(!(image instanceof Uint8Array));
    assertEquals(await readImage(image), held[i].image);
  }
});

Deno.test("bad samples are counted with their reasons and never stop a run", () =>
  withFolder(async (folder) => {
    const red = png(8, 8, [255, 0, 0]), path = `${folder}/mixed.tar`;
    Deno.writeFileSync(
      path,
      tar({
        "a/0.png": red,
        "a/0.cls": "1",
        "a/0.txt": " a cat \n",
        "a/1.PNG": red,
        "a/1.json": '{"label": "dog", "caption": "a dog"}',
        "2.png": red,
        "2.cls": "2",
        "3.png": red,
        "3.cls": "-1",
        "4.png": red,
        "5.cls": "0",
        "6.png": red,
        "6.json": "{",
        "../7.png": red,
        "8.png": red.subarray(0, 60),
        "8.cls": "0",
        "9.jpg": bytesOf("not a jpeg"),
        "9.cls": "0",
      }),
    );
    const set = await loadImageShards({ globs: path, classNames: ["dog", "cat"], size: 8 });
    assertEquals([set.shape, set.keys, [...set.labels]], [[2, 8, 8, 3], ["a/0", "a/1"], [1, 0]]);
    assertEquals(set.captions, ["a cat", "a dog"]);
    assertEquals([...set.images.subarray(0, 6)], [255, 0, 0, 255, 0, 0]);
    assertEquals(Object.fromEntries(set.skipped.map(({ reason, count }) => [reason, count])), {
      "label outside the classes": 2,
      "no label": 1,
      "no image": 1,
      "malformed json": 1,
      "unsafe member name": 1,
      "undecodable image": 2,
    });
    assert(
      describeSkipped(set.skipped).startsWith("8 samples skipped: 2 label outside the classes (first: 2)"),
    );
    await assertRejects(
      () => loadImageShards({ globs: path, classNames: ["dog"], size: 8, signal: AbortSignal.abort() }),
      DOMException,
    );
  }));

Deno.test("a set with nothing usable, or a pattern without files, says so", () =>
  withFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/a.tar`, tar({ "0.jpg": "x", "0.cls": "0" }));
    await assertRejects(
      () => loadImageShards({ globs: `${folder}/a.tar`, classNames: ["one"] }),
      RangeError,
      "No usable image found (left out: 1 undecodable image)",
    );
    assertThrows(() => expandFiles(`${folder}/b-*.tar`), RangeError, "b-*.tar: check the path");
  }));

Deno.test("patterns expand in order, with ranges and choices, each file once", () =>
  withFolder(async (folder) => {
    for (const name of ["t-00001.tar", "t-00000.tar", "v-00000.tar", "t-00010.tar", "odd[1].tar"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, "");
    }
    const names = (...patterns: string[]) =>
      expandFiles(patterns.map((p) => `${folder}/${p}`)).map((p) => p.split("/").at(-1));
    assertEquals(names("t-{00000..00001}.tar"), ["t-00000.tar", "t-00001.tar"]);
    assertEquals(names("{t,v}-00000.tar", "t-*.tar"), [
      "t-00000.tar",
      "v-00000.tar",
      "t-00001.tar",
      "t-00010.tar",
    ]);
    assertEquals(names("odd[1].tar"), ["odd[1].tar"]);
    await Promise.resolve();
  }));

Deno.test("CIFAR-10's test shard loads whole and labelled", { ignore }, async () => {
  const classNames = await readClassNames(shared("cifar10/cifar10-classes.txt"));
  const done: number[] = [];
  const set = await loadImageShards({
    globs: shared("cifar10/cifar10-test-*.tar.gz"),
    classNames,
    onProgress: (progress) => done.push(progress.done),
  });
  assertEquals([set.shape, set.skipped, done.at(-1)], [[10000, 32, 32, 3], [], 10000]);
  assert(set.captions!.every((caption, i) => caption === classNames[set.labels[i]]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", set.images as Uint8Array<ArrayBuffer>))
    .toHex();
  // the same pixels as Pillow 9.4 gives for these files, in order
  assertEquals(digest, "ac7953360b883ee86ad7f5139710086d579051904701ed05e2b527f4fc915ee8");
});

Deno.test("class lists are read in both forms and checked", { ignore }, async () => {
  const names = await readClassNames(shared("tiny-imagenet/tiny-imagenet-classes.tsv"));
  assertEquals([names.length, names[0], names[1]], [200, "goldfish", "European fire salamander"]);
  await withFolder(async (folder) => {
    const path = `${folder}/classes.txt`;
    for (
      const [text, message] of [["a\nb\na\n", "line 3: a stands"], ["", "names no class"], [
        "1\tx\ty",
        "should be 0",
      ]]
    ) {
      Deno.writeTextFileSync(path, text);
      await assertRejects(() => readClassNames(path), SyntaxError, message);
    }
  });
});
